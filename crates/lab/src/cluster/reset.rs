//! Back to a start: the branch, the cluster's objects of the release, and what was measured of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use super::addons;
use super::error::ClusterError;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::start::Start;
use super::{Event, Tell, release, sources};
use crate::process::poll;

const PATIENCE: Duration = Duration::from_secs(90);

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
    let namespaces: BTreeSet<_> = sources.folders.iter().map(|folder| sources::name(folder)).chain(before).collect();
    tell(Event::Step("the release: taking away".to_owned()));
    thread::scope(|scope| {
        let clear = namespaces.iter().map(|name| scope.spawn(move || clear(kubectl, name))).collect::<Vec<_>>();
        let forget = MEMORY.map(|(namespace, _)| scope.spawn(move || restart(kubectl, namespace)));
        clear.into_iter().chain(forget).try_for_each(|thread| {
            let failed = |_| Err(ClusterError::io("clearing", "the cluster")(std::io::ErrorKind::Other.into()));
            thread.join().unwrap_or_else(failed)
        })
    })?;
    tell(Event::Step("HotROD on the old version".to_owned()));
    release::apply_old(kubectl, &sources)?;
    for (namespace, object) in MEMORY {
        kubectl.run(&["rollout", "status", object, "-n", namespace, "--timeout=60s"])?;
    }
    release::wait_for_hotrod(kubectl)?;
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
