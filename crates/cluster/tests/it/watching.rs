//! What the console looks at.

use crate::objects::Scene;
use crate::plane::{block, plane};
use cluster::Watch;
use delivery::View;
use futures_util::StreamExt as _;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn one_watch_a_kind_shows_a_release_as_it_goes() {
    let Some(plane) = plane() else { return };
    block(async {
        let scene = Scene::new(plane, "watched").await;
        let cluster = plane.cluster("admin").await;
        let mut watches = cluster.watch_all();
        let (mut view, mut caught_up) = (View::default(), BTreeSet::new());
        while caught_up.len() < Watch::ALL.len() {
            let heard = watches.next().await.expect("watches go on");
            let (seen, whole) = heard.news.expect("rights");
            view.merge(&seen);
            if whole {
                caught_up.insert(heard.kind);
            }
        }
        let name = scene.rollout_name();
        assert_eq!(view.rollout(&name).expect("the rollout").phase, "Healthy");
        let application = view.application(&delivery::Name::new("argocd", "watched")).expect("the Application");
        assert!(application.deploys.iter().any(|one| one.kind == "Rollout" && one.name == name));

        scene.run("watched-1", "Running", &["[12]"]).await;
        scene.replica_set("b", "hotrod:2").await;
        let shown = async {
            while !view.runs.values().any(|run| {
                run.object.as_ref().is_some_and(|run| run.metrics.iter().any(|metric| !metric.measurements.is_empty()))
            }) || !view.sets.keys().any(|set| set.name == "watched-b")
            {
                view.merge(&watches.next().await.expect("watches go on").news.expect("rights").0);
            }
        };
        tokio::time::timeout(Duration::from_secs(20), shown).await.expect("the watches show it");
    });
}

#[test]
fn a_right_that_is_missing_is_told_by_its_watch() {
    let Some(plane) = plane() else { return };
    block(async {
        let cluster = plane.cluster("bot").await;
        let mut watches = cluster.watch_all();
        let error = loop {
            if let Err(error) = watches.next().await.expect("watches go on").news {
                break error;
            }
        };
        assert!(matches!(error, cluster::Error::Forbidden(_)), "{error}");
    });
}

#[test]
fn a_config_map_is_shown_as_it_changes_and_when_it_goes() {
    let Some(plane) = plane() else { return };
    block(async {
        let cluster = plane.cluster("admin").await;
        let name = delivery::Name::new("otel", "watched-config");
        let mut seen = cluster.watch_config(&name);
        let mut next = async || {
            let seen = tokio::time::timeout(Duration::from_secs(20), seen.next()).await.expect("it is shown");
            seen.expect("it goes on").expect("rights")
        };
        assert_eq!(next().await, None);
        let map = serde_json::json!({"metadata": {"name": "watched-config"}, "data": {"a": "b"}});
        plane.create("v1", "ConfigMap", Some("otel"), map).await;
        assert_eq!(next().await.expect("it is there").get("a").map(String::as_str), Some("b"));
        let api = plane.api("v1", "ConfigMap", Some("otel")).await;
        api.delete("watched-config", &kube::api::DeleteParams::default()).await.expect("it goes");
        assert_eq!(next().await, None);
    });
}
