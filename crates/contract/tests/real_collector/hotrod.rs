//! The policy's description of HotROD against the running one.

use crate::recording::{REQUESTS, Recording, Span, described_spans, recording};
use lab::trial::{Sample, parse};
use model::{Policy, WorkloadDescription};
use std::collections::{BTreeMap, BTreeSet};

fn described(policy: &Policy) -> &WorkloadDescription {
    policy.description("jaegertracing/example-hotrod").unwrap()
}

/// OTLP's numbers for kinds of span (opentelemetry-proto, trace.proto).
fn kind(number: u64) -> &'static str {
    ["unspecified", "internal", "server", "client", "producer", "consumer"][usize::try_from(number).unwrap()]
}

type Counts = BTreeMap<(String, String, String, bool), f64>;

/// The traces that one path of [`REQUESTS`] left behind: its entry span's name and fate tell which.
fn traces<'s>(spans: &'s [Span], path: &str, failed: bool) -> Vec<Vec<&'s Span>> {
    let name = path.split('?').next().unwrap();
    let roots = spans.iter().filter(|s| s.root && s.name == name && s.error == failed);
    roots.map(|root| spans.iter().filter(|s| s.trace == root.trace).collect()).collect()
}

fn per_request(recording: &Recording, path: &str, failed: bool) -> Counts {
    let spans = recording.spans();
    let traces = traces(&spans, path, failed);
    let mut counts = Counts::new();
    for span in traces.iter().flatten() {
        let key = (span.service.clone(), span.name.clone(), kind(span.kind).to_owned(), span.error);
        *counts.entry(key).or_default() += 1.0 / traces.len() as f64;
    }
    counts
}

#[test]
fn spans_are_as_described() {
    let Some(recording) = recording() else { return };
    let described = described_spans();
    for (path, status, _) in REQUESTS {
        let mut expected = Counts::new();
        for span in &described[path] {
            let key = (span.service.clone(), span.name.clone(), span.kind.clone(), span.error);
            *expected.entry(key).or_default() += span.times;
        }
        assert_eq!(per_request(recording, path, *status >= 500), expected, "{path}");
    }
}

#[test]
fn the_entry_span_comes_first() {
    let Some(recording) = recording() else { return };
    let spans = recording.spans();
    for (path, described) in described_spans() {
        let root = spans.iter().find(|s| s.root && path.split('?').next() == Some(&s.name)).unwrap();
        let first = described.first().unwrap();
        assert_eq!((&first.service, &first.name, first.kind.as_str()), (&root.service, &root.name, kind(root.kind)));
    }
}

#[test]
fn attributes_are_as_described() {
    let Some(recording) = recording() else { return };
    let policy = Policy::default();
    let described = described(&policy);
    // What OTEL_RESOURCE_ATTRIBUTES gave is the rollout's, not HotROD's.
    let resource: Vec<String> =
        recording.resource_attributes().into_iter().filter(|a| !a.starts_with("hotrod.")).collect();
    let mut expected = described.resource_attributes.clone();
    expected.sort();
    assert_eq!(resource, expected);

    let seen: BTreeSet<String> = recording.spans().into_iter().flat_map(|s| s.attributes).collect();
    let said: BTreeSet<String> = described.span_attributes.iter().cloned().collect();
    let silent: Vec<&String> = seen.difference(&said).collect();
    assert!(silent.is_empty(), "not described: {silent:?}");
    // Set on requests with a body (otelhttp v0.63.0, handler.go), which riders don't send.
    let unseen: Vec<&str> = said.difference(&seen).map(String::as_str).collect();
    assert_eq!(unseen, ["http.request.body.size"]);
}

#[test]
fn counters_are_as_described() {
    let Some(recording) = recording() else { return };
    let policy = Policy::default();
    let described = described(&policy);
    let mut expected: BTreeMap<(String, BTreeMap<String, String>), f64> = BTreeMap::new();
    for (path, status, times) in REQUESTS {
        let request = described.requests.iter().find(|r| path.split('?').next() == Some(&r.path)).unwrap();
        let failing = request.failing.as_ref().filter(|_| *status >= 500);
        for count in failing.map_or(&request.counts, |f| &f.counts) {
            *expected.entry((count.metric.clone(), count.labels.clone())).or_default() += count.times * *times as f64;
        }
    }
    let counted: BTreeSet<&String> = expected.keys().map(|(metric, _)| metric).collect();
    let page = parse(&recording.page).unwrap();
    let mut found = BTreeMap::new();
    for sample in page.iter().filter(|s| counted.contains(&s.name)) {
        // An endpoint's other series stands beside it from the first request on, at zero: what the simulation makes up.
        let mut other = sample.labels.clone();
        let error = other["error"] == "true";
        other.insert("error".to_owned(), (!error).to_string());
        assert!(page.iter().any(|s| s.name == sample.name && s.labels == other), "{sample:?} stands alone");
        if sample.value > 0.0 {
            found.insert((sample.name.clone(), sample.labels.clone()), sample.value);
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn its_own_page_is_as_described() {
    let Some(recording) = recording() else { return };
    let policy = Policy::default();
    let described = described(&policy);
    let mut expected: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for metric in &described.metrics {
        let suffixes: &[&str] = if metric.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        for suffix in suffixes {
            let labels = expected.entry(format!("{}{suffix}", metric.name)).or_default();
            labels.extend(metric.labels.clone());
            if *suffix == "_bucket" {
                labels.insert("le".to_owned(), Vec::new());
            }
        }
    }
    let page = parse(&recording.page).unwrap();
    let (own, other): (Vec<&Sample>, Vec<&Sample>) = page.iter().partition(|s| s.name.starts_with("hotrod_"));
    let names: BTreeSet<&String> = own.iter().map(|s| &s.name).collect();
    assert_eq!(names, expected.keys().collect(), "metric names");
    for sample in own {
        let labels = &expected[&sample.name];
        assert!(sample.labels.keys().eq(labels.keys()), "{sample:?}: {labels:?}");
        for (name, value) in &sample.labels {
            assert!(labels[name].is_empty() || labels[name].contains(value), "{sample:?}: {labels:?}");
        }
    }
    for sample in other {
        assert!(described.metric_prefixes.iter().any(|p| sample.name.starts_with(p)), "not described: {sample:?}");
    }
}
