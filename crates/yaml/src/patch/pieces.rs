//! Edits of edits: one set of edits of the first text from several rounds of them.

use super::TextEdit;
use std::ops::Range;

/// The current text as pieces of the first one and inserted text.
pub(super) struct Pieces(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Kept(Range<usize>),
    New(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::New(text) => text.len(),
        }
    }

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Kept(range) => (Self::Kept(range.start..range.start + at), Self::Kept(range.start + at..range.end)),
            Self::New(mut text) => {
                let rest = text.split_off(at);
                (Self::New(text), Self::New(rest))
            }
        }
    }
}

impl Pieces {
    pub(super) fn new(len: usize) -> Self {
        Self(vec![Piece::Kept(0..len)])
    }

    /// Applies sorted edits of the current text.
    pub(super) fn apply(&mut self, edits: &[TextEdit]) {
        let mut out: Vec<Piece> = Vec::with_capacity(self.0.len() + 2 * edits.len());
        let mut rest: Vec<Piece> = std::mem::take(&mut self.0);
        rest.reverse();
        let mut at = 0;
        for edit in edits {
            advance(&mut rest, edit.range.start.saturating_sub(at), |piece| out.push(piece));
            advance(&mut rest, edit.range.end.saturating_sub(edit.range.start.max(at)), drop);
            at = edit.range.end.max(at);
            out.push(Piece::New(edit.text.clone()));
        }
        rest.reverse();
        out.append(&mut rest);
        out.retain(|piece| piece.len() > 0);
        self.0 = out;
    }

    /// The edits that lead from the first text to the current one, as small as a common start and end allow.
    pub(super) fn edits(self, first: &str) -> Vec<TextEdit> {
        let mut out = Vec::new();
        let mut at = 0;
        let mut new = String::new();
        for piece in self.0.into_iter().chain([Piece::Kept(first.len()..first.len())]) {
            match piece {
                Piece::New(text) => new.push_str(&text),
                Piece::Kept(range) => {
                    let edit = TextEdit { range: at..range.start, text: std::mem::take(&mut new) };
                    out.extend(trimmed(edit, first));
                    at = range.end;
                }
            }
        }
        out
    }
}

/// Takes `len` bytes of pieces off the stack.
fn advance(rest: &mut Vec<Piece>, mut len: usize, mut take: impl FnMut(Piece)) {
    while len > 0 {
        let Some(piece) = rest.pop() else { return };
        if piece.len() <= len {
            len -= piece.len();
            take(piece);
        } else {
            let (head, tail) = piece.split(len);
            rest.push(tail);
            take(head);
            return;
        }
    }
}

/// Without what old and new text share at their starts and ends; `None` when nothing is left.
fn trimmed(edit: TextEdit, first: &str) -> Option<TextEdit> {
    let old = first.get(edit.range.clone()).unwrap_or_default();
    let start: usize = old.chars().zip(edit.text.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (old, new) = (&old[start..], &edit.text[start..]);
    let same_end = old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = same_end.map(|(a, _)| a.len_utf8()).sum();
    let range = edit.range.start + start..edit.range.end - end;
    let text = new[..new.len() - end].to_owned();
    (!range.is_empty() || !text.is_empty()).then_some(TextEdit { range, text })
}
