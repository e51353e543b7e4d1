//! The facts of a release that is done.

use contract::{Contract, Hashes};
use delivery::{Application, Measurement, Metric, Name, Observed, Operation, Rollout, Run, Step, Template, View};
use gate::condition::Measured;
use hyperspace_smoke::{Facts, Git, PodCount, Seen, Span, Trace, Wanted};
use model::{Context, Repository, SourceFile};
use std::path::Path;

pub(crate) const COMMIT: &str = "1111111111111111111111111111111111111111";
pub(crate) const PODS: [&str; 2] = ["hotrod-b5c-x7k2p", "hotrod-b5c-n4wzq"];

pub(crate) fn rollout() -> Name {
    Name::new("hotrod", "hotrod")
}

pub(crate) fn app() -> Name {
    Name::new("argocd", "hotrod")
}

/// This repository's own manifests, with `change` made to their texts.
pub(crate) fn wanted(change: impl Fn(String) -> String) -> Wanted {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
    let tree = files::read(&root).unwrap();
    let files: Vec<SourceFile> = tree
        .files
        .into_iter()
        .map(|file| SourceFile { path: file.path, content: Ok(change(file.content.unwrap().to_string()).into()) })
        .collect();
    let context = Context::of(model::Policy::default());
    let repository = Repository::read(&files, &context);
    let contract = Contract::derive(&repository, &context);
    Wanted::of(&contract, 0, rollout(), &Hashes { canary: "b5c", stable: "b5c" })
}

fn observed<T>(object: T) -> Observed<T> {
    Observed { version: 1, object: Some(object) }
}

pub(crate) fn application(commit: &str) -> Application {
    Application {
        sync: "Synced".to_owned(),
        revisions: vec![commit.to_owned()],
        health: "Healthy".to_owned(),
        operation: Some(Operation { phase: "Succeeded".to_owned(), ..Operation::default() }),
        ..Application::default()
    }
}

pub(crate) fn healthy() -> Rollout {
    Rollout {
        uid: "u".to_owned(),
        generation: 2,
        observed: Some(2),
        revision: Some("2".to_owned()),
        images: vec!["docker.io/jaegertracing/example-hotrod:1.76.0".to_owned()],
        steps: vec![Step::Weight(50), Step::Analysis, Step::Weight(100)],
        phase: "Healthy".to_owned(),
        hash: "b5c".to_owned(),
        stable: "b5c".to_owned(),
        step: Some(3),
        replicas: 2,
        updated: 2,
        available: 2,
        template: Template::Same,
        ..Rollout::default()
    }
}

pub(crate) fn run(gates: usize) -> Run {
    let metric = |at: usize| Metric {
        name: format!("gate {at}"),
        phase: "Successful".to_owned(),
        count: 5,
        of: Some(5),
        measurements: vec![Measurement {
            phase: "Successful".to_owned(),
            value: "[0.2]".to_owned(),
            message: String::new(),
            finished: None,
        }],
        ..Metric::default()
    };
    Run {
        owner: "u".to_owned(),
        hash: "b5c".to_owned(),
        revision: Some("2".to_owned()),
        step: Some(1),
        phase: "Successful".to_owned(),
        metrics: (0..gates).map(metric).collect(),
        ..Run::default()
    }
}

pub(crate) fn put(facts: &mut Facts, change: impl FnOnce(&mut Rollout)) {
    let mut changed = healthy();
    change(&mut changed);
    facts.view.rollouts.insert(rollout(), observed(changed));
}

pub(crate) fn put_app(facts: &mut Facts, change: impl FnOnce(&mut Application)) {
    let mut changed = application(COMMIT);
    change(&mut changed);
    facts.view.applications.insert(app(), observed(changed));
}

pub(crate) fn put_run(facts: &mut Facts, change: impl FnOnce(&mut Run)) {
    let mut changed = run(3);
    change(&mut changed);
    facts.view.runs.insert(Name::new("hotrod", "hotrod-b5c-2-1"), observed(changed));
}

pub(crate) fn trace(pod: &str, hash: &str) -> Trace {
    let span = |service: &str| Span {
        service: service.to_owned(),
        operation: "/dispatch".to_owned(),
        hash: Some(hash.to_owned()),
        pod: Some(pod.to_owned()),
    };
    Trace { id: "4bf92f3577b34da6".to_owned(), spans: vec![span("mysql"), span("frontend")] }
}

/// Everything is as the mission asks.
pub(crate) fn done() -> Facts {
    let wanted = wanted(|text| text);
    let counts = || Ok(PODS.iter().map(|pod| PodCount { pod: (*pod).to_owned(), count: 12.0 }).collect());
    let seen = Seen {
        series: wanted.series.iter().flatten().map(|_| counts()).collect(),
        pods: Ok(PODS.map(str::to_owned).to_vec()),
        traces: Ok(vec![trace(PODS[0], "b5c")]),
        measured: [0.5, 0.0, 772.0].map(|value| Ok(Measured::Vector(vec![value]))).to_vec(),
        wanted,
    };
    let mut facts = Facts {
        git: Git {
            commit: COMMIT.to_owned(),
            branch: "main".to_owned(),
            url: "https://host/ada/fleet".to_owned(),
            uncommitted: Vec::new(),
            remote: Some(Ok(Some(COMMIT.to_owned()))),
        },
        applications: vec![app()],
        elsewhere: String::new(),
        view: View::default(),
        releases: vec![seen],
        undeployed: Vec::new(),
    };
    put(&mut facts, |_| {});
    put_app(&mut facts, |_| {});
    put_run(&mut facts, |_| {});
    facts
}
