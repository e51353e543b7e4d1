//! Increments per second that requests leave behind, by label set.

use super::Load;
use crate::Contract;
use crate::naming::Naming;
use crate::pods::PODS;
use model::{Request, Workload, WorkloadDescription};
use std::borrow::Cow;

/// Names and values, borrowed from whoever describes the workload.
pub(super) type FlowLabels<'d> = Vec<(Cow<'d, str>, Cow<'d, str>)>;

/// Increments per second of one label combination, with the duration for histograms.
pub(super) struct Flow<'d> {
    pub(super) labels: FlowLabels<'d>,
    pub(super) rate: f64,
    pub(super) ms: f64,
}

/// Requests per second and pod of each kind: riders by share, scrapes by the annotation, probes by their period.
pub(super) fn request_rates<'d>(
    description: &'d WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
) -> Vec<(&'d Request, f64, f64)> {
    let shares: f64 = description.requests.iter().filter(|r| r.entry).map(|r| r.share).sum();
    let scraped = contract
        .scrapes
        .iter()
        .filter(|s| contract.repository.workloads.get(s.workload).is_some_and(|w| w.object == workload.object));
    let scrape_paths: Vec<&str> = scraped.map(|s| s.path.as_str()).collect();
    let interval = contract.context.policy.prometheus.scrape_interval.max(1.0);
    let mut rates = Vec::new();
    for request in &description.requests {
        let rides =
            if request.entry && shares > 0.0 { load.rides * request.share / shares / PODS.len() as f64 } else { 0.0 };
        let mut background = 0.0;
        if load.watched {
            if scrape_paths.contains(&request.path.as_str()) {
                background += 1.0 / interval;
            }
            background += probe_rate(workload, &request.path);
        }
        let (good, bad) = match &request.failing {
            Some(_) => (rides * (1.0 - load.failing), rides * load.failing),
            None => (rides, 0.0),
        };
        rates.push((request, good + background, bad));
    }
    rates
}

/// Probes per second on a path of one pod.
pub fn probe_rate(workload: &Workload, path: &str) -> f64 {
    let probes =
        workload.containers.iter().flat_map(|c| &c.probes).filter(|p| p.via == "httpGet" && p.kind != "startupProbe");
    let here = probes.filter(|p| p.path.as_ref().map_or("/", |p| p.value.as_str()).split('?').next() == Some(path));
    here.map(|p| 1.0 / p.period.max(1.0)).sum()
}

pub(super) fn count_flows<'d>(
    description: &'d WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
    metric: &str,
) -> Vec<Flow<'d>> {
    let mut flows: Vec<Flow<'d>> = Vec::new();
    for (request, good, bad) in request_rates(description, workload, load, contract) {
        let failing = request.failing.as_ref().map(|f| f.counts.as_slice()).unwrap_or_default();
        let parts = request.counts.iter().map(|c| (c, good)).chain(failing.iter().map(|c| (c, bad)));
        for (count, rate) in parts.filter(|(c, _)| c.metric == metric) {
            let labels = count.labels.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
            add_flow(&mut flows, labels.collect(), rate * count.times, 0.0);
        }
    }
    // HotROD creates both series of an endpoint with its first request (facts: both error="true" and error="false" exist).
    let mut mirrored = Vec::new();
    for flow in flows.iter().filter(|f| f.rate > 0.0) {
        let mut other = flow.labels.clone();
        for (name, value) in &mut other {
            if name == "error" {
                *value = if value == "true" { "false".into() } else { "true".into() };
            }
        }
        mirrored.push(other);
    }
    flows.retain(|f| f.rate > 0.0);
    for labels in mirrored {
        if !flows.iter().any(|f| f.labels == labels) {
            flows.push(Flow { labels, rate: 0.0, ms: 0.0 });
        }
    }
    flows
}

/// Those of the flows that `wanted` takes.
pub(super) fn span_flows<'d>(
    description: &'d WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
    names: &'d SpanLabels,
    wanted: impl Fn(&FlowLabels<'_>) -> bool,
) -> Vec<Flow<'d>> {
    let mut flows = Vec::new();
    for (request, good, bad) in request_rates(description, workload, load, contract) {
        let failing = request.failing.as_ref().map(|f| f.spans.as_slice()).unwrap_or_default();
        let parts = request.spans.iter().map(|s| (s, good)).chain(failing.iter().map(|s| (s, bad)));
        for (span, rate) in parts.filter(|(_, rate)| *rate > 0.0) {
            let labels = names.labels(span);
            if !wanted(&labels) {
                continue;
            }
            // Only riders' requests are slow: a scrape is not.
            let slow = if request.entry { load.slow } else { 1.0 };
            add_flow(&mut flows, labels, rate * span.times, span.ms * slow);
        }
    }
    flows
}

fn add_flow<'d>(flows: &mut Vec<Flow<'d>>, labels: FlowLabels<'d>, rate: f64, ms: f64) {
    match flows.iter_mut().find(|f| f.labels == labels && f.ms == ms) {
        Some(flow) => flow.rate += rate,
        None => flows.push(Flow { labels, rate, ms }),
    }
}

/// The labels that the span's own fields become on the exporter's page.
pub(super) fn span_labels(span: &model::Span, naming: &Naming) -> Vec<(String, String)> {
    let names = SpanLabels::of(naming);
    names.labels(span).into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// What the labels of a span's own fields are called.
pub(super) struct SpanLabels([String; 4]);

impl SpanLabels {
    pub(super) fn of(naming: &Naming) -> SpanLabels {
        SpanLabels(["service.name", "span.name", "span.kind", "status.code"].map(|field| naming.label(field)))
    }

    fn labels<'d>(&'d self, span: &'d model::Span) -> FlowLabels<'d> {
        let SpanLabels([service, name, kind, code]) = self;
        let status = if span.error { "STATUS_CODE_ERROR" } else { "STATUS_CODE_UNSET" };
        let span_kind = match span.kind.as_str() {
            "server" => "SPAN_KIND_SERVER".into(),
            "client" => "SPAN_KIND_CLIENT".into(),
            "internal" => "SPAN_KIND_INTERNAL".into(),
            other => format!("SPAN_KIND_{}", other.to_ascii_uppercase()).into(),
        };
        vec![
            (service.as_str().into(), span.service.as_str().into()),
            (name.as_str().into(), span.name.as_str().into()),
            (kind.as_str().into(), span_kind),
            (code.as_str().into(), status.into()),
            ("job".into(), span.service.as_str().into()),
        ]
    }
}
