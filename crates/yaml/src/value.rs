//! Parsed content, without where and how it was written.

use crate::node::{Kind, Node};
use crate::scalar::ScalarType;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Content of a node, or what a patch shall write.
///
/// Equality is that of parsed content: [`Value::Block`] equals [`Value::Str`], the order of a mapping's keys does not
/// matter, and NaN equals itself.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string; a patch writes it plain where it stays a string, else quoted.
    Str(String),
    /// A string that a patch writes as a literal block scalar where the place allows one.
    Block(String),
    /// A sequence.
    Seq(Vec<Value>),
    /// A mapping in the order in which a patch writes it.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A mapping of these entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A sequence of these items.
    pub fn seq<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::Seq(items.into_iter().map(Into::into).collect())
    }

    /// The string, of either kind.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) | Self::Block(text) => Some(text),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The content as one line of JSON-like text with sorted keys: equal content gives equal text, so it can be hashed.
    /// Stable between versions of this crate.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => write_to(out, format_args!("{value}")),
            Self::Float(value) => write_to(out, format_args!("{value:?}")),
            Self::Str(text) | Self::Block(text) => write_string(out, text),
            Self::Seq(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                out.push('{');
                for (i, (key, value)) in sorted.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(crate) fn of(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Sequence => Self::Seq(node.items().map(Self::of).collect()),
            Kind::Mapping => {
                let mut entries: Vec<(String, Value)> = Vec::with_capacity(node.len());
                let mut seen: HashMap<&str, usize> = HashMap::new();
                for (key, child) in node.entries() {
                    match seen.get(key).and_then(|&i| entries.get_mut(i)) {
                        Some(entry) => entry.1 = Self::of(child),
                        None => {
                            seen.insert(key, entries.len());
                            entries.push((key.to_owned(), Self::of(child)));
                        }
                    }
                }
                Self::Map(entries)
            }
            Kind::Scalar => {
                let text = node.as_str().unwrap_or_default();
                let typed = match node.scalar_type() {
                    ScalarType::Null => Some(Self::Null),
                    ScalarType::Bool => node.as_bool().map(Self::Bool),
                    ScalarType::Int => node.as_i64().map(Self::Int),
                    ScalarType::Float => node.as_f64().map(Self::Float),
                    ScalarType::Str => None,
                };
                typed.unwrap_or_else(|| match node.style() {
                    crate::ScalarStyle::Literal => Self::Block(text.to_owned()),
                    _ => Self::Str(text.to_owned()),
                })
            }
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Str(a) | Self::Block(a), Self::Str(b) | Self::Block(b)) => a == b,
            (Self::Seq(a), Self::Seq(b)) => a == b,
            (Self::Map(a), Self::Map(b)) if a.len() == b.len() => {
                if a.iter().zip(b).all(|((ka, _), (kb, _))| ka == kb) {
                    return a.iter().zip(b).all(|((_, va), (_, vb))| va == vb);
                }
                let keyed: HashMap<&str, &Value> = b.iter().map(|(key, value)| (key.as_str(), value)).collect();
                a.iter().all(|(key, value)| keyed.get(key.as_str()) == Some(&value))
            }
            _ => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

fn write_to(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(args);
}

/// A JSON string, which is also a YAML double-quoted one.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Not printable in YAML, or invisible.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                write_to(out, format_args!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
