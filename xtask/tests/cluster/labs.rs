//! A lab that is up and what is pushed to: found without being named.

use crate::argo::Scene;
use crate::plane::plane;
use crate::run::{Ran, program};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SEEN: &str = "git://172.18.0.2:30105/hyperspace.git";

/// `fix-and-push` beside a lab of kind, whose node has this address by Docker's word.
fn beside_kind(scene: &Scene<'_>, address: &str) -> Ran {
    let above = scene.orbit.parent().unwrap();
    let (state, bin) = (above.join("state/hyperspace/lab"), above.join("bin"));
    fs::create_dir_all(&state).unwrap();
    fs::create_dir_all(&bin).unwrap();
    fs::write(state.join("kind"), "").unwrap();
    fs::copy(scene.plane.kubeconfig(), state.join("kubeconfig")).unwrap();
    let docker = bin.join("docker");
    fs::write(&docker, format!("#!/bin/sh\necho {address}\n")).unwrap();
    fs::set_permissions(&docker, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = program(&scene.orbit);
    command.args(["fix-and-push", "--argocd", &scene.argocd(), "--timeout", "60"]);
    command.env("XDG_STATE_HOME", above.join("state")).env("PATH", path).output().unwrap().into()
}

#[test]
fn a_lab_of_kind_is_what_its_git_server_is_pushed_to() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "kind");
    scene.application(SEEN, "main");
    let policy = json!({"repositories": [{"push": scene.url(), "cluster": SEEN}]});
    fs::write(scene.orbit.join("hyperspace.yaml"), policy.to_string()).unwrap();

    let other = beside_kind(&scene, "172.18.0.9");
    assert!(other.code <= 1 && other.out.contains("no cluster was touched: none is configured"), "{other:?}");
    let argo = scene.argo_cd();
    let ran = beside_kind(&scene, "172.18.0.2");
    drop(argo);
    assert!(ran.err.contains(&format!("context admin: otel follow main on {SEEN}")), "{ran:?}");
    assert!(ran.code <= 1 && ran.out.trim_end().ends_with("done: synced"), "{ran:?}");
}
