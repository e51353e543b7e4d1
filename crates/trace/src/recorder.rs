//! Spans as they happen.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use std::fmt;

/// An attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A count.
    Int(i64),
    /// A measured number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Bool(yes)
    }
}

/// How what a span is about went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is said.
    Unset,
    /// As it should.
    Ok,
    /// It failed, in words.
    Error(String),
}

/// A span of the recorder that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(usize);

/// Spans of one trace. Every time is handed in, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub struct Recorder {
    id: u128,
    spans: Vec<Span>,
}

impl Recorder {
    /// A trace with its first span, which all others lie below.
    ///
    /// `id` is the trace's: random, for traces of many runs meet in one place.
    #[must_use]
    pub fn begin(id: u128, name: &str, at: u64) -> (Recorder, SpanId) {
        // Zero is no ID.
        let mut recorder = Recorder { id: id.max(1), spans: Vec::new() };
        let root = recorder.push(name, Vec::new(), at);
        (recorder, root)
    }

    /// A span below another one.
    pub fn child(&mut self, parent: SpanId, name: &str, at: u64) -> SpanId {
        let parent = self.spans.get(parent.0).map(|span| span.span_id.clone()).unwrap_or_default();
        self.push(name, parent, at)
    }

    fn push(&mut self, name: &str, parent_span_id: Vec<u8>, at: u64) -> SpanId {
        let number = self.spans.len();
        self.spans.push(Span {
            trace_id: self.id.to_be_bytes().to_vec(),
            // Of the trace's random half, so that spans of two traces differ too; the odd factor keeps those of one apart.
            span_id: span_id(self.id, number).to_be_bytes().to_vec(),
            parent_span_id,
            name: name.to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: at,
            ..Span::default()
        });
        SpanId(number)
    }

    /// Says more about a span; the same key again replaces what was said.
    pub fn set(&mut self, span: SpanId, key: &str, value: impl Into<Value>) {
        let Some(span) = self.spans.get_mut(span.0) else { return };
        span.attributes.retain(|had| had.key != key);
        span.attributes.push(pair(key, value.into()));
    }

    /// Notes what happened within a span.
    pub fn event(&mut self, span: SpanId, name: &str, at: u64, attributes: Vec<(&str, Value)>) {
        let Some(span) = self.spans.get_mut(span.0) else { return };
        let attributes = attributes.into_iter().map(|(key, value)| pair(key, value)).collect();
        span.events.push(Event { time_unix_nano: at, name: name.to_owned(), attributes, ..Event::default() });
    }

    /// Ends a span; one that has ended stays as it is.
    pub fn end(&mut self, span: SpanId, at: u64, outcome: &Outcome) {
        let Some(span) = self.spans.get_mut(span.0) else { return };
        if span.end_time_unix_nano != 0 {
            return;
        }
        // A clock that was set back makes no negative time.
        span.end_time_unix_nano = at.max(span.start_time_unix_nano).max(1);
        span.status = match outcome {
            Outcome::Unset => None,
            Outcome::Ok => Some(Status { code: StatusCode::Ok.into(), message: String::new() }),
            Outcome::Error(message) => Some(Status { code: StatusCode::Error.into(), message: message.clone() }),
        };
    }

    /// The trace; what has not ended ends now.
    #[must_use]
    pub fn finish(mut self, at: u64, resource: Vec<(&str, Value)>) -> Trace {
        for number in 0..self.spans.len() {
            self.end(SpanId(number), at, &Outcome::Unset);
        }
        let attributes = resource.into_iter().map(|(key, value)| pair(key, value)).collect();
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let spans = ScopeSpans { scope: Some(scope), spans: self.spans, schema_url: String::new() };
        let resource = Resource { attributes, ..Resource::default() };
        let all = ResourceSpans { resource: Some(resource), scope_spans: vec![spans], schema_url: String::new() };
        Trace { id: self.id, message: ExportTraceServiceRequest { resource_spans: vec![all] } }
    }
}

fn span_id(trace: u128, number: usize) -> u64 {
    let (high, number) = ((trace >> 64) as u64, number as u64);
    let id = (high ^ trace as u64).wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    id.max(1)
}

fn pair(key: &str, value: Value) -> KeyValue {
    let value = match value {
        Value::Text(text) => any_value::Value::StringValue(text),
        Value::Int(number) => any_value::Value::IntValue(number),
        Value::Float(number) => any_value::Value::DoubleValue(number),
        Value::Bool(yes) => any_value::Value::BoolValue(yes),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// A whole trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    id: u128,
    message: ExportTraceServiceRequest,
}

impl Trace {
    /// Its ID, as trace viewers write it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:032x}", self.id)
    }

    /// As OTLP over HTTP takes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.message.encode_to_vec()
    }

    fn spans(&self) -> impl Iterator<Item = &Span> {
        let scopes = self.message.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| &scope.spans)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, parent: &[u8], depth: usize) -> fmt::Result {
        for span in self.spans().filter(|span| span.parent_span_id == parent) {
            let millis = (span.end_time_unix_nano - span.start_time_unix_nano) / 1_000_000;
            let status = match &span.status {
                Some(status) if status.code == i32::from(StatusCode::Error) => format!(" error: {}", status.message),
                Some(_) => " ok".to_owned(),
                None => String::new(),
            };
            writeln!(f, "{:1$}{2} {millis} ms{status}", "", depth * 2, span.name)?;
            for event in &span.events {
                let said = event.attributes.iter().map(|pair| format!(" {}={}", pair.key, shown(pair)));
                writeln!(f, "{:1$}- {2}{3}", "", depth * 2 + 2, event.name, said.collect::<String>())?;
            }
            self.write(f, &span.span_id, depth + 1)?;
        }
        Ok(())
    }
}

/// A line a span, below the one that it belongs to.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &[], 0)
    }
}

fn shown(pair: &KeyValue) -> String {
    match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(yes)) => yes.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const MS: u64 = 1_000_000;

    #[test]
    fn spans_lie_below_each_other_and_all_of_them_end() {
        let (mut recorder, root) = Recorder::begin(7, "release", 5 * MS);
        let check = recorder.child(root, "check", 5 * MS);
        recorder.end(check, 9 * MS, &Outcome::Ok);
        recorder.end(check, 90 * MS, &Outcome::Unset);
        let gate = recorder.child(root, "gate", 10 * MS);
        recorder.event(gate, "measured", 11 * MS, vec![("value", 0.5.into()), ("of", 3.into())]);
        let below = recorder.child(gate, "open", 12 * MS);
        // The clock was set back.
        recorder.end(gate, 2 * MS, &Outcome::Error("no data".to_owned()));
        recorder.set(below, "key", "old");
        recorder.set(below, "key", "new");
        let trace = recorder.finish(20 * MS, vec![("service.name", "hyperspace".into())]);
        assert_eq!(
            trace.to_string(),
            "release 15 ms\n  check 4 ms ok\n  gate 0 ms error: no data\n    - measured value=0.5 of=3\n    open 8 ms\n"
        );
        let open = trace.spans().find(|span| span.name == "open").expect("it");
        assert_eq!(open.attributes.iter().map(shown).collect::<Vec<_>>(), ["new"]);
        let read = ExportTraceServiceRequest::decode(trace.encode().as_slice()).expect("a message");
        assert_eq!(read, trace.message);
    }

    #[test]
    fn ids_are_ids() {
        for id in [0, 1, u128::MAX, 1 << 64, 0x1234_5678_9abc_def0_1234_5678_9abc_def0] {
            let (mut recorder, root) = Recorder::begin(id, "root", 0);
            (0..1000).for_each(|_| {
                recorder.child(root, "x", 0);
            });
            let trace = recorder.finish(0, vec![]);
            let ids: HashSet<_> = trace.spans().map(|span| span.span_id.clone()).collect();
            assert_eq!(ids.len(), 1001);
            assert!(ids.iter().all(|id| id.len() == 8 && id.iter().any(|byte| *byte != 0)));
            assert!(trace.spans().all(|span| span.end_time_unix_nano > 0 && span.trace_id.len() == 16));
            assert!(trace.id().len() == 32 && trace.id().contains(|c| c != '0'));
        }
    }
}
