//! A Jaeger and a Prometheus that count what they are asked.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use hyperspace_web::Upstream;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use telemetry::{Jaeger, Prometheus};

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) traces: Mutex<Vec<Value>>,
    /// Searches, single traces, range queries.
    pub(crate) searches: AtomicUsize,
    pub(crate) singles: AtomicUsize,
    pub(crate) ranges: AtomicUsize,
    /// Whether everything is refused.
    pub(crate) down: AtomicBool,
    /// Instant queries, in their order.
    pub(crate) instants: Mutex<Vec<String>>,
    /// What they are answered with; none is no series.
    pub(crate) samples: Mutex<Option<f64>>,
    /// Whether it was built without pages.
    pub(crate) bare: AtomicBool,
    /// The last range query.
    pub(crate) query: Mutex<String>,
}

pub(crate) struct StandIn {
    pub(crate) address: String,
    pub(crate) inner: Arc<Inner>,
}

/// Another program's address, for both.
pub(crate) fn upstream(jaeger: &str, prometheus: Option<&str>, pages: bool) -> Upstream {
    let jaeger = Jaeger::new(jaeger).unwrap();
    let prometheus = prometheus.map(|address| Prometheus::new(address).unwrap());
    Upstream {
        jaeger_pages: pages.then(|| jaeger.clone()),
        prometheus_pages: prometheus.clone().filter(|_| pages),
        jaeger: Some(jaeger),
        prometheus,
        pages_elsewhere: false,
    }
}

type Asked = Query<HashMap<String, String>>;

pub(crate) async fn stand_in(traces: Vec<Value>) -> StandIn {
    let inner = Arc::new(Inner { traces: Mutex::new(traces), ..Inner::default() });
    let app = Router::new()
        .route("/api/traces", get(search))
        .route("/api/traces/{id}", get(single))
        .route("/search", get(ui))
        .route("/graph", get(ui))
        .route("/api/v1/query_range", post(range))
        .route("/api/v1/query", post(instant))
        .with_state(Arc::clone(&inner));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    StandIn { address, inner }
}

fn refused() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "down").into_response()
}

async fn ui(State(inner): State<Arc<Inner>>) -> Response {
    match inner.bare.load(Ordering::SeqCst) {
        true => StatusCode::NOT_FOUND.into_response(),
        false => Html("<script src=\"ui.js\"></script>").into_response(),
    }
}

async fn search(State(inner): State<Arc<Inner>>, Query(asked): Asked) -> Response {
    inner.searches.fetch_add(1, Ordering::SeqCst);
    if inner.down.load(Ordering::SeqCst) {
        return refused();
    }
    let number = |key: &str| asked[key].parse::<i64>().unwrap();
    let (from, to, limit) = (number("start"), number("end"), number("limit") as usize);
    let tags: HashMap<String, String> =
        asked.get("tags").map_or_else(HashMap::new, |t| serde_json::from_str(t).unwrap());
    let start = |trace: &Value| trace["spans"][0]["startTime"].as_i64().unwrap();
    let tagged = |trace: &Value| {
        let has = trace["processes"]["p0"]["tags"].as_array().unwrap();
        tags.iter().all(|(key, value)| has.iter().any(|tag| tag["key"] == **key && tag["value"] == **value))
    };
    let traces = inner.traces.lock().unwrap();
    let mut found: Vec<&Value> =
        traces.iter().filter(|trace| (from..=to).contains(&start(trace)) && tagged(trace)).collect();
    found.sort_by_key(|trace| std::cmp::Reverse(start(trace)));
    found.truncate(limit);
    axum::response::Response::new(json!({ "data": found, "errors": null }).to_string().into())
}

async fn single(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Response {
    inner.singles.fetch_add(1, Ordering::SeqCst);
    if inner.down.load(Ordering::SeqCst) {
        return refused();
    }
    let traces = inner.traces.lock().unwrap();
    match traces.iter().find(|trace| trace["traceID"] == *id) {
        Some(trace) => Response::new(json!({ "data": [trace], "errors": null }).to_string().into()),
        None => {
            let body = json!({ "data": null, "errors": [{ "code": 404, "msg": "trace not found" }] });
            (StatusCode::NOT_FOUND, body.to_string()).into_response()
        }
    }
}

fn form(body: &str) -> HashMap<String, String> {
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| {
            let value = value.replace('+', " ");
            (key.to_owned(), percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned())
        })
        .collect()
}

async fn instant(State(inner): State<Arc<Inner>>, body: String) -> Response {
    if inner.down.load(Ordering::SeqCst) {
        return refused();
    }
    inner.instants.lock().unwrap().push(form(&body)["query"].clone());
    let value = |value: f64| json!({ "metric": {}, "value": [1_790_000_000, format!("{value}")] });
    let result: Vec<Value> = inner.samples.lock().unwrap().map(value).into_iter().collect();
    let data = json!({ "resultType": "vector", "result": result });
    Response::new(json!({ "status": "success", "data": data }).to_string().into())
}

/// Of ten values the first two are missing, the third is NaN.
async fn range(State(inner): State<Arc<Inner>>, body: String) -> Response {
    inner.ranges.fetch_add(1, Ordering::SeqCst);
    if inner.down.load(Ordering::SeqCst) {
        return refused();
    }
    let form = form(&body);
    let number = |key: &str| form[key].parse::<f64>().unwrap();
    let (start, end, step) = (number("start"), number("end"), number("step"));
    inner.query.lock().unwrap().clone_from(&form["query"]);
    let times = (0..).map(|n| (n, start + step * f64::from(n))).take_while(|(_, at)| *at <= end);
    let values: Vec<Value> = times
        .skip(2)
        .map(|(n, at)| json!([at, if n == 2 { "NaN".to_owned() } else { format!("{}", 350 + n) }]))
        .collect();
    let data = json!({ "resultType": "matrix", "result": [{ "metric": {}, "values": values }] });
    Response::new(json!({ "status": "success", "data": data }).to_string().into())
}

/// A trace of the service `frontend`: its root, and a call of `route` in it; both may fail.
pub(crate) fn trace(id: &str, hash: &str, start: i64, duration: i64, failed: bool) -> Value {
    named(id, hash, start, duration, failed, "/dispatch", "route")
}

pub(crate) fn named(
    id: &str,
    hash: &str,
    start: i64,
    duration: i64,
    failed: bool,
    operation: &str,
    callee: &str,
) -> Value {
    let tag = |key: &str, value: Value| json!({ "key": key, "type": "string", "value": value });
    let process = |service: &str| {
        json!({ "serviceName": service,
                "tags": [tag("hotrod.pod.hash", hash.into()), tag("hotrod.namespace", "hotrod".into())] })
    };
    let span =
        |span: &str, parent: Option<&str>, operation: &str, after: i64, took: i64, failed: bool, process: &str| {
            let references: Vec<Value> = parent
                .map(|parent| json!({ "refType": "CHILD_OF", "traceID": id, "spanID": parent }))
                .into_iter()
                .collect();
            let mut tags = vec![tag("span.kind", "server".into()), tag(operation, operation.into())];
            if failed {
                tags.push(json!({ "key": "error", "type": "bool", "value": true }));
            }
            json!({ "traceID": id, "spanID": span, "operationName": operation, "references": references,
                "startTime": start + after, "duration": took, "tags": tags,
                "logs": [{ "timestamp": start + after, "fields": [tag("event", operation.into())] }],
                "processID": process, "warnings": null })
        };
    json!({ "traceID": id, "spans": [
                span("a1", None, operation, 0, duration, failed, "p0"),
                span("b2", Some("a1"), operation, duration / 4, duration / 2, failed, "p1")],
            "processes": { "p0": process("frontend"), "p1": process(callee) }, "warnings": null })
}

/// One trace of so many spans, ten below each.
pub(crate) fn large(id: &str, spans: usize) -> Value {
    let mut all = Vec::with_capacity(spans);
    for n in 0..spans {
        let references: Vec<Value> = (n > 0)
            .then(|| json!({ "refType": "CHILD_OF", "traceID": id, "spanID": format!("{:x}", (n - 1) / 10 + 1) }))
            .into_iter()
            .collect();
        all.push(json!({ "traceID": id, "spanID": format!("{:x}", n + 1), "operationName": format!("GET /route/{}", n % 40),
            "references": references, "startTime": 1_700_000_000_000_000_i64 + n as i64, "duration": 1 + spans as i64 - n as i64,
            "tags": (0..8).map(|tag| json!({ "key": format!("http.attribute.{tag}"), "type": "string",
                                              "value": format!("value {}", n % 100) })).collect::<Vec<_>>(),
            "logs": [], "processID": format!("p{}", n % 5), "warnings": null }));
    }
    let processes: serde_json::Map<String, Value> =
        (0..5).map(|n| (format!("p{n}"), json!({ "serviceName": format!("service-{n}"), "tags": [] }))).collect();
    json!({ "traceID": id, "spans": all, "processes": processes, "warnings": null })
}
