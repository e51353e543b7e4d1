//! Entries and items between brackets and braces.

use super::layout::{Style, column, line_start, spaces};
use super::{TextEdit, render};
use crate::{Node, Value};
use std::ops::Range;

/// What to put in.
pub(super) enum New<'a> {
    Entry(&'a str, &'a Value),
    Item(&'a Value),
}

impl New<'_> {
    fn text(&self, column: Option<usize>, style: Style) -> String {
        match (self, column) {
            (New::Entry(key, value), Some(column)) => render::pretty_entry(key, value, column, style),
            (New::Item(value), Some(column)) => render::pretty(value, column, style),
            (New::Entry(key, value), None) => render::flow_entry(key, value, style.json),
            (New::Item(value), None) => render::flow(value, crate::ScalarStyle::Plain, style.json),
        }
    }
}

/// The ranges of the entries (from the key on) or items.
pub(super) fn parts(collection: Node<'_>) -> Vec<Range<usize>> {
    let part = |child: Node<'_>| {
        let span = child.own_span().range();
        child.own_key_span().map_or(span.start, |key| key.start as usize)..span.end
    };
    if collection.is_mapping() {
        collection.own_entries().map(|(_, child)| part(child)).collect()
    } else {
        collection.items().map(part).collect()
    }
}

/// Inserts before the part at `index`, or at the end.
pub(super) fn insert(collection: Node<'_>, index: usize, new: &New<'_>, style: Style) -> Vec<TextEdit> {
    let text: &str = &collection.stream().own;
    let span = collection.own_span().range();
    let parts = parts(collection);
    let inside = span.start + 1;
    let Some(first) = parts.first() else {
        return empty(collection, new, style);
    };
    let lead = text.get(inside..first.start).unwrap_or_default();
    let own_lines = lead.contains(['\n', '\r']) && !lead.contains('#');
    let separator = match own_lines {
        true => format!(",{}{}", style.eol, spaces(column(text, first.start))),
        false => ", ".to_owned(),
    };
    let at_column = own_lines.then(|| column(text, first.start));
    let step = own_lines.then(|| indent_step(text, span.start, first.start)).flatten();
    let style = Style { step: step.unwrap_or(style.step), ..style };
    let new = new.text(at_column, style);
    match parts.get(index) {
        Some(next) => vec![TextEdit::insert(next.start, format!("{new}{separator}"))],
        None => {
            let end = parts.last().map_or(inside, |last| last.end);
            vec![TextEdit::insert(end, format!("{separator}{new}"))]
        }
    }
}

/// Between `{` and `}` there was nothing but blanks.
fn empty(collection: Node<'_>, new: &New<'_>, style: Style) -> Vec<TextEdit> {
    let text: &str = &collection.stream().own;
    let span = collection.own_span().range();
    // Over several lines where the surroundings are.
    let line = line_start(text, span.start);
    let indent = text[line..].bytes().take_while(|b| *b == b' ').count();
    let around = collection.parent().filter(|parent| parent.is_flow()).map(|parent| parent.own_span().start as usize);
    let multiline = style.json && around.is_some_and(|start| line_start(text, start) != line);
    let inner = span.start + 1..span.end.saturating_sub(1);
    if multiline {
        let step = around.and_then(|start| indent_step(text, start, line + indent)).unwrap_or(style.step);
        let style = Style { step, ..style };
        let child = indent + step;
        let content = new.text(Some(child), style);
        let (eol, inner_spaces, outer_spaces) = (style.eol, spaces(child), spaces(indent));
        return vec![TextEdit::replace(inner, format!("{eol}{inner_spaces}{content}{eol}{outer_spaces}"))];
    }
    vec![TextEdit::replace(inner, new.text(None, style))]
}

/// How far children stand right of the line that opens their collection.
fn indent_step(text: &str, open: usize, child: usize) -> Option<usize> {
    let line = line_start(text, open);
    let indent = text[line..].bytes().take_while(|b| *b == b' ').count();
    column(text, child).checked_sub(indent).filter(|step| *step > 0)
}

/// Removes the part at `index` with one of its commas.
pub(super) fn remove(collection: Node<'_>, index: usize) -> Option<Vec<TextEdit>> {
    let parts = parts(collection);
    let part = parts.get(index)?.clone();
    let range = match (parts.get(index + 1), index.checked_sub(1).and_then(|i| parts.get(i))) {
        (Some(next), _) => part.start..next.start,
        (None, Some(previous)) => previous.end..part.end,
        (None, None) => {
            let span = collection.own_span().range();
            span.start + 1..span.end.saturating_sub(1)
        }
    };
    Some(vec![TextEdit::delete(range)])
}
