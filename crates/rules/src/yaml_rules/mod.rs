//! Rules about YAML itself.

pub(crate) mod duplicate_key;
pub(crate) mod syntax;
