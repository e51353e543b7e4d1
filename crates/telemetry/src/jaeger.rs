//! Jaeger's query service.

use crate::QueryError;
use crate::server::{Body, Server};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

const WHO: &str = "Jaeger";

/// Which traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The service that has a span in them.
    pub service: String,
    /// Tags of one of its spans or of its process, by name.
    pub tags: BTreeMap<String, String>,
    /// Earliest start, in microseconds since 1970.
    pub start: i64,
    /// Latest start.
    pub end: i64,
    /// How many at most, the newest.
    pub limit: usize,
}

/// A trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Its ID, as links have it.
    pub id: String,
    /// Its spans.
    pub spans: Vec<Span>,
}

/// A span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// What was done.
    pub operation: String,
    /// By whom.
    pub service: String,
    /// Microseconds since 1970.
    pub start: i64,
    /// Microseconds that it took.
    pub duration: i64,
    /// Attributes of the span.
    pub tags: BTreeMap<String, String>,
    /// Attributes of its resource: the process that sent it.
    pub process: BTreeMap<String, String>,
}

impl Trace {
    /// When it began.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.spans.iter().map(|span| span.start).min().unwrap_or_default()
    }
}

/// A Jaeger server.
#[derive(Clone, Debug)]
pub struct Jaeger {
    server: Server,
}

impl Jaeger {
    /// The server at `address`: `http://127.0.0.1:16686`, perhaps with a path.
    ///
    /// # Errors
    /// As [`crate::Prometheus::new`].
    pub fn new(address: &str) -> Result<Self, QueryError> {
        Ok(Self { server: Server::new(WHO, address)? })
    }

    /// Finds traces.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn traces(&self, search: &Search) -> Result<Vec<Trace>, QueryError> {
        let asked = search.asked();
        let asked: Vec<(&str, &str)> = asked.iter().map(|(key, value)| (*key, value.as_str())).collect();
        read(&self.server.get("/api/traces", &asked).await?)
    }

    /// The search's page in its web UI.
    #[must_use]
    pub fn search_page(&self, search: &Search) -> String {
        self.linked("/search", search)
    }

    /// The search's answer by its API.
    #[must_use]
    pub fn search_answer(&self, search: &Search) -> String {
        self.linked("/api/traces", search)
    }

    fn linked(&self, path: &str, search: &Search) -> String {
        let asked = search.asked();
        let asked: Vec<(&str, &str)> = asked.iter().map(|(key, value)| (*key, value.as_str())).collect();
        self.server.link(path, &asked)
    }

    /// A trace's page in its web UI.
    #[must_use]
    pub fn trace_page(&self, id: &str) -> String {
        self.server.link(&format!("/trace/{}", hex(id)), &[])
    }

    /// A trace by its API.
    #[must_use]
    pub fn trace_answer(&self, id: &str) -> String {
        self.server.link(&format!("/api/traces/{}", hex(id)), &[])
    }

    /// The services that sent it spans.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn services(&self) -> Result<Vec<String>, QueryError> {
        envelope(&self.server.get("/api/services", &[]).await?)
    }

    /// Whether it has its web UI: one that was built without it shows a page that says so, and loads no script.
    pub async fn has_ui(&self) -> bool {
        let page = self.server.get("/search", &[]).await;
        page.is_ok_and(|page| page.status == 200 && String::from_utf8_lossy(&page.bytes).contains("<script"))
    }
}

/// An ID is hexadecimal; whatever else came in its place does not get into a path.
fn hex(id: &str) -> String {
    id.chars().filter(char::is_ascii_hexdigit).collect()
}

impl Search {
    fn asked(&self) -> Vec<(&'static str, String)> {
        let mut asked = vec![("service", self.service.clone())];
        if !self.tags.is_empty() {
            let tags: serde_json::Map<String, Value> =
                self.tags.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect();
            asked.push(("tags", Value::Object(tags).to_string()));
        }
        asked.push(("start", self.start.to_string()));
        asked.push(("end", self.end.to_string()));
        asked.push(("limit", self.limit.to_string()));
        asked
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default = "none")]
    data: Option<Vec<T>>,
    #[serde(default)]
    errors: Option<Vec<Fault>>,
}

fn none<T>() -> Option<Vec<T>> {
    None
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    msg: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTrace {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(default)]
    spans: Vec<RawSpan>,
    #[serde(default)]
    processes: HashMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpan {
    operation_name: String,
    start_time: i64,
    duration: i64,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
    #[serde(rename = "processID", default)]
    process_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: Value,
}

fn read(body: &Body) -> Result<Vec<Trace>, QueryError> {
    Ok(envelope(body)?.into_iter().map(trace).collect())
}

fn envelope<T: DeserializeOwned>(body: &Body) -> Result<Vec<T>, QueryError> {
    let refused = |message: String| QueryError::Refused { who: WHO, kind: format!("HTTP {}", body.status), message };
    let envelope: Envelope<T> = match serde_json::from_slice(&body.bytes) {
        Ok(envelope) => envelope,
        Err(_) if body.status != 200 => return Err(refused("it is no Jaeger, or not up yet".to_owned())),
        Err(error) => return Err(QueryError::Unreadable { who: WHO, what: error.to_string() }),
    };
    if let Some(fault) = envelope.errors.iter().flatten().next() {
        let code = if fault.code == 0 { body.status } else { fault.code };
        return Err(QueryError::Refused { who: WHO, kind: format!("HTTP {code}"), message: fault.msg.clone() });
    }
    if body.status != 200 {
        return Err(refused("no reason given".to_owned()));
    }
    Ok(envelope.data.unwrap_or_default())
}

fn trace(raw: RawTrace) -> Trace {
    let processes: HashMap<String, (String, BTreeMap<String, String>)> =
        raw.processes.into_iter().map(|(id, process)| (id, (process.service_name, tags(process.tags)))).collect();
    let spans = raw.spans.into_iter().map(|span| {
        let (service, process) = processes.get(&span.process_id).cloned().unwrap_or_default();
        Span {
            operation: span.operation_name,
            service,
            start: span.start_time,
            duration: span.duration,
            tags: tags(span.tags),
            process,
        }
    });
    Trace { id: raw.trace_id, spans: spans.collect() }
}

fn tags(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    tags.into_iter().flatten().map(|tag| (tag.key, text(tag.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(status: u16, text: &str) -> Result<Vec<Trace>, QueryError> {
        read(&Body { status, bytes: text.as_bytes().to_vec() })
    }

    #[test]
    fn a_span_carries_its_process() {
        let text = r#"{"data":[{"traceID":"4bf9","spans":[{"traceID":"4bf9","spanID":"a","operationName":"/dispatch",
            "references":[],"startTime":1700000000000000,"duration":1500,"tags":[{"key":"error","type":"bool","value":true}],
            "logs":[],"processID":"p1","warnings":null}],"processes":{"p1":{"serviceName":"frontend",
            "tags":[{"key":"hotrod.pod.hash","type":"string","value":"abc"}]}},"warnings":null}],
            "total":0,"limit":0,"offset":0,"errors":null}"#;
        let traces = came(200, text).expect("traces");
        let span = &traces[0].spans[0];
        assert_eq!((traces[0].id.as_str(), span.service.as_str(), traces[0].start()), ("4bf9", "frontend", span.start));
        assert_eq!(span.process.get("hotrod.pod.hash").map(String::as_str), Some("abc"));
        assert_eq!(span.tags.get("error").map(String::as_str), Some("true"));
    }

    #[test]
    fn nothing_found_is_no_refusal() {
        assert_eq!(came(200, r#"{"data":null,"errors":null}"#).expect("none"), []);
        let error = came(400, r#"{"data":null,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}"#);
        assert_eq!(error.expect_err("no").to_string(), "Jaeger says HTTP 400: parameter 'service' is required");
        assert!(came(200, "<html>").is_err_and(|error| !error.may_pass()));
        assert!(came(502, "<html>").is_err_and(|error| error.may_pass()));
    }

    #[test]
    fn links_hold_the_whole_search() {
        let jaeger = Jaeger::new("http://u:p@localhost:30103").expect("an address");
        let tags = BTreeMap::from([("hotrod.pod.hash".to_owned(), "a&b".to_owned())]);
        let search = Search { service: "front end".to_owned(), tags, start: 1, end: 2, limit: 20 };
        assert_eq!(
            jaeger.search_page(&search),
            "http://localhost:30103/search?service=front+end&tags=%7B%22hotrod.pod.hash%22%3A%22a%26b%22%7D&start=1&end=2&limit=20"
        );
        assert_eq!(jaeger.trace_page("../4bf9?y"), "http://localhost:30103/trace/4bf9");
    }
}
