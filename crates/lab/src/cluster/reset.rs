//! Back to a start: the branch, the cluster's objects of the release, and what was measured of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use super::addons;
use super::console;
use super::error::ClusterError;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::start::Start;
use super::{Event, Tell, release, sources};
use crate::process::poll;

const PATIENCE: Duration = Duration::from_secs(90);

/// How often what comes back is taken away again.
const TRIES: usize = 3;

/// What a release consists of, owners first.
const KINDS: &str = "rollouts,deployments,daemonsets,replicasets,analysisruns,analysistemplates,services,configmaps";

/// What keeps spans and series of earlier releases: a canary of the same template would be judged by them.
const MEMORY: [addons::Workload; 2] = [("prometheus", "deployment/prometheus-server"), ("jaeger", "deployment/jaeger")];

/// Goes back to a start, and returns its commit.
pub(super) fn reset(layout: &Layout, start: &Start, tell: Tell<'_>) -> Result<String, ClusterError> {
    let kubectl = &Kubectl::of(layout);
    tell(Event::Step("Argo CD: letting go".to_owned()));
    let before = let_go(kubectl)?;
    let commit = start.commit(layout)?;
    let sources = release::deployed(layout)?;
    let namespaces = sources.folders.iter().map(|folder| sources::name(folder)).chain(before);
    // Whoever looks on goes on looking; where the start has no console, Argo CD takes it away.
    let namespaces: BTreeSet<_> = namespaces.filter(|name| name != console::FOLDER).collect();
    let mut stray = String::new();
    for _ in 0..TRIES {
        tell(Event::Step("the release: taking away".to_owned()));
        take_away(kubectl, &namespaces)?;
        tell(Event::Step("HotROD on the old version".to_owned()));
        release::apply_old(kubectl, &sources)?;
        for (namespace, object) in MEMORY {
            kubectl.run(&["rollout", "status", object, "-n", namespace, "--timeout=60s"])?;
        }
        release::wait_for_hotrod(kubectl)?;
        stray = strays(kubectl)?;
        if stray.is_empty() {
            break;
        }
        let_go(kubectl)?;
    }
    if !stray.is_empty() {
        let component = "the release of before".to_owned();
        return Err(ClusterError::NotReady { component, why: "something deploys it again".to_owned(), log: stray });
    }
    if console::is_deployed_by(&sources) {
        console::prepare(kubectl, layout)?;
    }
    tell(Event::Step("Argo CD: following again".to_owned()));
    release::follow(kubectl, layout, &sources)?;
    Ok(commit)
}

/// Takes away the Applications, and nothing that they deployed. The namespaces of these.
fn let_go(kubectl: &Kubectl<'_>) -> Result<Vec<String>, ClusterError> {
    let there = |kind: &str| kubectl.run(&["get", kind, "-n", "argocd", "-o", "name"]);
    kubectl.run(&["delete", "applicationsets", "--all", "-n", "argocd", "--cascade=orphan"])?;
    let namespace = "jsonpath={range .items[*]}{.spec.destination.namespace}{\"\\n\"}{end}";
    let namespaces = kubectl.run(&["get", "applications", "-n", "argocd", "-o", namespace])?;
    for application in there("applications")?.lines() {
        // Else Argo CD takes away, in its own time, what is taken away below.
        let none = "--patch={\"metadata\": {\"finalizers\": null}}";
        kubectl.run(&["patch", application, "-n", "argocd", "--type=merge", none])?;
    }
    kubectl.run(&["delete", "applications", "--all", "-n", "argocd"])?;
    Ok(namespaces.lines().filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Takes the release's objects away, and what was measured of them.
fn take_away(kubectl: &Kubectl<'_>, namespaces: &BTreeSet<String>) -> Result<(), ClusterError> {
    thread::scope(|scope| {
        let clear = namespaces.iter().map(|name| scope.spawn(move || clear(kubectl, name))).collect::<Vec<_>>();
        let forget = MEMORY.map(|(namespace, _)| scope.spawn(move || restart(kubectl, namespace)));
        clear.into_iter().chain(forget).try_for_each(|thread| {
            let failed = |_| Err(ClusterError::io("clearing", "the cluster")(std::io::ErrorKind::Other.into()));
            thread.join().unwrap_or_else(failed)
        })
    })
}

/// What Argo CD has deployed meanwhile: a sync that was on its way goes on without its Application, and a controller that had
/// lost sight of the API makes Applications anew from what it saw last. A canary of it would have been judged by nobody.
fn strays(kubectl: &Kubectl<'_>) -> Result<String, ClusterError> {
    let applications = kubectl.run(&["get", "applications", "-n", "argocd", "-o", "name"])?;
    let images = "jsonpath={range .items[*]}{.metadata.name} {.spec.template.spec.containers[*].image}{\"\\n\"}{end}";
    let sets = kubectl.run(&["get", "replicasets", "-n", "hotrod", "-o", images])?;
    Ok(applications
        .lines()
        .chain(sets.lines().filter(|line| !line.ends_with(addons::OLD)))
        .collect::<Vec<_>>()
        .join("\n"))
}

/// Empties a namespace of a release.
fn clear(kubectl: &Kubectl<'_>, namespace: &str) -> Result<(), ClusterError> {
    kubectl.run(&["delete", KINDS, "--all", "-n", namespace, "--wait=false"])?;
    let mut left = String::new();
    let gone = poll(PATIENCE, || {
        // A shell as the first process ignores the polite signal for half a minute.
        drop(kubectl.run(&["delete", "pods", "--all", "-n", namespace, "--grace-period=1", "--wait=false"]));
        left = kubectl.run(&["get", "pods,rollouts,replicasets,deployments", "-n", namespace, "-o", "name"]).ok()?;
        left.is_empty().then_some(())
    });
    gone.ok_or_else(|| ClusterError::NotReady {
        component: format!("namespace {namespace}"),
        why: "something in it does not go".to_owned(),
        log: left,
    })
}

fn restart(kubectl: &Kubectl<'_>, namespace: &str) -> Result<(), ClusterError> {
    kubectl.run(&["delete", "pods", "--all", "-n", namespace, "--grace-period=1", "--wait=false"]).map(drop)
}
