//! What a component's configuration may hold, and whether a node fits.

use super::catalog::{Standing, standing};
use super::view::{View, is_variable};
use catalogue::{Schema, Version};
use model::Component;
use model::duration::go_duration;
use yaml::{Node, ScalarType};

/// Judgements on the catalogue's schemas.
pub(crate) trait Judge {
    /// Whether there is such a key.
    fn has(&self, key: &str) -> bool;
    /// The known keys.
    fn keys(&self) -> Vec<&str>;
    /// Whether there may be more keys.
    fn open(&self) -> bool;
    /// Whether the node is a mapping, list or scalar as the schema asks.
    fn same_kind(&self, node: Node<'_>) -> bool;
    /// Why the collector refuses the node, by its own kind and type: what lies below a collection is judged by itself. As
    /// confmap decodes since 0.105: strictly, but for numbers, and durations given as a number of nanoseconds.
    fn refusal(&self, node: Node<'_>) -> Option<String>;
    /// Whether the node is not refused.
    fn takes(&self, node: Node<'_>) -> bool {
        self.refusal(node).is_none()
    }
}

impl Judge for Schema {
    fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    fn keys(&self) -> Vec<&str> {
        match self {
            Schema::Fields { fields, .. } => fields.iter().map(|(name, _)| *name).collect(),
            Schema::OneOf(all) => all.iter().flat_map(Schema::keys).collect(),
            _ => Vec::new(),
        }
    }

    fn open(&self) -> bool {
        matches!(self, Schema::Fields { open: true, .. } | Schema::Any)
    }

    fn same_kind(&self, node: Node<'_>) -> bool {
        match self {
            Schema::Fields { .. } | Schema::Map(_) => node.is_mapping(),
            Schema::List(_) => node.is_sequence(),
            Schema::Any => true,
            _ => node.as_str().is_some(),
        }
    }

    fn refusal(&self, node: Node<'_>) -> Option<String> {
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
                    let known: Vec<&str> = words.iter().copied().filter(|w| !w.is_empty()).collect();
                    Some(format!("`{text}` is none of {}", known.join(", ")))
                }
                // Some of these words stand for numbers, which are then taken as they are.
                _ => expected("a word", number && words.iter().any(|w| matches!(*w, "normal" | "fatal"))),
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
pub(crate) fn judged_components<'a>(view: &View<'a>) -> Vec<(&'a Component, &'static Schema)> {
    // A type that is called otherwise in this version has the same keys there.
    let known = |c: &&Component| {
        matches!(standing(view.collector, c.class, &c.kind), Standing::Exists | Standing::NotYet { older: Some(_), .. })
    };
    view.config.components.iter().filter(known).filter_map(|c| Some((c, of_component(c)?))).collect()
}

/// The keys of a component, where they come from the compiled component: generated schemas leave out what a component reads
/// by itself.
pub(crate) fn of_component(component: &Component) -> Option<&'static Schema> {
    let known = catalogue::component(component.class, &component.kind)?;
    known.keys.as_ref().filter(|_| known.reflected)
}

/// The keys of `service.telemetry`.
pub(crate) fn of_service() -> Option<&'static Schema> {
    catalogue::service()?.field("telemetry")
}

/// Whether the version is near enough to the catalogue's that an unknown key is no older one.
pub(crate) fn recent(view: &View<'_>) -> bool {
    view.collector.version.is_none_or(|v| v >= Version(0, 120, 0))
}

/// Whether the version takes no string for a number, and the like (`confmap.strictlyTypedInput`, core changelog 0.105).
pub(crate) fn strict(view: &View<'_>) -> bool {
    view.collector.version.is_none_or(|v| v >= Version(0, 105, 0))
}
