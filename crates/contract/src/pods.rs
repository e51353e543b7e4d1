//! What pods are called: a label with a pod's name tells one version from another's as well as its hash does.

use crate::series::{Domain, Family, Origin};
use crate::{CANARY_HASH, Contract, STABLE_HASH};
use model::{Workload, pair};

/// Pods of each version that simulations and rules reckon with, by the random end of their names (Kubernetes appends five
/// characters of `bcdfghjklmnpqrstvwxz2456789`).
pub(crate) const PODS: [&str; 2] = ["x7k2p", "n4wzq"];

impl Contract<'_> {
    /// The name of a pod of the workload: controllers that replace pods by hash put it into the name.
    pub(crate) fn pod_name(&self, workload: &Workload, hash: &str, pod: usize) -> String {
        let end = PODS.get(pod).copied().unwrap_or_default();
        match workload.kind.as_str() {
            "StatefulSet" => format!("{}-{pod}", workload.name),
            "DaemonSet" | "Job" | "Pod" => format!("{}-{end}", workload.name),
            _ => format!("{}-{hash}-{end}", self.pods_owner(workload)),
        }
    }

    /// A rollout's name goes in front also where another object (`workloadRef`) holds the pod template.
    fn pods_owner<'w>(&'w self, workload: &'w Workload) -> &'w str {
        let mut rollouts = self.repository.rollouts.iter().filter(|r| {
            let template = r.workload.and_then(|w| self.repository.workloads.get(w));
            template.is_some_and(|w| w.object == workload.object)
        });
        rollouts.next().map_or(workload.name.as_str(), |r| r.name.as_str())
    }

    /// The workload whose pods a label of the family names: the sender's where the label is an attribute of its spans, else
    /// the scraped one's.
    pub(crate) fn named_pods<'c>(&'c self, family: &Family, label: &str) -> Vec<&'c Workload> {
        let indexes = match &family.origin {
            Origin::Workload(index) => vec![*index],
            Origin::Spans { source, .. } => match self.span_metrics.get(*source) {
                Some(source) if source.labels.contains_key(label) => source.senders.clone(),
                Some(source) => source.scraped_from.into_iter().collect(),
                None => Vec::new(),
            },
        };
        indexes.into_iter().filter_map(|i| self.repository.workloads.get(i)).collect()
    }

    /// The values that tell versions apart, as the canary's and the stable version's pods have them; empty for a label that
    /// tells nothing of the kind.
    pub fn version_values(&self, family: &Family, label: &str) -> Versions {
        let names = |hash: &str| -> Vec<String> {
            let workloads = self.named_pods(family, label).into_iter();
            workloads.flat_map(|w| (0..PODS.len()).map(|pod| self.pod_name(w, hash, pod)).collect::<Vec<_>>()).collect()
        };
        match family.labels.get(label) {
            Some(Domain::PodHash) => {
                Versions { canary: vec![CANARY_HASH.to_owned()], stable: vec![STABLE_HASH.to_owned()] }
            }
            Some(Domain::PodName) => Versions { canary: names(CANARY_HASH), stable: names(STABLE_HASH) },
            _ => Versions::default(),
        }
    }
}

impl Contract<'_> {
    /// What a pod of the workload has as that label: what its template says, else what its controller adds. A label that
    /// neither gives is empty, unless a kustomization may add it.
    pub fn pod_label(&self, workload: &Workload, label: &str) -> Domain {
        const HASH: &str = "rollouts-pod-template-hash";
        if let Some(text) = pair(&workload.labels, label) {
            return Domain::Values(vec![text.value.clone()]);
        }
        let rolled = self.repository.rollouts.iter().any(|r| {
            let template = r.workload.and_then(|w| self.repository.workloads.get(w));
            template.is_some_and(|w| w.object == workload.object)
        });
        let given = match workload.kind.as_str() {
            "Rollout" => label == HASH,
            "Deployment" | "ReplicaSet" => label == "pod-template-hash" || (label == HASH && rolled),
            "DaemonSet" => matches!(label, "controller-revision-hash" | "pod-template-generation"),
            // Other controllers have labels of their own, and nobody lists them here.
            _ => true,
        };
        match (given, label) {
            (true, HASH) => Domain::PodHash,
            (true, _) => Domain::Any,
            (false, _) if self.repository.kustomizations.is_empty() => Domain::Values(vec![String::new()]),
            (false, _) => Domain::Any,
        }
    }
}

/// A label's values by version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Of the canary's pods.
    pub canary: Vec<String>,
    /// Of the stable version's.
    pub stable: Vec<String>,
}
