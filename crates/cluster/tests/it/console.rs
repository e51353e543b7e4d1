//! The rights of `manifests/console`: all that the console needs, and nothing that it does not.

use crate::plane::{Plane, block, plane};
use cluster::{Error, Watch};
use delivery::Name;
use futures_util::StreamExt as _;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

fn manifests() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/console/rbac.yaml");
    let text = std::fs::read_to_string(path).expect("the manifests");
    text.split("\n---\n").map(|document| serde_yaml::from_str(document).expect("YAML")).collect()
}

/// Rules of a role.
fn rules(role: &Value) -> &[Value] {
    role["rules"].as_array().map_or(&[], Vec::as_slice)
}

fn namespace(object: &Value) -> Option<&str> {
    match object["kind"].as_str()? {
        kind if kind.starts_with("Cluster") => None,
        // Where Argo CD puts what names none.
        _ => object["metadata"]["namespace"].as_str().or(Some("console")),
    }
}

async fn apply(plane: &Plane, object: &Value) {
    let (version, kind) = (object["apiVersion"].as_str().expect("a version"), object["kind"].as_str().expect("a kind"));
    let api = plane.api(version, kind, namespace(object)).await;
    let mut object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
    let there = api.get_opt(&object.metadata.name.clone().expect("a name")).await.expect("an answer");
    match there {
        None => api.create(&PostParams::default(), &object).await,
        Some(there) => {
            object.metadata.resource_version = there.metadata.resource_version;
            let name = object.metadata.name.clone().expect("a name");
            api.replace(&name, &PostParams::default(), &object).await
        }
    }
    .expect("it is taken");
}

/// What each watch says first: that it has caught up, or why not.
async fn first(plane: &Plane) -> BTreeMap<Watch, Result<(), Error>> {
    let cluster = plane.cluster("console").await;
    let mut watches = cluster.watch_all();
    let mut said = BTreeMap::new();
    while said.len() < Watch::ALL.len() {
        let heard = watches.next().await.expect("watches go on");
        match heard.news {
            Ok((_, false)) => {}
            Ok((_, true)) => drop(said.entry(heard.kind).or_insert(Ok(()))),
            Err(error) => drop(said.entry(heard.kind).or_insert(Err(error))),
        }
    }
    said
}

/// Asks until they say that: the apiserver takes a moment to know of a role.
async fn until(plane: &Plane, what: &str, wanted: impl Fn(&BTreeMap<Watch, Result<(), Error>>) -> bool) {
    let mut last = BTreeMap::new();
    for _ in 0..40 {
        last = first(plane).await;
        if wanted(&last) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{what}: {last:?}");
}

#[test]
fn the_console_may_read_what_it_shows_and_every_right_is_needed() {
    let Some(plane) = plane() else { return };
    block(async {
        let manifests = manifests();
        for object in &manifests {
            apply(plane, object).await;
        }
        until(plane, "all rights", |said| said.values().all(Result::is_ok)).await;

        let roles = manifests.iter().filter(|object| !rules(object).is_empty());
        let mut without = 0;
        for role in roles {
            // What is watched alone has a name.
            for (index, rule) in rules(role).iter().enumerate().filter(|(_, rule)| rule["resourceNames"].is_null()) {
                assert_eq!(rule["verbs"], json!(["list", "watch"]), "read-only: {rule}");
                for resource in rule["resources"].as_array().expect("resources") {
                    let mut less = role.clone();
                    let kept = less["rules"][index]["resources"].as_array_mut().expect("resources");
                    kept.retain(|one| one != resource);
                    if kept.is_empty() {
                        less["rules"].as_array_mut().expect("rules").remove(index);
                    }
                    apply(plane, &less).await;
                    let resource = resource.as_str().expect("a name");
                    let named = |error: &Error| match error {
                        Error::Forbidden(right) => right.verb == "list" && right.resource.starts_with(resource),
                        _ => false,
                    };
                    // The right has a name, and the others go on.
                    until(plane, resource, |said| {
                        let failed: Vec<_> = said.values().filter_map(|said| said.as_ref().err()).collect();
                        matches!(failed[..], [error] if named(error))
                    })
                    .await;
                    apply(plane, role).await;
                    until(plane, "all rights again", |said| said.values().all(Result::is_ok)).await;
                    without += 1;
                }
            }
        }
        assert_eq!(without, Watch::ALL.len());

        let cluster = plane.cluster("console").await;
        let config = async |name: &str| cluster.watch_config(&Name::new("otel", name)).next().await.expect("an answer");
        config("collector-config").await.expect("the right");
        assert!(matches!(config("passwords").await, Err(Error::Forbidden(_))));
    });
}
