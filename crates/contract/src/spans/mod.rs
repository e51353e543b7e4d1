//! The span metrics connector: what its configuration makes of spans. Read from contrib's connector/spanmetricsconnector
//! (config.go, connector.go at v0.145.0); held to the real collector by a test.

mod attributes;
mod page;
mod way;

use crate::Contract;
use crate::naming::{Naming, Shape};
use crate::series::Domain;
use attributes::Attributes;
use catalogue::{Class, Signal, Version};
use model::{Collector, Component, Place, Text};
use page::Page;
use std::collections::BTreeMap;
use way::Way;
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
    /// How the exporter names what leaves by it.
    pub naming: Naming,
    /// The metrics, named as Prometheus will hold them.
    pub metrics: Vec<SpanMetric>,
    /// Labels that every metric has.
    pub labels: BTreeMap<String, Domain>,
    /// More labels may exist: a processor or sender that can't be seen through.
    pub open: bool,
    /// Seconds between two flushes.
    pub flush: f64,
    /// Milliseconds of one unit of the duration: 1 or 1000.
    pub unit_ms: f64,
    /// Upper bounds of the histogram in its unit, without +Inf. Where there are none, +Inf is the only bucket, no quantile
    /// can be told from it, and no family of buckets is derived.
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
    /// What it counts or measures.
    pub measures: Measures,
    /// Its labels.
    pub labels: BTreeMap<String, Domain>,
    /// A label for which the exporter drops all its series: there twice, or no label name.
    pub refused: Option<String>,
}

/// What a metric of the connector is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measures {
    /// Spans.
    Calls,
    /// How long spans take.
    Durations,
    /// Events on spans.
    Events,
}

/// Types under which the connector is known: `span_metrics` is the newer name.
pub const CONNECTOR: &[&str] = &["spanmetrics", "span_metrics"];

/// The namespace became `traces.span.metrics` in 0.109 (contrib changelog); before it was empty.
const NAMESPACE_SINCE: Version = Version(0, 109, 0);

/// `collector.instance.id` became a dimension of its own accord in 0.152 (contrib pull request 48146, gate
/// `connector.spanmetrics.includeCollectorInstanceID`).
const INSTANCE_SINCE: Version = Version(0, 152, 0);

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
                if let Some(way) = Way::out(contract, index, exporter) {
                    found.push(read(contract, index, collector, connector, &way, changed, fed));
                    routes += 1;
                }
            }
        }
        if routes == 0 {
            // What the chain would give once its metrics have a way out: by the exporter that is meant for it, where one is.
            let takes = config.users(Class::Receiver, &connector.id).flat_map(|p| &p.exporters);
            let page = |id: &str| config.component(Class::Exporter, id).filter(|c| c.kind == "prometheus");
            let mut pages = config.of_class(Class::Exporter).filter(|c| c.kind == "prometheus");
            let only = pages.next().filter(|_| pages.next().is_none());
            let exporter = takes.into_iter().find_map(|e| page(&e.value)).or(only);
            let way = exporter.and_then(|e| Way::meant(contract, index, e));
            let way = way.unwrap_or_else(|| Way::plain(collector));
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

fn read(
    contract: &Contract<'_>,
    index: usize,
    collector: &Collector,
    connector: &Component,
    way: &Way,
    changed: bool,
    fed: bool,
) -> SpanMetrics {
    let settings = Settings::of(contract, collector, connector);
    let senders = attributes::senders(contract, index);
    let attributes = Attributes::of(contract, collector, &connector.id, &senders);
    let list = |keys: &[&str]| dimensions(connector, settings.at(keys), &way.naming);
    let common = list(&["dimensions"]);
    let mut base = Page::new(&way.naming);
    for (attribute, domain) in intrinsic(contract, collector, &senders) {
        if !settings.excludes(attribute) {
            base.attribute(attribute, domain, true);
        }
    }
    let page = |lists: &[&[Dimension]], foreign: bool| {
        let mut page = base.clone();
        for dimension in lists.iter().copied().flatten() {
            if let Some((domain, always)) = value_of(dimension, attributes.as_ref(), foreign) {
                page.attribute(&dimension.name.value, domain, always);
            }
        }
        for (attribute, domain) in settings.scope() {
            page.attribute(attribute, domain, false);
        }
        page.exported(way, attributes.as_ref());
        page
    };
    let metric = |measures: Measures, more: &[Dimension]| {
        let (name, unit, shape) = match measures {
            Measures::Calls => ("calls", "", Shape::Counter),
            Measures::Durations => ("duration", if settings.seconds { "s" } else { "ms" }, Shape::Histogram),
            Measures::Events => ("events", "", Shape::Counter),
        };
        let page = page(&[&common, more], measures == Measures::Events);
        SpanMetric {
            name: way.naming.metric(&settings.name(name), unit, shape),
            measures,
            labels: page.labels(),
            refused: page.refused(),
        }
    };
    let mut metrics = vec![metric(Measures::Calls, &list(&["calls_dimensions"]))];
    if !settings.flag(&["histogram", "disable"]) {
        metrics.push(metric(Measures::Durations, &list(&["histogram", "dimensions"])));
    }
    if settings.flag(&["events", "enabled"]) {
        metrics.push(metric(Measures::Events, &list(&["events", "dimensions"])));
    }
    SpanMetrics {
        collector: index,
        connector: connector.at.clone(),
        id: connector.id.clone(),
        naming: way.naming.clone(),
        metrics,
        labels: page(&[&common], false).labels(),
        open: way.open || changed || attributes.as_ref().is_none_or(|a| a.open) && way.attributes,
        flush: settings.text(&["metrics_flush_interval"]).and_then(model::duration::go_duration).unwrap_or(60.0),
        unit_ms: if settings.seconds { 1000.0 } else { 1.0 },
        bounds: settings.bounds(),
        scraped_from: way.scraped_from,
        exists: fed && !(senders.is_empty() && bypassed(contract)),
        senders,
        dimensions: common,
        attributes: attributes.filter(|a| !a.open).map(|a| a.all),
    }
}

/// Whether a described workload's spans pass by the collectors.
fn bypassed(contract: &Contract<'_>) -> bool {
    *contract.bypassed.get_or_init(|| {
        let mut workloads = contract.repository.workloads.iter().enumerate();
        workloads.any(|(i, w)| contract.description_of(w).is_some() && attributes::passes_by(contract, i))
    })
}

/// The connector's settings.
struct Settings<'r> {
    node: Option<Node<'r>>,
    namespace: String,
    seconds: bool,
}

impl<'r> Settings<'r> {
    fn of(contract: &Contract<'r>, collector: &Collector, connector: &Component) -> Settings<'r> {
        let node = contract.repository.node(&connector.at);
        let mut settings = Settings { node, namespace: String::new(), seconds: false };
        let old = collector.version.is_some_and(|v| v < NAMESPACE_SINCE);
        let default = if old { "" } else { "traces.span.metrics" };
        settings.namespace = settings.text(&["namespace"]).unwrap_or(default).to_owned();
        settings.seconds = settings.text(&["histogram", "unit"]) == Some("s");
        settings
    }

    /// A setting; null is none.
    fn at(&self, keys: &[&str]) -> Option<Node<'r>> {
        self.node.and_then(|n| n.at(keys)).filter(|n| !n.is_null())
    }

    fn text(&self, keys: &[&str]) -> Option<&'r str> {
        self.at(keys)?.as_str()
    }

    fn flag(&self, keys: &[&str]) -> bool {
        self.at(keys).and_then(|n| n.as_bool()).unwrap_or(false)
    }

    fn name(&self, metric: &str) -> String {
        if self.namespace.is_empty() { metric.to_owned() } else { format!("{}.{metric}", self.namespace) }
    }

    /// Only intrinsic dimensions can be left out.
    fn excludes(&self, attribute: &str) -> bool {
        self.at(&["exclude_dimensions"]).is_some_and(|n| n.items().any(|i| i.as_str() == Some(attribute)))
    }

    /// Attributes for instrumentation scopes that are asked for by name.
    fn scope(&self) -> Vec<(&'static str, Domain)> {
        let Some(list) = self.at(&["include_instrumentation_scope"]) else { return Vec::new() };
        let names: Vec<String> = list.items().filter_map(|i| Some(i.as_str()?.to_owned())).collect();
        if names.is_empty() {
            return Vec::new();
        }
        vec![
            ("span.instrumentation.scope.name", Domain::Values(names)),
            ("span.instrumentation.scope.version", Domain::Any),
        ]
    }

    /// The histogram's bounds in its unit. `explicit` without buckets has none, and an exponential histogram shows none in
    /// the text format.
    fn bounds(&self) -> Vec<f64> {
        let unit_ms = if self.seconds { 1000.0 } else { 1.0 };
        if self.at(&["histogram", "exponential"]).is_some() {
            return Vec::new();
        }
        let Some(explicit) = self.at(&["histogram", "explicit"]) else {
            return BOUNDS_MS.iter().map(|b| b / unit_ms).collect();
        };
        let written = explicit.get("buckets").into_iter().flat_map(|n| n.items());
        let seconds = written.filter_map(|i| model::duration::go_duration(i.as_str()?));
        // Through whole nanoseconds, as the connector does (`durationsToUnits`).
        seconds.map(|s| (s * 1e9).round() / (unit_ms * 1e6)).collect()
    }
}

/// Dimensions that every span has.
fn intrinsic(contract: &Contract<'_>, collector: &Collector, senders: &[usize]) -> Vec<(&'static str, Domain)> {
    let words = |prefix: &str, list: &[&str]| Domain::Values(list.iter().map(|w| format!("{prefix}{w}")).collect());
    let mut found = vec![
        ("service.name", attributes::spans(contract, senders, |span| &span.service)),
        ("span.name", attributes::spans(contract, senders, |span| &span.name)),
        ("span.kind", words("SPAN_KIND_", &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"])),
        ("status.code", words("STATUS_CODE_", &["UNSET", "OK", "ERROR"])),
    ];
    if collector.version.is_some_and(|v| v >= INSTANCE_SINCE) {
        found.push(("collector.instance.id", Domain::Any));
    }
    found
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

/// The values of a dimension, and whether every series has it; `None` where the attribute is never there and no default
/// fills in. The dimensions of events are looked up on the events too, which nobody describes: `foreign`.
fn value_of(dimension: &Dimension, attributes: Option<&Attributes>, foreign: bool) -> Option<(Domain, bool)> {
    let default = dimension.default.as_ref();
    let known = attributes.and_then(|a| a.all.get(&dimension.name.value));
    let always = default.is_some() || attributes.is_some_and(|a| a.resource.contains(&dimension.name.value));
    let domain = match (known, default) {
        _ if attributes.is_none_or(|a| a.open && known.is_none()) => Domain::Any,
        (Some(Domain::Values(values)), Some(default)) => {
            Domain::Values(values.iter().chain([default]).cloned().collect())
        }
        (Some(domain), _) => domain.clone(),
        (None, _) if foreign => Domain::Any,
        (None, Some(default)) => Domain::Values(vec![default.clone()]),
        (None, None) => return None,
    };
    Some((domain, always))
}
