//! The span metrics connector: what its configuration makes of spans. Read from contrib's connector/spanmetricsconnector
//! (config.go, connector.go at v0.145.0); held to the real collector by a test.

use crate::Contract;
use crate::endpoint::Host;
use crate::naming::{Naming, Shape};
use crate::series::{Domain, scraped};
use catalogue::{Class, Signal, Version};
use model::{Collector, Component, Place, Text};
use std::collections::BTreeMap;
use yaml::Node;

/// A span metrics connector together with the exporter that its metrics leave by.
#[derive(Clone, Debug)]
pub struct SpanMetrics {
    /// Index of the collector.
    pub collector: usize,
    /// The connector's configuration.
    pub connector: Place,
    /// The connector's ID.
    pub id: String,
    /// The metrics, named as Prometheus will hold them.
    pub metrics: Vec<SpanMetric>,
    /// Labels of every metric.
    pub labels: BTreeMap<String, Domain>,
    /// More labels may exist: a processor or sender that can't be seen through.
    pub open: bool,
    /// Seconds between two flushes.
    pub flush: f64,
    /// Milliseconds of one unit of the duration: 1 or 1000.
    pub unit_ms: f64,
    /// Upper bounds of the histogram in its unit, without +Inf.
    pub bounds: Vec<f64>,
    /// The workload whose scrape holds the metrics; `None` where they are pushed.
    pub scraped_from: Option<usize>,
    /// Whether spans reach the connector and its metrics reach Prometheus.
    pub exists: bool,
    /// Workloads whose spans reach it.
    pub senders: Vec<usize>,
    /// `dimensions`: name, place, and whether a default is given.
    pub dimensions: Vec<Dimension>,
    /// Attributes that spans carry here, with their values; `None` where that can't be told.
    pub attributes: Option<BTreeMap<String, Domain>>,
}

/// A configured dimension.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// The attribute.
    pub name: Text,
    /// The entry.
    pub at: Place,
    /// Its default.
    pub default: Option<String>,
    /// The label that it becomes.
    pub label: String,
}

/// A metric of the connector.
#[derive(Clone, Debug)]
pub struct SpanMetric {
    /// Name in Prometheus; durations without `_bucket` and its like.
    pub name: String,
    /// Durations, not calls.
    pub duration: bool,
    /// Labels beside the common ones.
    pub labels: BTreeMap<String, Domain>,
}

/// Types under which the connector is known: `span_metrics` is the newer name.
pub const CONNECTOR: &[&str] = &["spanmetrics", "span_metrics"];

/// The namespace became `traces.span.metrics` in 0.109 (contrib changelog); before it was empty.
const NAMESPACE_SINCE: Version = Version(0, 109, 0);

/// The default explicit bounds, in milliseconds (connector.go, `defaultHistogramBucketsMs`).
pub(crate) const BOUNDS_MS: &[f64] =
    &[2.0, 4.0, 6.0, 8.0, 10.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1000.0, 1400.0, 2000.0, 5000.0, 10_000.0, 15_000.0];

pub(crate) fn span_metrics(contract: &Contract<'_>, index: usize, collector: &Collector) -> Vec<SpanMetrics> {
    let mut found = Vec::new();
    let config = &collector.config;
    for connector in config.of_class(Class::Connector).filter(|c| CONNECTOR.contains(&c.kind.as_str())) {
        let fed = config
            .users(Class::Exporter, &connector.id)
            .any(|p| p.signal == Some(Signal::Traces) && !p.receivers.is_empty());
        let mut routes = 0;
        for pipeline in config.users(Class::Receiver, &connector.id).filter(|p| p.signal == Some(Signal::Metrics)) {
            for exporter in pipeline.exporters.iter().filter_map(|e| config.component(Class::Exporter, &e.value)) {
                let changed = pipeline.processors.iter().any(|p| !harmless(&p.value));
                if let Some(way) = way_out(contract, index, exporter) {
                    found.push(read(contract, index, collector, connector, &way, changed, fed));
                    routes += 1;
                }
            }
        }
        if routes == 0 {
            // What the chain would give once its metrics have a way out.
            let way = Way {
                naming: default_naming(),
                consts: Vec::new(),
                attributes: false,
                scraped_from: collector.workload,
                open: false,
            };
            found.push(read(contract, index, collector, connector, &way, false, false));
        }
    }
    found
}

/// Processors that rename nothing.
fn harmless(id: &str) -> bool {
    matches!(
        model::type_of(id),
        "batch" | "memory_limiter" | "probabilistic_sampler" | "deltatocumulative" | "cumulativetodelta"
    )
}

struct Way {
    naming: Naming,
    consts: Vec<(String, String)>,
    attributes: bool,
    scraped_from: Option<usize>,
    open: bool,
}

fn default_naming() -> Naming {
    Naming { namespace: String::new(), suffixes: true, escape: true }
}

/// How metrics get from an exporter to Prometheus; `None` where they don't.
fn way_out(contract: &Contract<'_>, index: usize, exporter: &Component) -> Option<Way> {
    let collector = contract.repository.collectors.get(index)?;
    let node = contract.repository.node(&exporter.at)?;
    let text = |keys: &[&str]| node.at(keys).and_then(|n| n.as_str());
    let flag = |keys: &[&str], default: bool| node.at(keys).and_then(|n| n.as_bool()).unwrap_or(default);
    let strategy = text(&["translation_strategy"]);
    let suffixes = strategy.map_or_else(
        || flag(&["add_metric_suffixes"], true),
        |s| !s.contains("WithoutSuffixes") && s != "NoTranslation",
    );
    let naming = Naming {
        namespace: text(&["namespace"]).unwrap_or_default().to_owned(),
        suffixes,
        escape: !strategy.is_some_and(|s| s.starts_with("NoUTF8EscapingWithSuffixes") || s == "NoTranslation"),
    };
    let consts = |key: &str| -> Vec<(String, String)> {
        let pairs = node
            .get(key)
            .map(|n| n.entries().filter_map(|(k, v)| Some((k.to_owned(), v.as_str()?.to_owned()))).collect());
        pairs.unwrap_or_default()
    };
    let attributes = flag(&["resource_to_telemetry_conversion", "enabled"], false);
    match exporter.kind.as_str() {
        "prometheus" => {
            let listener =
                contract.listeners.get(index)?.iter().find(|l| l.class == Class::Exporter && l.id == exporter.id)?;
            let workload = collector.workload;
            let reached = match workload {
                Some(workload) => scraped(contract, workload, listener.port) || !contract.described(),
                None => true,
            };
            let listens = matches!(listener.host, Host::Any | Host::Private(_));
            (reached && listens).then(|| Way {
                naming,
                consts: consts("const_labels"),
                attributes,
                scraped_from: workload,
                open: workload.is_none(),
            })
        }
        "prometheusremotewrite" => {
            Some(Way { naming, consts: consts("external_labels"), attributes, scraped_from: None, open: false })
        }
        "otlphttp" | "otlp_http" => {
            let endpoint = text(&["metrics_endpoint"]).or_else(|| text(&["endpoint"]))?;
            let prometheus = endpoint.contains("/api/v1/otlp") || endpoint.contains("prometheus");
            prometheus.then(|| Way {
                naming: default_naming(),
                consts: Vec::new(),
                attributes: false,
                scraped_from: None,
                open: true,
            })
        }
        _ => None,
    }
}

fn read(
    contract: &Contract<'_>,
    index: usize,
    collector: &Collector,
    connector: &Component,
    way: &Way,
    changed: bool,
    fed: bool,
) -> SpanMetrics {
    let node = contract.repository.node(&connector.at);
    let at = |keys: &[&str]| -> Option<Node<'_>> { node.and_then(|n| n.at(keys)).filter(|n| !n.is_null()) };
    let text = |keys: &[&str]| at(keys).and_then(|n| n.as_str());
    let old = collector.version.is_some_and(|v| v < NAMESPACE_SINCE);
    let namespace = text(&["namespace"]).unwrap_or(if old { "" } else { "traces.span.metrics" });
    let seconds = text(&["histogram", "unit"]) == Some("s");
    let name = |metric: &str| if namespace.is_empty() { metric.to_owned() } else { format!("{namespace}.{metric}") };
    let senders = senders(contract, index);
    let attributes = attributes(contract, collector, &connector.id, &senders);
    let list = |keys: &[&str]| dimensions(connector, at(keys), &way.naming);
    let common = list(&["dimensions"]);
    let excluded: Vec<&str> =
        at(&["exclude_dimensions"]).map(|n| n.items().filter_map(|i| i.as_str()).collect()).unwrap_or_default();
    let mut labels = BTreeMap::new();
    for (attribute, domain) in intrinsic(contract, &senders) {
        if !excluded.contains(&attribute) {
            labels.insert(way.naming.label(attribute), domain);
        }
    }
    let extend = |labels: &mut BTreeMap<String, Domain>, dimensions: &[Dimension]| {
        for dimension in dimensions {
            if let Some(domain) = dimension_domain(dimension, attributes.as_ref()) {
                labels.insert(dimension.label.clone(), domain);
            }
        }
    };
    extend(&mut labels, &common);
    for (name, value) in &way.consts {
        labels.insert(name.clone(), Domain::Values(vec![value.clone()]));
    }
    if way.attributes
        && let Some(attributes) = &attributes
    {
        for (name, domain) in attributes {
            labels.entry(way.naming.label(name)).or_insert_with(|| domain.clone());
        }
    }
    let mut metrics = Vec::new();
    let mut calls = BTreeMap::new();
    extend(&mut calls, &list(&["calls_dimensions"]));
    metrics.push(SpanMetric {
        name: way.naming.metric(&name("calls"), "", Shape::Counter),
        duration: false,
        labels: calls,
    });
    let disabled = at(&["histogram", "disable"]).and_then(|n| n.as_bool()).unwrap_or(false);
    let exponential = at(&["histogram", "exponential"]).is_some();
    if !disabled && !exponential {
        let mut durations = BTreeMap::new();
        extend(&mut durations, &list(&["histogram", "dimensions"]));
        let unit = if seconds { "s" } else { "ms" };
        let name = way.naming.metric(&name("duration"), unit, Shape::Histogram);
        metrics.push(SpanMetric { name, duration: true, labels: durations });
    }
    let unit_ms = if seconds { 1000.0 } else { 1.0 };
    let bounds = at(&["histogram", "explicit", "buckets"]).map(|n| {
        n.items().filter_map(|i| model::duration::go_duration(i.as_str()?)).map(|s| s * 1000.0 / unit_ms).collect()
    });
    SpanMetrics {
        collector: index,
        connector: connector.at.clone(),
        id: connector.id.clone(),
        metrics,
        labels,
        open: way.open || changed || attributes.is_none() && way.attributes,
        flush: text(&["metrics_flush_interval"]).and_then(model::duration::go_duration).unwrap_or(60.0),
        unit_ms,
        bounds: bounds
            .filter(|b: &Vec<f64>| !b.is_empty())
            .unwrap_or_else(|| BOUNDS_MS.iter().map(|b| b / unit_ms).collect()),
        scraped_from: way.scraped_from,
        exists: fed,
        senders,
        dimensions: common,
        attributes,
    }
}

/// Workloads whose spans reach the collector. Where no sender leads anywhere, the described ones are meant: the broken
/// address is a finding of its own.
fn senders(contract: &Contract<'_>, collector: usize) -> Vec<usize> {
    let direct: Vec<usize> =
        contract.senders.iter().filter(|s| s.collector == Some(collector)).map(|s| s.workload).collect();
    if !direct.is_empty() || contract.senders.iter().any(|s| s.collector.is_some()) {
        return direct;
    }
    let described = contract
        .repository
        .workloads
        .iter()
        .enumerate()
        .filter(|(_, w)| contract.description_of(w).is_some_and(|d| d.otlp.is_some()));
    described.map(|(i, _)| i).collect()
}

/// Dimensions that every span has.
fn intrinsic(contract: &Contract<'_>, senders: &[usize]) -> Vec<(&'static str, Domain)> {
    let words = |prefix: &str, list: &[&str]| Domain::Values(list.iter().map(|w| format!("{prefix}{w}")).collect());
    let mut services = Vec::new();
    let mut names = Vec::new();
    let mut known = !senders.is_empty();
    for sender in senders {
        let description = contract.repository.workloads.get(*sender).and_then(|w| contract.description_of(w));
        let Some(description) = description.filter(|d| !d.requests.is_empty()) else {
            known = false;
            break;
        };
        let failing = description.requests.iter().filter_map(|r| r.failing.as_ref()).flat_map(|f| &f.spans);
        for span in description.requests.iter().flat_map(|r| &r.spans).chain(failing) {
            services.push(span.service.clone());
            names.push(span.name.clone());
        }
    }
    let domain = |mut list: Vec<String>| {
        list.sort();
        list.dedup();
        if known { Domain::Values(list) } else { Domain::Any }
    };
    vec![
        ("service.name", domain(services)),
        ("span.name", domain(names)),
        ("span.kind", words("SPAN_KIND_", &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"])),
        ("status.code", words("STATUS_CODE_", &["UNSET", "OK", "ERROR"])),
    ]
}

fn dimensions(connector: &Component, list: Option<Node<'_>>, naming: &Naming) -> Vec<Dimension> {
    let Some(list) = list else { return Vec::new() };
    let found = list.items().filter_map(|entry| {
        let name = Text::at(connector.at.file, entry, &["name"])?;
        let default = entry.get("default").and_then(|d| d.as_str()).map(str::to_owned);
        Some(Dimension { label: naming.label(&name.value), at: Place::of(connector.at.file, entry), name, default })
    });
    found.collect()
}

/// The values of a dimension's label; `None` where the attribute is never there and no default fills in.
fn dimension_domain(dimension: &Dimension, attributes: Option<&BTreeMap<String, Domain>>) -> Option<Domain> {
    let Some(attributes) = attributes else { return Some(Domain::Any) };
    match (attributes.get(&dimension.name.value), &dimension.default) {
        (Some(Domain::Values(values)), Some(default)) => {
            Some(Domain::Values(values.iter().chain([default]).cloned().collect()))
        }
        (Some(domain), _) => Some(domain.clone()),
        (None, Some(default)) => Some(Domain::Values(vec![default.clone()])),
        (None, None) => None,
    }
}

/// Attributes on the spans that reach the connector. `None`: a sender that nobody described, or a processor that may add any.
fn attributes(
    contract: &Contract<'_>,
    collector: &Collector,
    connector: &str,
    senders: &[usize],
) -> Option<BTreeMap<String, Domain>> {
    if senders.is_empty() {
        return None;
    }
    let mut found = BTreeMap::new();
    for sender in senders {
        let workload = contract.repository.workloads.get(*sender)?;
        let description = contract.description_of(workload)?;
        for name in description.resource_attributes.iter().chain(&description.span_attributes) {
            found.insert(name.clone(), Domain::Any);
        }
        for container in &workload.containers {
            let Some(text) = container.expanded("OTEL_RESOURCE_ATTRIBUTES") else { continue };
            for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
                found.insert(name.trim().to_owned(), field_domain(value.trim(), workload.namespace.as_deref()));
            }
        }
    }
    let pipelines = collector.config.users(Class::Exporter, connector).filter(|p| p.signal == Some(Signal::Traces));
    for processor in pipelines.flat_map(|p| &p.processors) {
        match model::type_of(&processor.value) {
            "batch" | "memory_limiter" | "probabilistic_sampler" | "filter" | "tail_sampling" | "groupbytrace" => {}
            _ => return None,
        }
    }
    Some(found)
}

/// What a downward-API reference gives.
fn field_domain(value: &str, namespace: Option<&str>) -> Domain {
    match value {
        "<metadata.name>" => Domain::PodName,
        "<metadata.namespace>" => Domain::Values(vec![crate::series::namespace(namespace).to_owned()]),
        "<metadata.labels['rollouts-pod-template-hash']>" => Domain::PodHash,
        _ if value.contains('<') => Domain::Any,
        _ => Domain::Values(vec![value.to_owned()]),
    }
}
