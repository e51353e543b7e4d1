//! What the push changed of what is deployed: since a run began, and since the commit before.

use super::followed::Followed;
use super::plan::Plan;
use super::release::below;
use crate::input::Input;
use contract::Contract;
use contract::gates::Gate;
use delivery::{Name, RetryPolicy, View};
use model::{Repository, SourceFile};
use std::collections::{BTreeMap, BTreeSet};

/// A state of the cluster, by what Argo CD deployed.
#[derive(Clone, Copy)]
pub(super) enum Moment<'a> {
    /// What was deployed at a time, as Kubernetes writes times.
    At(&'a str),
    /// What was deployed before this commit.
    Before(&'a str),
}

/// Rollouts with their newest run, and which of its gates the push gives another ground than it had.
pub(super) fn retry(
    followed: &Followed,
    plan: &Plan,
    after: &Input,
    now: &Contract<'_>,
    rollouts: &[Name],
) -> RetryPolicy {
    let mut changed = BTreeMap::new();
    for name in rollouts {
        let Some((run, created)) = newest(&followed.before, name) else { continue };
        let input = deployed(followed, plan, after, Moment::At(created));
        let repository = Repository::read(&input.files, &input.context);
        let then = Contract::derive(&repository, &input.context);
        changed.insert(run.clone(), gates(&then, now, &name.name));
    }
    RetryPolicy::Where(changed)
}

fn newest<'v>(view: &'v View, rollout: &Name) -> Option<(&'v Name, &'v str)> {
    let it = view.rollout(rollout)?;
    let (name, run) = view.runs_of(rollout, it).pop()?;
    Some((name, run.created.as_str()))
}

/// Metrics of a rollout that depend on something else now, or are gone.
fn gates(then: &Contract<'_>, now: &Contract<'_>, rollout: &str) -> BTreeSet<String> {
    let of = |contract: &Contract<'_>| -> BTreeMap<String, BTreeSet<String>> {
        let ours = |gate: &&Gate| {
            let name =
                gate.rollout.and_then(|index| contract.repository.rollouts.get(index)).map(|it| it.name.as_str());
            name == Some(rollout)
        };
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for gate in contract.gates.iter().filter(ours) {
            let Some(metric) = gate.metric(contract) else { continue };
            all.entry(metric.name.clone()).or_default().extend(contract.footprint(gate));
        }
        all
    };
    let (then, now) = (of(then), of(now));
    let names = then.keys().chain(now.keys()).collect::<BTreeSet<_>>();
    names.into_iter().filter(|name| then.get(*name) != now.get(*name)).cloned().collect()
}

/// The commit's files, with those that Applications deploy as they were. What is not known to have been another is as it is.
pub(super) fn deployed(followed: &Followed, plan: &Plan, after: &Input, moment: Moment<'_>) -> Input {
    let mut files: BTreeMap<String, SourceFile> =
        after.files.iter().map(|file| (file.path.clone(), file.clone())).collect();
    let mut trees: BTreeMap<String, Input> = BTreeMap::new();
    for found in &followed.found {
        for revision in revisions(&found.history, moment, followed.tip.as_ref()) {
            if !trees.contains_key(&revision) {
                let Ok(input) = plan.at(&revision) else { continue };
                trees.insert(revision.clone(), input);
            }
            let Some(then) = trees.get(&revision) else { continue };
            for source in &found.sources {
                files.retain(|path, _| !below(&plan.whole(path), &source.path));
                let theirs = then.files.iter().filter(|file| below(&plan.whole(&file.path), &source.path));
                files.extend(theirs.map(|file| (file.path.clone(), file.clone())));
            }
            break;
        }
    }
    Input {
        folder: after.folder.clone(),
        files: files.into_values().collect(),
        context: after.context.clone(),
        notes: Vec::new(),
        ignored: crate::ignored::Ignored::none(),
    }
}

/// The commit in this repository that was deployed then, by whichever Application knows one.
pub(super) fn revision(followed: &Followed, plan: &Plan, moment: Moment<'_>) -> Option<String> {
    let mut all = followed.found.iter().flat_map(|found| revisions(&found.history, moment, followed.tip.as_ref()));
    all.find(|revision| plan.git.has_folder(revision, ""))
}

/// The commits that may be in this repository; an Application with several sources has one for each.
fn revisions(history: &[(String, Vec<String>)], moment: Moment<'_>, tip: Option<&git::Oid>) -> Vec<String> {
    let tip = tip.map(ToString::to_string);
    let (entry, tip) = match moment {
        Moment::At(time) => (history.iter().rev().find(|(at, _)| at.as_str() <= time), tip),
        Moment::Before(commit) => (
            history.iter().rev().find(|(_, all)| !all.iter().any(|one| one == commit)),
            tip.filter(|tip| tip != commit),
        ),
    };
    entry.map_or_else(|| tip.into_iter().collect(), |(_, all)| all.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gates of HotROD that stand on something else after an edit of one file.
    fn after(path: &str, from: &str, to: &str) -> Vec<String> {
        let files = |edit: bool| -> Vec<SourceFile> {
            let one = |(name, text): &(&str, &str)| {
                let text = if edit && *name == path {
                    assert!(text.contains(from), "{path} has no {from}");
                    text.replace(from, to)
                } else {
                    (*text).to_owned()
                };
                SourceFile { path: (*name).to_owned(), content: Ok(text.into()) }
            };
            crate::scenario::FILES.iter().map(one).collect()
        };
        let context = model::Context::of(model::Policy::default());
        let (then, now) = (Repository::read(&files(false), &context), Repository::read(&files(true), &context));
        let (then, now) = (Contract::derive(&then, &context), Contract::derive(&now, &context));
        gates(&then, &now, "hotrod").into_iter().collect()
    }

    #[test]
    fn a_gate_stands_on_its_chain_and_not_on_comments() {
        let config = "manifests/otel/config.yaml";
        let template = "manifests/hotrod/analysis-template.yaml";
        // The errors are counted by HotROD itself.
        let (latency, errors) = (["rider-latency-p95"], ["rider-errors"]);
        assert_eq!(after(config, "receivers:", "receivers: # in"), [""; 0]);
        assert_eq!(after(config, "exporters:", "exporters:\n      debug/more: {}"), latency);
        assert_eq!(after("manifests/otel/service.yaml", "4317", "4318"), latency);
        assert_eq!(after(template, "result[0] < 0.05", "result[0] < 0.04"), errors);
        assert_eq!(after(template, "name: rider-errors", "name: errors"), ["errors", "rider-errors"]);
        // Without riders neither has anything to measure.
        let both = ["rider-errors", "rider-latency-p95"];
        assert_eq!(after("manifests/traffic-generator/deployment.yaml", "replicas: 1", "replicas: 2"), both);
        assert_eq!(after("appset/transport.yaml", "selfHeal: true", "selfHeal: false"), [""; 0]);
    }

    #[test]
    fn what_was_deployed_when() {
        let entry = |at: &str, commit: &str| (at.to_owned(), vec![commit.to_owned()]);
        let history = [entry("2026-01-01T10:00:00Z", "a"), entry("2026-01-01T11:00:00Z", "b")];
        let tip = git::Oid::from_str("1111111111111111111111111111111111111111").expect("a commit");
        let at = |time| revisions(&history, Moment::At(time), Some(&tip)).join(" ");
        assert_eq!((at("2026-01-01T11:00:00Z"), at("2026-01-01T10:59:59Z")), ("b".to_owned(), "a".to_owned()));
        assert_eq!(at("2026-01-01T09:00:00Z"), tip.to_string(), "before Argo CD had deployed anything");
        assert_eq!(revisions(&history, Moment::Before("b"), None), ["a"]);
        assert_eq!(revisions(&history, Moment::Before("c"), None), ["b"]);
        assert!(revisions(&[], Moment::Before(&tip.to_string()), Some(&tip)).is_empty());
    }
}
