//! Where nothing follows what would be pushed, nothing is written.

use crate::argo::Scene;
use crate::plane::{block, plane};
use crate::run::snapshot;
use serde_json::json;

/// Runs it and holds that it refused, and left everything as it was; gives what it said.
fn refused(scene: &Scene<'_>, context: &str, more: &[&str]) -> String {
    let (files, head, pushed) = (snapshot(&scene.orbit), scene.head(), scene.pushed());
    let ran = scene.run(context, more);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_eq!((snapshot(&scene.orbit), scene.head(), scene.pushed()), (files, head, pushed), "{ran:?}");
    assert!(ran.err.contains("hint: nothing was written; --no-cluster"), "{ran:?}");
    ran.err
}

#[test]
fn a_cluster_that_follows_something_else_is_left_alone() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "elsewhere");
    let none = refused(&scene, "admin", &[]);
    assert!(none.contains("there is no Application in namespace argocd-elsewhere"), "{none}");

    scene.application("https://user:secret@git.example/fleet.git", "main");
    let other = refused(&scene, "admin", &[]);
    let follows = "they follow main of https://git.example/fleet.git";
    assert!(
        other.contains("no Application of context admin follows branch main of ") && other.contains(follows),
        "{other}"
    );
    let json = refused(&scene, "admin", &["--format", "json"]);
    assert!(!json.contains("secret"), "{json}");
    let nowhere = refused(&scene, "elsewhere", &[]);
    assert!(nowhere.contains("elsewhere"), "{nowhere}");

    let dry = scene.run("admin", &["--dry-run"]);
    assert!(dry.code <= 1 && dry.err.contains("would be refused: no Application of context admin"), "{dry:?}");
    let without = crate::run::xtask(&scene.orbit, ["fix-and-push", "--no-cluster"]);
    assert!(without.code <= 1 && without.out.contains("no cluster was touched: --no-cluster"), "{without:?}");
    assert_eq!(scene.head(), scene.pushed());
}

#[test]
fn another_branch_is_another_release() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "branch");
    scene.application(&scene.url(), "production");
    let said = refused(&scene, "admin", &[]);
    assert!(said.contains("they follow production of file://"), "{said}");
    // The remote's HEAD is main.
    let head = Scene::new(plane, "head");
    head.application(&head.url(), "HEAD");
    let said = refused(&head, "admin", &["--branch", "rescue"]);
    assert!(said.contains("follows branch rescue") && said.contains("they follow HEAD (main) of file://"), "{said}");
}

#[test]
fn a_missing_right_is_named_before_the_push() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "rights");
    scene.application(&scene.url(), "main");
    let said = refused(&scene, "bot", &[]);
    assert!(said.contains("bot lacks the right to list applications.argoproj.io in namespace argocd-rights"), "{said}");
    let rules =
        json!([{"apiGroups": ["argoproj.io"], "resources": ["applications"], "verbs": ["get", "list", "watch"]}]);
    let metadata = json!({"name": "read", "namespace": scene.argocd()});
    let api = "rbac.authorization.k8s.io/v1";
    let namespace = scene.argocd();
    block(plane.create(api, "Role", Some(&namespace), json!({"metadata": metadata, "rules": rules})));
    let binding = json!({
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "read"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bot"}],
    });
    block(plane.create(api, "RoleBinding", Some(&namespace), binding));
    let said = refused(&scene, "bot", &[]);
    let right =
        "the account of context bot lacks the right to patch applications.argoproj.io in namespace argocd-rights";
    assert!(said.contains(right), "{said}");
}

#[test]
fn a_cluster_that_is_away_is_no_reason_to_push() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "away");
    let [port] = lab::free_ports().unwrap();
    let file = scene.orbit.parent().unwrap().join("kubeconfig");
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "away",
        "clusters": [{"name": "away", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
        "contexts": [{"name": "away", "context": {"cluster": "away", "user": ""}}], "users": [],
    });
    std::fs::write(&file, text.to_string()).unwrap();
    let said = refused(&scene, "away", &["--kubeconfig", file.to_str().unwrap()]);
    assert!(said.contains("the cluster cannot be reached"), "{said}");
}
