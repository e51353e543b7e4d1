//! Replacing values and keys.

use super::layout::{Style, column, comment_column, line_end, line_start, next_line, previous_line, spaces, tail};
use super::locate::Place;
use super::render::{self, Rendered};
use super::{PatchError, TextEdit, encode};
use crate::{Kind, Node, ScalarStyle, Value};

pub(super) fn set_key(place: &Place<'_>, key: &str) -> Result<Vec<TextEdit>, PatchError> {
    let node = place.node;
    let wrong = || PatchError::WrongKind { route: place.route.clone(), expected: "entry of a mapping" };
    let span = node.own_key_span().ok_or_else(wrong)?;
    let mapping = node.parent().ok_or_else(wrong)?;
    if node.key() == Some(key) {
        return Ok(Vec::new());
    }
    refuse_existing(mapping, key)?;
    let style = node.key_style().ok_or_else(|| PatchError::Unsupported {
        route: place.route.clone(),
        reason: "the key is no plain or quoted scalar",
    })?;
    let json = Style::around(mapping).json;
    let text = encode::key(key, style, mapping.is_flow(), json);
    Ok(vec![TextEdit::replace(span.range(), text)])
}

/// Refuses a key that is written in the mapping already.
pub(super) fn refuse_existing(mapping: Node<'_>, key: &str) -> Result<(), PatchError> {
    if mapping.own_entries().any(|(name, _)| name == key) {
        return Err(PatchError::KeyExists(mapping.route().key(key)));
    }
    Ok(())
}

pub(super) fn set(place: &Place<'_>, value: &Value) -> Result<Vec<TextEdit>, PatchError> {
    let node = place.node;
    let style = place.style();
    let in_flow = node.parent().is_some_and(|parent| parent.is_flow()) || style.json;
    if in_flow {
        return Ok(vec![set_in_flow(node, value, style)]);
    }
    if node.parent().is_none() {
        return Ok(set_root(node, value, style));
    }
    let text: &str = &node.stream().own;
    let old_style = if node.is_alias() { ScalarStyle::Plain } else { node.style() };
    match node.own_key_span() {
        Some(_) => {
            let base = parent_column(node);
            if let Some(edits) = replace_lower_block(node, base, value, style) {
                return Ok(edits);
            }
            let rendered = render::entry_value(value, base, old_style, style);
            let indicator = indicator_end(node, place)?;
            Ok(replace(node, indicator, rendered))
        }
        None => {
            let start = node.own_span().start as usize;
            let dash = dash(node).ok_or_else(|| unsupported(place))?;
            if line_start(text, dash) != line_start(text, start) {
                let column = column(text, start);
                return Ok(vec![TextEdit::replace(start..tail(node), render::block(value, column, style))]);
            }
            let column = if start > dash + 1 && !node.own_span().range().is_empty() {
                column(text, start)
            } else {
                column(text, dash) + 2
            };
            let rendered = render::item_value(value, column, old_style, style);
            Ok(replace(node, dash + 1, rendered))
        }
    }
}

/// Makes a collection of a null or an empty flow collection in block context; `lines` gives the collection's text for a
/// column, its first line without indentation, and `sequence` says which it is.
pub(super) fn fill(
    place: &Place<'_>,
    sequence: bool,
    lines: &dyn Fn(usize) -> String,
) -> Result<Vec<TextEdit>, PatchError> {
    let node = place.node;
    let style = Style::around(node);
    let text: &str = &node.stream().own;
    let rendered = |lines: String| {
        let head = lines.find(['\r', '\n']).unwrap_or(lines.len());
        Rendered { head: lines[..head].to_owned(), body: lines[head..].to_owned() }
    };
    match (node.own_key_span(), node.parent()) {
        (Some(_), Some(_)) => {
            let column = parent_column(node) + if sequence { style.dash } else { style.step };
            let body = format!("{}{}{}", style.eol, spaces(column), lines(column));
            let indicator = indicator_end(node, place)?;
            Ok(replace(node, indicator, Rendered { head: String::new(), body }))
        }
        (None, Some(_)) => {
            let dash = dash(node).ok_or_else(|| unsupported(place))?;
            Ok(replace(node, dash + 1, rendered(lines(column(text, dash) + 2))))
        }
        _ => {
            let span = node.own_span().range();
            let before = &text[line_start(text, span.start)..span.start];
            let gap = if before.starts_with("---") { style.eol } else { "" };
            Ok(vec![TextEdit::replace(span, format!("{gap}{}", lines(0)))])
        }
    }
}

fn unsupported(place: &Place<'_>) -> PatchError {
    PatchError::Unsupported { route: place.route.clone(), reason: "the entry is written with an explicit key (`?`)" }
}

/// The column of the block mapping that the entry is in.
pub(super) fn parent_column(node: Node<'_>) -> usize {
    let text: &str = &node.stream().own;
    node.parent().map_or(0, |mapping| column(text, mapping.own_span().start as usize))
}

/// Behind the colon of an entry.
pub(super) fn indicator_end(node: Node<'_>, place: &Place<'_>) -> Result<usize, PatchError> {
    let text: &str = &node.stream().own;
    let from = node.own_key_span().map_or(0, |key| key.end as usize);
    let rest = text.get(from..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    match rest.as_bytes().get(blanks) {
        Some(b':') => Ok(from + blanks + 1),
        _ => Err(unsupported(place)),
    }
}

/// The dash of an item of a block sequence: in the sequence's column, on the item's line or one above.
pub(super) fn dash(item: Node<'_>) -> Option<usize> {
    let text: &str = &item.stream().own;
    let start = item.own_span().start as usize;
    let sequence = item.parent()?.own_span().start as usize;
    let offset = column(text, sequence);
    let mut line = line_start(text, start);
    loop {
        let bom = if text[line..].starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let at = line + bom + offset;
        if at < start && text.as_bytes().get(at) == Some(&b'-') {
            return Some(at);
        }
        line = previous_line(text, line)?.start;
        if line < line_start(text, sequence) {
            return None;
        }
    }
}

fn set_in_flow(node: Node<'_>, value: &Value, style: Style) -> TextEdit {
    let text: &str = &node.stream().own;
    let span = node.own_span().range();
    let new = render::flow(value, if node.is_alias() { ScalarStyle::Plain } else { node.style() }, style.json);
    let before = text.as_bytes().get(..span.start).and_then(<[u8]>::last);
    let gap = match (span.is_empty(), before) {
        (true, Some(b':')) if text.get(span.end..).is_some_and(|rest| rest.starts_with(' ')) => {
            return TextEdit::insert(span.end + 1, new);
        }
        (true, Some(b':')) => " ",
        // `{key}`: a key without a colon.
        (true, _) if node.own_key_span().is_some_and(|key| key.end as usize == span.start) => ": ",
        _ => "",
    };
    TextEdit::replace(span, format!("{gap}{new}"))
}

fn set_root(node: Node<'_>, value: &Value, style: Style) -> Vec<TextEdit> {
    let text: &str = &node.stream().own;
    let start = node.own_span().start as usize;
    let end = match node.is_flow() || node.kind() == Kind::Scalar {
        true => tail(node),
        false => line_end(text, tail(node)),
    };
    let before = &text[line_start(text, start)..start];
    let inline = render::entry_value(value, 0, node.style(), Style { step: 2, ..style });
    let new = match value {
        Value::Map(_) | Value::Seq(_) => render::block(value, 0, style),
        _ => format!("{}{}", inline.head, inline.body),
    };
    let gap = match (before.starts_with("---"), start == end) {
        (true, true) => style.eol,
        (true, false) if new.contains(':') && !before.trim_end_matches("---").is_empty() => style.eol,
        _ => "",
    };
    vec![TextEdit::replace(start..end, format!("{gap}{new}"))]
}

/// A block collection that begins below its key, replaced by another collection: the key's line stays as it is.
fn replace_lower_block(node: Node<'_>, base: usize, value: &Value, style: Style) -> Option<Vec<TextEdit>> {
    let text: &str = &node.stream().own;
    let start = node.own_span().start as usize;
    let key_end = node.own_key_span().map_or(start, |key| key.end as usize);
    let sequence = match value {
        Value::Seq(items) if !items.is_empty() => true,
        Value::Map(entries) if !entries.is_empty() => false,
        _ => return None,
    };
    let lower = !node.is_alias() && !node.is_flow() && (node.is_mapping() || node.is_sequence());
    if !lower || line_start(text, start) <= key_end {
        return None;
    }
    let old = column(text, start);
    let column = match (sequence, node.is_sequence()) {
        (true, true) | (false, false) => old,
        (true, false) => base + style.dash,
        (false, true) => base + style.step,
    };
    let new = format!("{}{}", spaces(column), render::block(value, column, style));
    // A comment behind the last line was about what goes.
    Some(vec![TextEdit::replace(line_start(text, start)..line_end(text, tail(node)), new)])
}

/// Puts `new` behind the colon or dash that ends at `indicator`, in place of what is there. A comment on the first line
/// stays on it.
pub(super) fn replace(node: Node<'_>, indicator: usize, new: Rendered) -> Vec<TextEdit> {
    let text: &str = &node.stream().own;
    let span = node.own_span().range();
    let mut edits = Vec::new();
    let first_line_end = line_end(text, indicator);
    let old_tail = tail(node);
    let gap = if new.head.is_empty() { "" } else { " " };
    let block_scalar = matches!(node.style(), ScalarStyle::Literal | ScalarStyle::Folded) && !node.is_alias();
    let head_end = if block_scalar { header_end(text, span.start) } else { span.end };
    if span.is_empty() {
        // Nothing there yet: properties such as an anchor may be, and stay.
        let at = span.start.max(indicator);
        let gap = if text.as_bytes().get(..at).is_some_and(|b| b.ends_with(b" ")) { "" } else { gap };
        edits.push(TextEdit::insert(at, format!("{gap}{}", new.head)));
        edits.push(TextEdit::insert(after_inner_comments(node, first_line_end, &new), new.body));
        return edits;
    }
    if span.start > first_line_end {
        // Something below: the new text's first line goes up to the indicator.
        edits.push(TextEdit::insert(indicator, format!("{gap}{}", new.head)));
        edits.push(TextEdit::replace(first_line_end..line_end(text, old_tail), new.body));
        return edits;
    }
    if new.head.is_empty() {
        edits.push(TextEdit::delete(indicator..head_end));
    } else {
        edits.push(TextEdit::replace(span.start..head_end, new.head));
    }
    let line = line_end(text, head_end);
    match block_scalar || old_tail > line {
        true => edits.push(TextEdit::replace(line..old_tail.max(line), new.body)),
        false => edits.push(TextEdit::insert(line, new.body)),
    }
    edits
}

/// The end of `|-` and the like.
pub(super) fn header_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len())
}

/// The end of the comment lines below an empty entry that stand deeper than its key: they were written about what was
/// to come.
fn after_inner_comments(node: Node<'_>, line: usize, new: &Rendered) -> usize {
    let text: &str = &node.stream().own;
    if node.own_key_span().is_none() || !new.head.is_empty() {
        return line;
    }
    let base = parent_column(node);
    let mut end = line;
    loop {
        let next = next_line(text, end);
        let next_end = line_end(text, next);
        let deeper = next > end && comment_column(&text[next..next_end]).is_some_and(|column| column > base);
        if !deeper {
            return end;
        }
        end = next_end;
    }
}
