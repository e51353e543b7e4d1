//! Whole releases, with the controllers' part played beside.

use crate::objects::{ARGO, NEW, Scene};
use crate::plane::{Plane, block, plane};
use cluster::{Heard, Patience};
use delivery::{Name, Release, RetryPolicy, State};
use std::time::Duration;
use tokio::time::sleep;

/// Long enough that what is asserted is not the deadline.
pub(crate) fn patience(seconds: u64) -> Patience {
    Patience { deadline: Duration::from_secs(seconds), tick: Duration::from_millis(500) }
}

pub(crate) const STEP: Duration = Duration::from_millis(300);

/// Follows while `script` runs; gives the end and the words on the way.
async fn followed(plane: &Plane, release: Release, script: impl Future<Output = ()>) -> (State, Vec<String>) {
    let cluster = plane.cluster("admin").await;
    let mut words: Vec<String> = Vec::new();
    let follow = cluster.follow(release, patience(60), |heard| {
        let word = match heard {
            Heard::State(state) => state.waiting().to_string(),
            Heard::Trouble(error) => error.to_string(),
            Heard::Doing(_) => return,
        };
        if words.last() != Some(&word) {
            words.push(word);
        }
    });
    let (state, ()) = tokio::join!(follow, script);
    (state, words)
}

pub(crate) async fn canary(scene: &Scene<'_>) {
    sleep(STEP).await;
    scene.apply("hotrod:2").await;
    scene.application(NEW, "Progressing").await;
    sleep(STEP).await;
    scene.replica_set("b", "hotrod:2").await;
    scene.rollout("b", "a", "Progressing").await;
    sleep(STEP).await;
    scene.run(&format!("{}-b-2-2", scene.name), "Running", &["[0.7]"]).await;
    sleep(STEP).await;
}

pub(crate) fn said(state: &State) -> String {
    state.verdict().expect("an end").to_string()
}

#[test]
fn promoted() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "promoted").await;
        let (state, words) = followed(plane, scene.release(), async {
            canary(&scene).await;
            scene.run("promoted-b-2-2", "Successful", &["[0.7]", "[0.8]", "[0.7]"]).await;
            scene.rollout("b", "b", "Healthy").await;
            sleep(STEP).await;
            scene.application(NEW, "Healthy").await;
        })
        .await;
        assert_eq!(said(&state), "done: promoted by promoted-b-2-2");
        let heard = |text: &str| assert!(words.iter().any(|word| word.contains(text)), "{text} in {words:#?}");
        heard("Argo CD to sync promoted: it is at 0000000000, not at 1111111111");
        heard("the controller of hotrod/promoted to see its new spec");
        heard("step 3 of 4, analysis; 2 of 2 pods new, 2 available; latency 1/3 ([0.7])");
        heard("Application promoted to be Healthy: it is Progressing");
    });
}

#[test]
fn stopped_by_a_gate_and_taken_up_where_the_push_changed_it() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "stopped").await;
        let (state, _) = followed(plane, scene.release(), async {
            canary(&scene).await;
            scene.run("stopped-b-2-2", "Failed", &["[4749.5]", "[]"]).await;
            scene.rollout("b", "a", "Degraded").await;
            scene.application(NEW, "Degraded").await;
        })
        .await;
        assert_eq!(
            said(&state),
            "hotrod/stopped was stopped by its gate `latency` on [4749.5], no data in stopped-b-2-2"
        );

        let mut again = scene.release();
        again.retry =
            RetryPolicy::Where([(Name::new("hotrod", "stopped-b-2-2"), ["latency".to_owned()].into())].into());
        let (state, _) = followed(plane, again, async {
            let rollouts = plane.api(ARGO, "Rollout", Some("hotrod")).await;
            // The controller takes the retry up when it sees that the abort is gone.
            while rollouts.get("stopped").await.expect("a rollout").data["status"]["abort"] == true {
                sleep(Duration::from_millis(50)).await;
            }
            sleep(STEP).await;
            scene.rollout("b", "a", "Progressing").await;
            scene.run("stopped-b-2-2.1", "Successful", &["[0.7]"]).await;
            scene.rollout("b", "b", "Healthy").await;
            scene.application(NEW, "Healthy").await;
        })
        .await;
        assert_eq!(said(&state), "done: promoted by stopped-b-2-2.1");
    });
}

#[test]
fn a_restarted_apiserver_is_waited_for() {
    // Its own: the others go on with theirs.
    let Some(plane) = Plane::of_our_own() else { return };
    let plane = &plane;
    block(async {
        let scene = Scene::new(plane, "restart").await;
        let (state, words) = followed(plane, scene.release(), async {
            canary(&scene).await;
            plane.restart_apiserver(Duration::from_secs(3)).await;
            // Until it serves everything again.
            while plane.api(ARGO, "Rollout", Some("hotrod")).await.get("restart").await.is_err() {
                sleep(Duration::from_millis(200)).await;
            }
            sleep(Duration::from_secs(1)).await;
            scene.run("restart-b-2-2", "Successful", &["[0.7]"]).await;
            scene.rollout("b", "b", "Healthy").await;
            scene.application(NEW, "Healthy").await;
        })
        .await;
        assert_eq!(said(&state), "done: promoted by restart-b-2-2");
        assert!(words.iter().any(|word| word.starts_with("the cluster cannot be reached")), "{words:#?}");
    });
}

#[test]
fn a_template_that_the_controller_could_not_take_is_not_done() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "untaken").await;
        let cluster = plane.cluster("admin").await;
        scene.apply("hotrod:2").await;
        // Generation seen, Healthy, and still the old hash: what a refused ReplicaSet leaves behind.
        scene.rollout("a", "a", "Healthy").await;
        scene.application(NEW, "Healthy").await;
        let state = cluster.follow(scene.release(), patience(3), |_| {}).await;
        assert_eq!(
            said(&state),
            "timed out waiting for the controller of hotrod/untaken to see its new pod template \
             (template.spec.containers[0].image)"
        );
    });
}
