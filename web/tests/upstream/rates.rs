//! The rates on the pipeline's edges.

use crate::cluster::{How, live, release};
use crate::manifests::Edited;
use crate::stand_in::{stand_in, upstream};
use crate::{answered, get, site, site_of, well_formed};
use hyperspace_web::Upstream;
use std::sync::atomic::Ordering;

const SPANS: &str = "sum(rate(traces_span_metrics_calls_total{app=\"collector\"}[60s]))";
const SCRAPE: &str = "sum(scrape_samples_scraped{app=\"collector\"})";

/// Names of the edges that have a rate.
fn rated(page: &str) -> Vec<&str> {
    let names =
        page.split("<g class=\"edge ").skip(1).filter_map(|part| part.split("<title>").nth(1)?.split('<').next());
    names.filter(|name| name.ends_with("/s") || name.ends_with(" a scrape")).collect()
}

/// These edges have a rate, and no others.
fn has_rates(page: &str, expected: &[&str]) {
    let rated = rated(page);
    for name in expected {
        assert!(rated.contains(name), "{name} is missing in {rated:?}");
    }
    assert_eq!(rated.len(), expected.len(), "{rated:?}");
}

#[tokio::test]
async fn what_is_counted_stands_on_the_edges() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let stand_in = stand_in(Vec::new()).await;
    *stand_in.inner.samples.lock().unwrap() = Some(12.25);
    let site = site(&live, upstream(&stand_in.address, Some(&stand_in.address), false));
    let (_, page) = answered(&site, "/pipeline").await;
    well_formed("/pipeline", &page);
    let mut asked = stand_in.inner.instants.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, [SPANS, SCRAPE]);
    // Every way that the counted spans take; what Jaeger gets and what the connector makes of them nobody counts.
    let expected = [
        "traces from sender hotrod to receiver otlp, 12.2 spans/s",
        "traces from receiver otlp to pipeline traces, 12.2 spans/s",
        "traces from processor batch to exporter debug, 12.2 spans/s",
        "traces from processor batch to exporter otlp, 12.2 spans/s",
        "traces from processor batch to connector spanmetrics, 12.2 spans/s",
        "metrics from exporter prometheus to scraper Prometheus, 12.2 samples a scrape",
    ];
    has_rates(&page, &expected);
    assert!(page.contains("Rates are from Prometheus.") && page.contains("<span class=\"rate\">12.2 spans/s</span>"));
    let (_, opened) = answered(&site, "/pipeline?node=from/Deployment%20hotrod").await;
    assert!(opened.contains("12.2 spans/s"), "{opened}");
    let (_, metrics) = get(&site, "/metrics").await;
    let count = "hyperspace_console_upstream_queries_total{of=\"Prometheus\",outcome=\"answered\"} 2";
    assert!(metrics.contains(count), "{metrics}");
}

/// Prometheus scrapes the collector's own metrics in the place of its span metrics.
fn own(text: String) -> String {
    let telemetry = "telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}}]}}";
    text.replace("prometheus.io/port: \"8889\"", "prometheus.io/port: \"8888\"")
        .replace("    service:\n      extensions", &format!("    service:\n      {telemetry}\n      extensions"))
}

#[tokio::test]
async fn the_collectors_own_metrics_tell_what_each_receiver_and_exporter_does() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let stand_in = stand_in(Vec::new()).await;
    *stand_in.inner.samples.lock().unwrap() = Some(3.0);
    let upstream = upstream(&stand_in.address, Some(&stand_in.address), false);
    let (_, page) = answered(&site_of(&live, upstream, Edited(own)), "/pipeline").await;
    let asked = stand_in.inner.instants.lock().unwrap().clone();
    let sent =
        "sum(rate({__name__=~\"otelcol_exporter_sent_spans(_total)?\",app=\"collector\",exporter=\"otlp\"}[60s]))";
    assert!(asked.iter().any(|query| query == sent), "{asked:?}");
    let expected = [
        "traces from receiver otlp to pipeline traces, 3 spans/s",
        "traces from exporter otlp to backend jaeger-collector, 3 spans/s",
        "traces from processor batch to exporter debug, 3 spans/s",
        "metrics from processor batch to exporter prometheus, 3 points/s",
        "metrics from own metrics telemetry to scraper Prometheus, 3 samples a scrape",
    ];
    has_rates(&page, &expected);
}

#[tokio::test]
async fn where_nothing_counts_the_page_says_so() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let stand_in = stand_in(Vec::new()).await;
    let site = site(&live, upstream(&stand_in.address, Some(&stand_in.address), false));
    let (_, page) = answered(&site, "/pipeline").await;
    assert!(page.contains("No rates: Prometheus holds no series") && rated(&page).is_empty(), "{page}");
    let without = crate::site(&live, Upstream::default());
    let (_, page) = get(&without, "/pipeline").await;
    assert!(!page.contains("rate"), "nothing is said of what nobody asked for: {page}");
}

#[tokio::test]
async fn a_prometheus_that_is_away_is_told() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let stand_in = stand_in(Vec::new()).await;
    stand_in.inner.down.store(true, Ordering::SeqCst);
    let site = site(&live, upstream(&stand_in.address, Some(&stand_in.address), false));
    let (_, page) = answered(&site, "/pipeline").await;
    assert!(page.contains("Missing: Prometheus") && page.contains("--prometheus URL"), "{page}");
    assert_eq!(page.matches("Missing: Prometheus").count(), 1, "one trouble, however many questions");
    assert!(page.contains("exporter prometheus"), "the rest works: {page}");
}
