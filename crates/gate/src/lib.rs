//! What a PromQL query and a condition do, and how Argo Rollouts counts the measurements.

pub mod analysis;
pub mod condition;
pub mod promql;
