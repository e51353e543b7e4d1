//! What the controllers would write.

use crate::plane::Plane;
use delivery::{CollectorTarget, Controller, Name, Release, RetryPolicy, RolloutTarget, Workload};
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

pub(crate) const ARGO: &str = "argoproj.io/v1alpha1";
pub(crate) const OLD: &str = "0000000000000000000000000000000000000000";
pub(crate) const NEW: &str = "1111111111111111111111111111111111111111";

/// A release of its own, so that tests do not meet: every object is named after the test.
pub(crate) struct Scene<'p> {
    pub(crate) plane: &'p Plane,
    pub(crate) name: String,
    uid: String,
}

fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "hotrod"}},
        "spec": {"containers": [{"name": "hotrod", "image": image, "resources": {"limits": {"cpu": 0.5}}}]},
    })
}

impl<'p> Scene<'p> {
    /// The old version, promoted.
    pub(crate) async fn new(plane: &'p Plane, name: &str) -> Scene<'p> {
        let application = json!({
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {
                "project": "default", "destination": {"server": "https://kubernetes.default.svc", "namespace": "hotrod"},
                "source": {"repoURL": "https://git.example/fleet.git", "targetRevision": "main", "path": name},
            },
        });
        plane.create(ARGO, "Application", Some("argocd"), application).await;
        let rollout = json!({
            "metadata": {"name": name, "namespace": "hotrod", "annotations": {"rollout.argoproj.io/revision": "1"}},
            "spec": {
                "replicas": 2, "selector": {"matchLabels": {"app": "hotrod"}}, "template": template("hotrod:1"),
                "strategy": {"canary": {"steps": [
                    {"setWeight": 50}, {"pause": {"duration": "10s"}},
                    {"analysis": {"templates": [{"templateName": "gates"}]}}, {"setWeight": 100},
                ]}},
            },
        });
        let created = plane.create(ARGO, "Rollout", Some("hotrod"), rollout).await;
        let daemon = json!({
            "metadata": {"name": name, "namespace": "otel"},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}},
                             "spec": {"containers": [{"name": "collector", "image": "collector:1"}]}},
            },
        });
        plane.create("apps/v1", "DaemonSet", Some("otel"), daemon).await;
        let scene = Scene { plane, name: name.to_owned(), uid: created.metadata.uid.clone().expect("a uid") };
        scene.replica_set("a", "hotrod:1").await;
        scene.application(OLD, "Healthy").await;
        scene.rollout("a", "a", "Healthy").await;
        scene.daemon_set().await;
        scene
    }

    pub(crate) fn release(&self) -> Release {
        Release {
            commit: Some(NEW.to_owned()),
            sets: vec![],
            applications: vec![Name::new("argocd", &self.name)],
            collectors: vec![CollectorTarget {
                workload: self.collector(Controller::DaemonSet),
                hash: None,
                changed: false,
            }],
            rollouts: vec![RolloutTarget {
                name: self.rollout_name(),
                image: Some("hotrod:2".to_owned()),
                gates: 1,
                ..RolloutTarget::default()
            }],
            retry: RetryPolicy::Never,
            unseen: vec![],
        }
    }

    /// Its collector, as one kind or another.
    pub(crate) fn collector(&self, kind: Controller) -> Workload {
        Workload { kind, name: Name::new("otel", &self.name) }
    }

    pub(crate) fn rollout_name(&self) -> Name {
        Name::new("hotrod", &self.name)
    }

    pub(crate) async fn patch(
        &self,
        version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
        patch: Value,
    ) -> DynamicObject {
        let api = self.plane.api(version, kind, Some(namespace)).await;
        let (params, change) = (PatchParams::default(), Patch::Merge(&patch));
        let patched = match (kind, patch.get("status")) {
            ("Rollout" | "DaemonSet" | "Deployment" | "StatefulSet", Some(_)) => {
                api.patch_status(name, &params, &change).await
            }
            _ => api.patch(name, &params, &change).await,
        };
        patched.unwrap_or_else(|error| panic!("{kind} {name}: {error}"))
    }

    /// Argo CD compares and syncs.
    pub(crate) async fn application(&self, commit: &str, health: &str) {
        let status = json!({
            "sync": {"status": "Synced", "revision": commit, "comparedTo": {"source": {"repoURL": "x"}, "destination": {}}},
            "health": {"status": health},
            "resources": [
                {"group": "argoproj.io", "kind": "Rollout", "namespace": "hotrod", "name": self.name, "version": "v1alpha1"},
                {"kind": "Service", "namespace": "hotrod", "name": "hotrod", "version": "v1"},
            ],
        });
        self.patch(ARGO, "Application", "argocd", &self.name, json!({"status": status})).await;
    }

    /// Argo CD applies the new image.
    pub(crate) async fn apply(&self, image: &str) {
        self.patch(ARGO, "Rollout", "hotrod", &self.name, json!({"spec": {"template": template(image)}})).await;
    }

    /// The rollouts controller writes what it has seen.
    pub(crate) async fn rollout(&self, hash: &str, stable: &str, phase: &str) {
        let api = self.plane.api(ARGO, "Rollout", Some("hotrod")).await;
        let generation = api.get(&self.name).await.expect("a rollout").metadata.generation.expect("a generation");
        let aborted = phase == "Degraded";
        let status = json!({
            "observedGeneration": generation.to_string(), "phase": phase, "abort": aborted,
            "abortedAt": if aborted { json!("2026-01-01T00:00:00Z") } else { Value::Null },
            "message": if aborted { "RolloutAborted: Rollout aborted update to revision 2" } else { "" },
            "currentPodHash": hash, "stableRS": stable, "currentStepIndex": if phase == "Healthy" { 4 } else { 2 },
            "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
        });
        self.patch(ARGO, "Rollout", "hotrod", &self.name, json!({"status": status})).await;
        if hash == "b" {
            let revision = json!({"metadata": {"annotations": {"rollout.argoproj.io/revision": "2"}}});
            self.patch(ARGO, "Rollout", "hotrod", &self.name, revision).await;
        }
    }

    pub(crate) async fn replica_set(&self, hash: &str, image: &str) {
        let mut template = template(image);
        template["metadata"]["labels"]["rollouts-pod-template-hash"] = json!(hash);
        let set = json!({
            "metadata": {"name": format!("{}-{hash}", self.name), "namespace": "hotrod",
                         "labels": {"rollouts-pod-template-hash": hash}},
            "spec": {"replicas": 1, "template": template, "selector": {"matchLabels": {"rollouts-pod-template-hash": hash}}},
        });
        self.plane.create("apps/v1", "ReplicaSet", Some("hotrod"), set).await;
    }

    pub(crate) async fn run(&self, name: &str, phase: &str, values: &[&str]) {
        let api = self.plane.api(ARGO, "AnalysisRun", Some("hotrod")).await;
        if api.get_opt(name).await.expect("an answer").is_none() {
            let run = json!({
                "metadata": {
                    "name": name, "namespace": "hotrod",
                    "labels": {"rollouts-pod-template-hash": "b", "rollout-type": "Step", "step-index": "2"},
                    "annotations": {"rollout.argoproj.io/revision": "2"},
                    "ownerReferences": [{"apiVersion": ARGO, "kind": "Rollout", "name": self.name, "uid": self.uid, "controller": true}],
                },
                "spec": {"metrics": [{"name": "latency", "count": 3, "interval": "10s", "provider": {"prometheus": {"query": "q"}}}]},
            });
            self.plane.create(ARGO, "AnalysisRun", Some("hotrod"), run).await;
        }
        let measurements: Vec<Value> = values
            .iter()
            .map(|value| json!({"phase": phase, "value": value, "finishedAt": "2026-01-01T00:01:00Z"}))
            .collect();
        let status = json!({"phase": phase, "metricResults": [{
            "name": "latency", "phase": phase, "count": values.len(), "measurements": measurements,
            "metadata": {"ResolvedPrometheusQuery": "histogram_quantile(0.95, x{hash=\"b\"})"},
        }]});
        self.patch(ARGO, "AnalysisRun", "hotrod", name, json!({"status": status})).await;
    }

    pub(crate) async fn daemon_set(&self) {
        let api = self.plane.api("apps/v1", "DaemonSet", Some("otel")).await;
        let generation = api.get(&self.name).await.expect("a DaemonSet").metadata.generation;
        let status = json!({
            "observedGeneration": generation, "desiredNumberScheduled": 1, "currentNumberScheduled": 1,
            "updatedNumberScheduled": 1, "numberAvailable": 1, "numberReady": 1, "numberMisscheduled": 0,
        });
        self.patch("apps/v1", "DaemonSet", "otel", &self.name, json!({"status": status})).await;
    }
}
