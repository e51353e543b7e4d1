//! What the real HotROD sends and counts, taken once: the spans of rides and other requests, and its own metrics page.

use lab::Program;
use lab::trial::{HotRod, collector, hotrod, on_free_ports, poll, scrape};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// Longer than HotROD's batches (1 s, pkg/tracing/init.go) take on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(15);

/// What was asked of HotROD: path, status, how often. Of ten good `GetDriver` calls every fifth attempt fails
/// (services/driver/redis.go `errorSimulator`), so two rides together are what the policy says of one, twice.
pub(crate) const REQUESTS: &[(&str, u16, usize)] = &[
    ("/dispatch?customer=123", 200, 2),
    ("/dispatch?customer=999", 500, 1),
    ("/", 200, 1),
    ("/config", 200, 1),
    ("/debug/vars", 200, 1),
    // The second scrape shows the first one as a request.
    ("/metrics", 200, 1),
];

/// A span with the service that sent it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) error: bool,
    pub(crate) trace: String,
    pub(crate) root: bool,
    pub(crate) attributes: Vec<String>,
}

/// The recording.
pub(crate) struct Recording {
    /// Every `resourceSpans` entry, as OTLP/HTTP's JSON takes it.
    pub(crate) resource_spans: Vec<Value>,
    /// HotROD's own metrics page.
    pub(crate) page: String,
}

impl Recording {
    /// Every span.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.resource_spans.iter().flat_map(spans).collect()
    }

    /// Keys of the resources' attributes.
    pub(crate) fn resource_attributes(&self) -> Vec<String> {
        let mut found: Vec<String> = self.resource_spans.iter().flat_map(|r| keys(&r["resource"])).collect();
        found.sort();
        found.dedup();
        found
    }

    /// One export request with all spans, each resource with more attributes.
    pub(crate) fn request(&self, extra: &[(&str, &str)]) -> String {
        let mut all = self.resource_spans.clone();
        for resource in &mut all {
            let attributes = resource["resource"]["attributes"].as_array_mut().unwrap();
            attributes
                .extend(extra.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } })));
        }
        json!({ "resourceSpans": all }).to_string()
    }
}

fn keys(holder: &Value) -> Vec<String> {
    let attributes = holder["attributes"].as_array().cloned().unwrap_or_default();
    attributes.iter().map(|a| a["key"].as_str().unwrap().to_owned()).collect()
}

fn spans(resource: &Value) -> Vec<Span> {
    let attributes = resource["resource"]["attributes"].as_array().unwrap();
    let service = attributes.iter().find(|a| a["key"] == "service.name").unwrap()["value"]["stringValue"].as_str();
    let scopes = resource["scopeSpans"].as_array().unwrap().iter();
    let all = scopes.flat_map(|s| s["spans"].as_array().unwrap()).map(|span| Span {
        service: service.unwrap().to_owned(),
        name: span["name"].as_str().unwrap().to_owned(),
        kind: span["kind"].as_u64().unwrap(),
        error: span["status"]["code"].as_u64() == Some(2),
        trace: span["traceId"].as_str().unwrap().to_owned(),
        root: span["parentSpanId"].as_str().unwrap_or_default().is_empty(),
        attributes: keys(span),
    });
    all.collect()
}

/// The recording, made by the first test that asks; `None` (said loudly) where Go is not on this machine.
pub(crate) fn recording() -> Option<&'static Recording> {
    static ONCE: OnceLock<Option<Recording>> = OnceLock::new();
    ONCE.get_or_init(|| Some(record(&lab::judge(Program::Collector)?, &lab::judge(Program::HotRod)?))).as_ref()
}

fn record(collector_binary: &Path, hotrod_binary: &Path) -> Recording {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spans.json");
    let config = |port: u16| {
        json!({
            "receivers": { "otlp": { "protocols": { "http": { "endpoint": format!("127.0.0.1:{port}") } } } },
            "exporters": { "file": { "path": file, "flush_interval": "50ms" } },
            "service": { "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["file"] } } },
        })
    };
    let start = |[port]: [u16; 1]| Ok((collector(collector_binary, &config(port).to_string(), "{}")?, port));
    let (_collector, port) = on_free_ports(start).unwrap();
    let hotrod =
        hotrod(hotrod_binary, port, "hotrod.pod.name=hotrod-1,hotrod.namespace=hotrod,hotrod.pod.hash=58d9c7f6bd")
            .unwrap();
    ask(&hotrod);
    let page = scrape(hotrod.frontend).unwrap().body;
    // The page is a request as well.
    let traces = REQUESTS.iter().map(|(_, _, times)| times).sum::<usize>() + 1;
    let read = || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        lines.flat_map(|l| l["resourceSpans"].as_array().unwrap().clone()).collect::<Vec<Value>>()
    };
    let mut seen = Vec::new();
    poll(LIMIT, || {
        seen = read();
        let all: Vec<Span> = seen.iter().flat_map(spans).collect();
        let roots = all.iter().filter(|s| s.root).count();
        (roots == traces && all.len() >= expected_spans()).then_some(())
    });
    // Where fewer came than the policy promises, the tests say which.
    Recording { resource_spans: seen, page }
}

/// How many spans the policy promises for [`REQUESTS`] and the scrape after them: the recording waits for them, and a test
/// compares them one by one. HotROD keeps each service's spans back for up to a second, so an early look sees few.
fn expected_spans() -> usize {
    let mut total = 0.0;
    for (path, spans) in described_spans() {
        let times = REQUESTS.iter().filter(|(p, _, _)| *p == path).map(|(_, _, t)| *t as f64).sum::<f64>();
        let times = if path == "/metrics" { times + 1.0 } else { times };
        total += times * spans.iter().map(|s| s.times).sum::<f64>();
    }
    total as usize
}

/// The spans that the policy describes, by the request of [`REQUESTS`].
pub(crate) fn described_spans() -> BTreeMap<&'static str, Vec<model::Span>> {
    let policy = model::Policy::default();
    let described = policy.description("jaegertracing/example-hotrod").unwrap();
    let spans = REQUESTS.iter().map(|(path, status, _)| {
        let request = described.requests.iter().find(|r| path.split('?').next() == Some(&r.path)).unwrap();
        let failed = request.failing.as_ref().filter(|_| *status >= 500);
        (*path, failed.map_or(&request.spans, |f| &f.spans).clone())
    });
    spans.collect()
}

fn ask(hotrod: &HotRod) {
    for (path, status, times) in REQUESTS {
        for _ in 0..*times {
            assert_eq!(hotrod.request(path).unwrap(), *status, "{path}");
        }
    }
}
