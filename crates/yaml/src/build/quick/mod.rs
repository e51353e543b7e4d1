//! Reads what manifests mostly are (block collections, scalars of one line, block scalars, simple flow collections) some
//! ten times as fast as the parser does, and builds the very same tree.
//!
//! Whatever is rarer than that, and whatever might be wrong, makes [`read`] answer `None`: the parser then reads the text
//! as if nothing had happened. So nothing here reports a fault (but keys that stand twice, which need no parser to see),
//! and a construct that is not certain to be read alike is left to the parser. `same.rs` compares both readers.

mod block;
mod block_scalar;
mod flow;
mod scalar;

use super::Builder;
use crate::fault::Fault;
use crate::scalar::{ScalarStyle, Tag};
use crate::tree::{NONE, Scalar, Span, Text, Tree};

/// Collections nest deeper than this in no manifest; the parser counts how deep they may.
const DEEP: usize = 64;
/// The parser gives up on keys of 1,024 characters.
const LONG_KEY: usize = 512;

/// The column of the end of a document.
const END: isize = -1;

/// What a text holds; `None` where that takes the parser.
pub(super) fn read(text: &str) -> Option<(Tree, Vec<Fault>)> {
    if text.len() > u32::MAX as usize || !is_ordinary(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader { builder: Builder::new(text), bytes: text.as_bytes(), at: 0, column: END };
    reader.stream()?;
    Some((reader.builder.tree, reader.builder.faults))
}

/// Whether the text has no characters but those that mean the same to everybody: no controls, no byte order marks.
fn is_ordinary(bytes: &[u8]) -> bool {
    let odd = |b: u8| (b < b' ' && b != b'\n') || matches!(b, 0x7f | 0xc2 | 0xef);
    bytes.chunks(64).enumerate().all(|(i, chunk)| {
        // Without branches, so that it is done for many bytes at once.
        !chunk.iter().fold(false, |any, b| any | odd(*b))
            || chunk.iter().enumerate().filter(|(_, b)| odd(**b)).all(|(k, b)| {
                let rest = bytes.get(i * 64 + k + 1..).unwrap_or_default();
                match b {
                    b'\t' => true,
                    0xc2 => rest.first().is_some_and(|second| *second >= 0xa0),
                    0xef => !matches!(rest, [0xbb, 0xbf, ..] | [0xbf, 0xbe | 0xbf, ..]),
                    _ => false,
                }
            })
    })
}

struct Reader<'a> {
    builder: Builder<'a>,
    bytes: &'a [u8],
    at: usize,
    /// Of `at`, between lines: how far the next line with content is indented, or [`END`].
    column: isize,
}

impl Reader<'_> {
    /// The byte at an offset, 0 behind the end: the text itself has none.
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn here(&self) -> u8 {
        self.byte(self.at)
    }

    /// Whether a blank, a line's end or the text's end stands there: what makes an indicator of the character before.
    fn separates(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t' | b'\n' | 0)
    }

    fn spaces(&mut self) {
        while self.here() == b' ' {
            self.at += 1;
        }
    }

    /// The end of the line that `at` lies in.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |len| at + len)
    }

    fn comment(&mut self) {
        let end = self.line_end(self.at);
        self.builder.tree.comments.push((self.at..end).into());
        self.at = end;
    }

    /// From behind a token to the next line with content: nothing but blanks and a comment may follow.
    fn finish_line(&mut self) -> Option<()> {
        let token = self.at;
        self.spaces();
        if self.here() == b'#' && self.at > token {
            self.comment();
        }
        match self.here() {
            b'\n' => self.at += 1,
            0 => {}
            _ => return None,
        }
        self.next_line()
    }

    /// From the start of a line to the first content on it or behind it.
    fn next_line(&mut self) -> Option<()> {
        loop {
            let start = self.at;
            self.spaces();
            match self.here() {
                b'\n' => self.at += 1,
                b'#' => {
                    self.comment();
                    if self.here() == b'\n' {
                        self.at += 1;
                    }
                }
                b'\t' => return None,
                0 => {
                    self.column = END;
                    return Some(());
                }
                _ => {
                    let marker = self.at == start && self.is_marker(start);
                    self.column = if marker { END } else { (self.at - start) as isize };
                    return Some(());
                }
            }
        }
    }

    /// Whether `---` or `...` stands at this start of a line.
    fn is_marker(&self, at: usize) -> bool {
        matches!(self.bytes.get(at..at + 3), Some(b"---" | b"...")) && self.separates(at + 3)
    }

    /// Whether this is the dash of an item.
    fn is_dash(&self) -> bool {
        self.here() == b'-' && self.separates(self.at + 1)
    }

    fn stream(&mut self) -> Option<()> {
        self.next_line()?;
        while self.at < self.bytes.len() {
            self.document()?;
        }
        Some(())
    }

    /// A document, from its first content or its `---`, to what follows it.
    fn document(&mut self) -> Option<()> {
        self.builder.document = self.builder.tree.roots.len();
        self.builder.document_open = true;
        self.builder.root = NONE;
        if self.column == END {
            if self.here() != b'-' {
                return None;
            }
            self.at += 3;
            self.builder.token_end = self.at;
            self.finish_line()?;
        } else if self.here() == b'%' && self.column == 0 || self.builder.document > 0 {
            return None;
        }
        if self.column == END {
            let absent = self.builder.token_end;
            self.absent(absent);
        } else {
            self.node(END, self.column, true)?;
        }
        if self.column != END {
            return None;
        }
        self.builder.end_document();
        if self.here() == b'.' {
            self.at += 3;
            self.finish_line()?;
        }
        Some(())
    }

    /// Null, where nothing stands.
    fn absent(&mut self, at: usize) {
        let span = Span::empty(at as u32);
        let text = Text { span, decoded: false };
        self.builder.put(Scalar { text, style: ScalarStyle::Plain, tag: Tag::None, null: true }, span, false);
    }
}
