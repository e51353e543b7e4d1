//! What stopped a rollout, and whether it is tried again.

use crate::observed::Rollout;
use crate::verdict::FailedGate;
use crate::{CollectorTarget, Name, Release, RetryPolicy, View};
use std::collections::BTreeSet;

/// What a release may have to do beside looking, so that who runs it knows the rights beforehand.
impl Release {
    /// Rollouts that are taken up again as they stand in `view`, or may be.
    pub fn retries<'r>(&'r self, view: &'r View) -> impl Iterator<Item = &'r Name> {
        let may = |name: &&Name| match &self.retry {
            RetryPolicy::Never => false,
            RetryPolicy::Always => true,
            RetryPolicy::Where(_) => view
                .rollout(name)
                .is_some_and(|rollout| rollout.abort && allowed(&self.retry, failed(view, name, rollout).as_ref())),
        };
        self.rollouts.iter().map(|target| &target.name).filter(may)
    }

    /// Collectors whose pods nothing but a restart brings to the new configuration.
    pub fn restarts(&self) -> impl Iterator<Item = &CollectorTarget> {
        let must = |target: &&CollectorTarget| target.hash.is_none() && target.changed && self.commit.is_some();
        self.collectors.iter().filter(must)
    }
}

/// The run that aborted the rollout, with the gates that failed; `None` where no run did. The newest run decides: an
/// earlier one belongs to an attempt that was taken up again. And the controller repeats the run's words in the rollout's
/// message, which an abort by a person lacks: a retry that was aborted before its own run began.
pub(crate) fn failed(view: &View, name: &Name, rollout: &Rollout) -> Option<(Name, Vec<FailedGate>)> {
    let (at, run) = view.runs_of(name, rollout).pop()?;
    if !matches!(run.phase.as_str(), "Failed" | "Error") || !rollout.message.contains(&run.message) {
        return None;
    }
    Some((at.clone(), FailedGate::of(run)))
}

/// Whether it is tried again: never what a person aborted, unless asked.
pub(crate) fn allowed(policy: &RetryPolicy, failed: Option<&(Name, Vec<FailedGate>)>) -> bool {
    match policy {
        RetryPolicy::Never => false,
        RetryPolicy::Always => true,
        RetryPolicy::Where(changed) => failed.is_some_and(|(run, gates)| {
            // A run fails as a whole, by no gate of its own, where an argument or a template is wrong.
            let by = |changed: &BTreeSet<String>| {
                gates.iter().any(|gate| changed.contains(&gate.name)) || (gates.is_empty() && !changed.is_empty())
            };
            changed.get(run).is_some_and(by)
        }),
    }
}
