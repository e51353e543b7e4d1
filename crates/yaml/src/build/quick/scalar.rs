//! Scalars that begin and end on one line, and plain ones that go on.

use super::{LONG_KEY, Reader};
use crate::scalar::{self, ScalarStyle, Tag};
use crate::tree::{Scalar, Span, Text};

/// A scalar that was read but stands nowhere yet.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) scalar: Scalar,
    pub(super) span: Span,
}

impl Token {
    fn new(style: ScalarStyle, text: Text, null: bool, span: std::ops::Range<usize>) -> Self {
        Self { scalar: Scalar { text, style, tag: Tag::None, null }, span: span.into() }
    }
}

/// What a byte may be inside a plain scalar.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Text,
    /// It may end there.
    Maybe,
    /// It ends there in brackets.
    Flow,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Text; 256];
    let mut maybe = 0;
    while maybe < 5 {
        classes[[0, b'\n', b'\t', b' ', b':'][maybe] as usize] = Class::Maybe;
        maybe += 1;
    }
    let mut flow = 0;
    while flow < 5 {
        classes[b",[]{}"[flow] as usize] = Class::Flow;
        flow += 1;
    }
    classes
};

impl Reader<'_> {
    /// A scalar of one line. Ends behind it: at a colon, a blank, the line's end or an indicator.
    pub(super) fn token(&mut self, flow: bool) -> Option<Token> {
        match self.here() {
            b'"' => self.double(),
            b'\'' => self.single(),
            b'[' | b']' | b'{' | b'}' | b',' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => None,
            b'-' | b'?' | b':' if flow || self.separates(self.at + 1) => {
                // A negative number is all that begins so in brackets.
                let number = flow && self.here() == b'-' && self.byte(self.at + 1).is_ascii_alphanumeric();
                if number { self.plain(flow) } else { None }
            }
            _ => self.plain(flow),
        }
    }

    fn plain(&mut self, flow: bool) -> Option<Token> {
        let start = self.at;
        let end = self.plain_end(flow)?;
        self.at = end;
        let span = Span::from(start..end);
        let text = self.builder.text.get(start..end)?;
        if text == "<<" {
            return None;
        }
        Some(Token::new(ScalarStyle::Plain, Text { span, decoded: false }, scalar::is_null(text), start..end))
    }

    /// Where the plain text from here ends on this line, blanks before a comment or the line's end not counted.
    fn plain_end(&self, flow: bool) -> Option<usize> {
        let mut at = self.at;
        loop {
            match CLASSES[self.byte(at) as usize] {
                Class::Text => at += 1,
                Class::Flow if flow => return Some(at),
                Class::Flow => at += 1,
                Class::Maybe => match self.byte(at) {
                    b' ' => {
                        let text = at;
                        while self.byte(at) == b' ' {
                            at += 1;
                        }
                        match self.byte(at) {
                            b'\n' | 0 | b'#' => return Some(text),
                            b',' | b'[' | b']' | b'{' | b'}' if flow => return Some(text),
                            // A key with blanks in front of its colon.
                            b':' if self.separates(at + 1) || flow => return None,
                            _ => {}
                        }
                    }
                    b':' if self.separates(at + 1) => return Some(at),
                    b':' if flow && matches!(self.byte(at + 1), b',' | b'[' | b']' | b'{' | b'}') => return None,
                    b':' => at += 1,
                    b'\t' => return None,
                    _ => return Some(at),
                },
            }
        }
    }

    fn single(&mut self) -> Option<Token> {
        let start = self.at;
        let mut from = start + 1;
        let mut decoded: Option<usize> = None;
        loop {
            let rest = self.bytes.get(from..)?;
            let at = from + memchr::memchr2(b'\'', b'\n', rest)?;
            if self.byte(at) == b'\n' {
                return None;
            }
            if self.byte(at + 1) == b'\'' {
                // A quote that is meant stands twice.
                decoded.get_or_insert(self.builder.tree.decoded.len());
                self.decode(from..at + 1)?;
                from = at + 2;
                continue;
            }
            return self.quoted(ScalarStyle::Single, start, from, at, decoded);
        }
    }

    fn double(&mut self) -> Option<Token> {
        let start = self.at;
        let mut from = start + 1;
        let mut decoded: Option<usize> = None;
        loop {
            let rest = self.bytes.get(from..)?;
            let at = from + memchr::memchr3(b'"', b'\\', b'\n', rest)?;
            match self.byte(at) {
                b'"' => return self.quoted(ScalarStyle::Double, start, from, at, decoded),
                b'\\' => {
                    let meant = match self.byte(at + 1) {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'"' => '"',
                        b'\\' => '\\',
                        _ => return None,
                    };
                    decoded.get_or_insert(self.builder.tree.decoded.len());
                    self.decode(from..at)?;
                    self.builder.tree.decoded.push(meant);
                    from = at + 2;
                }
                _ => return None,
            }
        }
    }

    fn decode(&mut self, source: std::ops::Range<usize>) -> Option<()> {
        let text = self.builder.text.get(source)?;
        self.builder.tree.decoded.push_str(text);
        Some(())
    }

    /// Ends a quoted scalar at its closing quote; `from` is where what was not decoded yet begins.
    fn quoted(
        &mut self,
        style: ScalarStyle,
        start: usize,
        from: usize,
        quote: usize,
        decoded: Option<usize>,
    ) -> Option<Token> {
        let text = match decoded {
            Some(begin) => {
                self.decode(from..quote)?;
                Text { span: (begin..self.builder.tree.decoded.len()).into(), decoded: true }
            }
            None => Text { span: (start + 1..quote).into(), decoded: false },
        };
        self.at = quote + 1;
        Some(Token::new(style, text, false, start..quote + 1))
    }

    pub(super) fn put(&mut self, token: Token, is_key: bool) {
        self.builder.put(token.scalar, token.span, is_key);
    }

    /// Whether the token can be a key: its colon follows at once.
    pub(super) fn is_key(&self, token: &Token) -> bool {
        self.here() == b':' && self.separates(self.at + 1) && token.span.range().len() < LONG_KEY
    }

    /// The value `token`, whose line ends here, with the lines that go on with it (those further in than `indent`).
    pub(super) fn plain_value(&mut self, mut token: Token, indent: isize) -> Option<()> {
        let mut decoded = None;
        let comments = self.builder.tree.comments.len();
        let mut end = self.at;
        self.finish_line()?;
        while self.column > indent {
            // A comment ends it, and then nothing may be further in.
            if self.builder.tree.comments.len() > comments {
                return None;
            }
            let breaks = self.bytes.get(end..self.at)?.iter().filter(|b| **b == b'\n').count();
            if decoded.is_none() {
                decoded = Some(self.builder.tree.decoded.len());
                self.decode(token.span.range())?;
            }
            let blank = if breaks > 1 { '\n' } else { ' ' };
            for _ in 0..breaks.saturating_sub(1).max(1) {
                self.builder.tree.decoded.push(blank);
            }
            let start = self.at;
            end = self.plain_end(false)?;
            if self.byte(end) == b':' {
                return None;
            }
            self.decode(start..end)?;
            self.at = end;
            self.finish_line()?;
        }
        if let Some(begin) = decoded {
            token.span.end = end as u32;
            token.scalar.text = Text { span: (begin..self.builder.tree.decoded.len()).into(), decoded: true };
            token.scalar.null = false;
        }
        self.put(token, false);
        Some(())
    }
}
