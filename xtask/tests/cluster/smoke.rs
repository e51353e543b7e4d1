//! `smoke-test` takes the Applications that `fix-and-push` takes.

use crate::argo::Scene;
use crate::plane::plane;
use crate::run::program;
use serde_json::Value;

/// The checks by name, with what was found.
fn checks(scene: &Scene<'_>, more: &[&str]) -> Vec<(String, String)> {
    let mut command = program(&scene.orbit);
    command.args(["smoke-test", "--context", "admin", "--argocd", &scene.argocd(), "--wait", "0"]);
    // Nobody answers there: what is asked of them fails, and is not what this is about.
    command.args(["--prometheus", "http://127.0.0.1:9", "--jaeger", "http://127.0.0.1:9", "--format", "json"]);
    let ran = command.env("KUBECONFIG", scene.plane.kubeconfig()).args(more).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    told["checks"].as_array().unwrap().iter().map(|check| (text(&check["name"]), text(&check["found"]))).collect()
}

fn found(checks: &[(String, String)], name: &str) -> Option<String> {
    checks.iter().find(|(check, _)| check == name).map(|(_, found)| found.clone())
}

#[test]
fn an_application_on_another_branch_is_not_the_release() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "smoke");
    scene.application(&scene.url(), "production");
    let head = scene.head();
    scene.deployed("otel", &head, &[]);
    let other = checks(&scene, &[]);
    let said = found(&other, "applications").expect("nobody follows main");
    assert!(said.contains("no Application follows branch main of /"), "{other:?}");
    assert!(said.contains(": they follow production of file://"), "{other:?}");
    assert_eq!(found(&other, "application otel"), None, "{other:?}");
    // Named, it is meant whatever it follows.
    let named = checks(&scene, &["--app", "otel"]);
    assert!(found(&named, "application otel").is_some_and(|said| said.contains("Synced and Healthy")), "{named:?}");

    // The remote's HEAD is main.
    scene.follow("hotrod", &scene.otel(), &scene.url(), "HEAD");
    scene.deployed("hotrod", &head, &[]);
    let ours = checks(&scene, &[]);
    assert!(found(&ours, "application hotrod").is_some_and(|said| said.contains("Synced and Healthy")), "{ours:?}");
    assert_eq!((found(&ours, "applications"), found(&ours, "application otel")), (None, None), "{ours:?}");
}
