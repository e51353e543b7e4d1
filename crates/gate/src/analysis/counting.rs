//! Argo Rollouts' own counting: `assessMetricStatus` and the rules for when a measurement is taken (v1.8.3,
//! analysis/analysis.go).

use super::{Limits, MetricStatus, Outcome};
use std::time::Duration;

/// The counters of a metric's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts {
    /// Measurements that count: all but errors.
    pub count: i64,
    /// Failed ones.
    pub failed: i64,
    /// Inconclusive ones.
    pub inconclusive: i64,
    /// Errors in a row, up to the last measurement.
    pub consecutive_error: i64,
    /// Successes in a row, up to the last measurement.
    pub consecutive_success: i64,
}

impl Counts {
    /// Counts one more measurement. An error does not count toward `count`; it is tried again.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Error => {
                self.consecutive_error += 1;
                self.consecutive_success = 0;
                return;
            }
            Outcome::Successful => self.consecutive_success += 1,
            Outcome::Failed => {
                self.failed += 1;
                self.consecutive_success = 0;
            }
            Outcome::Inconclusive => {
                self.inconclusive += 1;
                self.consecutive_success = 0;
            }
        }
        self.count += 1;
        self.consecutive_error = 0;
    }

    /// Where the metric stands.
    pub fn status(&self, limits: &Limits) -> MetricStatus {
        // Later checks win, as in assessMetricFailureInconclusiveOrError.
        let mut ended = None;
        if limits.failure_limit >= 0 && self.failed > limits.failure_limit {
            ended = Some(MetricStatus::Failed);
        }
        if self.inconclusive > limits.inconclusive_limit {
            ended = Some(MetricStatus::Inconclusive);
        }
        if self.consecutive_error > limits.consecutive_error_limit {
            ended = Some(MetricStatus::Error);
        }
        if let Some(ended) = ended {
            return ended;
        }
        let wanted = limits.consecutive_success_limit.filter(|l| *l > 0);
        if wanted.is_some_and(|w| self.consecutive_success >= w) {
            return MetricStatus::Successful;
        }
        match limits.effective_count() {
            Some(count) if self.count >= count => match wanted {
                Some(_) if limits.failure_limit >= 0 => MetricStatus::Inconclusive,
                Some(_) => MetricStatus::Failed,
                None => MetricStatus::Successful,
            },
            _ => MetricStatus::Running,
        }
    }
}

impl Limits {
    /// `EffectiveCount`: without an interval one measurement is taken; with one and without a count it never ends.
    pub fn effective_count(&self) -> Option<i64> {
        // An int32 in the API.
        match (self.count.filter(|c| *c != 0), self.interval) {
            (Some(count), _) => Some(count.min(i64::from(i32::MAX))),
            (None, None) => Some(1),
            (None, Some(_)) => None,
        }
    }
}

/// Where a sequence of measurements leads; measurements after the end are not taken.
pub fn assess(limits: &Limits, outcomes: &[Outcome]) -> MetricStatus {
    let mut counts = Counts::default();
    let mut status = MetricStatus::Pending;
    for outcome in outcomes {
        counts.add(*outcome);
        status = counts.status(limits);
        if status != MetricStatus::Running {
            break;
        }
    }
    status
}

/// When the first `n` samples are taken, after the start of the run, where every query answers at once and none errors.
pub fn due_times(limits: &Limits, n: usize) -> Vec<Duration> {
    let most = limits.effective_count().map_or(n as u64, |c| c.max(1).unsigned_abs()).min(n as u64);
    let interval = limits.interval.unwrap_or_default();
    let at =
        |k: u64| limits.initial_delay.saturating_add(interval.saturating_mul(u32::try_from(k).unwrap_or(u32::MAX)));
    (0..most).map(at).collect()
}

/// How long a healthy canary's run takes; `None` where it never ends by itself.
pub fn duration(limits: &Limits) -> Option<Duration> {
    let mut count = limits.effective_count();
    if let Some(wanted) = limits.consecutive_success_limit.filter(|l| *l > 0) {
        count = Some(count.map_or(wanted, |c| c.min(wanted)));
    }
    let last = u32::try_from(count?.max(1) - 1).unwrap_or(u32::MAX);
    Some(limits.initial_delay.saturating_add(limits.interval.unwrap_or_default().saturating_mul(last)))
}
