//! Without access to the cluster: by the API of the real argocd-server alone.

use crate::argo::Scene;
use crate::argo_server::ArgoServer;
use crate::plane::{block, plane};
use crate::run::{Ran, program, snapshot};
use std::path::Path;

/// Runs it as somebody who knows an Argo CD server and an account there, and perhaps a kubeconfig.
fn run(scene: &Scene<'_>, argo: &ArgoServer, token: &str, kubeconfig: Option<&Path>, words: &[&str]) -> Ran {
    let mut command = program(&scene.orbit);
    command.args(words).env("ARGOCD_SERVER", &argo.address).env("ARGOCD_AUTH_TOKEN", token);
    command.env("ARGOCD_OPTS", "--insecure").env_remove("KUBECONFIG");
    command.envs(kubeconfig.map(|file| ("KUBECONFIG", file)));
    let ran: Ran = command.output().unwrap().into();
    assert!(!ran.out.contains(token) && !ran.err.contains(token), "{ran:?}");
    ran
}

#[test]
fn argo_cd_syncs_the_commit_and_nobody_says_done() {
    let Some(plane) = plane() else { return };
    let scene = Scene::new(plane, "by-api");
    let Some(argo) = ArgoServer::start(plane, &scene.argocd()) else { return };
    let token = block(argo.token("readonly"));
    let at = format!("Argo CD at https://{}", argo.address);
    let before = (snapshot(&scene.orbit), scene.head(), scene.pushed());

    let refused = |ran: &Ran, words: &str| {
        assert!(ran.code == 2 && ran.err.contains(words), "{ran:?}");
        assert!(ran.err.contains("hint: nothing was written; --no-cluster"), "{ran:?}");
        assert_eq!((snapshot(&scene.orbit), scene.head(), scene.pushed()), before, "{ran:?}");
    };
    let ran = run(&scene, &argo, &token, None, &["fix-and-push"]);
    refused(&ran, &format!("{at} shows this account no Application"));
    scene.application(&scene.url(), "production");
    let ran = run(&scene, &argo, &token, None, &["fix-and-push"]);
    refused(&ran, &format!("no Application of {at} follows branch main"));
    let ran = run(&scene, &argo, "forged", None, &["fix-and-push"]);
    refused(&ran, &format!("{at} does not take the token"));

    // Its kubeconfig leads nowhere; what is named there is not replaced by something else.
    let nowhere = plane.access_at(free_port()).kubeconfig.unwrap();
    let ran = run(&scene, &argo, &token, Some(&nowhere), &["fix-and-push", "--context", "admin"]);
    refused(&ran, "the cluster cannot be reached");
    assert!(!ran.err.contains("Argo CD at"), "{ran:?}");

    scene.retarget("main");
    let controller = scene.argo_cd();
    let ran = run(&scene, &argo, &token, Some(&nowhere), &["fix-and-push", "--timeout", "60"]);
    let synced = "synced; what was deployed is not followed: DaemonSet otel-by-api/collector";
    assert!(ran.code == 2 && ran.out.trim_end().ends_with(synced), "{ran:?}");
    for said in [
        format!("asking {at} instead"),
        format!("{at}: otel follow main on file://"),
        "refreshing otel".to_owned(),
        "without access to the cluster it is not applied".to_owned(),
        "with access to the cluster `".to_owned(),
    ] {
        assert!(ran.err.contains(&said), "{said}: {ran:?}");
    }
    assert!(!ran.out.contains("done"), "{ran:?}");
    assert_eq!(scene.head(), scene.pushed());
    assert_ne!(scene.head(), before.1);

    let ran = run(&scene, &argo, &token, None, &["refresh"]);
    let compared = format!("Application otel was compared with git: Synced at {}, Healthy\n", &scene.head()[..10]);
    assert!(ran.code == 0 && ran.out == compared && ran.err.contains(&at), "{ran:?}");
    drop(controller);
}

fn free_port() -> u16 {
    let [port] = lab::free_ports().unwrap();
    port
}
