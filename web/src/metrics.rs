//! How the console itself does, as OpenMetrics.

use crate::live::Cluster;
use crate::serve::Shared;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// In seconds; the goals of the pages (10 and 150 ms) are among them.
const BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0];

pub(crate) type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];
type Seconds = Gauge<f64, AtomicU64>;

/// The console's own measurements. None has a label whose values come from a cluster.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels<2>, Counter>,
    took: Family<Labels<1>, Histogram, fn() -> Histogram>,
    pub(crate) streams: Gauge,
    pub(crate) sent: Counter,
    pub(crate) dropped: Counter,
    pub(crate) drawn: Counter,
    /// By who is asked, and the outcome.
    pub(crate) queries: Family<Labels<2>, Counter>,
    age: Family<Labels<1>, Seconds>,
    current: Family<Labels<1>, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("hyperspace_console");
        let requests = Family::default();
        registry.register("requests", "Requests answered, by route and status", Family::clone(&requests));
        let took: Family<Labels<1>, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let help = "Time until an answer began, by route";
        registry.register_with_unit("request_duration", help, Unit::Seconds, Family::clone(&took));
        let streams = Gauge::default();
        registry.register("event_streams", "Event streams that are open", Gauge::clone(&streams));
        let sent = Counter::default();
        registry.register("events_sent", "States of pages sent to event streams", Counter::clone(&sent));
        let dropped = Counter::default();
        let help = "States of pages that a stream was too slow for: it got a newer one instead";
        registry.register("events_dropped", help, Counter::clone(&dropped));
        let drawn = Counter::default();
        registry.register("pages_drawn", "Live parts of pages drawn, each for all its readers", Counter::clone(&drawn));
        let queries = Family::default();
        let help = "Questions asked for the pages, each for all its readers, by who was asked and how it ended";
        registry.register("upstream_queries", help, Family::clone(&queries));
        let age = Family::default();
        let help = "Time since the newest change of what a source has shown";
        registry.register_with_unit("last_update_age", help, Unit::Seconds, Family::clone(&age));
        let current = Family::default();
        let help = "Whether a watch of the cluster shows what there is (1), or nothing yet or any more (0)";
        registry.register("watch_current", help, Family::clone(&current));
        Metrics { registry, requests, took, streams, sent, dropped, drawn, queries, age, current }
    }

    fn answered(&self, route: Option<MatchedPath>, status: StatusCode, took: Duration) {
        let route: Cow<'static, str> = match route {
            Some(route) => route.as_str().to_owned().into(),
            None => "none".into(),
        };
        self.took.get_or_create(&[("route", route.clone())]).observe(took.as_secs_f64());
        self.requests.get_or_create(&[("route", route), ("status", status.as_str().to_owned().into())]).inc();
    }

    fn look(&self, cluster: &Cluster) {
        let Cluster::Live(live) = cluster else { return };
        let state = live.read();
        if let Some(changed) = state.changed {
            let age = (Timestamp::now().as_millisecond() - changed.as_millisecond()).max(0) as f64 / 1000.0;
            self.age.get_or_create(&[("source", "cluster".into())]).set(age);
        }
        for (name, feed) in &state.feeds {
            let current = i64::from(feed.is_current());
            self.current.get_or_create(&[("watch", (*name).into())]).set(current);
        }
    }
}

/// Measures every request, refused ones too.
pub(crate) async fn measure(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    shared.metrics.answered(route, response.status(), start.elapsed());
    response
}

/// `/metrics`
pub(crate) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    shared.metrics.look(&shared.cluster);
    let mut text = String::new();
    match encode(&mut text, &shared.metrics.registry) {
        Ok(()) => ([(CONTENT_TYPE, KIND)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
