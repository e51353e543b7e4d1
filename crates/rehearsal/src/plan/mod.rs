//! What a rehearsal starts, worked out from the contract without starting anything.

mod addresses;
mod collector;
mod pod;
mod riders;

pub use addresses::Address;
pub(crate) use addresses::NOBODY;
pub(crate) use collector::Backend;
pub use collector::CollectorPlan;
pub use contract::{BoundGate as Metric, Hashes};
pub use pod::PodPlan;
pub(crate) use pod::{Identity, Probe, target_labels};
pub use riders::Riders;

use contract::{Contract, Unmeasurable};
use model::Rollout;
use std::collections::BTreeMap;
use std::time::Duration;

/// Why a repository cannot be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is no rollout to rehearse.
    #[error("no Rollout here has a canary analysis to rehearse")]
    NoRollout,
    /// Several rollouts, and nobody said which.
    #[error("several rollouts could be rehearsed: {}", .0.join(", "))]
    Several(Vec<String>),
    /// Its workload is no program that runs here.
    #[error("rollout {rollout} runs `{image}`, and only HotROD can be rehearsed here")]
    Workload {
        /// The rollout.
        rollout: String,
        /// Its image.
        image: String,
    },
    /// The collector's configuration cannot be had as a file.
    #[error("the collector's configuration is {0}")]
    Configuration(&'static str),
    /// A gate cannot be measured here.
    #[error("metric {metric} {why}")]
    Gate {
        /// The metric.
        metric: String,
        /// What is in the way.
        why: String,
    },
}

/// Everything that a rehearsal needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rollout's name.
    pub rollout: String,
    /// The canary's and the stable version's pods.
    pub pod: PodPlan,
    /// The collector, where there is one.
    pub collector: Option<CollectorPlan>,
    /// Who sends requests.
    pub riders: Riders,
    /// How Prometheus finds pods.
    pub prometheus: model::Prometheus,
    /// The longest time between two scrapes or flushes: an analysis may start anywhere within it.
    pub clock: Duration,
    /// What differs from the cluster.
    pub notes: Vec<String>,
}

impl Plan {
    /// Works it out for a rollout.
    ///
    /// # Errors
    /// Where something needed is not in the repository, or cannot be run here.
    pub fn of(contract: &Contract<'_>, rollout: usize) -> Result<Plan, PlanError> {
        let repository = contract.repository;
        let Some(found) = repository.rollouts.get(rollout) else { return Err(PlanError::NoRollout) };
        let Some(workload) = found.workload else { return Err(PlanError::NoRollout) };
        let pod = PodPlan::of(contract, found, workload)?;
        let collector = match pod.collector.or_else(|| (!repository.collectors.is_empty()).then_some(0)) {
            Some(index) => Some(CollectorPlan::of(contract, index)?),
            None => None,
        };
        let riders = Riders::of(contract, workload);
        let mut notes = Vec::new();
        notes.extend(pod.note());
        notes.push(
            "CPU and memory limits are not applied: rides are faster here than under a cluster's limits".to_owned(),
        );
        let flushes = contract.span_metrics.iter().map(|s| s.flush);
        let clock = flushes.fold(contract.context.policy.prometheus.scrape_interval, f64::max);
        Ok(Plan {
            rollout: found.name.clone(),
            clock: Duration::try_from_secs_f64(clock).unwrap_or_default(),
            pod,
            collector,
            riders,
            prometheus: contract.context.policy.prometheus.clone(),
            notes,
        })
    }
}

/// The rollout to rehearse: the one with that name, or the only one with an analysis.
///
/// # Errors
/// Where there is none, or several and no name.
pub fn rollout(contract: &Contract<'_>, name: Option<&str>) -> Result<usize, PlanError> {
    let all = contract.repository.rollouts.iter().enumerate();
    let wanted = |r: &Rollout| name.is_none_or(|name| r.name == name) && (name.is_some() || r.runs().next().is_some());
    let found: Vec<(usize, &Rollout)> = all.filter(|(_, r)| wanted(r)).collect();
    match found.as_slice() {
        [] => Err(PlanError::NoRollout),
        [(index, _)] => Ok(*index),
        several => Err(PlanError::Several(several.iter().map(|(_, r)| r.name.clone()).collect())),
    }
}

/// The gates of a rollout as a canary with that hash meets them.
///
/// # Errors
/// Where one cannot be measured.
pub fn metrics<'g>(
    contract: &Contract<'_>,
    gates: impl IntoIterator<Item = &'g contract::gates::Gate>,
    hashes: &Hashes<'_>,
    given: &BTreeMap<String, String>,
) -> Result<Vec<Metric>, PlanError> {
    let bind = |gate| Metric::of(contract, gate, hashes, given).map_err(PlanError::from);
    gates.into_iter().map(bind).collect()
}

impl From<Unmeasurable> for PlanError {
    fn from(found: Unmeasurable) -> PlanError {
        PlanError::Gate { metric: found.metric, why: found.why }
    }
}

#[cfg(test)]
mod tests;
