//! Scalars: their text, and where exactly they stand.

use super::{Builder, checks::Weight};
use crate::scalar::{self, ScalarStyle, Tag};
use crate::tree::{Body, NONE, Scalar, Span, Text};
use std::ops::Range;
use std::sync::OnceLock;

impl Builder<'_> {
    pub(super) fn scalar(
        &mut self,
        text: &str,
        style: granit_parser::ScalarStyle,
        anchor: usize,
        tag: Tag,
        span: Range<usize>,
    ) {
        let style = match style {
            granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
            granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::Single,
            granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::Double,
            granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
            granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
        };
        let is_value = self.waiting_key() != NONE;
        let is_key = !is_value && self.frames.last().is_some_and(|frame| frame.mapping);
        let span = self.scalar_span(style, span, is_value);
        let absent = style == ScalarStyle::Plain && span.is_empty();
        let text = if absent { "" } else { text };
        let source = match style {
            ScalarStyle::Single | ScalarStyle::Double => span.start + 1..span.end.saturating_sub(1),
            _ => span.clone(),
        };
        let text_at = if self.text.get(source.clone()) == Some(text) {
            Text { span: source.into(), decoded: false }
        } else {
            if style == ScalarStyle::Double && source.start <= source.end {
                let start = source.start;
                self.json_escapes(self.text.get(source).unwrap_or_default(), start);
            }
            let start = self.tree.decoded.len();
            self.tree.decoded.push_str(text);
            Text { span: (start..self.tree.decoded.len()).into(), decoded: true }
        };
        let null = match tag {
            Tag::None => style == ScalarStyle::Plain && scalar::is_null(text),
            tag => tag == Tag::Null,
        };
        if is_key
            && style == ScalarStyle::Plain
            && text == "<<"
            && let Some(frame) = self.frames.last_mut()
        {
            frame.merge = true;
        }
        self.token_end = self.token_end.max(span.end);
        let id = self.put(Scalar { text: text_at, style, tag, null }, span.into(), is_key);
        self.set_anchor(anchor, id, true, Weight::ONE);
    }

    /// Adds a scalar whose place and text are known.
    pub(super) fn put(&mut self, scalar: Scalar, span: Span, is_key: bool) -> u32 {
        let id = self.add(span, Body::Scalar(scalar), Weight::ONE);
        let string = scalar.style != ScalarStyle::Plain && matches!(scalar.tag, Tag::None | Tag::Str);
        if string && !is_key {
            self.tree.nodes[id as usize].embed = self.tree.embedded.len() as u32;
            self.tree.embedded.push(OnceLock::new());
        }
        id
    }

    /// The parser's span, with a block scalar's header and without the blank lines behind it; an absent value lies
    /// right behind the colon.
    fn scalar_span(&self, style: ScalarStyle, span: Range<usize>, is_value: bool) -> Range<usize> {
        let bytes = self.text.as_bytes();
        match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let content = self.text.get(span.clone()).unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n']);
                let header = search(bytes, self.token_end, span.start, |byte| matches!(byte, b'|' | b'>'));
                let header = header.unwrap_or(span.start);
                let header_end = bytes[header..].iter().position(|b| matches!(b, b'\r' | b'\n'));
                let header_end = header_end.map_or(bytes.len(), |len| header + len);
                header..if content.is_empty() { header_end } else { span.start + content.len() }
            }
            ScalarStyle::Plain if span.is_empty() && is_value && span.start <= self.token_end => {
                let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
                let rest = bytes.get(self.token_end..).unwrap_or_default();
                let at = self.token_end + rest.iter().take_while(|b| blank(b)).count();
                let at = if bytes.get(at) == Some(&b':') { at + 1 } else { self.token_end };
                at..at
            }
            // The parser gives the next token's place, which may lie behind comments.
            ScalarStyle::Plain if span.is_empty() && self.in_block_sequence() => {
                let dash = search(bytes, self.token_end, span.start, |byte| byte == b'-');
                let at = dash.map_or(span.start, |dash| dash + 1);
                at..at
            }
            _ => span,
        }
    }

    fn in_block_sequence(&self) -> bool {
        let parent = self.frames.last().map(|frame| self.tree.node(frame.node).body);
        matches!(parent, Some(Body::Sequence { flow: false, .. }))
    }

    /// Of a sequence whose dashes stand right below the key, the parser gives the first item's place.
    pub(super) fn first_dash(&self, span: Range<usize>) -> Range<usize> {
        let dash = search(self.text.as_bytes(), self.token_end, span.start, |byte| byte == b'-').unwrap_or(span.start);
        dash..dash
    }
}

pub(super) fn tag_of(tag: Option<&granit_parser::Tag>) -> Tag {
    let Some(tag) = tag else { return Tag::None };
    match tag.core_suffix() {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        _ => Tag::Str,
    }
}

/// Where an indicator stands between two tokens, comments and properties (which may contain its byte) skipped.
fn search(bytes: &[u8], from: usize, to: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    while at < to {
        match bytes[at] {
            byte if wanted(byte) => return Some(at),
            b'#' => at += bytes[at..to].iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(1).max(1),
            b'&' | b'!' => at += bytes[at..to].iter().position(u8::is_ascii_whitespace).unwrap_or(1).max(1),
            _ => at += 1,
        }
    }
    None
}
