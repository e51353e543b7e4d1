//! Traces and values from a Jaeger and a Prometheus: stand-ins that count what they are asked, and a real Jaeger with real traces.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test helper has nobody to hand an error to"
)]

mod analysis;
#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../live/cluster.rs"]
mod cluster;
mod manifests;
mod rates;
mod real;
mod stand_in;
mod table;
mod waterfall;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use hyperspace_web::live::{Cluster, Live};
use hyperspace_web::{Site, Source, Upstream, router};
use manifests::Manifests;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

/// What would be markup in any place where it is not escaped.
const HOSTILE: &str = "<xss a=\"b\" 'c'>&amp;</code>\u{202e}";

fn site(live: &Arc<Live>, upstream: Upstream) -> Router {
    site_of(live, upstream, Manifests)
}

fn site_of(live: &Arc<Live>, upstream: Upstream, source: impl Source + 'static) -> Router {
    router(Site {
        folder: "manifests".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(source),
        cluster: Cluster::Live(Arc::clone(live)),
        upstream,
    })
}

async fn ask(site: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    site.clone().oneshot(request).await.unwrap()
}

async fn get(site: &Router, path: &str) -> (StatusCode, String) {
    let response = ask(site, path).await;
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 26).await.unwrap().to_vec()).unwrap())
}

/// The page once its upstream has answered: on a busy machine a debug build takes longer than a page waits.
async fn answered(site: &Router, path: &str) -> (StatusCode, String) {
    let limit = Instant::now() + Duration::from_secs(120);
    loop {
        let (status, page) = get(site, path).await;
        if !page.contains("Asking Jaeger") && !page.contains("Asking Prometheus") && !page.contains("Jaeger is slow") {
            return (status, page);
        }
        assert!(Instant::now() < limit, "{path}: no answer in two minutes");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Each text after the one before.
fn in_order(page: &str, texts: &[&str]) {
    let mut from = 0;
    for text in texts {
        let at = page[from..].find(text).unwrap_or_else(|| panic!("{text} is missing after {from} in {page}"));
        from += at + text.len();
    }
}

/// Nothing of a hostile text is markup, though it is shown.
fn harmless(path: &str, page: &str) {
    assert!(page.contains("&#60;xss"), "{path} shows nothing of it");
    assert!(!page.contains("<xss") && !page.contains("a=\"b\"") && !page.contains('\u{202e}'), "{path}: {page}");
    for inline in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
        assert!(!page.contains(inline), "{path} holds {inline}");
    }
}

/// One heading, each ID once, each label on something.
fn well_formed(path: &str, page: &str) {
    assert_eq!(page.matches("<h1").count(), 1, "{path}");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "{path}: an ID twice");
    for (attribute, what) in [("aria-labelledby=\"", "labels"), (" for=\"", "is for")] {
        let targets = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        for target in targets.flat_map(str::split_whitespace) {
            assert!(ids.contains(&target), "{path}: {target} {what} nothing");
        }
    }
}
