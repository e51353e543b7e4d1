//! A release of the lab, as its watches showed it, played again on a real apiserver and followed in the program's console by a
//! real browser: a canary that is slow, until its latency gate stops it.

use crate::console::Served;
use crate::driver::browse;
use crate::plane::Plane;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// One event a line, of what the console reads: `after` seconds, `type`, `object`. Parts that did not change are left out.
const RECORDED: &str = include_str!("release.jsonl");

/// What is written with the object itself.
const STATUS_WITHIN: [&str; 2] = ["Application", "AnalysisRun"];

/// Plays what was recorded, with the identities that this apiserver gives.
struct Player<'a> {
    plane: &'a Plane,
    uids: HashMap<String, String>,
}

impl Player<'_> {
    async fn play(&mut self, event: &Value) {
        let mut text = event["object"].to_string();
        self.uids.iter().for_each(|(recorded, here)| text = text.replace(recorded, here));
        let mut object: Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| object[name].as_str().unwrap().to_owned();
        let (version, kind) = (field("apiVersion"), field("kind"));
        let metadata = object["metadata"].as_object_mut().unwrap();
        let taken =
            |metadata: &mut serde_json::Map<String, Value>, name: &str| metadata.remove(name).unwrap_or_default();
        let (uid, generation) = (taken(metadata, "uid"), taken(metadata, "generation"));
        let (name, namespace) =
            (metadata["name"].as_str().unwrap().to_owned(), metadata["namespace"].as_str().unwrap().to_owned());
        // Nobody but the apiserver says so.
        metadata.remove("deletionTimestamp");
        let api = self.plane.api(&version, &kind, Some(&namespace)).await;
        let mut written = match event["type"].as_str().unwrap() {
            "ADDED" => {
                let made = self.plane.create(&version, &kind, Some(&namespace), object.clone()).await;
                self.uids.insert(uid.as_str().unwrap().to_owned(), made.metadata.uid.clone().unwrap());
                made
            }
            "MODIFIED" => {
                let mut change = object.clone();
                // A pod's containers stay what they are.
                if kind == "Pod" {
                    change.as_object_mut().unwrap().remove("spec");
                }
                api.patch(&name, &PatchParams::default(), &Patch::Merge(change)).await.unwrap()
            }
            _ => {
                api.delete(&name, &DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() })
                    .await
                    .unwrap();
                return;
            }
        };
        if object["status"].is_null() {
            return;
        }
        // What a controller had seen then, counted as this apiserver counts.
        let here = written.metadata.generation.unwrap_or_default();
        let observed = &mut object["status"]["observedGeneration"];
        let seen = observed.as_i64().or_else(|| observed.as_str()?.parse().ok());
        let late = seen != generation.as_i64();
        let here = here - i64::from(late);
        match observed {
            Value::String(seen) => *seen = here.to_string(),
            Value::Number(seen) => *seen = here.into(),
            _ => {
                object["status"].as_object_mut().unwrap().remove("observedGeneration");
            }
        }
        // Whole: what a status leaves out is not there any more.
        written.data["status"] = object["status"].take();
        let params = PostParams::default();
        let replaced = if STATUS_WITHIN.contains(&kind.as_str()) {
            api.replace(&name, &params, &written).await
        } else {
            api.replace_status(&name, &params, &written).await
        };
        replaced.unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
    }
}

#[test]
fn a_recorded_release_is_followed_to_its_verdict() {
    let Some(plane) = Plane::of_our_own() else { return };
    browse(async |tab| {
        let mut player = Player { plane: &plane, uids: HashMap::new() };
        let events: Vec<Value> = RECORDED.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (before, during): (Vec<_>, Vec<_>) = events.iter().partition(|event| event["after"] == 0);
        for event in before {
            player.play(event).await;
        }
        let console = Served::start(&plane, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests"));
        tab.open(&console.at("/rollouts/hotrod/hotrod")).await;
        let says = async |text: &str| {
            tab.until(&format!("document.querySelector('h1').textContent.includes({})", json!(text))).await;
        };
        says("serving revision 1").await;
        tab.js("window.loadedOnce = true").await;
        tab.until("document.querySelector('#asof-now').textContent.startsWith('Live, as of')").await;
        for event in during {
            player.play(event).await;
            let run = &event["object"];
            if run["kind"] == "AnalysisRun" && event["type"] == "ADDED" {
                says("in progress").await;
            }
            if run["kind"] == "AnalysisRun"
                && run["status"]["phase"] == "Running"
                && run["status"]["metricResults"].is_array()
            {
                tab.until("document.querySelector('.way .now')?.textContent.includes('Analysis')").await;
            }
        }
        says("aborted: gate latency-p95-below-1000-ms measured 4850 ms where it needs < 1000 ms").await;
        tab.until(
            "[...document.querySelectorAll('.way .failed strong')].some(stop => stop.textContent === 'Analysis')",
        )
        .await;
        assert_eq!(tab.js("return window.loadedOnce").await, true, "the page was loaded again");
        assert_eq!(tab.faults().await, Vec::<String>::new());
        tab.open(&console.at("/rollouts/hotrod/hotrod/analysis")).await;
        assert_eq!(tab.text_of("#gate-1").await, "latency-p95-below-1000-ms", "the gate that stopped it comes first");
        assert_eq!(tab.js("return document.querySelectorAll('.gate').length").await, 3);
    });
}
