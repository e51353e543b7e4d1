//! Edits inside a string: from its decoded text to the text that it is written in.

use super::layout::{Style, line_end, next_line, spaces};
use super::render::Rendered;
use super::set::{dash, parent_column, replace};
use super::{PatchError, TextEdit, apply_edits, encode};
use crate::{Kind, Node, Route, ScalarStyle, Stream};
use std::ops::Range;

/// Turns edits of a scalar's decoded text into edits of the text that the scalar is written in. Ways to do it are tried
/// from the least invasive on, and the first that reads as it should is taken.
pub(super) fn splice(node: Node<'_>, route: &Route, mut edits: Vec<TextEdit>) -> Result<Vec<TextEdit>, PatchError> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    if node.is_aliased() {
        return Err(PatchError::Shared(route.clone()));
    }
    let wrong = || PatchError::WrongKind { route: route.clone(), expected: "scalar with such a range" };
    let (Kind::Scalar, Some(old)) = (node.kind(), node.as_str()) else { return Err(wrong()) };
    if edits.iter().any(|edit| old.get(edit.range.clone()).is_none()) {
        return Err(wrong());
    }
    let new = apply_edits(old, &edits);
    if new == old {
        return Ok(Vec::new());
    }
    let candidates: [&dyn Fn() -> Option<Vec<TextEdit>>; 4] = [
        &|| in_place(node, old, &new, &edits),
        &|| whole_literal(node, &new),
        &|| whole_quoted(node, &new, true),
        &|| whole_quoted(node, &new, false),
    ];
    let found = candidates.iter().find_map(|candidate| candidate().filter(|edits| reads_as(node, edits, &new)));
    found.ok_or_else(|| PatchError::Unsupported {
        route: route.clone(),
        reason: "its way of writing cannot hold the text",
    })
}

fn reads_as(node: Node<'_>, edits: &[TextEdit], expected: &str) -> bool {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let text = apply_edits(&node.stream().own, &edits);
    let after = crate::parse(text);
    let route = node.local_route();
    // Only this scalar may tell the two apart, so its place and the faults are the same.
    let same = |stream: &Stream| stream.walk(route.document, &route.steps).map(|n| n.as_str() == Some(expected));
    after.faults().len() <= node.stream().faults().len() && same(&after) == Some(true)
}

/// Changes only what has to change, in the style that the scalar has.
fn in_place(node: Node<'_>, old: &str, new: &str, edits: &[TextEdit]) -> Option<Vec<TextEdit>> {
    if node.style() == ScalarStyle::Literal {
        return in_literal(node, old, new, edits);
    }
    let map = node.offset_map()?;
    let flow = node.parent().is_some_and(|parent| parent.is_flow());
    if node.style() == ScalarStyle::Plain && !encode::is_plain(new, flow) {
        // Of several lines, or a string no more.
        return None;
    }
    let edit = |edit: &TextEdit| {
        let text = match node.style() {
            ScalarStyle::Double => encode::double_inner(&edit.text),
            _ if edit.text.contains(['\n', '\r']) => return None,
            ScalarStyle::Single => edit.text.replace('\'', "''"),
            _ => edit.text.clone(),
        };
        let start = map.start(edit.range.start);
        let end = if edit.range.is_empty() { start } else { map.end(edit.range.end).max(start) };
        Some(TextEdit { range: start..end, text })
    };
    edits.iter().map(edit).collect()
}

/// Rewrites the touched lines of a literal; each of its lines is one of the source.
fn in_literal(node: Node<'_>, old: &str, new: &str, edits: &[TextEdit]) -> Option<Vec<TextEdit>> {
    let text: &str = &node.stream().own;
    let style = Style::around(node);
    let header = node.own_span().start as usize;
    if chomping(old) != chomping(new) {
        return None;
    }
    let indent = node.literal_indent()?;
    let mut out: Vec<TextEdit> = Vec::new();
    let mut at_line = next_line(text, header);
    let mut decoded_line = 0;
    let mut i = 0;
    while let Some(first) = edits.get(i) {
        // To the line of the edit.
        while let Some(len) = old[decoded_line..first.range.start].find('\n') {
            decoded_line += len + 1;
            at_line = next_line(text, at_line);
        }
        // All edits that touch the same run of lines, and that run.
        let mut lines = Range { start: decoded_line, end: line_after(old, first.range.end) };
        let mut last = i;
        while let Some(next) = edits.get(last + 1).filter(|next| next.range.start < lines.end) {
            lines.end = line_after(old, next.range.end.max(next.range.start)).max(lines.end);
            last += 1;
        }
        let local: Vec<TextEdit> = edits[i..=last]
            .iter()
            .map(|e| TextEdit::replace(e.range.start - lines.start..e.range.end - lines.start, e.text.clone()))
            .collect();
        let replaced = apply_edits(&old[lines.clone()], &local);
        let source_start = at_line;
        let count = old[lines.clone()].matches('\n').count();
        let partial = !old[lines.clone()].ends_with('\n') && !lines.is_empty();
        let mut source_end = at_line;
        for _ in 0..count {
            source_end = next_line(text, source_end);
        }
        if partial {
            source_end = line_end(text, source_end);
        }
        let at_end = source_start >= text.len() && !text.ends_with(['\n', '\r']);
        let new_lines = indented(&replaced, indent, style.eol);
        let new_lines =
            if at_end { format!("{}{}", style.eol, new_lines.trim_end_matches(style.eol)) } else { new_lines };
        out.push(TextEdit::replace(source_start..source_end, new_lines));
        at_line = source_end;
        decoded_line = lines.end;
        i = last + 1;
    }
    Some(out)
}

/// The start of the line after the one that `at` lies on.
fn line_after(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |len| at + len + 1)
}

fn indented(lines: &str, indent: usize, eol: &str) -> String {
    let mut out = String::new();
    for line in lines.split_inclusive('\n') {
        let content = line.strip_suffix('\n');
        let text = content.unwrap_or(line);
        if !text.is_empty() {
            out.push_str(&spaces(indent));
            out.push_str(text);
        }
        if content.is_some() {
            out.push_str(eol);
        }
    }
    out
}

/// What the header has to say about the end: no line feed, one, more.
fn chomping(text: &str) -> usize {
    (text.len() - text.trim_end_matches('\n').len()).min(2)
}

/// Rewrites the scalar as a literal, where it was a block scalar or gets several lines in block context.
fn whole_literal(node: Node<'_>, new: &str) -> Option<Vec<TextEdit>> {
    let text: &str = &node.stream().own;
    let style = Style::around(node);
    let parent = node.parent()?;
    let block = matches!(node.style(), ScalarStyle::Literal | ScalarStyle::Folded);
    if parent.is_flow() || !(block || (new.contains('\n') && node.style() == ScalarStyle::Plain)) {
        return None;
    }
    let step = match node.own_key_span() {
        Some(_) => style.step,
        None => 2,
    };
    let (header, lines) = encode::literal(new, step)?;
    let base = match node.own_key_span() {
        Some(_) => parent_column(node),
        None => super::layout::column(text, dash(node)?),
    };
    let mut body = String::new();
    for line in lines {
        body.push_str(style.eol);
        if !line.is_empty() {
            body.push_str(&spaces(base + step));
            body.push_str(line);
        }
    }
    Some(replace(node, node.own_span().start as usize, Rendered { head: header, body }))
}

/// Rewrites the scalar in quotes, or plain where it was and may be.
fn whole_quoted(node: Node<'_>, new: &str, keep: bool) -> Option<Vec<TextEdit>> {
    let flow = node.parent().is_some_and(|parent| parent.is_flow());
    let text = match node.style() {
        style if keep => encode::string(new, style, flow, false),
        _ => encode::double(new),
    };
    Some(replace(node, node.own_span().start as usize, Rendered { head: text, body: String::new() }))
}
