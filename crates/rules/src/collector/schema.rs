//! What a component's configuration may hold, and whether a node fits.

use super::catalog::{Standing, standing};
use super::view::{View, is_variable};
use catalogue::Version;
use model::Component;
use model::duration::go_duration;
use std::collections::BTreeMap;
use yaml::{Node, ScalarType};

/// What a value may be.
#[derive(Clone, Debug)]
#[allow(dead_code)]
pub(crate) enum Schema {
    Any,
    Bool,
    Int,
    Uint,
    Float,
    Str,
    Duration,
    /// As Prometheus writes durations: `1d`, `1h30m`.
    PrometheusDuration,
    /// Any scalar: the component turns it into what it needs.
    Scalar,
    Enum(Vec<String>),
    List(Box<Schema>),
    Map(Box<Schema>),
    Fields {
        fields: BTreeMap<String, Schema>,
        open: bool,
    },
    OneOf(Vec<Schema>),
}

impl Schema {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    pub(crate) fn field(&self, key: &str) -> Option<&Schema> {
        match self {
            Schema::Fields { fields, .. } => fields.get(key),
            Schema::OneOf(all) => all.iter().find_map(|s| s.field(key)),
            _ => None,
        }
    }

    pub(crate) fn keys(&self) -> Vec<&str> {
        match self {
            Schema::Fields { fields, .. } => fields.keys().map(String::as_str).collect(),
            Schema::OneOf(all) => all.iter().flat_map(Schema::keys).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn open(&self) -> bool {
        matches!(self, Schema::Fields { open: true, .. } | Schema::Any)
    }

    pub(crate) fn same_kind(&self, node: Node<'_>) -> bool {
        match self {
            Schema::Fields { .. } | Schema::Map(_) => node.is_mapping(),
            Schema::List(_) => node.is_sequence(),
            Schema::Any => true,
            _ => node.as_str().is_some(),
        }
    }

    /// Whether the node is one of these, judged by its own kind and type alone.
    pub(crate) fn takes(&self, node: Node<'_>) -> bool {
        self.refusal(node).is_none()
    }

    /// Why the collector refuses the node, by its own kind and type: what lies below a collection is judged by itself. As
    /// confmap decodes since 0.105: strictly, but for numbers, and durations given as a number of nanoseconds.
    pub(crate) fn refusal(&self, node: Node<'_>) -> Option<String> {
        if node.is_null() || node.as_str().is_some_and(is_variable) {
            return None;
        }
        let scalar = node.as_str().map(|text| (text, node.scalar_type()));
        let number = matches!(scalar, Some((_, ScalarType::Int | ScalarType::Float)));
        let expected = |what: &str, fits: bool| (!fits).then(|| format!("expected {what}, got {}", kind(node)));
        match self {
            Schema::Any => None,
            Schema::Bool => expected("true or false", matches!(scalar, Some((_, ScalarType::Bool)))),
            Schema::Int | Schema::Float => expected("a number", number),
            Schema::Uint if !number => expected("a number", false),
            Schema::Uint => node.as_f64().filter(|n| *n < 0.0).map(|n| format!("{n} is negative")),
            Schema::Str => expected("a string", matches!(scalar, Some((_, ScalarType::Str)))),
            Schema::Scalar => expected("a single value", scalar.is_some()),
            Schema::Duration => match scalar {
                Some((text, ScalarType::Str)) => unit(text),
                _ => expected("a duration", number),
            },
            Schema::PrometheusDuration => match scalar {
                Some((text, _)) if prometheus_duration(text) => None,
                Some((text, _)) => Some(format!("`{text}` is no duration such as `15s` or `1m`")),
                None => expected("a duration", false),
            },
            Schema::Enum(words) => match scalar {
                Some((text, ScalarType::Str)) if words.iter().any(|w| w.eq_ignore_ascii_case(text)) => None,
                Some((text, ScalarType::Str)) => {
                    let known: Vec<&str> = words.iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
                    Some(format!("`{text}` is none of {}", known.join(", ")))
                }
                // Some of these words stand for numbers, which are then taken as they are.
                _ => expected("a word", number && words.iter().any(|w| w == "normal" || w == "fatal")),
            },
            // A string is split at its commas where strings are wanted.
            Schema::List(inner) if matches!(**inner, Schema::Str) && node.string().is_some() => None,
            Schema::List(_) => expected("a list", node.is_sequence()),
            Schema::Map(_) | Schema::Fields { .. } => expected("a mapping", node.is_mapping()),
            Schema::OneOf(all) => {
                let refusals: Option<Vec<String>> = all.iter().map(|s| s.refusal(node)).collect();
                refusals.and_then(|r| r.into_iter().next())
            }
        }
    }
}

/// Why Go refuses a duration.
fn unit(text: &str) -> Option<String> {
    if go_duration(text).is_some() {
        return None;
    }
    let why = if text.parse::<f64>().is_ok() { "has no unit" } else { "is no duration such as `10s` or `1m30s`" };
    Some(format!("`{text}` {why}"))
}

/// Whether Prometheus reads it as a duration (common/model.ParseDuration): whole numbers with units, from the longest down.
fn prometheus_duration(text: &str) -> bool {
    if text == "0" {
        return true;
    }
    let mut rest = text;
    for unit in ["y", "w", "d", "h", "m", "s", "ms"] {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let end = rest.get(digits..).map_or(0, |r| r.find(|c: char| c.is_ascii_digit()).unwrap_or(r.len()));
        if digits > 0 && rest.get(digits..digits + end) == Some(unit) {
            rest = rest.get(digits + end..).unwrap_or_default();
        }
    }
    rest.is_empty() && !text.is_empty()
}

/// What a node is, for a sentence.
pub(crate) fn kind(node: Node<'_>) -> String {
    match (node.as_str(), node.scalar_type()) {
        (Some(text), ScalarType::Str) => format!("the string `{text}`"),
        (Some(text), _) => format!("`{text}`"),
        _ if node.is_mapping() => "a mapping".to_owned(),
        _ if node.is_sequence() => "a list".to_owned(),
        _ => "nothing".to_owned(),
    }
}

/// Components whose configuration can be judged.
pub(crate) fn judged_components<'a>(view: &View<'a>) -> Vec<(&'a Component, Schema)> {
    let known = |c: &&Component| matches!(standing(view.collector, c.class, &c.kind), Standing::Exists);
    view.config.components.iter().filter(known).filter_map(|c| Some((c, of_component(c)?))).collect()
}

/// The keys of a component, where they come from the compiled component: generated schemas leave out what a component reads
/// by itself.
pub(crate) fn of_component(component: &Component) -> Option<Schema> {
    let known = catalogue::component(component.class, &component.kind)?;
    known.keys.as_ref().filter(|_| known.reflected).map(read)
}

/// The keys of `service.telemetry`.
pub(crate) fn of_service() -> Option<Schema> {
    catalogue::service()?.field("telemetry").map(read)
}

/// The catalogue's tree with this rule's judgements on it.
fn read(schema: &catalogue::Schema) -> Schema {
    use catalogue::Schema as From;
    match schema {
        From::Any => Schema::Any,
        From::Bool => Schema::Bool,
        From::Int => Schema::Int,
        From::Uint => Schema::Uint,
        From::Float => Schema::Float,
        From::Str => Schema::Str,
        From::Duration => Schema::Duration,
        From::PrometheusDuration => Schema::PrometheusDuration,
        From::Scalar => Schema::Scalar,
        From::Enum(words) => Schema::Enum(words.clone()),
        From::List(inner) => Schema::List(Box::new(read(inner))),
        From::Map(inner) => Schema::Map(Box::new(read(inner))),
        From::Fields { fields, open } => {
            Schema::Fields { fields: fields.iter().map(|(k, v)| (k.clone(), read(v))).collect(), open: *open }
        }
        From::OneOf(all) => Schema::OneOf(all.iter().map(read).collect()),
    }
}

/// Whether the version is near enough to the catalogue's that an unknown key is no older one.
pub(crate) fn recent(view: &View<'_>) -> bool {
    view.collector.version.is_none_or(|v| v >= Version(0, 120, 0))
}
