//! A repository with a remote, Applications that follow it in a namespace of the test's own, and Argo CD's part.

use crate::plane::{Plane, block};
use crate::run::{git, orbit, program};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) const ARGO: &str = "argoproj.io/v1alpha1";

/// A broken repository and its remote, and namespaces for what is deployed.
pub(crate) struct Scene<'p> {
    pub(crate) plane: &'p Plane,
    pub(crate) name: String,
    pub(crate) orbit: PathBuf,
    pub(crate) remote: PathBuf,
    _guard: tempfile::TempDir,
}

impl<'p> Scene<'p> {
    pub(crate) fn new(plane: &'p Plane, name: &str) -> Scene<'p> {
        let (guard, orbit) = orbit();
        let remote = orbit.parent().unwrap().join("remote.git");
        let at = remote.display().to_string();
        git(&orbit, &["init", "--quiet", "--bare", "--initial-branch=main", &at]);
        git(&orbit, &["remote", "add", "origin", &at]);
        git(&orbit, &["push", "--quiet", "--set-upstream", "origin", "main"]);
        let scene = Scene { plane, name: name.to_owned(), orbit, remote, _guard: guard };
        for namespace in [scene.argocd(), scene.otel()] {
            block(plane.create("v1", "Namespace", None, json!({"metadata": {"name": namespace}})));
        }
        scene
    }

    pub(crate) fn argocd(&self) -> String {
        format!("argocd-{}", self.name)
    }

    pub(crate) fn otel(&self) -> String {
        format!("otel-{}", self.name)
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.remote.display())
    }

    pub(crate) fn head(&self) -> String {
        git(&self.orbit, &["rev-parse", "HEAD"])
    }

    pub(crate) fn pushed(&self) -> String {
        git(&self.remote, &["rev-parse", "main"])
    }

    /// An Application on the collector's folder.
    pub(crate) fn application(&self, url: &str, revision: &str) {
        self.follow("otel", &self.otel(), url, revision);
    }

    /// An Application on the folder of its name.
    pub(crate) fn follow(&self, name: &str, namespace: &str, url: &str, revision: &str) {
        let object = json!({
            "metadata": {"name": name, "namespace": self.argocd()},
            "spec": {
                "project": "default",
                "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
                "source": {"repoURL": url, "targetRevision": revision, "path": format!("manifests/{name}")},
            },
        });
        block(self.plane.create(ARGO, "Application", Some(&self.argocd()), object));
    }

    /// The Application on the collector's folder follows another branch.
    pub(crate) fn retarget(&self, revision: &str) {
        let patch = json!({"spec": {"source": {"targetRevision": revision}}});
        block(async {
            let api = self.plane.api(ARGO, "Application", Some(&self.argocd())).await;
            api.patch("otel", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
        });
    }

    /// Argo CD has deployed this commit, long ago.
    pub(crate) fn deployed(&self, name: &str, commit: &str, before: &[&str]) {
        let patch = synced(commit, before);
        block(async {
            let api = self.plane.api(ARGO, "Application", Some(&self.argocd())).await;
            api.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
        });
    }

    /// `fix-and-push` with more arguments, not started yet.
    pub(crate) fn command(&self, context: &str, more: &[&str]) -> Command {
        let mut command = program(&self.orbit);
        command.args(["fix-and-push", "--context", context, "--argocd", &self.argocd()]);
        command.env("KUBECONFIG", self.plane.kubeconfig()).args(more);
        command
    }

    pub(crate) fn run(&self, context: &str, more: &[&str]) -> crate::run::Ran {
        self.command(context, more).output().unwrap().into()
    }

    /// Plays Argo CD for as long as what it gives lives.
    pub(crate) fn argo_cd(&self) -> Controller {
        let stop = Arc::new(AtomicBool::new(false));
        let (client, argocd, otel, remote) =
            (block(self.plane.client()), self.argocd(), self.otel(), self.remote.clone());
        let ended = Arc::clone(&stop);
        drop(client);
        let kubeconfig = self.plane.kubeconfig();
        let thread = std::thread::spawn(move || {
            block(async {
                while !ended.load(Ordering::Relaxed) {
                    // An apiserver that is away is asked again.
                    let _ = sync(&kubeconfig, &argocd, &otel, &remote).await;
                    let _ = roll(&kubeconfig, &otel).await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        });
        Controller { stop, thread: Some(thread) }
    }
}

pub(crate) struct Controller {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

async fn api(kubeconfig: &Path, version: &str, kind: &str, namespace: &str) -> Api<DynamicObject> {
    let file = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
    let config = kube::Config::from_custom_kubeconfig(file, &Default::default()).await.unwrap();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let resource = kube::core::ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk(group, version, kind));
    Api::namespaced_with(kube::Client::try_from(config).unwrap(), namespace, &resource)
}

/// Where a refresh is asked for: applies the collector's workload that is in git, and writes that it has.
async fn sync(kubeconfig: &Path, argocd: &str, otel: &str, remote: &Path) -> Result<(), kube::Error> {
    let applications = api(kubeconfig, ARGO, "Application", argocd).await;
    for application in applications.list(&ListParams::default()).await? {
        let annotations = application.metadata.annotations.as_ref();
        if !annotations.is_some_and(|all| all.contains_key("argocd.argoproj.io/refresh")) {
            continue;
        }
        let head = git(remote, &["rev-parse", "main"]);
        let name = application.metadata.name.unwrap();
        if name == "otel" {
            collector(kubeconfig, otel, remote).await?;
        }
        let before: Vec<&str> = application.data["status"]["history"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["revision"].as_str().filter(|revision| *revision != head))
            .collect();
        applications.patch(&name, &PatchParams::default(), &Patch::Merge(&synced(&head, &before))).await?;
    }
    Ok(())
}

async fn collector(kubeconfig: &Path, namespace: &str, remote: &Path) -> Result<(), kube::Error> {
    let text = git(remote, &["show", "main:manifests/otel/daemonset.yaml"]);
    let workload: Value = serde_yaml::from_str(&text).unwrap();
    let api = api(kubeconfig, "apps/v1", workload["kind"].as_str().unwrap(), namespace).await;
    api.patch("collector", &PatchParams::apply("argocd").force(), &Patch::Apply(&workload)).await.map(drop)
}

/// What the workloads' controllers write: all pods are of the present template.
async fn roll(kubeconfig: &Path, namespace: &str) -> Result<(), kube::Error> {
    for kind in ["DaemonSet", "Deployment"] {
        let api = api(kubeconfig, "apps/v1", kind, namespace).await;
        let Some(now) = api.get_opt("collector").await? else { continue };
        if now.data["status"]["observedGeneration"].as_i64() == now.metadata.generation {
            continue;
        }
        let mut status = match kind {
            "DaemonSet" => json!({
                "desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1,
                "numberAvailable": 1, "numberReady": 1, "numberMisscheduled": 0,
            }),
            _ => json!({"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}),
        };
        status["observedGeneration"] = json!(now.metadata.generation);
        api.patch_status("collector", &PatchParams::default(), &Patch::Merge(&json!({"status": status}))).await?;
    }
    Ok(())
}

/// What Argo CD writes: what was before was deployed long ago, the newest just now.
fn synced(commit: &str, before: &[&str]) -> Value {
    let mut history: Vec<Value> = before
        .iter()
        .map(|revision| json!({"id": 0, "revision": revision, "deployedAt": "2026-01-01T00:00:00Z"}))
        .collect();
    let now = if before.is_empty() { "2026-01-01T00:00:00Z" } else { "2126-01-01T00:00:00Z" };
    history.push(json!({"id": 1, "revision": commit, "deployedAt": now}));
    json!({
        "metadata": {"annotations": {"argocd.argoproj.io/refresh": null}},
        "status": {
            "sync": {"status": "Synced", "revision": commit, "comparedTo": {"source": {"repoURL": "x"}, "destination": {}}},
            "health": {"status": "Healthy"},
            "history": history,
        },
    })
}
