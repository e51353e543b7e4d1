//! Block mappings and sequences.

use super::scalar::Token;
use super::{DEEP, Reader};

impl Reader<'_> {
    /// The node that begins here, further in than `indent`, to the next line with content. `own` where it stands on a line
    /// of its own or behind a dash, so that it may be a block collection at `column`.
    pub(super) fn node(&mut self, indent: isize, column: isize, own: bool) -> Option<()> {
        match self.here() {
            b'-' if self.separates(self.at + 1) => {
                if own {
                    self.sequence(column)
                } else {
                    None
                }
            }
            b'[' | b'{' => {
                self.flow()?;
                self.finish_line()?;
                (self.column <= indent).then_some(())
            }
            b'|' | b'>' => self.block_scalar(indent),
            _ => {
                let plain = !matches!(self.here(), b'"' | b'\'');
                let token = self.token(false)?;
                if own && self.is_key(&token) {
                    return self.mapping(column, token);
                }
                // What a scalar at the root goes on with is another matter.
                if indent < 0 || self.here() == b':' {
                    return None;
                }
                if plain {
                    return self.plain_value(token, indent);
                }
                self.finish_line()?;
                self.put(token, false);
                (self.column <= indent).then_some(())
            }
        }
    }

    /// The mapping whose first key was read; its keys stand at `column`.
    fn mapping(&mut self, column: isize, mut key: Token) -> Option<()> {
        self.begin(true, key.span.start as usize)?;
        loop {
            self.put(key, true);
            self.value(column)?;
            if self.column != column || self.is_dash() {
                break;
            }
            key = self.token(false)?;
            if !self.is_key(&key) {
                return None;
            }
        }
        // Further in than its keys, nothing can stand; nor can an item beside them.
        if self.column >= column {
            return None;
        }
        self.end()
    }

    /// The value of an entry, from its colon.
    fn value(&mut self, column: isize) -> Option<()> {
        let colon = self.at;
        self.at += 1;
        self.spaces();
        if !matches!(self.here(), b'\n' | b'#' | 0) {
            return self.node(column, column, false);
        }
        self.at = colon + 1;
        self.finish_line()?;
        if self.column > column {
            self.node(column, self.column, true)
        } else if self.column == column && self.is_dash() {
            self.sequence(column)
        } else {
            self.absent(colon + 1);
            Some(())
        }
    }

    /// The sequence whose dashes stand at `column`.
    fn sequence(&mut self, column: isize) -> Option<()> {
        self.begin(false, self.at)?;
        loop {
            let dash = self.at;
            self.at += 1;
            self.spaces();
            if matches!(self.here(), b'\n' | b'#' | 0) {
                self.at = dash + 1;
                self.finish_line()?;
                if self.column > column {
                    self.node(column, self.column, true)?;
                } else {
                    self.absent(dash + 1);
                }
            } else {
                self.node(column, column + (self.at - dash) as isize, true)?;
            }
            if self.column != column || !self.is_dash() {
                break;
            }
        }
        if self.column > column {
            return None;
        }
        self.end()
    }

    /// Opens a block collection.
    fn begin(&mut self, mapping: bool, at: usize) -> Option<()> {
        if self.builder.frames.len() >= DEEP {
            return None;
        }
        self.builder.begin(mapping, false, 0, (at..at).into());
        Some(())
    }

    /// Closes a block collection.
    fn end(&mut self) -> Option<()> {
        let (frame, children) = self.builder.end(None)?;
        if frame.mapping {
            self.builder.duplicate_keys(children);
        }
        Some(())
    }
}
