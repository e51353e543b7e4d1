//! Patches: symbolic changes to routes, turned into edits of the text that leave everything else as it was.
//!
//! Each operation is planned on the text that the ones before it left, carried out, parsed again and compared with what
//! it was meant to say ([`verify`]). A plan that would say anything else is an error, never a damaged file.

mod encode;
mod flow;
mod insert;
mod layout;
mod locate;
mod pieces;
mod relocate;
mod remove;
mod render;
mod set;
mod splice;
mod verify;

use crate::{Route, Stream, Value, parse};
use std::ops::Range;

/// One change. Routes are read after the operations before it in the same list have been applied. They may lead into
/// strings that hold YAML; where a collection is asked for, the route of such a string means the root inside it.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Replaces a value. A scalar keeps its quotes where the new one can have them, and the comment behind it.
    Set {
        /// The value to replace.
        route: Route,
        /// What to write there.
        value: Value,
    },
    /// Renames the key of an entry.
    SetKey {
        /// The entry.
        route: Route,
        /// The new key, decoded.
        key: String,
    },
    /// Adds an entry to a mapping. A null becomes a mapping.
    Insert {
        /// The mapping.
        route: Route,
        /// The entry's key, which must be new there.
        key: String,
        /// The entry's value.
        value: Value,
        /// The key of the entry to come after; `None` for the end.
        after: Option<String>,
    },
    /// Adds an item at the end of a sequence. A null becomes a sequence.
    Append {
        /// The sequence.
        route: Route,
        /// The item.
        value: Value,
    },
    /// Adds an item before the one at an index, or at the end for an index equal to the length.
    InsertItem {
        /// The sequence.
        route: Route,
        /// From 0.
        index: usize,
        /// The item.
        value: Value,
    },
    /// Removes an entry or item, with the comment behind it and comment lines right above it in the same column. A
    /// collection that loses its last one is left as `{}` or `[]`.
    Remove {
        /// The entry or item.
        route: Route,
    },
    /// Moves an entry into a mapping of the same text (the file, or one string in it), with its comments and its
    /// formatting, re-indented.
    Move {
        /// The entry.
        route: Route,
        /// The mapping that takes it, which may be the one that it is in. A null becomes a mapping.
        to: Route,
        /// The key of the entry to come after; `None` for the end.
        after: Option<String>,
    },
    /// Replaces a part of a string.
    Splice {
        /// The scalar.
        route: Route,
        /// Bytes of the decoded text ([`crate::Node::as_str`]).
        range: Range<usize>,
        /// What to put there.
        text: String,
    },
}

impl Op {
    /// Where it applies; of a move, where from.
    pub fn route(&self) -> &Route {
        match self {
            Self::Set { route, .. }
            | Self::SetKey { route, .. }
            | Self::Insert { route, .. }
            | Self::Append { route, .. }
            | Self::InsertItem { route, .. }
            | Self::Remove { route }
            | Self::Move { route, .. }
            | Self::Splice { route, .. } => route,
        }
    }
}

/// A replacement of bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes that go; empty for an insertion.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl TextEdit {
    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { range: at..at, text: text.into() }
    }

    fn delete(range: Range<usize>) -> Self {
        Self { range, text: String::new() }
    }

    fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// Why an operation was not carried out. The text is then unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// Nothing is at the route.
    #[error("{0} does not exist")]
    NoSuchPlace(Route),
    /// The route leads through an alias or a merge key: an edit there would change other places as well.
    #[error("{0} is shared through an alias or a merge key")]
    Shared(Route),
    /// A key on the route stands twice in its mapping.
    #[error("{0} is ambiguous: a key on the way to it stands twice in its mapping")]
    Ambiguous(Route),
    /// The document has a syntax error, so it is not known what all of it says.
    #[error("{0} lies in a document that could not be read to its end")]
    Broken(Route),
    /// The mapping already has that key.
    #[error("{0} already exists")]
    KeyExists(Route),
    /// What is at the route is of another kind than the operation needs.
    #[error("{route} is no {expected}")]
    WrongKind {
        /// Where.
        route: Route,
        /// What it would have to be.
        expected: &'static str,
    },
    /// A way of writing that the patcher does not edit.
    #[error("{route}: {reason}")]
    Unsupported {
        /// Where.
        route: Route,
        /// Which way of writing.
        reason: &'static str,
    },
    /// The edit would have changed more, or something else, than was asked for.
    #[error("{route}: the edit would not give what was asked for ({reason})")]
    WouldDiffer {
        /// Where.
        route: Route,
        /// What the check found.
        reason: String,
    },
}

/// The edits that carry out `ops`, in order and without overlap, for the text of the stream's file.
///
/// # Errors
/// The first operation that cannot be carried out exactly as asked.
pub fn edits(stream: &Stream, ops: &[Op]) -> Result<Vec<TextEdit>, PatchError> {
    let mut pieces = pieces::Pieces::new(stream.text().len());
    run(stream, ops, |edits| pieces.apply(edits))?;
    Ok(pieces.edits(stream.text()))
}

/// The text of the stream's file with `ops` carried out, parsed and checked to say what they asked for.
///
/// # Errors
/// The first operation that cannot be carried out exactly as asked.
pub fn apply(stream: &Stream, ops: &[Op]) -> Result<String, PatchError> {
    let last = run(stream, ops, |_| ())?;
    Ok(last.map_or_else(|| stream.text().to_owned(), |last| last.text().to_owned()))
}

/// Carries out the operations one by one; the stream of the last text, unless there were none.
fn run(stream: &Stream, ops: &[Op], mut done: impl FnMut(&[TextEdit])) -> Result<Option<Stream>, PatchError> {
    // Offsets below are those of the file, so an embedded stream gives way to the file's.
    let mut current = stream.origin.is_some().then(|| parse(stream.text()));
    for op in ops {
        let before = current.as_ref().unwrap_or(stream);
        // What surrounds a block scalar can change what its end says (the end of the file, blank lines that follow);
        // quotes hold the same anywhere.
        let (edits, after) = match attempt(before, op, true) {
            Err(PatchError::WouldDiffer { .. }) => attempt(before, op, false)?,
            result => result?,
        };
        done(&edits);
        current = Some(after);
    }
    Ok(current)
}

fn attempt(before: &Stream, op: &Op, literals: bool) -> Result<(Vec<TextEdit>, Stream), PatchError> {
    let edits = plan(before, op, literals)?;
    let after = parse(apply_edits(before.text(), &edits));
    verify::verify(before, &after, op)?;
    Ok((edits, after))
}

/// Edits of the file's text, sorted.
fn plan(stream: &Stream, op: &Op, literals: bool) -> Result<Vec<TextEdit>, PatchError> {
    let mut place = match op {
        Op::Insert { .. } | Op::Append { .. } | Op::InsertItem { .. } => locate::collection(stream, op.route())?,
        _ => locate::locate(stream, op.route())?,
    };
    place.literals = literals;
    let edits = match op {
        Op::Set { value, .. } if place.node.to_value() == *value => Vec::new(),
        Op::Set { value, .. } => set::set(&place, value)?,
        Op::SetKey { key, .. } => set::set_key(&place, key)?,
        Op::Insert { key, value, after, .. } => insert::insert(&place, key, value, after.as_deref())?,
        Op::Append { value, .. } => insert::insert_item(&place, None, value)?,
        Op::InsertItem { index, value, .. } => insert::insert_item(&place, Some(*index), value)?,
        Op::Remove { .. } => remove::remove(&place)?,
        Op::Move { to, after, .. } => {
            let to = locate::collection(stream, to)?;
            relocate::relocate(&place, &to, after.as_deref())?
        }
        Op::Splice { range, text, .. } => {
            splice::splice(place.node, &place.route, vec![TextEdit::replace(range.clone(), text.clone())])?
        }
    };
    let mut edits = place.lift(edits)?;
    // Stable: an insertion stays before a deletion that begins at the same byte.
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    Ok(edits)
}

/// The text after sorted edits that do not overlap.
pub(crate) fn apply_edits(text: &str, edits: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
