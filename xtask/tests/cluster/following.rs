//! Pushed, synced, and followed to the verdict.

use crate::argo::{ARGO, Scene};
use crate::plane::{Plane, block, plane};
use crate::run::git;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Starts it and reads its standard error up to a line that has these words.
fn until(mut child: Child, words: &str) -> Child {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (send, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(send.send(line))));
    let mut all = Vec::new();
    while let Ok(line) = heard.recv_timeout(Duration::from_secs(60)) {
        all.push(line);
        if all.last().unwrap().contains(words) {
            return child;
        }
    }
    let _ = child.kill();
    panic!("it never said {words}: {all:#?}");
}

fn started(scene: &Scene<'_>, more: &[&str]) -> Child {
    spawned(scene.command("admin", more))
}

pub(crate) fn spawned(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_pair_in_the_policy_is_the_same_repository() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "pair");
    scene.application("https://git.example/fleet.git", "main");
    let policy = json!({"repositories": [{"push": scene.url(), "cluster": "https://git.example/fleet"}]});
    std::fs::write(scene.orbit.join("hyperspace.yaml"), policy.to_string()).unwrap();
    let argo = scene.argo_cd();
    let ran = scene.run("admin", &["--timeout", "60"]);
    drop(argo);
    assert!(ran.code <= 1 && ran.out.trim_end().ends_with("done: synced"), "{ran:?}");
    assert!(ran.err.contains("context admin: otel follow main on https://git.example/fleet.git"), "{ran:?}");
    // The placeholder became the URL that the cluster sees.
    let set = std::fs::read_to_string(scene.orbit.join("appset/transport.yaml")).unwrap();
    assert!(set.contains("repoURL: https://git.example/fleet.git"), "{set}");
    assert_eq!(scene.head(), scene.pushed());
}

#[test]
fn a_second_run_goes_on_where_the_cluster_is() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "again");
    scene.application(&scene.url(), "HEAD");
    // Nobody syncs: it times out, after the push.
    let first = scene.run("admin", &["--timeout", "2"]);
    assert_eq!(first.code, 4, "{first:?}");
    assert!(first.out.contains("timed out waiting for Argo CD to sync otel"), "{first:?}");
    let head = scene.head();
    assert_eq!(head, scene.pushed());

    let detached = until(started(&scene, &[]), "waiting for Argo CD to sync otel");
    let interrupted = Command::new("kill").args(["-INT", &detached.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let detached = detached.wait_with_output().unwrap();
    assert_eq!(detached.status.code(), Some(2), "{detached:?}");

    let argo = scene.argo_cd();
    let ran = scene.run("admin", &["--format", "json", "--timeout", "60"]);
    drop(argo);
    assert!(ran.code <= 1, "{ran:?}");
    let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["event"], &events[0]["context"]), (&json!("cluster"), &json!("admin")), "{ran:?}");
    assert_eq!(events.last().unwrap()["verdict"]["verdict"], "done", "{ran:?}");
    assert_eq!((scene.head(), scene.pushed()), (head.clone(), head), "nothing was left to commit");
}

#[test]
fn a_remote_that_has_moved_on_deploys_something_else() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "ahead");
    let mended = crate::run::xtask(&scene.orbit, ["fix-and-push"]);
    assert!(mended.code <= 1, "{mended:?}");
    scene.application(&scene.url(), "main");
    // A placeholder is an error for a cluster: mended too, so that nothing is left to commit.
    let argo = scene.argo_cd();
    let ran = scene.run("admin", &["--timeout", "60"]);
    drop(argo);
    assert!(ran.code <= 1, "{ran:?}");
    let here = scene.head();
    crate::run::git(&scene.orbit, &["commit", "--quiet", "--allow-empty", "-m", "Somebody else's"]);
    crate::run::git(&scene.orbit, &["push", "--quiet"]);
    crate::run::git(&scene.orbit, &["reset", "--quiet", "--hard", &here]);
    let behind = scene.run("admin", &[]);
    assert_eq!(behind.code, 2, "{behind:?}");
    assert!(behind.err.contains("which this folder lacks") && behind.err.contains("git pull"), "{behind:?}");
}

#[test]
fn an_edited_application_set_is_applied() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "set");
    scene.application(&scene.url(), "main");
    let text = std::fs::read_to_string(scene.orbit.join("appset/transport.yaml")).unwrap();
    let text = text.replace("namespace: argocd\n", &format!("namespace: {}\n", scene.argocd()));
    std::fs::write(scene.orbit.join("appset/transport.yaml"), &text).unwrap();
    crate::run::git(&scene.orbit, &["commit", "--quiet", "--all", "-m", "Move"]);
    crate::run::git(&scene.orbit, &["push", "--quiet"]);
    let set: Value = serde_yaml::from_str(&text).unwrap();
    block(plane.create(ARGO, "ApplicationSet", Some(&scene.argocd()), set));
    let argo = scene.argo_cd();
    let ran = scene.run("admin", &["--timeout", "60"]);
    drop(argo);
    assert!(ran.code <= 1, "{ran:?}");
    assert!(ran.err.contains("applied ApplicationSet hyperspace-operations-and-transport"), "{ran:?}");
    let live = block(async {
        let api = plane.api(ARGO, "ApplicationSet", Some(&scene.argocd())).await;
        api.get("hyperspace-operations-and-transport").await.unwrap()
    });
    assert_eq!(live.data["spec"]["template"]["spec"]["source"]["repoURL"], scene.url());
    let managers = live.metadata.managed_fields.unwrap();
    assert!(managers.iter().any(|fields| fields.manager.as_deref() == Some("hyperspace")), "{managers:?}");
}

#[test]
fn a_second_one_at_once_waits_for_nobody() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "twice");
    scene.application(&scene.url(), "main");
    let hook = scene.remote.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nwhile ! [ -e go-on ]; do sleep 0.1; done\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    let first = until(started(&scene, &["--timeout", "60"]), "pushing main");
    let second = scene.run("admin", &[]);
    std::fs::write(scene.remote.join("go-on"), "").unwrap();
    let argo = scene.argo_cd();
    let first = first.wait_with_output().unwrap();
    drop(argo);
    assert_eq!(second.code, 2, "{second:?}");
    assert!(second.err.contains("another run"), "{second:?}");
    assert!(first.status.code() <= Some(1), "{first:?}");
    assert_eq!(scene.head(), scene.pushed());
}

#[test]
fn a_restarted_apiserver_is_waited_for() {
    // Its own: the others go on with theirs.
    let Some(plane) = Plane::of_our_own() else { return };
    let scene = Scene::new(&plane, "restart");
    scene.application(&scene.url(), "main");
    let child = until(started(&scene, &["--timeout", "120"]), "waiting for Argo CD to sync otel");
    block(plane.restart_apiserver(Duration::from_secs(2)));
    let argo = scene.argo_cd();
    let ended = child.wait_with_output().unwrap();
    drop(argo);
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.code() <= Some(1) && out.trim_end().ends_with("done: synced"), "{ended:?}");
}

#[test]
fn a_collector_that_a_deployment_runs_is_restarted() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "gateway");
    scene.application(&scene.url(), "main");
    let path = scene.orbit.join("manifests/otel/daemonset.yaml");
    let text = std::fs::read_to_string(&path).unwrap().replace("kind: DaemonSet", "kind: Deployment");
    // Somebody else keeps a hash there, which does not follow the fix.
    let annotated = text.replace(
        "      annotations:\n        prom",
        "      annotations:\n        checksum/config: by-hand\n        prom",
    );
    assert_ne!(annotated, text);
    std::fs::write(&path, annotated).unwrap();
    git(&scene.orbit, &["commit", "--quiet", "--all", "-m", "Run the collector as a gateway"]);
    let argo = scene.argo_cd();
    let ran = scene.run("admin", &["--timeout", "60"]);
    drop(argo);
    assert!(ran.code <= 1 && ran.out.trim_end().ends_with("done: synced"), "{ran:?}");
    assert!(ran.err.contains("restarting Deployment otel-gateway/collector"), "{ran:?}");
    let deployment =
        block(async { plane.api("apps/v1", "Deployment", Some(&scene.otel())).await.get("collector").await.unwrap() });
    let annotations = &deployment.data["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(annotations["hyperspace/restarted-for"], scene.pushed(), "{annotations}");
}
