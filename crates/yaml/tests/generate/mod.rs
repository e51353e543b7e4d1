//! Random YAML as people write it: a value and one of the many texts that say it.

use hyperspace_yaml::Value;
use proptest::prelude::*;

/// How a document is laid out. The `dice` decide what differs from line to line.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) step: usize,
    pub(crate) dash: usize,
    pub(crate) crlf: bool,
    pub(crate) final_break: bool,
    pub(crate) comments: bool,
    pub(crate) dice: Vec<u8>,
}

pub(crate) fn layout() -> impl Strategy<Value = Layout> {
    let dice = proptest::collection::vec(any::<u8>(), 1..40);
    (prop_oneof![Just(2usize), Just(4)], any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), dice).prop_map(
        |(step, indented, crlf, final_break, comments, dice)| Layout {
            step,
            dash: if indented { step } else { 0 },
            crlf,
            final_break,
            comments,
            dice,
        },
    )
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-d]{1,2}".prop_map(String::from),
        1 => "[a-d]\\.[a-d]{1,3}/[a-d]".prop_map(String::from),
        1 => Just("ключ".to_owned()),
        1 => Just("8080".to_owned()),
        1 => Just("yes".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "[a-z]{1,6}".prop_map(String::from),
        2 => "[ -~]{0,12}".prop_map(String::from),
        1 => "[a-zäß✓\\t\"'\\\\]{0,8}".prop_map(String::from),
        1 => Just("http://x.y:9090/a?b=c#d".to_owned()),
        1 => Just("0.0.0.0:4317".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("1e3".to_owned()),
        2 => "([a-z{}=\" #]{0,9}\n){1,4}".prop_map(String::from),
        1 => "([a-z:]{1,4}\n| {1,4}[a-z]{0,2}\n|\n){1,4}[a-z]{0,3}".prop_map(String::from),
    ]
}

pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => (-5i64..100_000).prop_map(Value::Int),
        1 => (-50i32..50).prop_map(|i| Value::Float(f64::from(i) + 0.25)),
        6 => text().prop_map(Value::Str),
        1 => text().prop_map(Value::Block),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            3 => proptest::collection::vec((word(), inner.clone()), 0..5).prop_map(unique),
            2 => proptest::collection::vec(inner, 0..4).prop_map(Value::Seq),
        ]
    })
}

/// A document with a mapping at its root, as manifests are.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    proptest::collection::vec((word(), value()), 1..6).prop_map(unique)
}

fn unique(mut entries: Vec<(String, Value)>) -> Value {
    let mut seen = std::collections::HashSet::new();
    entries.retain(|(key, _)| seen.insert(key.clone()));
    Value::Map(entries)
}

/// Writes the value. Every comment is `#` and a number of its own.
pub(crate) fn write(value: &Value, layout: &Layout) -> String {
    let mut writer = Writer { layout, at: 0, comment: 0, out: String::new() };
    writer.block(value, 0, true);
    let mut out = writer.out;
    if !layout.final_break {
        // Where the last line is a block scalar's, its end would change.
        let last = out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        if out.ends_with('\n') && !out.ends_with("\n\n") && last.contains(": ") && !last.contains('|') {
            out.pop();
        }
    }
    if layout.crlf { out.replace('\n', "\r\n") } else { out }
}

struct Writer<'a> {
    layout: &'a Layout,
    at: usize,
    comment: usize,
    out: String,
}

impl Writer<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.at += 1;
        self.layout.dice[self.at % self.layout.dice.len()].wrapping_add(self.at as u8) % sides
    }

    fn comment(&mut self) -> String {
        self.comment += 1;
        format!("#{}", self.comment)
    }

    fn indent(&mut self, column: usize) {
        self.out.push_str(&" ".repeat(column));
    }

    fn end_line(&mut self) {
        if self.layout.comments && self.roll(5) == 0 {
            let comment = self.comment();
            self.out.push_str(&format!("  {comment}"));
        }
        self.out.push('\n');
    }

    fn above(&mut self, column: usize, after_block: bool) {
        if self.layout.comments && self.roll(6) == 0 {
            self.indent(column);
            let comment = self.comment();
            self.out.push_str(&comment);
            self.out.push('\n');
        }
        if !after_block && self.roll(8) == 0 {
            self.out.push('\n');
        }
    }

    /// A collection from the start of a line, or, where `fresh` is not set, behind a dash.
    fn block(&mut self, value: &Value, column: usize, fresh: bool) {
        match value {
            Value::Map(entries) if !entries.is_empty() => {
                for (i, (key, value)) in entries.iter().enumerate() {
                    let fresh = fresh || i > 0;
                    if fresh {
                        self.above(column, true);
                        self.indent(column);
                    }
                    let key = self.scalar_text(&Value::Str(key.clone()), true);
                    self.out.push_str(&key);
                    self.out.push(':');
                    self.entry(value, column);
                }
            }
            Value::Seq(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    if fresh || i > 0 {
                        self.above(column, true);
                        self.indent(column);
                    }
                    self.out.push('-');
                    self.item(item, column);
                }
            }
            value => {
                let text = self.flow(value);
                self.out.push_str(&text);
                self.end_line();
            }
        }
    }

    fn is_block(&mut self, value: &Value) -> bool {
        let full = match value {
            Value::Map(entries) => !entries.is_empty(),
            Value::Seq(items) => !items.is_empty(),
            _ => false,
        };
        full && self.roll(4) != 0
    }

    fn entry(&mut self, value: &Value, column: usize) {
        if self.is_block(value) {
            self.end_line();
            if self.roll(9) == 0 {
                self.out.push('\n');
            }
            let dash = self.layout.dash;
            let below = column + if matches!(value, Value::Seq(_)) { dash } else { self.layout.step };
            self.block(value, below, true);
        } else {
            self.rest(value, column + self.layout.step);
        }
    }

    fn item(&mut self, value: &Value, column: usize) {
        if self.is_block(value) {
            self.out.push(' ');
            self.block(value, column + 2, false);
        } else {
            self.rest(value, column + 2);
        }
    }

    /// A scalar or flow collection behind a colon or dash.
    fn rest(&mut self, value: &Value, column: usize) {
        if let Some(text) = value.as_str()
            && (matches!(value, Value::Block(_)) || text.contains('\n'))
            && self.literal(text, column)
        {
            return;
        }
        if *value == Value::Null && self.roll(2) == 0 {
            return self.end_line();
        }
        let text = self.flow(value);
        self.out.push_str(&format!(" {text}"));
        self.end_line();
    }

    fn literal(&mut self, text: &str, column: usize) -> bool {
        let body = text.strip_suffix('\n').unwrap_or(text);
        if body.trim_matches([' ', '\n']).is_empty() || text.contains(['\t', '\r']) {
            return false;
        }
        let indicator = if body.trim_start_matches('\n').starts_with(' ') { "i" } else { "" };
        let step =
            column - self.out[self.out.rfind('\n').map_or(0, |i| i + 1)..].chars().take_while(|c| *c == ' ').count();
        if indicator == "i"
            && (step == 0 || self.out.lines().last().is_some_and(|line| line.trim_start().starts_with('-')))
        {
            return false;
        }
        let indicator = if indicator.is_empty() { String::new() } else { step.to_string() };
        let chomp = match text.len() - text.trim_end_matches('\n').len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        self.out.push_str(&format!(" |{indicator}{chomp}"));
        self.end_line();
        for line in body.split('\n') {
            if !line.is_empty() {
                self.indent(column);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        true
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Map(entries) => {
                let parts: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| {
                        format!("{}: {}", self.scalar_text(&Value::Str(key.clone()), true), self.flow(value))
                    })
                    .collect();
                if self.roll(2) == 0 || parts.is_empty() {
                    format!("{{{}}}", parts.join(", "))
                } else {
                    format!("{{ {} }}", parts.join(", "))
                }
            }
            Value::Seq(items) => {
                let parts: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", parts.join(", "))
            }
            scalar => self.scalar_text(scalar, true),
        }
    }

    fn scalar_text(&mut self, value: &Value, _flow: bool) -> String {
        let text = match value {
            Value::Str(text) | Value::Block(text) => text,
            Value::Null => return "null".to_owned(),
            Value::Bool(value) => return value.to_string(),
            Value::Int(value) => return value.to_string(),
            Value::Float(value) => return format!("{value:?}"),
            Value::Seq(_) | Value::Map(_) => return String::new(),
        };
        let plain = text.len() > 1
            && text.chars().all(|c| c.is_ascii_lowercase())
            && !["true", "yes", "no", "on", "off", "null", "false"].contains(&text.as_str());
        match self.roll(3) {
            0 | 1 if plain => text.clone(),
            1 if text.chars().all(|c| !c.is_control()) => format!("'{}'", text.replace('\'', "''")),
            _ => serde_json::to_string(text).unwrap_or_default(),
        }
    }
}
