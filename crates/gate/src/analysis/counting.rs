//! Argo Rollouts' own counting (v1.8.3): `runMeasurements`, `assessMetricStatus` and `generateMetricTasks` of
//! analysis/analysis.go, and `ValidateMetric` of utils/analysis/factory.go.

use super::{Limits, MetricStatus, Outcome};
use std::time::Duration;

/// How long after an error the measurement is tried again (`DefaultErrorRetryInterval`), whatever the interval is.
pub const ERROR_RETRY: Duration = Duration::from_secs(10);

/// The counters of a metric's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
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

    /// Where the metric stands after at least one measurement.
    pub fn status(&self, limits: &Limits) -> MetricStatus {
        let failure_limit = int32(limits.failure_limit);
        // Later checks win, as in assessMetricFailureInconclusiveOrError.
        let mut ended = None;
        if failure_limit >= 0 && self.failed > failure_limit {
            ended = Some(MetricStatus::Failed);
        }
        if self.inconclusive > int32(limits.inconclusive_limit) {
            ended = Some(MetricStatus::Inconclusive);
        }
        if self.consecutive_error > int32(limits.consecutive_error_limit) {
            ended = Some(MetricStatus::Error);
        }
        if let Some(ended) = ended {
            return ended;
        }
        let streak = limits.streak();
        if streak.is_some_and(|wanted| self.consecutive_success >= wanted) {
            return MetricStatus::Successful;
        }
        match limits.effective_count() {
            Some(count) if self.count >= count => match streak {
                Some(_) if limits.failure_limit >= 0 => MetricStatus::Inconclusive,
                Some(_) => MetricStatus::Failed,
                None => MetricStatus::Successful,
            },
            _ => MetricStatus::Running,
        }
    }
}

/// Argo Rollouts compares as `int32`, which wraps a string's larger number round.
fn int32(value: i64) -> i64 {
    i64::from(value as i32)
}

impl MetricStatus {
    /// Whether no measurement follows.
    pub fn is_completed(self) -> bool {
        !matches!(self, MetricStatus::Pending | MetricStatus::Running)
    }
}

impl Limits {
    /// `EffectiveCount`: without an interval one measurement is taken; with one and without a count it never ends. A negative
    /// count is reached before the first measurement, and even an error then ends the metric Successful.
    pub fn effective_count(&self) -> Option<i64> {
        match (self.count.filter(|c| *c != 0), self.interval) {
            (Some(count), _) => Some(int32(count)),
            (None, None) => Some(1),
            (None, Some(_)) => None,
        }
    }

    /// The `consecutiveSuccessLimit` where it is switched on.
    pub fn streak(&self) -> Option<i64> {
        self.consecutive_success_limit.filter(|limit| *limit > 0).map(int32)
    }

    /// What `ValidateMetric` says against these numbers. Such a run ends in Error before any measurement.
    pub fn fault(&self) -> Option<String> {
        let count = self.count.unwrap_or(0);
        let streak = self.consecutive_success_limit.unwrap_or(0);
        let failures = self.failure_limit;
        let fault = if streak < 0 {
            "consecutiveSuccessLimit must be >= 0".to_owned()
        } else if failures < -1 {
            "failureLimit must be >= 0, or -1 to be disabled".to_owned()
        } else if streak == 0 && failures == -1 {
            "failureLimit and consecutiveSuccessLimit cannot both be disabled".to_owned()
        } else if self.inconclusive_limit < 0 {
            "inconclusiveLimit must be >= 0".to_owned()
        } else if self.consecutive_error_limit < 0 {
            "consecutiveErrorLimit must be >= 0".to_owned()
        } else if count > 0 && failures >= 0 && count < failures.saturating_add(streak) {
            format!(
                "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {streak}) if both >= 0"
            )
        } else if count > 0 && failures < 0 && count < streak {
            "count must be >= consecutiveSuccessLimit".to_owned()
        } else if count > 0 && count < self.inconclusive_limit {
            "count must be >= inconclusiveLimit".to_owned()
        } else if count > 1 && self.interval.is_none() {
            "interval must be specified when count > 1".to_owned()
        } else {
            return None;
        };
        Some(fault)
    }
}

/// Where a sequence of measurements leads; measurements after the end are not taken. Whether the numbers are valid at all is
/// another question, see [`Limits::fault`].
pub fn assess(limits: &Limits, outcomes: &[Outcome]) -> MetricStatus {
    let mut counts = Counts::default();
    let mut status = MetricStatus::Pending;
    for outcome in outcomes {
        counts.add(*outcome);
        status = counts.status(limits);
        if status.is_completed() {
            break;
        }
    }
    status
}

/// Where it leads when the run is ended after these measurements, as a background analysis is when the rollout's steps are
/// done: what has not failed by then is Successful, without any measurement as well.
pub fn assess_ended(limits: &Limits, outcomes: &[Outcome]) -> MetricStatus {
    match assess(limits, outcomes) {
        MetricStatus::Pending | MetricStatus::Running => MetricStatus::Successful,
        completed => completed,
    }
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
    let count = match (limits.effective_count(), limits.streak()) {
        (Some(count), Some(streak)) => count.min(streak),
        (Some(count), None) => count,
        (None, streak) => streak?,
    };
    let last = u32::try_from(count.max(1) - 1).unwrap_or(u32::MAX);
    Some(limits.initial_delay.saturating_add(limits.interval.unwrap_or_default().saturating_mul(last)))
}
