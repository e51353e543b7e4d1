//! Typed data from a node: the embedded policy is read at every start, and takes no second reader of YAML.
//!
//! A user's own policy goes through serde_yaml, whose errors say line and column.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use yaml::{Kind, Node, ScalarType};

/// Reads a value of that type.
///
/// # Errors
/// Where the node does not have the type's form; without a place.
pub(crate) fn read<T: DeserializeOwned>(node: Node<'_>) -> Result<T, Error> {
    T::deserialize(Typed(node))
}

struct Typed<'a>(Node<'a>);

impl<'de> Deserializer<'de> for Typed<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Typed(node) = self;
        let odd = || Error::custom("a number out of range");
        match node.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Mapping => {
                visitor.visit_map(MapDeserializer::new(node.entries().map(|(key, value)| (Key(key), Typed(value)))))
            }
            Kind::Sequence => visitor.visit_seq(SeqDeserializer::new(node.items().map(Typed))),
            Kind::Scalar => match node.scalar_type() {
                ScalarType::Bool => visitor.visit_bool(node.as_bool().unwrap_or_default()),
                ScalarType::Int => visitor.visit_i64(node.as_i64().ok_or_else(odd)?),
                ScalarType::Float => visitor.visit_f64(node.as_f64().ok_or_else(odd)?),
                _ => visitor.visit_str(node.as_str().unwrap_or_default()),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Typed<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key, which is text until a number is asked for.
struct Key<'a>(&'a str);

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u16(self.0.parse().map_err(Error::custom)?)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Key<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
