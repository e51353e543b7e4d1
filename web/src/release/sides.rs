//! The stable version and the canary: pods and share of the requests.

use crate::html::shown;
use crate::live::State;
use crate::time;
use delivery::{Name, ReplicaSet, Rollout, Step};

pub(crate) struct Side {
    /// `stable` or `canary`.
    pub(crate) role: &'static str,
    pub(crate) revision: String,
    pub(crate) hash: String,
    pub(crate) images: String,
    /// How many of how many.
    pub(crate) ready: String,
    /// What the steps ask for, and what the pods make of it.
    pub(crate) weight: String,
    pub(crate) pods: Vec<PodRow>,
}

pub(crate) struct PodRow {
    pub(crate) name: String,
    pub(crate) phase: String,
    pub(crate) tone: &'static str,
    pub(crate) restarts: u32,
    pub(crate) created: String,
}

/// Both; one where there is no canary.
pub(crate) fn sides(state: &State, name: &Name, rollout: &Rollout) -> Vec<Side> {
    let set = |hash: &str| state.view.sets_of(name, rollout).find(|(_, set)| set.hash == hash && !hash.is_empty());
    let canary = set(&rollout.hash).filter(|_| rollout.hash != rollout.stable);
    let stable = set(&rollout.stable);
    let available = |found: &Option<(&Name, &ReplicaSet)>| found.map_or(0, |(_, set)| set.available);
    let all = available(&canary) + available(&stable);
    let asked = if canary.is_some() { weight(rollout) } else { 0 };
    let side = |role, (at, set): (&Name, &ReplicaSet), asked: u32| Side {
        role,
        revision: shown(set.revision.as_deref().unwrap_or("?")),
        hash: shown(&set.hash),
        images: shown(&set.images.join(", ")),
        ready: format!("{} of {} pods ready", set.ready, set.desired),
        weight: share(asked, set.available, all),
        pods: pods(state, at),
    };
    let canary = canary.map(|found| side("canary", found, asked));
    let stable = stable.map(|found| side("stable", found, 100u32.saturating_sub(asked)));
    canary.into_iter().chain(stable).collect()
}

/// The weight that the steps so far ask for; none after an abort.
fn weight(rollout: &Rollout) -> u32 {
    if rollout.abort {
        return 0;
    }
    let reached = rollout.step.map_or(rollout.steps.len(), |at| at + 1);
    let weight = |step: &Step| match step {
        Step::Weight(weight) => Some(*weight),
        _ => None,
    };
    rollout.steps.iter().take(reached).rev().find_map(weight).unwrap_or(0)
}

fn share(asked: u32, available: u32, all: u32) -> String {
    if all == 0 {
        return format!("{asked} % asked for, no pod available");
    }
    format!("{asked} % asked for, {available} of {all} available pods")
}

fn pods(state: &State, set: &Name) -> Vec<PodRow> {
    let all = state.view.pods.iter().filter(|(at, _)| at.namespace == set.namespace);
    let ours = all.filter_map(|(at, seen)| Some((at, seen.object.as_ref()?))).filter(|(_, pod)| pod.set == set.name);
    ours.map(|(at, pod)| {
        let (phase, tone) = match (pod.ready, pod.phase.as_str()) {
            (_, "Terminating") => ("Terminating".to_owned(), ""),
            (true, _) => ("Ready".to_owned(), "good"),
            (false, phase) if pod.reason.is_empty() => (phase.to_owned(), "doubtful"),
            (false, phase) => (format!("{phase}: {}", pod.reason), "bad"),
        };
        PodRow {
            name: shown(&at.name),
            phase: shown(&phase),
            tone,
            restarts: pod.restarts,
            created: time::said(&pod.created).unwrap_or_default(),
        }
    })
    .collect()
}
