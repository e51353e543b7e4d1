//! Collectors by whatever runs them.

use crate::objects::{NEW, Scene};
use crate::plane::{block, plane};
use crate::releases::{patience, said};
use cluster::Heard;
use delivery::{CollectorTarget, Controller, Effect, Release};
use serde_json::{Value, json};
use std::cell::Cell;
use tokio::sync::watch;

/// What the controller writes of two pods, of which so many are of the present template, beside so many old ones.
fn status(kind: Controller, generation: Option<i64>, updated: u32, old: u32) -> Value {
    let replicas = updated + old;
    json!({"status": match kind {
        Controller::DaemonSet => json!({
            "observedGeneration": generation, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
            "updatedNumberScheduled": updated, "numberAvailable": replicas.min(2), "numberReady": 2, "numberMisscheduled": 0,
        }),
        Controller::Deployment => json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": updated,
            "readyReplicas": replicas, "availableReplicas": replicas,
        }),
        // Through an update, it counts all pods as current, and none as updated.
        Controller::StatefulSet if old == 0 => json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": 0, "readyReplicas": replicas,
            "availableReplicas": replicas, "currentRevision": "b", "updateRevision": "b",
        }),
        Controller::StatefulSet => json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": updated,
            "readyReplicas": replicas, "availableReplicas": replicas, "currentRevision": "a", "updateRevision": "b",
        }),
    }})
}

fn followed(kind: Controller) {
    let Some(plane) = plane() else { return };
    let name = format!("kind-{}", kind.as_str().to_lowercase());
    block(async {
        let scene = Scene::new(plane, &name).await;
        let workload = scene.collector(kind);
        let set = |patch: Value| scene.patch("apps/v1", kind.as_str(), "otel", &name, patch);
        if kind != Controller::DaemonSet {
            let object = json!({"metadata": {"name": name}, "spec": {
                "replicas": 2, "serviceName": (kind == Controller::StatefulSet).then_some(&name),
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}},
                             "spec": {"containers": [{"name": "collector", "image": "collector:1"}]}},
            }});
            plane.create("apps/v1", kind.as_str(), Some("otel"), object).await;
        }
        set(status(kind, Some(1), 2, 0)).await;
        let release = Release {
            collectors: vec![CollectorTarget { workload: workload.clone(), hash: None, changed: true }],
            rollouts: vec![],
            ..scene.release()
        };
        let cluster = plane.cluster("admin").await;
        let restarts = Cell::new(0);
        let (waiting, mut told) = watch::channel(String::new());
        let count = &restarts;
        // The channel ends with it: whoever waits for words that never come is told.
        let follow = cluster.follow(release, patience(60), move |heard| match heard {
            Heard::State(state) => drop(waiting.send_replace(state.waiting().to_string())),
            Heard::Doing(Effect::Restart { .. }) => count.set(count.get() + 1),
            _ => {}
        });
        let half = format!("the pods of {}: 1 of 2 run the new configuration", workload.name);
        let script = async {
            scene.application(NEW, "Healthy").await;
            told.wait_for(|words| words.contains("to see its new pod template")).await.expect("it waits for that");
            let api = plane.api("apps/v1", kind.as_str(), Some("otel")).await;
            let restarted = api.get(&name).await.expect("an object");
            let annotations = &restarted.data["spec"]["template"]["metadata"]["annotations"];
            assert_eq!(annotations["hyperspace/restarted-for"], NEW);
            set(status(kind, restarted.metadata.generation, 1, 1)).await;
            told.wait_for(|words| words.starts_with(&half)).await.expect("it waits for that");
            set(status(kind, restarted.metadata.generation, 2, 0)).await;
        };
        let (state, ()) = tokio::join!(follow, script);
        assert_eq!((said(&state).as_str(), restarts.get()), ("done: synced", 1));
    });
}

#[test]
fn a_daemon_set_is_restarted_and_waited_for() {
    followed(Controller::DaemonSet);
}

#[test]
fn a_deployment_is_restarted_and_waited_for() {
    followed(Controller::Deployment);
}

#[test]
fn a_stateful_set_is_restarted_and_waited_for() {
    followed(Controller::StatefulSet);
}
