//! How Argo Rollouts 1.8.3 counts the measurements of a metric (its `analysis/analysis.go`), and what follows: the weakest
//! evidence that still promotes, the strongest that still aborts, when samples are taken, and how likely a bad canary passes.

mod closed;
mod counting;
mod evidence;
mod outcomes;
mod power;
mod walk;

pub use counting::{Counts, ERROR_RETRY, assess, assess_ended, due_times, duration};
pub use evidence::Evidence;
pub use power::{Power, error_gate_pass_probability, traffic_gate_pass_probability};
pub use walk::{can_fail, lowest_failure_limit_keeping_one_lost_sample_harmless, strongest_abort, weakest_promotion};

use std::time::Duration;

use crate::condition::{Condition, ResultType};

/// The outcome of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The success condition holds (or no condition speaks against it).
    Successful,
    /// It failed.
    Failed,
    /// Neither condition holds.
    Inconclusive,
    /// It could not be taken or evaluated.
    Error,
}

/// The numbers of a metric that decide how its measurements are counted. `IntOrString` fields are given as Argo Rollouts
/// reads them, see [`int_or_string`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Limits {
    /// `count`; absent or 0 means 1 without an interval and for ever with one. A negative one is valid, and reached from the
    /// start: the first sample ends the metric, Successful unless it failed.
    pub count: Option<i64>,
    /// `interval` between measurements; none by default. After an error it is [`ERROR_RETRY`] instead.
    pub interval: Option<Duration>,
    /// `initialDelay` after the start of the run; default 0.
    pub initial_delay: Duration,
    /// `failureLimit`; default 0, -1 switches it off.
    pub failure_limit: i64,
    /// `inconclusiveLimit`; default 0.
    pub inconclusive_limit: i64,
    /// `consecutiveErrorLimit`; default 4 (`utils/defaults`): the fifth error in a row ends the metric.
    pub consecutive_error_limit: i64,
    /// `consecutiveSuccessLimit` (since 1.8); absent or 0 switches it off.
    pub consecutive_success_limit: Option<i64>,
    /// The metric runs in dry-run mode: measured, counted, and then ignored.
    pub dry_run: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            count: None,
            interval: None,
            initial_delay: Duration::ZERO,
            failure_limit: 0,
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
            consecutive_success_limit: None,
            dry_run: false,
        }
    }
}

/// An `IntOrString` given as a string, as `IntValue()` of k8s.io/apimachinery reads it: 0 where it is no number, and the
/// nearest that fits where it is too large.
pub fn int_or_string(text: &str) -> i64 {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match text.parse::<i64>() {
        Ok(value) => value,
        Err(error) if *error.kind() == PosOverflow => i64::MAX,
        Err(error) if *error.kind() == NegOverflow => i64::MIN,
        Err(_) => 0,
    }
}

/// The state of a metric after some measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricStatus {
    /// No measurement yet.
    Pending,
    /// More measurements follow.
    Running,
    /// It passed.
    Successful,
    /// It failed: the run ends, the rollout aborts.
    Failed,
    /// Too many errors in a row: the run ends, the rollout aborts.
    Error,
    /// Too many inconclusive measurements: the run ends, the rollout pauses.
    Inconclusive,
}

/// A kind of sample that a gate can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sample {
    /// A healthy canary's value.
    Good,
    /// A faulty canary's value.
    Bad,
    /// NaN.
    NaN,
    /// No data: an empty result.
    None,
    /// The query failed (Prometheus cannot be reached).
    Error,
}

/// The outcome of each kind of sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcomes {
    /// Of a healthy canary's value.
    pub good: Outcome,
    /// Of a faulty canary's value.
    pub bad: Outcome,
    /// Of NaN.
    pub nan: Outcome,
    /// Of an empty result; a scalar query always has a value, NaN where there is no data.
    pub none: Outcome,
    /// Of a failed query.
    pub error: Outcome,
}

impl Outcomes {
    /// Derives the outcomes from a metric's conditions by evaluating them. A good value is one with which the metric succeeds,
    /// a bad one is one with which it fails; where no value does, the next best and the next worst.
    pub fn of(success: Option<&Condition>, failure: Option<&Condition>, ty: ResultType) -> Outcomes {
        outcomes::outcomes(success, failure, ty)
    }

    /// The outcome of one kind of sample.
    pub fn get(&self, sample: Sample) -> Outcome {
        match sample {
            Sample::Good => self.good,
            Sample::Bad => self.bad,
            Sample::NaN => self.nan,
            Sample::None => self.none,
            Sample::Error => self.error,
        }
    }
}

/// A metric as the counting sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its numbers.
    pub limits: Limits,
    /// What its conditions make of each kind of sample.
    pub outcomes: Outcomes,
}

#[cfg(test)]
mod tests;
