//! Block scalars.

use super::Reader;
use crate::scalar::{ScalarStyle, Tag};
use crate::tree::{Scalar, Text};

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Reader<'_> {
    /// The block scalar whose `|` or `>` stands here, below a node at `indent`, to the next line with content.
    pub(super) fn block_scalar(&mut self, indent: isize) -> Option<()> {
        // At the root, document markers may end it.
        if indent < 0 {
            return None;
        }
        let header = self.at;
        let style = if self.here() == b'|' { ScalarStyle::Literal } else { ScalarStyle::Folded };
        self.at += 1;
        let chomping = match self.here() {
            b'-' => Chomping::Strip,
            b'+' => Chomping::Keep,
            _ => Chomping::Clip,
        };
        if chomping != Chomping::Clip {
            self.at += 1;
        }
        let token = self.at;
        self.spaces();
        if self.here() == b'#' && self.at > token {
            self.comment();
        }
        if self.here() != b'\n' {
            return None;
        }
        self.at += 1;
        let (columns, blank_lines) = self.first_line()?;
        if columns as isize <= indent {
            return None;
        }
        let begin = self.builder.tree.decoded.len();
        let end = self.lines(columns, blank_lines, style, chomping)?;
        let text = Text { span: (begin..self.builder.tree.decoded.len()).into(), decoded: true };
        let scalar = Scalar { text, style, tag: Tag::None, null: false };
        self.builder.put(scalar, (header..end).into(), false);
        self.next_line()?;
        (self.column <= indent).then_some(())
    }

    /// How far the first line with content is indented, and how many blank lines stand before it. Stays at its start.
    fn first_line(&mut self) -> Option<(usize, usize)> {
        let (mut blank_lines, mut widest) = (0, 0);
        loop {
            let start = self.at;
            self.spaces();
            let columns = self.at - start;
            match self.here() {
                b'\n' => {
                    widest = widest.max(columns);
                    blank_lines += 1;
                    self.at += 1;
                }
                b'\t' | 0 => return None,
                _ => {
                    self.at = start;
                    return (columns >= widest).then_some((columns, blank_lines));
                }
            }
        }
    }

    /// Decodes the lines of the scalar. Gives where the last content ends, and stays at the line behind them.
    fn lines(&mut self, columns: usize, blank_lines: usize, style: ScalarStyle, chomping: Chomping) -> Option<usize> {
        let folded = style == ScalarStyle::Folded;
        let text = self.builder.text;
        let decoded = &mut self.builder.tree.decoded;
        let mut breaks = blank_lines;
        let mut end = None;
        // Whether a break stands before this line, and whether the line before began with a blank.
        let (mut broken, mut was_blank) = (false, false);
        loop {
            let line = self.at;
            let mut at = line;
            while at < line + columns && self.bytes.get(at) == Some(&b' ') {
                at += 1;
            }
            match self.bytes.get(at) {
                Some(b'\n') => {
                    breaks += 1;
                    self.at = at + 1;
                    continue;
                }
                Some(b'\t') if at < line + columns => return None,
                Some(_) if at == line + columns => {}
                _ => break,
            }
            let rest = self.bytes.get(at..)?;
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let blank = matches!(rest.first(), Some(b' ' | b'\t'));
            if folded && broken && !was_blank && !blank {
                if breaks == 0 {
                    decoded.push(' ');
                }
            } else if broken {
                decoded.push('\n');
            }
            decoded.extend(std::iter::repeat_n('\n', breaks));
            decoded.push_str(text.get(at..at + len)?);
            let content = rest.get(..len)?.iter().rposition(|b| !matches!(b, b' ' | b'\t'));
            end = content.map(|last| at + last + 1).or(end);
            (breaks, was_blank, broken) = (0, blank, at + len < self.bytes.len());
            self.at = (at + len + 1).min(self.bytes.len());
            if !broken {
                break;
            }
        }
        if broken && chomping != Chomping::Strip {
            decoded.push('\n');
        }
        if chomping == Chomping::Keep {
            decoded.extend(std::iter::repeat_n('\n', breaks));
        }
        // Of blanks alone, the parser thinks otherwise.
        end
    }
}
