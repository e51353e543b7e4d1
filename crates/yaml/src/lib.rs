//! Lossless YAML: streams with exact positions, YAML inside scalars, routes and format-preserving patches.
//!
//! [`parse`] never fails: a [`Stream`] holds what was understood and the [`Fault`]s. A [`Node`] is a cheap handle into
//! it. Strings that hold YAML themselves (a collector's config inside a ConfigMap) open with [`Node::embedded`]; every
//! span, position and [`Route`] in there is still one of the outer file.
//!
//! How scalars are typed is documented at [`ScalarType`]; of duplicate keys, which both Kubernetes and the collector
//! refuse to load and which are a [`Fault`] here, lookups see the last one.

// The generators of the integration tests name the crate.
#[cfg(test)]
extern crate self as hyperspace_yaml;

mod build;
mod fault;
mod node;
mod offsets;
mod patch;
mod position;
mod route;
mod scalar;
mod stream;
mod tree;
mod value;

pub use fault::{Fault, FaultKind};
pub use node::{Kind, Node};
pub use patch::{Op, PatchError, TextEdit, apply, edits};
pub use position::Position;
pub use route::{Route, Step};
pub use scalar::{ScalarStyle, ScalarType, is_yaml11_bool};
pub use stream::{Comment, Stream, parse};
pub use value::Value;
