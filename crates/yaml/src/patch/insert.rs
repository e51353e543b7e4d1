//! Adding entries and items.

use super::flow::{self, New};
use super::layout::{Style, column, comment_column, deepest, line_end, line_start, previous_line, spaces, tail};
use super::locate::Place;
use super::set::{dash, fill, header_end, refuse_existing};
use super::{PatchError, TextEdit, render};
use crate::{Kind, Node, ScalarStyle, Value};

pub(super) fn insert(
    place: &Place<'_>,
    key: &str,
    value: &Value,
    after: Option<&str>,
) -> Result<Vec<TextEdit>, PatchError> {
    let mapping = place.node;
    refuse_existing(mapping, key)?;
    let style = place.style();
    let index = position(place, after)?;
    if is_open_flow(mapping, style) {
        return match mapping.kind() {
            Kind::Mapping => Ok(flow::insert(mapping, index, &New::Entry(key, value), style)),
            _ => super::set::set(place, &Value::map([(key, value.clone())])),
        };
    }
    insert_lines(place, index, &|column| render::entry(key, value, column, style))
}

/// Where to insert so that the entry comes after the one with the key `after`, or last.
pub(super) fn position(place: &Place<'_>, after: Option<&str>) -> Result<usize, PatchError> {
    let mapping = place.node;
    if !matches!(mapping.kind(), Kind::Mapping | Kind::Null) {
        return Err(PatchError::WrongKind { route: place.route.clone(), expected: "mapping" });
    }
    let Some(after) = after else { return Ok(mapping.own_entries().count()) };
    let found = mapping.own_entries().position(|(key, _)| key == after);
    found.map(|i| i + 1).ok_or_else(|| PatchError::NoSuchPlace(place.route.clone().key(after)))
}

/// Whether new content must be in flow style: an empty `{}` in block context need not.
fn is_open_flow(node: Node<'_>, style: Style) -> bool {
    let inside = node.parent().is_some_and(|parent| parent.is_flow());
    style.json || inside || (node.is_flow() && !node.is_empty())
}

/// Adds a block entry whose text for a column `lines` gives, before the entry at `index` or at the end.
pub(super) fn insert_lines(
    place: &Place<'_>,
    index: usize,
    lines: &dyn Fn(usize) -> String,
) -> Result<Vec<TextEdit>, PatchError> {
    let mapping = place.node;
    let text: &str = &mapping.stream().own;
    let Some(previous) = index.checked_sub(1).and_then(|i| mapping.own_entries().nth(i)).map(|(_, node)| node) else {
        return fill(place, false, lines);
    };
    let column = column(text, mapping.own_span().start as usize);
    Ok(line_after(previous, &format!("{}{}", spaces(column), lines(column))))
}

/// A new line behind the last line of a value.
fn line_after(node: Node<'_>, line: &str) -> Vec<TextEdit> {
    let text: &str = &node.stream().own;
    let at = line_end(text, tail(node));
    let mut edits = Vec::new();
    let last = deepest(node);
    let block = matches!(last.style(), ScalarStyle::Literal | ScalarStyle::Folded) && !last.is_alias();
    if block && at == text.len() && last.as_str().is_some_and(|text| !text.ends_with('\n')) {
        // At the end of the text it had no line break to keep; now it gets one, which must not become part of it.
        let header = last.own_span().start as usize;
        let end = header_end(text, header);
        match text[header..end].strip_suffix(['-', '+']) {
            Some(_) => edits.push(TextEdit::replace(end - 1..end, "-")),
            None => edits.push(TextEdit::insert(end, "-")),
        }
    }
    edits.push(TextEdit::insert(at, format!("{}{line}", super::layout::eol(text))));
    edits
}

/// Adds an item before `index`, or at the end.
pub(super) fn insert_item(place: &Place<'_>, index: Option<usize>, value: &Value) -> Result<Vec<TextEdit>, PatchError> {
    let sequence = place.node;
    let wrong = || PatchError::WrongKind { route: place.route.clone(), expected: "sequence" };
    if !matches!(sequence.kind(), Kind::Sequence | Kind::Null) {
        return Err(wrong());
    }
    let len = sequence.len();
    let index = index.unwrap_or(len);
    if index > len {
        return Err(PatchError::NoSuchPlace(place.route.clone().index(index)));
    }
    let style = place.style();
    let scalar = !matches!(value, Value::Seq(_) | Value::Map(_));
    if is_open_flow(sequence, style) || (sequence.is_flow() && scalar) {
        return match sequence.kind() {
            Kind::Sequence => Ok(flow::insert(sequence, index, &New::Item(value), style)),
            _ => super::set::set(place, &Value::Seq(vec![value.clone()])),
        };
    }
    let lines = |column: usize| render::item(value, column, style);
    let text: &str = &sequence.stream().own;
    if let Some(next) = sequence.item(index) {
        let at = dash(next).ok_or_else(wrong)?;
        let column = column(text, at);
        let start = match super::layout::is_blank(&text[line_start(text, at)..at]) {
            // Comment lines above the next item stay with it.
            true => comments_start(text, line_start(text, at), column) + column,
            false => at,
        };
        let new = format!("{}{}{}", lines(column), style.eol, spaces(column));
        return Ok(vec![TextEdit::insert(start, new)]);
    }
    match sequence.last_written() {
        Some(last) => {
            let column = column(text, sequence.own_span().start as usize);
            Ok(line_after(last, &format!("{}{}", spaces(column), lines(column))))
        }
        None => fill(place, true, &lines),
    }
}

/// The start of the comment lines in `column` that end right above the line at `line`; `line` itself without any.
pub(super) fn comments_start(text: &str, line: usize, column: usize) -> usize {
    let mut start = line;
    while let Some(above) = previous_line(text, start)
        && comment_column(&text[above.clone()]) == Some(column)
    {
        start = above.start;
    }
    start
}
