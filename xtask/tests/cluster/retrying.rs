//! A rollout that was aborted before: taken up again where the push changed what its failed gate depends on.

use crate::argo::{ARGO, Scene};
use crate::plane::{block, plane};
use crate::run::{git, xtask};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const GATES: [&str; 3] = ["rider-latency-p95", "rider-errors", "traffic-at-least-0-05"];

/// HotROD's new version, aborted by a gate while the collector was deaf.
pub(crate) struct Aborted<'p> {
    pub(crate) scene: Scene<'p>,
    pub(crate) namespace: String,
    uid: String,
}

impl<'p> Aborted<'p> {
    fn by(gate: &str, name: &str) -> Option<Aborted<'p>> {
        Aborted::with(gate, name, |_| {})
    }

    /// The same, with a change to what is deployed.
    pub(crate) fn with(gate: &str, name: &str, change: impl FnOnce(&Path)) -> Option<Aborted<'p>> {
        let plane = plane()?;
        let scene = Scene::new(plane, name);
        let mended = xtask(&scene.orbit, ["fix-and-push"]);
        assert!(mended.code <= 1, "{mended:?}");
        let config = scene.orbit.join("manifests/otel/config.yaml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("endpoint: 0.0.0.0:4317", "endpoint: 127.0.0.1:4317")).unwrap();
        change(&scene.orbit);
        git(&scene.orbit, &["commit", "--quiet", "--all", "-m", "Listen to ourselves"]);
        git(&scene.orbit, &["push", "--quiet"]);

        let namespace = format!("hotrod-{name}");
        block(plane.create("v1", "Namespace", None, json!({"metadata": {"name": namespace}})));
        scene.follow("otel", &scene.otel(), &scene.url(), "main");
        scene.follow("hotrod", &namespace, &scene.url(), "main");
        let mut aborted = Aborted { scene, namespace, uid: String::new() };
        aborted.deploy();
        aborted.run("hotrod-b-2-1", gate, "Failed");
        aborted.rollout("a", "Degraded", gate);
        for name in ["otel", "hotrod"] {
            aborted.scene.deployed(name, &aborted.scene.head(), &[]);
        }
        let resource = json!({
            "group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout", "namespace": aborted.namespace, "name": "hotrod",
        });
        block(async {
            let api = plane.api(ARGO, "Application", Some(&aborted.scene.argocd())).await;
            let patch = Patch::Merge(json!({"status": {"resources": [resource]}}));
            api.patch("hotrod", &PatchParams::default(), &patch).await.unwrap();
        });
        Some(aborted)
    }

    fn deploy(&mut self) {
        let text = git(&self.scene.remote, &["show", "main:manifests/hotrod/rollout.yaml"]);
        let mut rollout: Value = serde_yaml::from_str(&text).unwrap();
        rollout["metadata"]["annotations"] = json!({"rollout.argoproj.io/revision": "2"});
        let mut template = rollout["spec"]["template"].clone();
        template["metadata"]["labels"]["rollouts-pod-template-hash"] = json!("b");
        let plane = self.scene.plane;
        let created = block(plane.create(ARGO, "Rollout", Some(&self.namespace), rollout));
        self.uid = created.metadata.uid.unwrap();
        let set = json!({
            "metadata": {"name": "hotrod-b"},
            "spec": {"selector": {"matchLabels": {"rollouts-pod-template-hash": "b"}}, "template": template},
        });
        block(plane.create("apps/v1", "ReplicaSet", Some(&self.namespace), set));
    }

    fn patch(&self, kind: &str, name: &str, patch: &Value) {
        block(async {
            let api = self.scene.plane.api(ARGO, kind, Some(&self.namespace)).await;
            let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
            match kind {
                "Rollout" => api.patch_status(name, &params, &patch).await,
                _ => api.patch(name, &params, &patch).await,
            }
            .unwrap();
        });
    }

    /// What the controller writes: `stable` is the hash that serves.
    fn rollout(&self, stable: &str, phase: &str, gate: &str) {
        let generation = self.get()["metadata"]["generation"].to_string();
        let aborted = phase == "Degraded";
        let message = format!("RolloutAborted: Rollout aborted update to revision 2: {}", assessed(gate));
        self.patch(
            "Rollout",
            "hotrod",
            &json!({"status": {
                "observedGeneration": generation, "phase": phase, "abort": aborted,
                "abortedAt": if aborted { json!("2026-01-01T00:00:00Z") } else { Value::Null },
                "message": if aborted { message.as_str() } else { "" },
                "currentPodHash": "b", "stableRS": stable, "currentStepIndex": if aborted { 1 } else { 3 },
                "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            }}),
        );
    }

    fn run(&self, name: &str, gate: &str, phase: &str) {
        let metric = |name: &&str| json!({"name": name, "count": 1, "provider": {"prometheus": {"query": "q"}}});
        let run = json!({
            "metadata": {
                "name": name,
                "labels": {"rollouts-pod-template-hash": "b", "step-index": "1"},
                "annotations": {"rollout.argoproj.io/revision": "2"},
                "ownerReferences": [{"apiVersion": ARGO, "kind": "Rollout", "name": "hotrod", "uid": self.uid, "controller": true}],
            },
            "spec": {"metrics": GATES.iter().map(metric).collect::<Vec<_>>()},
        });
        block(self.scene.plane.create(ARGO, "AnalysisRun", Some(&self.namespace), run));
        let result = |name: &&str| {
            let phase = if *name == gate { phase } else { "Successful" };
            let measurements = json!([{"phase": phase, "value": "[]", "finishedAt": "2026-01-01T00:01:00Z"}]);
            json!({"name": name, "phase": phase, "count": 1, "measurements": measurements})
        };
        let message = if phase == "Failed" { assessed(gate) } else { String::new() };
        let results: Vec<Value> = GATES.iter().map(result).collect();
        self.patch(
            "AnalysisRun",
            name,
            &json!({"status": {"phase": phase, "message": message, "metricResults": results}}),
        );
    }

    /// Waits for the retry, and promotes what was taken up.
    pub(crate) fn taken_up(&self) {
        for _ in 0..600 {
            if self.get()["status"]["abort"] != true {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.run("hotrod-b-2-1.1", "none", "Successful");
        self.rollout("b", "Healthy", "none");
    }

    pub(crate) fn get(&self) -> Value {
        let rollout = block(async {
            let api = self.scene.plane.api(ARGO, "Rollout", Some(&self.namespace)).await;
            api.get("hotrod").await.unwrap()
        });
        serde_json::to_value(rollout).unwrap()
    }
}

fn assessed(gate: &str) -> String {
    format!("Metric \"{gate}\" assessed Failed due to failed (1) > failureLimit (0)")
}

#[test]
fn what_the_push_gave_another_ground_is_taken_up_again() {
    let Some(aborted) = Aborted::by("rider-latency-p95", "retried") else { return };
    let argo = aborted.scene.argo_cd();
    let command = aborted.scene.command("admin", &["--no-smoke-test", "--timeout", "60"]);
    let child = crate::following::spawned(command);
    aborted.taken_up();
    let ended = child.wait_with_output().unwrap();
    drop(argo);
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(err.contains("retrying "), "{err}");
    assert!(
        ended.status.code() <= Some(1) && out.trim_end().ends_with("done: promoted by hotrod-b-2-1.1"),
        "{out} {err}"
    );
}

#[test]
fn what_stands_on_the_same_ground_stays_aborted() {
    // HotROD counts its errors itself; the collector has no part in it.
    let Some(aborted) = Aborted::by("rider-errors", "stays") else { return };
    let argo = aborted.scene.argo_cd();
    let ran = aborted.scene.run("admin", &["--timeout", "60"]);
    drop(argo);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("was stopped by its gate `rider-errors` on no data in hotrod-b-2-1"), "{ran:?}");
    assert!(!ran.err.contains("retrying"), "{ran:?}");
    assert_eq!(aborted.get()["status"]["abort"], true);
}
