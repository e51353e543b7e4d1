//! One trace as a waterfall.

use crate::cluster::{How, live, release};
use crate::stand_in::{large, stand_in, trace, upstream};
use crate::{answered, get, in_order, site, well_formed};
use axum::http::StatusCode;
use hyperspace_web::Upstream;
use std::sync::atomic::Ordering;
use std::time::Instant;

#[tokio::test]
async fn spans_stand_below_what_caused_them_and_say_all_they_know() {
    let server = stand_in(vec![trace("4bf9", "bbbb", 1_700_000_000_000_000, 900_000, true)]).await;
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let site = site(&live, upstream(&server.address, None, true));
    let (status, page) = get(&site, "/traces/4BF9").await;
    assert_eq!(status, StatusCode::OK);
    well_formed("/traces/4bf9", &page);
    in_order(
        &page,
        &[
            "/rollouts/hotrod/hotrod/traces\"",
            "<h1 class=\"named\">frontend /dispatch: 900 ms, 2 spans failed</h1>",
            "2 spans of 2 services; canary, revision 2",
            &format!("{}/trace/4bf9\"", server.address),
            "frontend <span",
            "route <span",
            "Failed spans",
            "#s1\">route /dispatch, 450 ms</a>",
            "level 1: ",
            "level 2: ",
            "failed</span>",
            "225 ms",
            "450 ms",
            "x=\"2500\" width=\"5000\"",
        ],
    );
    let (_, page) = get(&site, "/traces/4bf9?span=b2").await;
    well_formed("/traces/4bf9?span=b2", &page);
    in_order(
        &page,
        &["id=\"open\"", "uiFind=b2", "span.kind", "server", "What it wrote down", "hotrod.pod.hash", "bbbb"],
    );
    assert_eq!(server.inner.singles.load(Ordering::SeqCst), 1, "both pages are of one answer");
}

#[tokio::test]
async fn what_is_no_trace_is_not_found_and_leads_on() {
    let server = stand_in(Vec::new()).await;
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let site = site(&live, upstream(&server.address, None, false));
    for id in ["xyz", "4bf9", "1234567890123456789012345678901234", "..%2F4bf9"] {
        let (status, page) = get(&site, &format!("/traces/{id}?of=hotrod/hotrod")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
        assert!(page.contains("href=\"/rollouts"), "a way out: {page}");
    }
    assert_eq!(server.inner.singles.load(Ordering::SeqCst), 1, "what is no ID is asked nobody");
    let without = crate::site(&live, Upstream::default());
    let (status, page) = get(&without, "/traces/4bf9").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("--jaeger URL"), "{page}");
    server.inner.down.store(true, Ordering::SeqCst);
    let (status, page) = get(&site, "/traces/4bfa").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("Jaeger does not answer"), "{page}");
}

#[tokio::test]
async fn ten_thousand_spans_are_paged_and_quick() {
    let server = stand_in(vec![large("abc", 10_000)]).await;
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let site = site(&live, upstream(&server.address, None, false));
    let mut took = Vec::new();
    for path in ["/traces/abc", "/traces/abc", "/traces/abc?page=20", "/traces/abc?span=2710"] {
        let begun = Instant::now();
        let (status, page) = answered(&site, path).await;
        took.push((path, begun.elapsed(), page.len()));
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("10000 spans of 5 services") && page.contains(" of 40"), "{path}: {}", &page[..2000]);
        assert_eq!(page.matches("<tr id=\"s").count(), 250, "{path}");
    }
    println!("10,000 spans, the first from the stand-in on: {took:.1?}");
    // Known answers cost no more than a page; ten times the target leaves room for a debug build on a busy machine.
    assert!(took[1..].iter().all(|(_, took, _)| took.as_millis() < 1500), "{took:?}");
}
