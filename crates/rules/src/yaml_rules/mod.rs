//! Rules about YAML itself.

pub(crate) mod duplicate_key;
mod strings;
pub(crate) mod syntax;
