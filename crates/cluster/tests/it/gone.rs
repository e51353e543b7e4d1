//! Watches that are cut, and whose place in the history is gone when they come back: 410 Gone.

use crate::objects::{ARGO, NEW, Scene};
use crate::plane::{Plane, block};
use crate::releases::{STEP, canary, said};
use cluster::{Cluster, Error, Heard, Patience};
use serde_json::json;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// A way to the apiserver that can be cut.
struct Way {
    port: u16,
    open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(plane: &Plane) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let way = Way {
            port: listener.local_addr().expect("bound").port(),
            open: Arc::new(AtomicBool::new(true)),
            streams: Arc::default(),
        };
        let (open, streams, to) = (Arc::clone(&way.open), Arc::clone(&way.streams), plane.port());
        std::thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                if open.load(Ordering::SeqCst)
                    && let Ok(there) = TcpStream::connect(("127.0.0.1", to))
                {
                    let both = |stream: &TcpStream| stream.try_clone().expect("a stream");
                    streams.lock().expect("no panic").extend([both(&here), both(&there)]);
                    pass(both(&here), both(&there));
                    pass(there, here);
                }
            }
        });
        way
    }

    fn cut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for stream in self.streams.lock().expect("no panic").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// Follows a canary whose watches are cut after `before`, and come back when etcd has forgotten `meanwhile`. Gives the verdict.
async fn across(
    plane: &Plane,
    name: &str,
    before: impl AsyncFnOnce(&Scene<'_>),
    meanwhile: impl AsyncFnOnce(&Scene<'_>),
) -> String {
    let scene = Scene::new(plane, name).await;
    let way = Way::to(plane);
    let cluster = Cluster::connect(&plane.access_at(way.port)).await.expect("a cluster");
    let mut gone = 0;
    // No tick looks: only what the watches bring after the gap can end it.
    let patience = Patience { deadline: Duration::from_secs(90), tick: Duration::from_secs(3600) };
    let follow = cluster.follow(scene.release(), patience, |heard| {
        gone += usize::from(matches!(heard, Heard::Trouble(Error::Refused { code: 410, .. })));
    });
    let script = async {
        canary(&scene).await;
        before(&scene).await;
        sleep(STEP).await;
        way.cut();
        meanwhile(&scene).await;
        plane.forget().await;
        way.mend();
    };
    let (state, ()) = tokio::join!(follow, script);
    assert!(gone > 0, "no watch was told that its place is gone: {}", said(&state));
    said(&state)
}

#[test]
fn what_went_on_in_the_gap_is_seen() {
    let Some(plane) = Plane::forgetful() else { return };
    let verdict = block(across(
        plane,
        "gap",
        async |_| {},
        async |scene| {
            scene.run("gap-b-2-2", "Successful", &["[0.7]"]).await;
            scene.rollout("b", "b", "Healthy").await;
            scene.application(NEW, "Healthy").await;
        },
    ));
    assert_eq!(verdict, "done: promoted by gap-b-2-2");
}

#[test]
fn a_run_that_went_in_the_gap_promotes_nothing() {
    let Some(plane) = Plane::forgetful() else { return };
    let promoted = async |scene: &Scene<'_>| scene.run("lost-b-2-2", "Successful", &["[0.7]"]).await;
    let verdict = block(across(plane, "lost", promoted, async |scene| {
        let runs = scene.plane.api(ARGO, "AnalysisRun", Some("hotrod")).await;
        runs.delete("lost-b-2-2", &kube::api::DeleteParams::default()).await.expect("deleted");
        scene.rollout("b", "b", "Healthy").await;
        scene.application(NEW, "Healthy").await;
    }));
    assert!(
        verdict.starts_with(
            "hotrod/lost runs its target, but its gates did not let it through: step 3 has no analysis run"
        ),
        "{verdict}"
    );
}

#[test]
fn the_next_commit_in_the_gap_is_not_ours() {
    let Some(plane) = Plane::forgetful() else { return };
    const NEXT: &str = "2222222222222222222222222222222222222222";
    let verdict = block(across(
        plane,
        "next",
        async |_| {},
        async |scene| {
            scene.run("next-b-2-2", "Successful", &["[0.7]"]).await;
            scene.rollout("b", "b", "Healthy").await;
            scene.application(NEXT, "Healthy").await;
            let history = json!([{"id": 0, "revision": NEW, "deployedAt": "2026-01-01T00:00:00Z"}]);
            scene.patch(ARGO, "Application", "argocd", "next", json!({"status": {"history": history}})).await;
        },
    ));
    assert_eq!(verdict, "argocd/next has moved on to commit 2222222222, which came after this one");
}
