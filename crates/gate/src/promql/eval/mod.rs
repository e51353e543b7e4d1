//! What a query answers over given series: Prometheus 3's engine for the part of PromQL that gates use.

use std::collections::BTreeMap;

use super::query::Query;

/// A series' labels, `__name__` included where it has one.
pub type Labels = BTreeMap<String, String>;

/// Prometheus's staleness marker, a NaN of its own: the series has ended.
pub fn stale() -> f64 {
    f64::from_bits(0x7ff0_0000_0000_0002)
}

/// A stored series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Seconds and values in ascending order of time. [`stale`] as a value ends the series there.
    pub samples: Vec<(f64, f64)>,
}

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}

/// One element of a range vector.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSeries {
    /// Its labels.
    pub labels: Labels,
    /// Seconds and values.
    pub samples: Vec<(f64, f64)>,
}

/// What a query answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// In Prometheus's order where the query sorts, else by labels.
    Vector(Vec<Sample>),
    /// By labels.
    Matrix(Vec<RangeSeries>),
    /// One string.
    String(String),
}

/// Why a query has no answer here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// This crate does not know what Prometheus would answer.
    #[error("{0} is not evaluated here")]
    Feature(String),
    /// Templating without a value: bind it first.
    #[error("{{{{{0}}}}} has no value")]
    Unbound(String),
    /// Prometheus refuses the query over these series (`many-to-many matching …`).
    #[error("{0}")]
    Refused(String),
}

/// Evaluates `query` over `series` at `at` (seconds since the epoch), as an instant query of Prometheus 3 with its
/// default lookback of five minutes does.
///
/// # Errors
/// When the query holds unbound templating or something that is not evaluated here, and when Prometheus itself would
/// answer with an error.
pub fn evaluate(query: &Query, series: &[Series], at: f64) -> Result<Value, Unsupported> {
    let _ = (query, series, at);
    Err(Unsupported::Feature("everything".to_owned()))
}
