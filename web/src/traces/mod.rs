//! A rollout's traces as a table, and one trace as a waterfall.

mod drawn;
mod filter;
mod list;
mod origin;
mod tree;
mod versions;
mod waterfall;
pub(crate) mod words;

pub(crate) use drawn::Drawn;
pub(crate) use filter::{Filter, Sort};
pub(crate) use list::{Absent, Row, TracesPage, no_jaeger, no_origin, questions, row, sort, untold};
pub(crate) use origin::{Origin, origins};
pub(crate) use telemetry::Found as Digests;
pub(crate) use tree::Tree;
pub(crate) use versions::{Version, took_part, versions};
pub(crate) use waterfall::trace;
