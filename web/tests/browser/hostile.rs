//! Names and texts of a cluster and of manifests reach no browser as anything but text.

use crate::console::{Console, asking, broken_start, mended, site};
use crate::driver::browse;
use crate::fleet::{FEEDS, How, live, release};
use crate::folder::Folder;
use crate::stand_in::{named, stand_in};
use crate::tab::Tab;
use delivery::View;
use hyperspace_web::Commit;
use hyperspace_web::live::{Cluster, News};
use std::path::Path;
use std::sync::Arc;

/// What would run, load or show something in a place where it is not escaped.
const PAYLOADS: [&str; 7] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onfocus=alert(1) autofocus tabindex=0 x='",
    "<a href=javascript:alert(1) hx-get=/rules hx-trigger=load>",
    "</code></pre></title></svg><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "</style><style>*{display:none}</style>",
];

/// Elements and attributes that no template writes.
const FOREIGN: &str = "
    const bad = [...document.querySelectorAll('iframe, object, embed, form:not(.filter, .login), body style, body script, img:not(.brand > img)')];
    for (const e of document.querySelectorAll('*'))
        for (const { name, value } of e.attributes)
            if (name.startsWith('on') || (name === 'autofocus' && e.id !== 'token') || /^\\s*javascript:/i.test(value) || (name === 'hx-get' && !value.startsWith('/fragments/')))
                bad.push(e);
    return bad.map(e => e.outerHTML.slice(0, 200))";

async fn harmless(tab: &Tab, address: &str, shows: &str) {
    let text = tab.js("return document.body.textContent").await;
    assert!(text.as_str().unwrap().contains(shows), "{address} does not show {shows}, so it proves nothing");
    assert_eq!(tab.js(FOREIGN).await, serde_json::json!([]), "{address}");
    let mut faults = tab.faults().await;
    faults.retain(|fault| !fault.contains("the server responded with a status of"));
    assert!(faults.is_empty(), "{address}: {faults:?}");
    assert!(tab.js("return document.querySelector('h1').checkVisibility()").await == true, "{address}");
}

/// A cluster that speaks in payloads wherever it may.
fn spoken(payload: &str, how: How) -> View {
    let mut view = release("hotrod", "hotrod", how);
    for rollout in view.rollouts.values_mut().filter_map(|seen| seen.object.as_mut()) {
        rollout.images = vec![payload.to_owned()];
        rollout.message.push_str(payload);
    }
    for run in view.runs.values_mut().filter_map(|seen| seen.object.as_mut()) {
        run.message = payload.to_owned();
        for metric in &mut run.metrics {
            metric.name = format!("{}-{payload}", metric.name);
            metric.query = Some(payload.to_owned());
            metric.requires.success = payload.to_owned();
            for measurement in &mut metric.measurements {
                measurement.message = payload.to_owned();
            }
        }
    }
    for set in view.sets.values_mut().filter_map(|seen| seen.object.as_mut()) {
        set.images = vec![payload.to_owned()];
    }
    for application in view.applications.values_mut().filter_map(|seen| seen.object.as_mut()) {
        application.sync = payload.to_owned();
        application.health = payload.to_owned();
    }
    view
}

#[test]
fn a_hostile_cluster_runs_nothing() {
    browse(async |tab| {
        let payload = &PAYLOADS.join(" ");
        let live = live([spoken(payload, How::Measuring), release(payload, "x", How::Aborted)]);
        live.feed(FEEDS[4], News::Lost { message: payload.to_owned(), hint: Some(payload.to_owned()) });
        let commit = Commit { id: "1111111111".to_owned(), subject: payload.to_owned(), when: String::new() };
        let source = Folder::new(broken_start()).before(commit, broken_start());
        let console = Console::start(site(source, Cluster::Live(Arc::clone(&live)))).await;
        for path in ["/rollouts", "/rollouts/hotrod/hotrod", "/rollouts/hotrod/hotrod/analysis"] {
            tab.open(&console.at(path)).await;
            harmless(tab, path, payload).await;
        }
        // What the stream brings is put into the page by a script.
        tab.until("document.querySelector('#asof-now').textContent.startsWith('Live, as of')").await;
        live.feed("rollouts", News::Seen { view: spoken(payload, How::Aborted), whole: true });
        tab.until("document.querySelector('h1').textContent.includes('aborted')").await;
        harmless(tab, "the stream", payload).await;
    });
}

/// The broken start, with a payload in every name that says hotrod.
fn manifests(payload: &str, into: &Path) {
    let quoted = payload.replace('\'', "''");
    for part in ["hotrod/rollout.yaml", "hotrod/service.yaml", "otel/config.yaml", "otel/daemonset.yaml"] {
        let text = std::fs::read_to_string(broken_start().join("manifests").join(part)).unwrap();
        let text = text.replace("spanmetrics", "debug/x").replace("name: hotrod", &format!("name: 'hotrod{quoted}'"));
        let file = into.join(part);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text.replace("debug/x", &format!("'debug/{quoted}'"))).unwrap();
    }
}

#[test]
fn hostile_manifests_and_addresses_run_nothing() {
    browse(async |tab| {
        let payload = &PAYLOADS.join(" ");
        let folder = tempfile::tempdir().unwrap();
        manifests(payload, folder.path());
        let commit = Commit { id: "1111111111".to_owned(), subject: payload.to_owned(), when: payload.to_owned() };
        let source = Folder::new(folder.path()).before(commit, folder.path());
        let mut site = site(source, Cluster::Absent { why: payload.to_owned(), hint: payload.to_owned() });
        site.folder = payload.to_owned();
        let console = Console::start(site).await;
        for path in ["/findings", "/pipeline", "/pipeline?commit=1111111111", "/rollouts", "/rules"] {
            tab.open(&console.at(path)).await;
            harmless(tab, path, payload).await;
        }
        for path in ["/pipeline?commit=", "/pipeline?node=", "/rules/x/", "/rollouts/x/"] {
            tab.open(&console.at(&format!("{path}{}", encoded(payload)))).await;
            harmless(tab, path, "").await;
        }
    });
}

/// Every byte of it as an address carries it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Spans, tags, events and services are whatever somebody sent; so is what a broken Jaeger answers.
#[test]
fn hostile_traces_run_nothing() {
    browse(async |tab| {
        let payload = &PAYLOADS.join(" ");
        let now = jiff::Timestamp::now().as_microsecond();
        let server = stand_in(vec![named("abcd", "bbbb", now - 60_000_000, 900_000, true, payload, payload)]).await;
        let live = live([spoken(payload, How::Aborted)]);
        let console = Console::start(asking(site(mended(), Cluster::Live(live)), &server.address)).await;
        let path = "/rollouts/hotrod/hotrod/traces";
        tab.open(&console.at(path)).await;
        tab.until("document.querySelector('.traces-table')").await;
        for path in [path, "/traces/abcd", "/traces/abcd?span=b2"] {
            tab.open(&console.at(path)).await;
            harmless(tab, path, payload).await;
        }
        for path in ["/traces/", "/traces/abcd?span=", "/rollouts/hotrod/hotrod/traces?service=", "/login?to="] {
            tab.open(&console.at(&format!("{path}{}", encoded(payload)))).await;
            harmless(tab, path, "").await;
        }
    });
}
