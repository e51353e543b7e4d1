//! An analysis run in real time, over a real Prometheus: what Argo Rollouts' controller does for the metrics of a run, with
//! the counting of [`gate::analysis`].

mod measure;

pub(crate) use measure::run;
pub use measure::{Asks, Event, Stop};

use crate::plan::Metric;
use gate::analysis::{MetricStatus, Outcome, assess_ended};
use gate::condition::Measured;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// When it was due, after the start of the run.
    pub due: Duration,
    /// How much later it began.
    pub late: Duration,
    /// How long Prometheus took.
    pub took: Duration,
    /// The value; `None` where there is none.
    pub value: Option<Measured>,
    /// What it counts as.
    pub outcome: Outcome,
    /// Why it is an error.
    pub error: Option<String>,
}

/// A metric with all its measurements.
#[derive(Clone, Debug)]
pub struct MetricRun {
    /// The metric.
    pub metric: Metric,
    /// Its measurements.
    pub measurements: Vec<Measurement>,
    /// Where it stands by itself; `Running` where the run ended before it did.
    pub status: MetricStatus,
}

/// What a run means for the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The canary becomes stable.
    Promoted,
    /// The rollout goes back.
    Aborted,
    /// The rollout waits for a person.
    Paused,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Promoted => "promoted",
            Verdict::Aborted => "aborted",
            Verdict::Paused => "paused",
        }
    }
}

impl MetricRun {
    /// As Argo Rollouts sets it when the run ends.
    #[must_use]
    pub fn phase(&self) -> MetricStatus {
        if self.status.is_completed() {
            return self.status;
        }
        let outcomes: Vec<Outcome> = self.measurements.iter().map(|m| m.outcome).collect();
        assess_ended(&self.metric.limits, &outcomes)
    }

    /// Whether it ends the run, and not as promoted.
    #[must_use]
    pub fn stops(&self) -> bool {
        !self.metric.limits.dry_run
            && matches!(self.status, MetricStatus::Failed | MetricStatus::Error | MetricStatus::Inconclusive)
    }

    /// When its last measurement was over.
    #[must_use]
    pub fn ended(&self) -> Duration {
        self.measurements.last().map_or(Duration::ZERO, |m| m.due + m.late + m.took)
    }
}

/// What the metrics of a run come to together (analysis/analysis.go: `assessRunStatus`). Dry runs have no say.
#[must_use]
pub fn verdict(metrics: &[MetricRun]) -> Verdict {
    let first = metrics.iter().filter(|m| m.stops()).map(|m| (m.ended(), m.status)).min_by_key(|(at, _)| *at);
    match first {
        None => Verdict::Promoted,
        Some((_, MetricStatus::Inconclusive)) => Verdict::Paused,
        Some(_) => Verdict::Aborted,
    }
}

#[cfg(test)]
mod tests;
