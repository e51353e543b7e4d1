//! A release by Argo CD's API alone: the real argocd-server, on the real apiserver. The application controller's part is played
//! by the test.

use crate::argo_server::ArgoServer;
use crate::objects::{ARGO, NEW, OLD, Scene};
use crate::plane::{Plane, block};
use crate::releases::{patience, said};
use cluster::{ArgoCd, Error, Heard, Server, Way};
use delivery::{Name, Release};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// As an account of the settings, whatever certificate the server shows.
async fn account(argo: &ArgoServer, name: &str) -> ArgoCd {
    let token = argo.token(name).await;
    with(argo, &token, "--insecure").expect("a client")
}

fn with(argo: &ArgoServer, token: &str, options: &str) -> Result<ArgoCd, Error> {
    let server = Server::given(Some(&argo.address), Some(token), options).expect("settings").expect("a server");
    ArgoCd::connect(server)
}

/// Waits until a refresh is asked for, and answers it as the application controller does.
async fn compare(scene: &Scene<'_>, commit: &str) {
    let api = scene.plane.api(ARGO, "Application", Some("argocd")).await;
    loop {
        let now = api.get(&scene.name).await.expect("an object");
        if now.metadata.annotations.is_some_and(|all| all.contains_key("argocd.argoproj.io/refresh")) {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    scene.application(commit, "Progressing").await;
    let done = json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": null}}});
    api.patch(&scene.name, &PatchParams::default(), &Patch::Merge(&done)).await.expect("taken");
}

fn release(scene: &Scene<'_>) -> Release {
    Release {
        commit: Some(NEW.to_owned()),
        applications: vec![Name::new("argocd", &scene.name)],
        unseen: vec![format!("Rollout hotrod/{}", scene.name)],
        ..Release::default()
    }
}

#[test]
fn argo_cd_tells_what_the_apiserver_tells_until_the_commit_is_synced() {
    let Some(plane) = Plane::of_our_own() else { return };
    let Some(mut argo) = ArgoServer::start(&plane, "argocd") else { return };
    block(async {
        let argocd = account(&argo, "readonly").await;
        assert_eq!(argocd.applications().await.expect("a list"), [], "null, where there is none");
        let scene = Scene::new(&plane, "api").await;
        let kube = plane.cluster("admin").await;
        let there = kube.applications().await.expect("a list");
        assert_eq!(there[0].state.revisions, [OLD]);
        // Its list comes from a cache.
        let mut listed = argocd.applications().await.expect("a list");
        for _ in 0..100 {
            if listed == there {
                break;
            }
            sleep(Duration::from_millis(50)).await;
            listed = argocd.applications().await.expect("a list");
        }
        assert_eq!(listed, there);

        let mut words = Vec::new();
        let follow = Way::ArgoCd(&argocd).follow(release(&scene), patience(60), |heard| {
            words.push(match heard {
                Heard::State(state) => state.waiting().to_string(),
                Heard::Doing(effect) => format!("{effect:?}"),
                Heard::Trouble(error) => error.to_string(),
            });
        });
        let (state, ()) = tokio::join!(follow, compare(&scene, NEW));
        assert_eq!(said(&state), "synced; what was deployed is not followed: Rollout hotrod/api");
        assert!(words.iter().any(|word| word.starts_with("Refresh {")), "{words:#?}");
        assert!(!words.iter().any(|word| word.contains("Argo CD at")), "{words:#?}");
    });
    block(refusals(&argo));
    block(restarted(&mut argo, &plane));
}

async fn refusals(argo: &ArgoServer) {
    let token = argo.token("readonly").await;
    let words = async |argocd: Result<ArgoCd, Error>| {
        let error = argocd.expect("a client").applications().await.expect_err("no list");
        let all = format!("{error} {error:?} {:?}", error.hint());
        assert!(!all.contains(&token) && !all.contains("forged"), "{all}");
        (error.to_string().replace(&argo.address, "HOST"), error.hint().unwrap_or_default(), error.may_pass())
    };
    let (said, hint, passes) = words(with(argo, "forged", "--insecure")).await;
    assert!(said.starts_with("Argo CD at https://HOST does not take the token: "), "{said}");
    assert!(hint.contains("ARGOCD_AUTH_TOKEN") && !passes, "{hint}");
    let (said, hint, _) = words(with(argo, &token, "")).await;
    assert!(said.starts_with("Argo CD at https://HOST cannot be reached: ") && said.contains("certificate"), "{said}");
    assert!(hint.contains("--insecure"), "{hint}");
    let (said, hint, _) = words(with(argo, &token, "--plaintext")).await;
    assert!(said.starts_with("http://HOST is no Argo CD: it says to go to https://HOST/"), "{said}");
    assert!(hint.contains("--plaintext"), "{hint}");
    // Of what an account may not see, the list says nothing.
    let stranger = account(argo, "stranger").await;
    assert_eq!(stranger.applications().await.expect("a list"), []);
    let error = stranger.refresh(&Name::new("argocd", "api")).await.map(drop).expect_err("no right");
    assert!(error.to_string().ends_with("does not let this account see Application argocd/api"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("applications, get")));
}

async fn restarted(argo: &mut ArgoServer, plane: &Plane) {
    let argocd = account(argo, "readonly").await;
    // A session outlives the server: what signs it is kept in the cluster.
    let name = Name::new("argocd", "away");
    let mut troubles = 0;
    let follow = async {
        let release = Release { commit: Some(NEW.to_owned()), applications: vec![name], ..Release::default() };
        Way::ArgoCd(&argocd)
            .follow(release, patience(90), |heard| {
                troubles += usize::from(matches!(heard, Heard::Trouble(_)));
            })
            .await
    };
    let script = async {
        argo.restart(Duration::from_secs(2)).await;
        let scene = Scene::new(plane, "away").await;
        compare(&scene, NEW).await;
        scene.application(NEW, "Healthy").await;
    };
    let (state, ()) = tokio::join!(follow, script);
    assert_eq!(said(&state), "done: synced");
    assert!(troubles > 0);
}
