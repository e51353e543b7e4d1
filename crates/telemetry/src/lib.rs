//! Asks a running Prometheus, over its HTTP API.
//!
//! Answers come as what Argo Rollouts' Prometheus provider hands to a condition: the values, without their labels.

mod answer;
mod prometheus;

pub use answer::{Answer, Sample};
pub use prometheus::{Prometheus, QueryError};
