//! Flow collections, JSON among them: keys with values, items, no shorthands.

use super::{DEEP, Reader};

impl Reader<'_> {
    /// The collection whose bracket stands here; ends behind the closing one.
    pub(super) fn flow(&mut self) -> Option<()> {
        if self.builder.frames.len() >= DEEP {
            return None;
        }
        let mapping = self.here() == b'{';
        let close = if mapping { b'}' } else { b']' };
        self.builder.begin(mapping, true, 0, (self.at..self.at + 1).into());
        self.at += 1;
        self.flow_blanks()?;
        while self.here() != close {
            if mapping {
                self.flow_key()?;
            }
            match self.here() {
                b'[' | b'{' => self.flow()?,
                _ => {
                    let token = self.token(true)?;
                    self.put(token, false);
                }
            }
            self.flow_blanks()?;
            match self.here() {
                b',' => {
                    self.at += 1;
                    self.flow_blanks()?;
                }
                byte if byte == close => {}
                _ => return None,
            }
        }
        let token = self.at..self.at + 1;
        self.at += 1;
        let (_, children) = self.builder.end(Some(token))?;
        if mapping {
            self.builder.duplicate_keys(children);
        }
        Some(())
    }

    /// A key and its colon, to the value.
    fn flow_key(&mut self) -> Option<()> {
        let quoted = matches!(self.here(), b'"' | b'\'');
        let token = self.token(true)?;
        // Behind quotes, a colon needs no blank, as in JSON.
        let colon = self.here() == b':' && (quoted || self.separates(self.at + 1));
        if !colon || token.span.range().len() >= super::LONG_KEY {
            return None;
        }
        self.put(token, true);
        self.at += 1;
        self.flow_blanks()
    }

    /// Blanks, line breaks and comments between tokens.
    fn flow_blanks(&mut self) -> Option<()> {
        loop {
            match self.here() {
                b' ' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    if self.is_marker(self.at) {
                        return None;
                    }
                }
                b'#' if matches!(self.byte(self.at - 1), b' ' | b'\n') => self.comment(),
                b'#' | b'\t' | 0 => return None,
                _ => return Some(()),
            }
        }
    }
}
