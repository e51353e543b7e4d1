//! What its API answers.

use super::{Event, Span, Trace, WHO};
use crate::QueryError;
use crate::server::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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
    #[serde(rename = "spanID", default)]
    span_id: String,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    #[serde(default)]
    logs: Option<Vec<Log>>,
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

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "refType", default)]
    kind: String,
    #[serde(rename = "traceID", default)]
    trace_id: String,
    #[serde(rename = "spanID", default)]
    span_id: String,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    fields: Option<Vec<Tag>>,
}

pub(super) fn read(body: &Body) -> Result<Vec<Trace>, QueryError> {
    Ok(envelope(body)?.into_iter().map(trace).collect())
}

pub(super) fn envelope<T: DeserializeOwned>(body: &Body) -> Result<Vec<T>, QueryError> {
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
    let known = |(id, process): (String, Process)| (id, (process.service_name, Arc::new(tags(process.tags))));
    let processes: HashMap<String, (String, Arc<BTreeMap<String, String>>)> =
        raw.processes.into_iter().map(known).collect();
    let RawTrace { trace_id, spans, .. } = raw;
    // A link may lead to another trace, which is no parent.
    let parent = |references: Option<Vec<Reference>>| {
        let mut own = references.into_iter().flatten().filter(|to| to.trace_id == trace_id).collect::<Vec<_>>();
        let at = own.iter().position(|to| to.kind == "CHILD_OF").or((!own.is_empty()).then_some(0))?;
        Some(own.swap_remove(at).span_id)
    };
    let spans = spans.into_iter().map(|span| {
        let (service, process) = processes.get(&span.process_id).cloned().unwrap_or_default();
        Span {
            id: span.span_id,
            parent: parent(span.references),
            operation: span.operation_name,
            service,
            start: span.start_time,
            duration: span.duration,
            tags: tags(span.tags),
            process,
            events: span.logs.into_iter().flatten().map(event).collect(),
        }
    });
    let spans = spans.collect();
    Trace { id: trace_id, spans }
}

fn event(log: Log) -> Event {
    Event { at: log.timestamp, fields: tags(log.fields) }
}

fn tags(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    tags.into_iter().flatten().map(|tag| (tag.key, text(tag.value))).collect()
}
