//! What a release is: the commit, and what it must reach.

use crate::state::ROLLOUT;
use crate::{Name, Workload};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A commit on its way into the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The commit that was pushed; `None` to take whatever the cluster follows.
    pub commit: Option<String>,
    /// ApplicationSets that generate the Applications.
    pub sets: Vec<Name>,
    /// Applications that must be at the commit.
    pub applications: Vec<Name>,
    /// Collectors whose pods must run a new configuration.
    pub collectors: Vec<CollectorTarget>,
    /// Rollouts that must get there.
    pub rollouts: Vec<RolloutTarget>,
    /// What happens to a rollout that was aborted before.
    pub retry: RetryPolicy,
    /// What is deployed and cannot be seen: where there is any, the release ends when its Applications have synced.
    pub unseen: Vec<String>,
}

impl Release {
    /// The same for who sees Applications alone.
    #[must_use]
    pub fn of_applications(self) -> Release {
        let collectors = self.collectors.iter().map(|target| target.workload.to_string());
        let rollouts = self.rollouts.iter().map(|target| format!("{ROLLOUT} {}", target.name));
        Release {
            commit: self.commit,
            unseen: collectors.chain(rollouts).collect(),
            applications: self.applications,
            ..Release::default()
        }
    }
}

/// A collector's workload, and how its pods come to run the pushed configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorTarget {
    /// The workload.
    pub workload: Workload,
    /// The configuration's hash in its pod template: annotation and value. GitOps itself restarts the pods.
    pub hash: Option<(String, String)>,
    /// Without a hash: whether the push changed the configuration, so that the pods are restarted.
    pub changed: bool,
}

/// A rollout and what it must reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutTarget {
    /// The rollout.
    pub name: Name,
    /// The image that it must run; `None` for whatever it names.
    pub image: Option<String>,
    /// How many gates a successful run must have measured, at least.
    pub gates: usize,
    /// How long the analysis of a step takes, where that is known before it begins.
    pub analyses: BTreeMap<usize, Duration>,
}

/// Whether a rollout that was aborted before is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RetryPolicy {
    /// Only look.
    #[default]
    Never,
    /// Where one of these runs aborted it, by a gate of those beside it: the push changed what they depend on since the run
    /// began. A run that is not named began after the push, and stands.
    Where(BTreeMap<Name, BTreeSet<String>>),
    /// In any case, also what a person aborted.
    Always,
}

impl Default for Name {
    fn default() -> Self {
        Name::new("", "")
    }
}
