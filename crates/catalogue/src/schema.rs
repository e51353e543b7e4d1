//! The keys of a component's configuration and what their values are.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

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
    Enum(Vec<&'static str>),
    /// A list.
    List(Box<Schema>),
    /// A mapping with keys of the user's choice.
    Map(Box<Schema>),
    /// A mapping with known keys.
    Fields {
        /// The keys, sorted.
        fields: Vec<(&'static str, Schema)>,
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
            Schema::Fields { fields, .. } => find(fields, key).ok().and_then(|at| fields.get(at)).map(|(_, s)| s),
            Schema::OneOf(all) => all.iter().find_map(|s| s.field(key)),
            _ => None,
        }
    }

    /// Adds the keys of `later` that are not there, at every depth that both describe.
    pub(crate) fn extend(&mut self, later: Schema) {
        match (self, later) {
            (Schema::Fields { fields, .. }, Schema::Fields { fields: more, .. }) => {
                for (key, schema) in more {
                    match find(fields, key) {
                        Ok(at) => {
                            if let Some((_, known)) = fields.get_mut(at) {
                                known.extend(schema);
                            }
                        }
                        Err(gap) => fields.insert(gap, (key, schema)),
                    }
                }
            }
            (Schema::List(known), Schema::List(more)) | (Schema::Map(known), Schema::Map(more)) => known.extend(*more),
            _ => {}
        }
    }
}

fn find(fields: &[(&str, Schema)], key: &str) -> Result<usize, usize> {
    fields.binary_search_by(|(name, _)| (*name).cmp(key))
}

/// Only from data that is part of the program: names are borrowed from it.
impl<'de: 'static> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Schema, D::Error> {
        deserializer.deserialize_any(SchemaVisitor)
    }
}

struct SchemaVisitor;

impl<'de: 'static> Visitor<'de> for SchemaVisitor {
    type Value = Schema;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type's name or a mapping that describes it")
    }

    fn visit_str<E>(self, word: &str) -> Result<Schema, E> {
        Ok(match word {
            "bool" => Schema::Bool,
            "int" => Schema::Int,
            "uint" => Schema::Uint,
            "float" => Schema::Float,
            "string" => Schema::Str,
            "duration" => Schema::Duration,
            "prometheus_duration" => Schema::PrometheusDuration,
            "scalar" => Schema::Scalar,
            _ => Schema::Any,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Schema, A::Error> {
        let mut schema = Schema::Any;
        let mut more = false;
        while let Some(key) = map.next_key::<&str>()? {
            match key {
                "fields" => {
                    let Fields(fields) = map.next_value()?;
                    schema = Schema::Fields { fields, open: false };
                }
                "open" => more = map.next_value()?,
                "list" => schema = Schema::List(map.next_value()?),
                "map" => schema = Schema::Map(map.next_value()?),
                "enum" => schema = Schema::Enum(map.next_value()?),
                "one_of" => schema = Schema::OneOf(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if let Schema::Fields { open, .. } = &mut schema {
            *open = more;
        }
        Ok(schema)
    }
}

struct Fields(Vec<(&'static str, Schema)>);

impl<'de: 'static> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de: 'static> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys with their schemas")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = map.next_entry()? {
            fields.push(entry);
        }
        // The generator writes them sorted; then this costs a look.
        fields.sort_by_key(|(name, _)| *name);
        Ok(Fields(fields))
    }
}
