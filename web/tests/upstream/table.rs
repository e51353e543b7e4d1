//! The table of a rollout's traces.

use crate::cluster::{How, live, release};
use crate::stand_in::{StandIn, named, stand_in, trace, upstream};
use crate::{HOSTILE, answered, ask, get, harmless, in_order, site, well_formed};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use hyperspace_web::Upstream;
use jiff::Timestamp;
use std::sync::atomic::Ordering;
use std::time::Duration;

const PATH: &str = "/rollouts/hotrod/hotrod/traces";

/// Seconds ago, in microseconds since 1970.
fn ago(seconds: i64) -> i64 {
    Timestamp::now().as_microsecond() - seconds * 1_000_000
}

/// A failed one and a slow one of the canary, two of the stable version, one of nobody we know.
async fn five() -> StandIn {
    stand_in(vec![
        trace("11", "bbbb", ago(50), 900_000, true),
        trace("22", "bbbb", ago(40), 2_400_000, false),
        trace("33", "aaaa", ago(30), 740_000, false),
        trace("44", "aaaa", ago(20), 810_000, false),
        trace("55", "cccc", ago(10), 100, false),
    ])
    .await
}

/// The traces of a table, in its order.
fn rows(page: &str) -> Vec<&str> {
    page.split("href=\"/traces/").skip(1).filter_map(|rest| rest.split(['?', '"']).next()).collect()
}

#[tokio::test]
async fn failed_and_slow_ones_come_first_each_with_its_version() {
    let server = five().await;
    let site = site(&live([release("hotrod", "hotrod", How::Aborted)]), upstream(&server.address, None, true));
    // The one page with a filter may send it, to itself; no other page may.
    for (path, may) in [(PATH, true), ("/rollouts/hotrod/hotrod/analysis", false), ("/traces/11", false)] {
        let answer = ask(&site, path).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert_eq!(policy.contains("form-action 'self'"), may, "{path}: {policy}");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
    }
    let (status, page) = get(&site, PATH).await;
    assert_eq!(status, StatusCode::OK);
    well_formed(PATH, &page);
    assert_eq!(rows(&page), ["11", "22", "44", "33", "55"], "{page}");
    in_order(
        &page,
        &[
            "5 traces in the last hour: 1 failed, the slowest took 2.40 s",
            "The same search in Jaeger",
            "canary, revision 2</a>",
            "stable, revision 1</a>",
            &format!("{}/trace/11\"", server.address),
        ],
    );
    // Every filter, alone and together, and the order.
    for (query, expected) in [
        ("version=canary", &["11", "22"][..]),
        ("version=aaaa", &["44", "33"]),
        ("error=true", &["11"]),
        ("error=false&sort=newest", &["55", "44", "33", "22"]),
        ("min-duration=800ms", &["11", "22", "44"]),
        ("min-duration=0.8s&version=stable", &["44"]),
        ("service=route&sort=slowest", &["22", "11", "44", "33", "55"]),
        ("service=nobody", &[]),
        ("version=gone", &[]),
    ] {
        let (_, page) = get(&site, &format!("{PATH}?{query}")).await;
        assert_eq!(rows(&page), expected, "{query}");
    }
    let (_, page) = get(&site, &format!("{PATH}?min-duration=soon")).await;
    assert!(page.contains("“soon” is no duration; 200ms and 1.5s are."), "{page}");
    // The same filter in Jaeger.
    let (_, page) = get(&site, &format!("{PATH}?version=canary&error=true&min-duration=10ms&service=route")).await;
    let link = page.split("href=\"").find(|rest| rest.contains("/search?")).unwrap().split('"').next().unwrap();
    for part in ["service=route", "hotrod.pod.hash%22%3A%22bbbb", "%22error%22%3A%22true%22", "minDuration=10000us"] {
        assert!(link.contains(part), "{part} is missing in {link}");
    }
    // The gates of the aborted run ask for its own time.
    assert_eq!(server.inner.searches.load(Ordering::SeqCst), 2, "filters ask nobody");
}

#[tokio::test]
async fn many_readers_are_one_question_and_thousands_of_traces_are_paged() {
    let traces = (0..2_300).map(|n| trace(&format!("{n:x}"), "bbbb", ago(3_000) + n * 1_000_000, 1_000 + n, false));
    let server = stand_in(traces.collect()).await;
    let site = site(&live([release("hotrod", "hotrod", How::Aborted)]), upstream(&server.address, None, true));
    // All at once, before anything is known.
    futures_util::future::join_all((0..50).map(|_| get(&site, PATH))).await;
    answered(&site, PATH).await;
    let readers = (0..50).map(|_| get(&site, PATH));
    for (status, page) in futures_util::future::join_all(readers).await {
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("page 1 of 40") && page.contains("These are the newest 2000 of that time."), "{page}");
    }
    // In parts of a hundred, which meet in one trace each.
    let asked = server.inner.searches.load(Ordering::SeqCst);
    assert!((20..=26).contains(&asked), "{asked}");
    let (_, page) = get(&site, &format!("{PATH}?page=40&sort=newest")).await;
    assert!(rows(&page).len() == 50 && page.contains("Page 40 of 40") && !page.contains("Next page"), "{page}");
    let (_, page) = get(&site, &format!("{PATH}?page=999")).await;
    assert!(page.contains("Page 40 of 40"));
}

#[tokio::test]
async fn a_jaeger_that_is_missing_or_broken_says_so_and_the_rest_works() {
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let (status, page) = get(&site(&live, Upstream::default()), PATH).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("No Jaeger") && page.contains("--jaeger URL"), "{page}");
    let server = five().await;
    server.inner.down.store(true, Ordering::SeqCst);
    let broken = site(&live, upstream(&server.address, None, false));
    let (status, page) = get(&broken, PATH).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Missing: Jaeger") && page.contains("HTTP 503"), "{page}");
    let (_, page) = get(&broken, "/rollouts/hotrod/hotrod/analysis").await;
    assert!(page.contains("Missing: Jaeger") && page.contains("1240 ms"), "the gates stand: {page}");
    // A rollout that the repository does not have.
    let other = crate::cluster::live([release("x", "y", How::Aborted)]);
    let (_, page) = get(&site(&other, upstream(&server.address, None, false)), "/rollouts/x/y/traces").await;
    assert!(page.contains("Its traces cannot be told") && page.contains("has no rollout x/y"), "{page}");
    assert_eq!(get(&broken, "/rollouts/hotrod/none/traces").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_seen_is_marked_stale_and_new_traces_come_by_the_stream() {
    let server = five().await;
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let site = site(&live, upstream(&server.address, None, false));
    let (_, page) = get(&site, PATH).await;
    let stream = page.split("hx-sse:connect=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let mut events = ask(&site, &stream).await.into_body().into_data_stream();
    let mut frame = async || {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await.unwrap().unwrap().unwrap();
            let event = String::from_utf8(event.to_vec()).unwrap();
            if event.starts_with("id: ") {
                return event;
            }
        }
    };
    server.inner.traces.lock().unwrap().push(trace("66", "bbbb", ago(0), 5_000_000, false));
    let event = frame().await;
    assert!(event.contains("6 traces in the last hour: 1 failed, the slowest took 5.00 s"), "{event}");
    server.inner.down.store(true, Ordering::SeqCst);
    let event = frame().await;
    assert!(event.contains("Stale: Jaeger") && event.contains("6 traces in the last hour"), "{event}");
    server.inner.down.store(false, Ordering::SeqCst);
    assert!(!frame().await.contains("Stale"));
}

#[tokio::test]
async fn names_from_traces_are_never_markup() {
    let hostile = named("77", "bbbb", ago(10), 900, true, HOSTILE, HOSTILE);
    let server = stand_in(vec![hostile]).await;
    let site = site(&live([release("hotrod", "hotrod", How::Aborted)]), upstream(&server.address, None, true));
    let typed: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for query in ["", "?service=", "?version=", "?min-duration=", "?run="] {
        let path = if query.is_empty() { PATH.to_owned() } else { format!("{PATH}{query}{typed}") };
        let (status, page) = get(&site, &path).await;
        assert_eq!(status, StatusCode::OK);
        harmless(&path, &page);
    }
    for path in [
        "/traces/77",
        "/traces/77?span=b2",
        &format!("/traces/77?of={typed}&span={typed}"),
        &format!("/traces/{typed}"),
    ] {
        harmless_if_shown(path, &get(&site, path).await.1);
    }
}

fn harmless_if_shown(path: &str, page: &str) {
    assert!(!page.contains("<xss") && !page.contains("a=\"b\""), "{path}: {page}");
    if !path.contains('%') {
        harmless(path, page);
    }
}
