//! Single reads and writes.

use crate::objects::{ARGO, NEW, OLD, Scene};
use crate::plane::{block, plane};
use cluster::{Access, Cluster, Error};
use delivery::{Controller, Name};

#[test]
fn applications_say_what_they_follow_and_deploy() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "found").await;
        let found = plane.cluster("admin").await.applications().await.expect("a list");
        let ours = found.iter().find(|found| found.name.name == scene.name).expect("ours");
        assert_eq!(ours.sources[0].url, "https://git.example/fleet.git");
        assert_eq!(ours.sources[0].revision, "main");
        assert_eq!(ours.of_kind("Rollout").collect::<Vec<_>>(), [&Name::new("hotrod", "found")]);
        assert_eq!(ours.of_kind("Service").count(), 0);
        assert_eq!(ours.state.revisions, [OLD]);
    });
}

#[test]
fn acts_arrive_where_the_controllers_look() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "acts").await;
        let cluster = plane.cluster("admin").await;
        cluster.refresh(&Name::new("argocd", "acts")).await.expect("a refresh");
        let application = plane.api(ARGO, "Application", Some("argocd")).await.get("acts").await.expect("an object");
        assert_eq!(application.metadata.annotations.expect("some")["argocd.argoproj.io/refresh"], "normal");

        let version = cluster.restart(&scene.collector(Controller::DaemonSet), NEW).await.expect("a restart");
        let daemon = plane.api("apps/v1", "DaemonSet", Some("otel")).await.get("acts").await.expect("an object");
        assert_eq!(daemon.metadata.resource_version.expect("a version"), version.to_string());
        let annotations = &daemon.data["spec"]["template"]["metadata"]["annotations"];
        assert_eq!(annotations["hyperspace/restarted-for"], NEW);
        assert!(annotations["kubectl.kubernetes.io/restartedAt"].as_str().expect("a time").ends_with('Z'));

        let rollouts = plane.api(ARGO, "Rollout", Some("hotrod")).await;
        cluster.abort(&scene.rollout_name()).await.expect("an abort");
        assert_eq!(rollouts.get("acts").await.expect("an object").data["status"]["abort"], true);
        cluster.retry(&scene.rollout_name()).await.expect("a retry");
        assert_ne!(rollouts.get("acts").await.expect("an object").data["status"]["abort"], true);
        let missing = cluster.retry(&Name::new("hotrod", "nobody")).await;
        assert!(matches!(missing, Err(Error::NotFound(what)) if what.contains("nobody")));
    });
}

#[test]
fn a_missing_right_is_named() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "rights").await;
        let bot = plane.cluster("bot").await;
        let words = |result: Result<u64, Error>| result.expect_err("no right").to_string();
        assert_eq!(
            words(bot.retry(&scene.rollout_name()).await),
            "bot lacks the right to patch rollouts/status.argoproj.io in namespace hotrod"
        );
        assert_eq!(
            words(bot.restart(&scene.collector(Controller::DaemonSet), NEW).await),
            "bot lacks the right to patch daemonsets.apps in namespace otel"
        );
        let state = bot.follow(scene.release(), crate::releases::patience(10), |_| {}).await;
        assert_eq!(
            state.verdict().expect("an end").to_string(),
            "bot lacks the right to patch applications.argoproj.io in namespace argocd"
        );
    });
}

#[test]
fn contexts_are_chosen_by_name() {
    let Some(plane) = plane() else { return };
    block(async {
        assert_eq!(plane.cluster("bot").await.context(), "bot");
        let current = Access { context: None, ..plane.access("x") };
        assert_eq!(Cluster::connect(&current).await.expect("the current one").context(), "admin");
        let error = Cluster::connect(&plane.access("elsewhere")).await.map(|_| ()).expect_err("none");
        assert!(matches!(&error, Error::NoCluster(why) if why.contains("elsewhere")), "{error}");
    });
}
