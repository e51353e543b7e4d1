//! Jaeger's query service.

mod digest;
mod read;

pub use digest::{Digest, Found};

use crate::QueryError;
use crate::server::Server;
use read::{envelope, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Microseconds that one of its spans took at least.
    pub min_duration: i64,
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
    /// Its ID.
    pub id: String,
    /// The span that caused it, which may not have come.
    pub parent: Option<String>,
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
    pub process: Arc<BTreeMap<String, String>>,
    /// What it wrote down on its way.
    pub events: Vec<Event>,
}

/// What a span wrote down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Microseconds since 1970.
    pub at: i64,
    /// Its attributes.
    pub fields: BTreeMap<String, String>,
}

impl Span {
    /// Whether it failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.tags.get("error").is_some_and(|error| error == "true")
    }
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

    /// A trace with all its spans; `None` where it has none of that ID.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn trace(&self, id: &str) -> Result<Option<Trace>, QueryError> {
        let body = self.server.get(&format!("/api/traces/{}", hex(id)), &[]).await?;
        if body.status == 404 {
            return match envelope::<serde::de::IgnoredAny>(&body) {
                // Its own word for it; anybody else's 404 is no Jaeger's.
                Err(QueryError::Refused { message, .. }) if message.contains("trace not found") => Ok(None),
                Err(error) => Err(error),
                Ok(_) => Ok(None),
            };
        }
        Ok(read(&body)?.into_iter().next())
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
        if self.min_duration > 0 {
            asked.push(("minDuration", format!("{}us", self.min_duration)));
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Body;

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
        let search = Search { service: "front end".to_owned(), tags, start: 1, end: 2, limit: 20, min_duration: 0 };
        assert_eq!(
            jaeger.search_page(&search),
            "http://localhost:30103/search?service=front+end&tags=%7B%22hotrod.pod.hash%22%3A%22a%26b%22%7D&start=1&end=2&limit=20"
        );
        assert_eq!(jaeger.trace_page("../4bf9?y"), "http://localhost:30103/trace/4bf9");
    }
}
