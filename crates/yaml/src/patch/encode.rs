//! Scalars as text: plain where that is safe for every loader, else quoted.

use crate::scalar::{self, ScalarType, Tag};
use crate::value::write_string;
use crate::{ScalarStyle, Value};

/// Whether the text may stand without quotes and is a string to go-yaml v3, to Kubernetes and to YAML 1.1 readers.
pub(super) fn is_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second = text[first.len_utf8()..].chars().next();
    let starts_well = match first {
        '-' | '?' | ':' => second.is_some_and(|c| !(c.is_whitespace() || flow && is_flow_indicator(c))),
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' | '=' => false,
        _ => true,
    };
    starts_well
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
        && text != "<<"
        && text.chars().all(|c| is_printable(c) && c != '\t' && !(flow && is_flow_indicator(c)))
        && scalar::resolve(text, ScalarStyle::Plain, Tag::None) == ScalarType::Str
        && scalar::yaml11_bool(text).is_none()
        && !looks_like_yaml11_number(text)
}

fn is_flow_indicator(c: char) -> bool {
    matches!(c, ',' | '[' | ']' | '{' | '}')
}

/// May stand in a plain, single-quoted or block scalar; line breaks may not.
fn is_printable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// Dates, and base-60 numbers such as `1:30`.
fn looks_like_yaml11_number(text: &str) -> bool {
    let date = text.len() >= 8
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && text.as_bytes()[4] == b'-'
        && text.chars().all(|c| c.is_ascii_digit() || "-:.TtZz +".contains(c));
    let mut parts = text.trim_start_matches(['-', '+']).split(':');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixty = parts.next().is_some_and(digits) && {
        let mut rest = parts.peekable();
        rest.peek().is_some() && rest.all(|part| digits(part.split('.').next().unwrap_or_default()))
    };
    date || sixty
}

pub(super) fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

/// What stands between double quotes.
pub(super) fn double_inner(text: &str) -> String {
    let quoted = double(text);
    quoted[1..quoted.len() - 1].to_owned()
}

/// `None` where only double quotes can hold the text.
pub(super) fn single(text: &str) -> Option<String> {
    text.chars().all(is_printable).then(|| format!("'{}'", text.replace('\'', "''")))
}

/// A string on one line: in the old quotes if it had some, else plain, else in the quotes that need fewer escapes.
pub(super) fn string(text: &str, old: ScalarStyle, flow: bool, json: bool) -> String {
    match old {
        _ if json => double(text),
        ScalarStyle::Double => double(text),
        ScalarStyle::Single => single(text).unwrap_or_else(|| double(text)),
        _ if is_plain(text, flow) => text.to_owned(),
        _ if text.contains(['"', '\\']) => single(text).unwrap_or_else(|| double(text)),
        _ => double(text),
    }
}

pub(super) fn key(text: &str, old: ScalarStyle, flow: bool, json: bool) -> String {
    string(text, old, flow, json)
}

pub(super) fn float(value: f64, json: bool) -> String {
    match value {
        _ if value.is_finite() => format!("{value:?}"),
        // JSON has no word for them.
        _ if json => "null".to_owned(),
        _ if value.is_nan() => ".nan".to_owned(),
        _ if value > 0.0 => ".inf".to_owned(),
        _ => "-.inf".to_owned(),
    }
}

/// A scalar or an empty collection on one line; `None` for other collections.
pub(super) fn inline(value: &Value, old: ScalarStyle, flow: bool, json: bool) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => float(*value, json),
        Value::Str(text) | Value::Block(text) => string(text, old, flow, json),
        Value::Seq(items) if items.is_empty() => "[]".to_owned(),
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Seq(_) | Value::Map(_) => return None,
    })
}

/// A literal block scalar: its header, and its lines without the last line break. `None` where a literal cannot hold
/// the text. `step` is how far the content stands right of the parent, for the indentation indicator.
pub(super) fn literal(text: &str, step: usize) -> Option<(String, Vec<&str>)> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if body.trim_matches([' ', '\n']).is_empty() || !text.chars().all(|c| is_printable(c) || c == '\n') {
        return None;
    }
    let mut header = String::from("|");
    let first = body.trim_start_matches('\n');
    if first.starts_with([' ', '\t']) {
        header.push(char::from_digit(u32::try_from(step).ok()?, 10).filter(|c| *c != '0')?);
    }
    if !text.ends_with('\n') {
        header.push('-');
    } else if body.ends_with('\n') {
        header.push('+');
    }
    Some((header, body.split('\n').collect()))
}
