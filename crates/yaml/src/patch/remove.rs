//! Taking entries and items away.

use super::insert::comments_start;
use super::layout::{column, deepest, is_blank, line_end, line_start, next_line, previous_line, tail};
use super::locate::Place;
use super::set::{dash, indicator_end};
use super::{PatchError, TextEdit, flow};
use crate::{Node, ScalarStyle};
use std::ops::Range;

pub(super) fn remove(place: &Place<'_>) -> Result<Vec<TextEdit>, PatchError> {
    let node = place.node;
    let Some(collection) = node.parent() else {
        return Err(PatchError::WrongKind { route: place.route.clone(), expected: "entry or item" });
    };
    if collection.is_flow() {
        return flow::remove(collection, node.slot()).ok_or_else(|| PatchError::NoSuchPlace(place.route.clone()));
    }
    if siblings(collection).len() == 1 {
        return empty(place, collection);
    }
    let range = lines(place)?;
    Ok(vec![TextEdit::delete(range)])
}

/// Comments above the first entry of a document are about the document.
pub(super) fn is_first_of_file(node: Node<'_>) -> bool {
    node.slot() == 0 && node.parent().is_some_and(|parent| parent.parent().is_none())
}

fn siblings(collection: Node<'_>) -> Vec<Node<'_>> {
    match collection.is_mapping() {
        true => collection.own_entries().map(|(_, node)| node).collect(),
        false => collection.items().collect(),
    }
}

/// Where the entry (its key, `?` or properties) or item (its dash) begins.
pub(super) fn start(place: &Place<'_>) -> Result<usize, PatchError> {
    let node = place.node;
    let text: &str = &node.stream().own;
    let unclear = || PatchError::Unsupported { route: place.route.clone(), reason: "its first line is not understood" };
    let Some(key) = node.own_key_span() else { return dash(node).ok_or_else(unclear) };
    let collection = node.parent().ok_or_else(unclear)?.own_span().start as usize;
    if node.slot() == 0 {
        return Ok(collection.min(key.start as usize));
    }
    let line = line_start(text, key.start as usize);
    let indent = text[line..].bytes().take_while(|b| *b == b' ').count();
    Ok(line + indent)
}

/// The lines of an entry or item that is not alone: from its own comment lines to the end of its last line. For the
/// first entry behind a dash, up to where the next one begins.
pub(super) fn lines(place: &Place<'_>) -> Result<Range<usize>, PatchError> {
    let node = place.node;
    let text: &str = &node.stream().own;
    let start = start(place)?;
    let mut end = next_line(text, tail(node));
    let line = line_start(text, start);
    if !is_blank(text[line..start].trim_start_matches('\u{feff}')) || text[line..start].contains('\u{feff}') {
        let rest = text.get(end..).unwrap_or_default();
        return Ok(start..end + (rest.len() - rest.trim_start_matches([' ', '\r', '\n']).len()));
    }
    let mut start = match is_first_of_file(node) {
        true => line,
        false => comments_start(text, line, column(text, start)),
    };
    if let Some(above) = previous_line(text, start).filter(|above| is_blank(&text[above.clone()])) {
        if end >= text.len() && !owned(node, &above) {
            // Nothing follows: the blank line in front separates nothing any more.
            start = above.start;
        } else if end < text.len() && is_blank(&text[end..line_end(text, end)]) {
            end = next_line(text, end);
        }
    }
    if end >= text.len() && !text.ends_with(['\n', '\r']) && !previous(node).is_some_and(ends_line) {
        // The text keeps ending without a line break.
        start = previous_line(text, start).map_or(start, |above| above.end);
    }
    Ok(start..end)
}

fn previous(node: Node<'_>) -> Option<Node<'_>> {
    siblings(node.parent()?).get(node.slot().checked_sub(1)?).copied()
}

/// Whether the value ends with a block scalar whose last line break is part of it.
pub(super) fn ends_line(node: Node<'_>) -> bool {
    let last = deepest(node);
    let block = matches!(last.style(), ScalarStyle::Literal | ScalarStyle::Folded);
    block && last.as_str().is_some_and(|text| text.ends_with('\n'))
}

/// Whether the blank line belongs to the value before (a block scalar that keeps its line ends).
fn owned(node: Node<'_>, blank: &Range<usize>) -> bool {
    previous(node).is_some_and(|sibling| tail(sibling) >= blank.start)
}

/// Leaves `{}` or `[]` in place of a block collection with a single child.
fn empty(place: &Place<'_>, collection: Node<'_>) -> Result<Vec<TextEdit>, PatchError> {
    let text: &str = &collection.stream().own;
    let empty = if collection.is_mapping() { "{}" } else { "[]" };
    let start = collection.own_span().start as usize;
    let end = line_end(text, tail(place.node));
    let Some(key) = collection.own_key_span() else {
        return Ok(vec![TextEdit::replace(start..end, empty)]);
    };
    let parent = Place { chain: Vec::new(), node: collection, route: place.route.clone(), literals: true };
    let colon = indicator_end(collection, &parent)?;
    let first_line = line_end(text, key.start as usize);
    if start <= first_line {
        return Ok(vec![TextEdit::replace(start..end, empty)]);
    }
    // From the child's own comment lines on; others between the key and it stay.
    let from = comments_start(text, line_start(text, start), column(text, start)).max(first_line);
    let from = previous_line(text, from).map_or(from, |above| above.end);
    Ok(vec![TextEdit::insert(colon, format!(" {empty}")), TextEdit::delete(from.max(first_line)..end)])
}
