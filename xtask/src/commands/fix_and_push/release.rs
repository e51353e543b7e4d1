//! What a pushed commit must reach in the cluster: a release, from its files and from what the Applications say.

use super::changed::{self, Moment};
use super::followed::Followed;
use super::plan::Plan;
use crate::args::FixAndPushArgs;
use crate::error::CommandError;
use crate::input::Input;
use cluster::Found;
use contract::Contract;
use contract::gates::Gate;
use delivery::{CollectorTarget, Controller, Name, Release, RetryPolicy, RolloutTarget, Workload};
use model::{Repository, Rollout, Source, pair};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is released: a commit, or before it is made what it will be.
pub(super) struct Content {
    /// Its name; before it is made, a word that names none.
    pub(super) commit: String,
    /// A commit that has its folders.
    folders: String,
    /// Its files.
    pub(super) input: Input,
}

impl Content {
    /// A commit's.
    pub(super) fn of(plan: &Plan, commit: &git::Oid) -> Result<Content, CommandError> {
        let commit = commit.to_string();
        Ok(Content { input: plan.at(&commit)?, folders: commit.clone(), commit })
    }

    /// What a run is going to push.
    pub(super) fn planned(plan: &Plan) -> Result<Content, CommandError> {
        let head = &plan.prepared.head;
        if plan.prepared.edits.is_empty() {
            return Content::of(plan, head);
        }
        let input = Input {
            folder: plan.input.folder.clone(),
            files: plan.fixed.files.clone(),
            context: plan.input.context.clone(),
            notes: Vec::new(),
            ignored: crate::ignored::Ignored::none(),
        };
        // Fixes edit files: they make no folder.
        Ok(Content { commit: "the planned commit".to_owned(), folders: head.to_string(), input })
    }
}

/// The release of a commit.
pub(super) fn of(followed: &Followed, plan: &Plan, content: &Content, args: &FixAndPushArgs) -> Release {
    let Content { commit, folders, input } = content;
    let repository = Repository::read(&input.files, &input.context);
    let contract = Contract::derive(&repository, &input.context);
    let there = |found: &&Found| found.sources.iter().any(|source| plan.git.has_folder(folders, &source.path));
    let found: Vec<&Found> = followed.found.iter().filter(there).collect();
    let place = Place { found: &found, plan, contract: &contract };
    let rollouts = place.rollouts();
    let names: Vec<Name> = rollouts.iter().map(|target| target.name.clone()).collect();
    let retry = match args.retry {
        true => RetryPolicy::Always,
        false => changed::retry(followed, plan, input, &contract, &names),
    };
    let before = changed::deployed(followed, plan, input, Moment::Before(commit));
    let before = Repository::read(&before.files, &before.context);
    let sets: BTreeSet<Name> = found.iter().filter_map(|found| found.set.clone()).collect();
    Release {
        commit: Some(commit.clone()),
        sets: sets.into_iter().collect(),
        applications: found.iter().map(|found| found.name.clone()).collect(),
        collectors: place.collectors(&before),
        rollouts,
        retry,
        unseen: Vec::new(),
    }
}

/// A commit's objects, and the Applications that deploy them.
struct Place<'a> {
    found: &'a [&'a Found],
    plan: &'a Plan,
    contract: &'a Contract<'a>,
}

impl Place<'_> {
    fn rollouts(&self) -> Vec<RolloutTarget> {
        let repository = self.contract.repository;
        let target = |(index, rollout): (usize, &Rollout)| {
            Some(RolloutTarget {
                name: self.deployed("Rollout", rollout.object)?,
                image: self.image(rollout),
                gates: self.gates(index).count(),
                analyses: self.analyses(index),
            })
        };
        repository.rollouts.iter().enumerate().filter_map(target).collect()
    }

    /// The image that the policy is about, else the first one. A kustomization may write another one.
    fn image(&self, rollout: &Rollout) -> Option<String> {
        let workload = self.contract.repository.workloads.get(rollout.workload?)?;
        if self.is_rendered(rollout.object) {
            return None;
        }
        let images = || workload.containers.iter().filter(|c| !c.init).filter_map(|c| c.image.as_ref());
        let mission = self.contract.mission(rollout);
        let ours = mission.and_then(|mission| images().find(|image| model::same_image(&image.value, &mission.image)));
        ours.or_else(|| images().next()).map(|image| image.value.clone())
    }

    /// Gates that a run of the steps or in the background must have measured.
    fn gates(&self, rollout: usize) -> impl Iterator<Item = &Gate> {
        let it = self.contract.repository.rollouts.get(rollout);
        let runs = it.into_iter().flat_map(Rollout::runs).filter(|(run, _)| matches!(run.when, "step" | "background"));
        let places: BTreeSet<&model::Place> = runs.map(|(run, _)| &run.at).collect();
        let ours = move |gate: &&Gate| {
            gate.rollout == Some(rollout)
                && !gate.limits.dry_run
                && gate.analysis.as_ref().is_some_and(|at| places.contains(at))
        };
        self.contract.gates.iter().filter(ours)
    }

    /// How long the analysis of each step takes when nothing ends it early.
    fn analyses(&self, rollout: usize) -> BTreeMap<usize, Duration> {
        let it = self.contract.repository.rollouts.get(rollout);
        let steps = it.into_iter().flat_map(Rollout::runs).filter_map(|(run, step)| Some((step?, &run.at)));
        let time = |at: &model::Place| {
            let gates = self.gates(rollout).filter(|gate| gate.analysis.as_ref() == Some(at));
            gates.map(|gate| gate::analysis::duration(&gate.limits)).collect::<Option<Vec<_>>>()?.into_iter().max()
        };
        steps.filter_map(|(step, at)| Some((step, time(at)?))).collect()
    }

    /// Collectors, and how their pods come to run the commit's configuration.
    fn collectors(&self, before: &Repository) -> Vec<CollectorTarget> {
        let repository = self.contract.repository;
        let running: BTreeSet<usize> = repository.collectors.iter().filter_map(|c| c.workload).collect();
        let target = |index: usize| {
            let it = repository.workloads.get(index)?;
            let hash = pair(&it.annotations, rules::CONFIG_HASH);
            Some(CollectorTarget {
                workload: Workload { kind: Controller::of(&it.kind)?, name: self.deployed(&it.kind, it.object)? },
                hash: hash.map(|hash| (rules::CONFIG_HASH.to_owned(), hash.value.clone())),
                changed: configuration(repository, it) != configuration(before, it),
            })
        };
        running.into_iter().filter_map(target).chain(self.operated()).collect()
    }

    /// Workloads that the operator makes of its resources, and itself brings to their configuration.
    fn operated(&self) -> impl Iterator<Item = CollectorTarget> {
        let repository = self.contract.repository;
        repository.collectors.iter().filter_map(|collector| {
            let Source::Operator { object } = collector.source else { return None };
            let it = repository.object(object)?;
            let mode = repository.node(&it.at)?.at(&["spec", "mode"]).and_then(|mode| mode.as_str().map(str::to_owned));
            let kind = match mode.as_deref().unwrap_or("deployment") {
                "deployment" => Controller::Deployment,
                "daemonset" => Controller::DaemonSet,
                "statefulset" => Controller::StatefulSet,
                // A sidecar's pods are somebody else's.
                _ => return None,
            };
            let name = self.deployed("OpenTelemetryCollector", object)?;
            let name = Name::new(name.namespace, format!("{}-collector", name.name));
            Some(CollectorTarget { workload: Workload { kind, name }, hash: None, changed: false })
        })
    }

    /// The object as an Application deploys it; `None` where none does.
    fn deployed(&self, kind: &str, object: usize) -> Option<Name> {
        let object = self.contract.repository.object(object)?;
        let path = self.path(&object.at);
        let below: Vec<&&Found> =
            self.found.iter().filter(|found| found.sources.iter().any(|source| below(&path, &source.path))).collect();
        let known = below.iter().flat_map(|found| found.of_kind(kind)).find(|name| name.name == object.name);
        if let Some(known) = known {
            return Some(known.clone());
        }
        // Before its first sync an Application has no list; without `recurse` it takes the files of its folder alone.
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let here = |found: &&&&Found| found.sources.iter().any(|source| clean(&source.path) == folder);
        let found = below.iter().find(here)?;
        let namespace = object.own_namespace.clone().unwrap_or_else(|| found.namespace.clone());
        Some(Name::new(namespace, &object.name))
    }

    /// The object's file, relative to the repository's root.
    fn path(&self, at: &model::Place) -> String {
        self.plan.whole(self.contract.repository.path(at))
    }

    /// Whether a kustomization stands in the object's folder or above it.
    fn is_rendered(&self, object: usize) -> bool {
        let repository = self.contract.repository;
        let Some(object) = repository.object(object) else { return false };
        let path = repository.path(&object.at);
        repository.kustomizations.iter().any(|kustomization| below(path, &kustomization.folder))
    }
}

/// The content of all that a workload's collector reads.
fn configuration(repository: &Repository, of: &model::Workload) -> Vec<String> {
    let ours = |collector: &&model::Collector| {
        let workload = collector.workload.and_then(|index| repository.workloads.get(index));
        workload.is_some_and(|it| (&it.kind, &it.name, &it.namespace) == (&of.kind, &of.name, &of.namespace))
    };
    let all = repository.collectors.iter().filter(ours);
    all.filter_map(|collector| Some(repository.configuration(collector)?.to_value().canonical())).collect()
}

/// Without what means the root.
fn clean(folder: &str) -> &str {
    folder.trim_start_matches("./").trim_matches('/').trim_start_matches('.')
}

pub(super) fn below(path: &str, folder: &str) -> bool {
    let folder = clean(folder);
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn folders_hold_what_is_below_them() {
        assert!(below("manifests/hotrod/rollout.yaml", "manifests/hotrod/"));
        assert!(below("a.yaml", ".") && below("a.yaml", "") && below("x/a.yaml", "./x"));
        assert!(!below("manifests/hotrod-old/rollout.yaml", "manifests/hotrod"));
    }
}
