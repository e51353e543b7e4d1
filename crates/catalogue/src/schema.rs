//! The keys of a component's configuration and what their values are.

use serde_json::Value;
use std::collections::BTreeMap;

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// Anything.
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A whole number, not negative.
    Uint,
    /// A number.
    Float,
    /// A string.
    Str,
    /// A Go duration.
    Duration,
    /// As Prometheus writes durations: `1d`, `1h30m`.
    PrometheusDuration,
    /// Any scalar: the component turns it into what it needs.
    Scalar,
    /// One of these words.
    Enum(Vec<String>),
    /// A list.
    List(Box<Schema>),
    /// A mapping with keys of the user's choice.
    Map(Box<Schema>),
    /// A mapping with known keys.
    Fields {
        /// The keys.
        fields: BTreeMap<String, Schema>,
        /// There are more, which are not known.
        open: bool,
    },
    /// One of these.
    OneOf(Vec<Schema>),
}

impl Schema {
    /// The schema below a key.
    pub fn field(&self, key: &str) -> Option<&Schema> {
        match self {
            Schema::Fields { fields, .. } => fields.get(key),
            Schema::OneOf(all) => all.iter().find_map(|s| s.field(key)),
            _ => None,
        }
    }

    /// Adds the keys of `later` that are not there, at every depth that both describe.
    pub(crate) fn extend(&mut self, later: Schema) {
        match (self, later) {
            (Schema::Fields { fields, .. }, Schema::Fields { fields: more, .. }) => {
                for (key, schema) in more {
                    match fields.get_mut(&key) {
                        Some(known) => known.extend(schema),
                        None => drop(fields.insert(key, schema)),
                    }
                }
            }
            (Schema::List(known), Schema::List(more)) | (Schema::Map(known), Schema::Map(more)) => known.extend(*more),
            _ => {}
        }
    }

    pub(crate) fn read(value: &Value) -> Schema {
        if let Some(word) = value.as_str() {
            return match word {
                "bool" => Schema::Bool,
                "int" => Schema::Int,
                "uint" => Schema::Uint,
                "float" => Schema::Float,
                "string" => Schema::Str,
                "duration" => Schema::Duration,
                "prometheus_duration" => Schema::PrometheusDuration,
                "scalar" => Schema::Scalar,
                _ => Schema::Any,
            };
        }
        let all = |v: &Value| v.as_array().map(|a| a.iter().map(Schema::read).collect::<Vec<_>>()).unwrap_or_default();
        if let Some(fields) = value.get("fields").and_then(Value::as_object) {
            let open = value.get("open").and_then(Value::as_bool).unwrap_or(false);
            let fields = fields.iter().map(|(k, v)| (k.clone(), Schema::read(v))).collect();
            return Schema::Fields { fields, open };
        }
        if let Some(inner) = value.get("list") {
            return Schema::List(Box::new(Schema::read(inner)));
        }
        if let Some(inner) = value.get("map") {
            return Schema::Map(Box::new(Schema::read(inner)));
        }
        if let Some(words) = value.get("enum").and_then(Value::as_array) {
            return Schema::Enum(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        value.get("one_of").map_or(Schema::Any, |v| Schema::OneOf(all(v)))
    }
}
