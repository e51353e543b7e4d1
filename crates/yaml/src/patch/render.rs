//! Values as text in the style of the place they go to.

use super::encode::{inline, key as encode_key, literal};
use super::layout::{Style, spaces};
use crate::value::write_string;
use crate::{ScalarStyle, Value};

/// What follows `key:` or `-`: the rest of that line, and further lines, each with its line break in front.
pub(super) struct Rendered {
    pub(super) head: String,
    pub(super) body: String,
}

impl Rendered {
    fn line(head: String) -> Self {
        Self { head, body: String::new() }
    }
}

fn is_collection(value: &Value) -> bool {
    match value {
        Value::Seq(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => false,
    }
}

/// A list of values that each fit on the line.
fn is_plain_list(value: &Value) -> bool {
    let plain = |item: &Value| match item {
        Value::Str(text) => !text.contains('\n'),
        item => !matches!(item, Value::Block(_) | Value::Seq(_) | Value::Map(_)),
    };
    matches!(value, Value::Seq(items) if !items.is_empty() && items.iter().all(plain))
}

/// The value of an entry whose key stands in `column`.
pub(super) fn entry_value(value: &Value, column: usize, old: ScalarStyle, style: Style) -> Rendered {
    let below = match value {
        Value::Seq(_) => column + style.dash,
        _ => column + style.step,
    };
    if style.brackets && is_plain_list(value) {
        return Rendered::line(flow(value, old, false));
    }
    if is_collection(value) {
        let body = format!("{}{}{}", style.eol, spaces(below), block(value, below, style));
        return Rendered { head: String::new(), body };
    }
    block_scalar(value, old, column + style.step, style.step, style)
        .unwrap_or_else(|| Rendered::line(inline(value, old, false, false).unwrap_or_default()))
}

/// The value of an item, whose own content begins in `column` (right of its dash).
pub(super) fn item_value(value: &Value, column: usize, old: ScalarStyle, style: Style) -> Rendered {
    if is_collection(value) {
        let text = block(value, column, style);
        let head = text.find(['\r', '\n']).unwrap_or(text.len());
        return Rendered { head: text[..head].to_owned(), body: text[head..].to_owned() };
    }
    block_scalar(value, old, column, 2, style)
        .unwrap_or_else(|| Rendered::line(inline(value, old, false, false).unwrap_or_default()))
}

/// A literal, where the value asks for one or has several lines and no quotes to keep.
fn block_scalar(value: &Value, old: ScalarStyle, column: usize, step: usize, style: Style) -> Option<Rendered> {
    let text = match value {
        _ if !style.literals => return None,
        Value::Block(text) => text,
        Value::Str(text) if text.contains('\n') && !matches!(old, ScalarStyle::Single | ScalarStyle::Double) => text,
        _ => return None,
    };
    let (head, lines) = literal(text, step)?;
    let mut body = String::new();
    for line in lines {
        body.push_str(style.eol);
        if !line.is_empty() {
            body.push_str(&spaces(column));
            body.push_str(line);
        }
    }
    Some(Rendered { head, body })
}

/// `key: value` in block style; the first line without its indentation.
pub(super) fn entry(key: &str, value: &Value, column: usize, style: Style) -> String {
    let Rendered { head, body } = entry_value(value, column, ScalarStyle::Plain, style);
    let key = encode_key(key, ScalarStyle::Plain, false, false);
    let gap = if head.is_empty() { "" } else { " " };
    format!("{key}:{gap}{head}{body}")
}

/// `- value` in block style; the first line without its indentation.
pub(super) fn item(value: &Value, column: usize, style: Style) -> String {
    let Rendered { head, body } = item_value(value, column + 2, ScalarStyle::Plain, style);
    format!("- {head}{body}")
}

/// A collection in block style; the first line without its indentation.
pub(super) fn block(value: &Value, column: usize, style: Style) -> String {
    let parts: Vec<String> = match value {
        Value::Map(entries) if !entries.is_empty() => {
            entries.iter().map(|(key, value)| entry(key, value, column, style)).collect()
        }
        Value::Seq(items) if !items.is_empty() => items.iter().map(|value| item(value, column, style)).collect(),
        value => return inline(value, ScalarStyle::Plain, false, false).unwrap_or_default(),
    };
    parts.join(&format!("{}{}", style.eol, spaces(column)))
}

/// A value in flow style, on one line; JSON where the text is JSON.
pub(super) fn flow(value: &Value, old: ScalarStyle, json: bool) -> String {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| flow_entry(key, value, json)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Seq(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(|value| flow(value, ScalarStyle::Plain, json)).collect();
            format!("[{}]", items.join(", "))
        }
        value => inline(value, old, true, json).unwrap_or_default(),
    }
}

pub(super) fn flow_entry(key: &str, value: &Value, json: bool) -> String {
    let key = encode_key(key, ScalarStyle::Plain, true, json);
    format!("{key}: {}", flow(value, ScalarStyle::Plain, json))
}

/// A value in flow style over several lines, as JSON files are commonly written: children in `column + step`.
pub(super) fn pretty(value: &Value, column: usize, style: Style) -> String {
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Map(entries) if !entries.is_empty() => {
            let entry = |(key, value): &(String, Value)| pretty_entry(key, value, column + style.step, style);
            ('{', '}', entries.iter().map(entry).collect())
        }
        Value::Seq(items) if !items.is_empty() => {
            ('[', ']', items.iter().map(|value| pretty(value, column + style.step, style)).collect())
        }
        value => return flow(value, ScalarStyle::Plain, style.json),
    };
    let inner = format!("{}{}", style.eol, spaces(column + style.step));
    let parts = parts.join(&format!(",{inner}"));
    format!("{open}{inner}{parts}{}{}{close}", style.eol, spaces(column))
}

pub(super) fn pretty_entry(key: &str, value: &Value, column: usize, style: Style) -> String {
    let mut out = if style.json { String::new() } else { encode_key(key, ScalarStyle::Plain, true, false) };
    if style.json {
        write_string(&mut out, key);
    }
    format!("{out}: {}", pretty(value, column, style))
}
