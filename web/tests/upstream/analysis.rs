//! What stands to a gate: its traces, and the stable version's values.

use crate::cluster::{How, live, release};
use crate::stand_in::{stand_in, trace, upstream};
use crate::{get, in_order, site, well_formed};
use hyperspace_web::Upstream;
use std::sync::atomic::Ordering;

const PATH: &str = "/rollouts/hotrod/hotrod/analysis";

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

#[tokio::test]
async fn a_failed_gate_shows_its_canarys_traces_and_the_stable_values() {
    let server = stand_in(vec![
        trace("11", "bbbb", at("2026-11-26T03:06:00Z"), 1_240_000, false),
        trace("22", "bbbb", at("2026-11-26T03:06:30Z"), 300_000, true),
        // Before the query's two minutes, after its last look, and of the stable version.
        trace("33", "bbbb", at("2026-11-26T03:04:00Z"), 9_000_000, true),
        trace("44", "bbbb", at("2026-11-26T03:08:00Z"), 9_000_000, true),
        trace("55", "aaaa", at("2026-11-26T03:06:10Z"), 9_000_000, true),
    ])
    .await;
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let site = site(&live, upstream(&server.address, Some(&server.address), true));
    let (_, page) = get(&site, PATH).await;
    well_formed(PATH, &page);
    in_order(
        &page,
        &[
            "<h2 id=\"gate-1\">p95-latency</h2>",
            "2 traces of this canary in that time, 1 failed",
            "/traces/22?",
            &format!("{}/trace/22\"", server.address),
            "/traces/11?",
            "/traces?run=hotrod-bbbb-2-2\"",
            "<svg class=\"plot\"",
            "class=\"beside\"",
            "<title>stable, revision 1: no data</title>",
            "<title>stable, revision 1: NaN</title>",
            "stable, revision 1, the same query with its hash: 353 to",
            "NaN at 1 of",
            "no data at 2 of",
            "<th scope=\"col\">stable, revision 1</th>",
            &format!("{}/graph?g0.expr=histogram_quantile", server.address),
            "<h2 id=\"gate-2\">traffic</h2>",
        ],
    );
    for other in ["/traces/33?", "/traces/44?", "/traces/55?"] {
        assert!(!page.contains(other), "{other}");
    }
    let query = server.inner.query.lock().unwrap().clone();
    assert!(query.contains("hotrod_pod_hash=\"aaaa\"") && !query.contains("bbbb"), "{query}");
    get(&site, PATH).await;
    assert_eq!((server.inner.searches.load(Ordering::SeqCst), server.inner.ranges.load(Ordering::SeqCst)), (1, 1));
    // The run's own table.
    let (_, page) = get(&site, "/rollouts/hotrod/hotrod/traces?run=hotrod-bbbb-2-2").await;
    assert!(page.contains("in the time of hotrod-bbbb-2-2") && page.contains("/traces/22?"), "{page}");
    assert_eq!(server.inner.searches.load(Ordering::SeqCst), 1, "it is the same question");
}

#[tokio::test]
async fn links_lead_only_where_somebody_answers() {
    let server = stand_in(vec![trace("11", "bbbb", at("2026-11-26T03:06:00Z"), 1_240_000, false)]).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let mut all = upstream(&server.address, Some(&server.address), true);
    all.jaeger_pages = telemetry::Jaeger::new(&format!("http://{nobody}")).ok();
    all.prometheus_pages = telemetry::Prometheus::new(&format!("http://{nobody}")).ok();
    let live = live([release("hotrod", "hotrod", How::Aborted)]);
    let elsewhere = Upstream { pages_elsewhere: true, ..all.clone() };
    for all in [all, upstream(&server.address, Some(&server.address), false)] {
        let (_, page) = get(&site(&live, all), PATH).await;
        assert!(page.contains("/traces/11?") && page.contains("class=\"beside\""), "what is asked answers: {page}");
        assert!(!page.contains("in Jaeger") && !page.contains("in Prometheus"), "{page}");
    }
    // A browser gets further than a pod.
    let links = [format!("http://{nobody}/trace/11\""), format!("http://{nobody}/graph?g0.expr=")];
    let (_, page) = get(&site(&live, elsewhere.clone()), PATH).await;
    assert!(links.iter().all(|link| page.contains(link)), "{page}");
    server.inner.bare.store(true, Ordering::SeqCst);
    let (_, page) = get(&site(&live, elsewhere), PATH).await;
    assert!(page.contains("/traces/11?") && !page.contains(&nobody.to_string()), "{page}");
}
