//! Moving entries as they are written.

use super::insert::{comments_start, insert_lines, position};
use super::layout::{column, eol, is_blank, line_end, line_start, next_line, spaces, tail};
use super::locate::Place;
use super::set::refuse_existing;
use super::{PatchError, TextEdit, remove};
use crate::Node;

pub(super) fn relocate(place: &Place<'_>, to: &Place<'_>, after: Option<&str>) -> Result<Vec<TextEdit>, PatchError> {
    let node = place.node;
    let unsupported = |reason| PatchError::Unsupported { route: place.route.clone(), reason };
    let (Some(key), Some(from)) = (node.key(), node.parent()) else {
        return Err(PatchError::WrongKind { route: place.route.clone(), expected: "entry of a mapping" });
    };
    if !std::ptr::eq(node.stream(), to.node.stream()) {
        return Err(unsupported("an entry can only be moved within one text"));
    }
    let same = from.own_span() == to.node.own_span();
    if same && after == Some(key) {
        return Ok(Vec::new());
    }
    if !same {
        refuse_existing(to.node, key)?;
    }
    let inside = node.own_span();
    if inside.start <= to.node.own_span().start && to.node.own_span().end <= inside.end && !same {
        return Err(unsupported("an entry cannot be moved into itself"));
    }
    if from.is_flow() || (to.node.is_flow() && !to.node.is_empty()) || to.node.parent().is_some_and(|p| p.is_flow()) {
        return Err(unsupported("entries between braces are not moved"));
    }
    let index = position(to, after)?;
    if same && (index == node.slot() || index == node.slot() + 1) {
        return Ok(Vec::new());
    }
    let (lines, old) = written(place, node)?;
    let line_break = eol(&node.stream().own);
    let text: &str = &node.stream().own;
    let mut edits = insert_lines(to, index, &|column| indented(&lines, old, column, line_break))?;
    if let Some(last) = edits.last_mut().filter(|edit| edit.range.start == text.len())
        && remove::ends_line(node)
        && !text.ends_with(['\n', '\r'])
    {
        // A block scalar that ends with a line break has to keep it at the end of the text.
        last.text.push_str(line_break);
    }
    let mut gone = remove::remove(place)?;
    if let ([new], [old]) = (edits.as_slice(), gone.as_mut_slice())
        && old.range.start < new.range.start
        && new.range.start < old.range.end
    {
        // It comes after the collection that it was the last entry of: one edit does both.
        let ends_line = text[old.range.clone()].ends_with(['\n', '\r']);
        old.text = match new.text.strip_prefix(line_break) {
            Some(lines) if ends_line => format!("{lines}{line_break}"),
            _ => new.text.clone(),
        };
        return Ok(gone);
    }
    edits.append(&mut gone);
    Ok(edits)
}

/// The entry's lines from its own comment lines to the end of its last one, and the column of its key.
fn written<'a>(place: &Place<'a>, node: Node<'a>) -> Result<(Vec<&'a str>, usize), PatchError> {
    let text: &str = &node.stream().own;
    let start = remove::start(place)?;
    let column = column(text, start);
    let line = line_start(text, start);
    let own_line = is_blank(text[line..start].trim_start_matches('\u{feff}'));
    let from = match own_line && !remove::is_first_of_file(node) {
        true => comments_start(text, line, column) + column,
        false => start,
    };
    let end = line_end(text, tail(node));
    let mut lines = Vec::new();
    let mut at = from;
    loop {
        lines.push(&text[at..line_end(text, at).min(end)]);
        let next = next_line(text, at);
        if next > end || next == at {
            break;
        }
        at = next;
    }
    Ok((lines, column))
}

/// The lines moved from one column to another; the first comes without indentation. Lines of blanks keep what a block
/// scalar may have to say with them.
fn indented(lines: &[&str], old: usize, new: usize, line_break: &str) -> String {
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        if i == 0 {
            out.push_str(line);
            continue;
        }
        out.push_str(line_break);
        let indent = line.bytes().take_while(|b| *b == b' ').count();
        if !line.is_empty() {
            out.push_str(&spaces((indent + new).saturating_sub(old)));
            out.push_str(&line[indent..]);
        }
    }
    out
}
