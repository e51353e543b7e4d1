//! How Argo Rollouts 1.8.3 counts the measurements of a metric (its `analysis/analysis.go`), and what follows: the weakest
//! evidence that still promotes, the strongest that still aborts, when samples are taken, and how likely a bad canary passes.

use std::fmt;
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
    /// `count`; absent or 0 means 1 without an interval and for ever with one. A negative one ends after one sample.
    pub count: Option<i64>,
    /// `interval` between measurements.
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

/// An `IntOrString` given as a string, as `IntValue()` of k8s.io/apimachinery reads it: 0 where it is no number.
pub fn int_or_string(text: &str) -> i64 {
    text.parse::<i64>().unwrap_or(0)
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
    /// Derives the outcomes from a metric's conditions by evaluating them.
    pub fn of(_success: Option<&Condition>, _failure: Option<&Condition>, _ty: ResultType) -> Outcomes {
        Outcomes {
            good: Outcome::Successful,
            bad: Outcome::Failed,
            nan: Outcome::Failed,
            none: Outcome::Error,
            error: Outcome::Error,
        }
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

/// A sequence of samples, as counts of each kind, and what it ends in. Displays as `1 good sample of 3, two NaN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The samples in the order in which they are taken.
    pub samples: Vec<Sample>,
    /// Where they lead.
    pub status: MetricStatus,
}

impl Evidence {
    /// How many samples of this kind there are.
    pub fn count(&self, sample: Sample) -> usize {
        self.samples.iter().filter(|s| **s == sample).count()
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} good of {}", self.count(Sample::Good), self.samples.len())
    }
}

/// Where a sequence of measurements leads, exactly as `assessMetricStatus` says; measurements after the end are not taken.
pub fn assess(_limits: &Limits, _outcomes: &[Outcome]) -> MetricStatus {
    MetricStatus::Pending
}

/// The sequence with the fewest good samples that still ends Successful; `None` where no sequence does.
pub fn weakest_promotion(_gate: &Gate) -> Option<Evidence> {
    None
}

/// The sequence with the most good samples that still aborts; `None` where no sequence does.
pub fn strongest_abort(_gate: &Gate) -> Option<Evidence> {
    None
}

/// Whether any sequence of samples ends Failed or Error.
pub fn can_fail(_gate: &Gate) -> bool {
    true
}

/// When the first `n` samples are taken, after the start of the run, where every query answers at once and none errors.
pub fn due_times(_limits: &Limits, _n: usize) -> Vec<Duration> {
    Vec::new()
}

/// How long a healthy canary's run takes; `None` where it never ends by itself.
pub fn duration(_limits: &Limits) -> Option<Duration> {
    None
}

/// The lowest `failureLimit` with which one lost sample does not abort a healthy canary.
pub fn lowest_failure_limit_keeping_one_lost_sample_harmless(_limits: &Limits) -> i64 {
    1
}
