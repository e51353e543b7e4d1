//! The newest observation of everything.

use crate::observed::{Application, Collector, Observed, Pod, ReplicaSet, Rollout, Run};
use crate::{Name, Workload};
use std::collections::BTreeMap;

/// The newest observation of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Applications.
    pub applications: BTreeMap<Name, Observed<Application>>,
    /// Rollouts.
    pub rollouts: BTreeMap<Name, Observed<Rollout>>,
    /// Analysis runs.
    pub runs: BTreeMap<Name, Observed<Run>>,
    /// Workloads of collectors.
    pub collectors: BTreeMap<Workload, Observed<Collector>>,
    /// ReplicaSets of rollouts; none is judged by.
    pub sets: BTreeMap<Name, Observed<ReplicaSet>>,
    /// Pods of rollouts; none is judged by.
    pub pods: BTreeMap<Name, Observed<Pod>>,
}

impl View {
    /// Takes over what is newer in another view.
    pub fn merge(&mut self, other: &View) {
        merge(&mut self.applications, &other.applications);
        merge(&mut self.rollouts, &other.rollouts);
        merge(&mut self.runs, &other.runs);
        merge(&mut self.collectors, &other.collectors);
        merge(&mut self.sets, &other.sets);
        merge(&mut self.pods, &other.pods);
    }

    /// Whether this view has something newer than the other one. What only one of them has does not count: the other
    /// did not look for it.
    pub(crate) fn is_newer_than(&self, other: &View) -> bool {
        newer(&self.applications, &other.applications)
            || newer(&self.rollouts, &other.rollouts)
            || newer(&self.runs, &other.runs)
            || newer(&self.collectors, &other.collectors)
    }

    /// The Application of that name, where there is one.
    pub fn application(&self, name: &Name) -> Option<&Application> {
        self.applications.get(name)?.object.as_ref()
    }

    /// The rollout of that name, where there is one.
    pub fn rollout(&self, name: &Name) -> Option<&Rollout> {
        self.rollouts.get(name)?.object.as_ref()
    }

    /// All analysis runs, oldest first.
    pub fn all_runs(&self) -> Vec<(&Name, &Run)> {
        sorted(objects(&self.runs))
    }

    /// The runs that judge or judged the rollout, whichever template and revision, oldest first.
    pub fn every_run_of(&self, name: &Name, rollout: &Rollout) -> Vec<(&Name, &Run)> {
        sorted(self.owned_runs(name, rollout))
    }

    /// The runs that judge the rollout's present template and revision, oldest first.
    pub fn runs_of(&self, name: &Name, rollout: &Rollout) -> Vec<(&Name, &Run)> {
        sorted(self.owned_runs(name, rollout).filter(|(_, run)| {
            run.hash == rollout.hash
                && (run.revision.is_none() || rollout.revision.is_none() || run.revision == rollout.revision)
        }))
    }

    fn owned_runs(&self, name: &Name, rollout: &Rollout) -> impl Iterator<Item = (&Name, &Run)> {
        objects(&self.runs).filter(|(at, run)| at.namespace == name.namespace && run.owner == rollout.uid)
    }

    /// The rollout's ReplicaSets, by name.
    pub fn sets_of(&self, name: &Name, rollout: &Rollout) -> impl Iterator<Item = (&Name, &ReplicaSet)> {
        objects(&self.sets).filter(|(at, set)| at.namespace == name.namespace && set.owner == rollout.uid)
    }
}

/// Oldest first. Made within one second, the counter in the name decides: a longer name has the greater one.
fn sorted<'v>(runs: impl Iterator<Item = (&'v Name, &'v Run)>) -> Vec<(&'v Name, &'v Run)> {
    let mut runs: Vec<(&Name, &Run)> = runs.collect();
    runs.sort_by_key(|(at, run)| (&run.created, at.name.len(), &at.name));
    runs
}

/// Those that are there.
fn objects<T>(seen: &BTreeMap<Name, Observed<T>>) -> impl Iterator<Item = (&Name, &T)> {
    seen.iter().filter_map(|(name, seen)| Some((name, seen.object.as_ref()?)))
}

fn merge<K: Clone + Ord, T: Clone>(into: &mut BTreeMap<K, Observed<T>>, from: &BTreeMap<K, Observed<T>>) {
    for (name, seen) in from {
        if into.get(name).is_none_or(|had| seen.is_newer_than(had)) {
            into.insert(name.clone(), seen.clone());
        }
    }
}

fn newer<K: Ord, T>(ours: &BTreeMap<K, Observed<T>>, theirs: &BTreeMap<K, Observed<T>>) -> bool {
    ours.iter().any(|(name, seen)| theirs.get(name).is_some_and(|other| seen.is_newer_than(other)))
}
