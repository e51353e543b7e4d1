//! Live rates on the edges: what Prometheus is asked for them, and where the answers stand.
//!
//! A rate is known where something counts: a span metrics connector counts the spans that it takes, Prometheus the samples of a
//! scrape, and the collector its own work where its own metrics are scraped.

use super::derive::{component_key, keys, pipeline_key, scraper_key};
use super::graph::{Edge, Graph, Way};
use catalogue::{Class, Signal};
use contract::{Contract, Listener, Measures, Scrape, SpanMetrics, chain, target_labels};
use gate::promql::quoted;
use model::{Collector, Pipeline, Workload, type_of};
use std::collections::{BTreeMap, HashMap};
use telemetry::Sample;

/// The shortest time that a rate is taken over, in seconds.
const SHORTEST: f64 = 60.0;
/// Processors that pass on as many spans as they take; what `memory_limiter` refuses never entered the pipeline.
const KEEPS: &[&str] = &[
    "attributes",
    "batch",
    "groupbyattrs",
    "groupbytrace",
    "k8s_attributes",
    "k8sattributes",
    "memory_limiter",
    "resource",
    "resourcedetection",
    "transform",
];

/// A question to Prometheus whose answer is one value for some edges.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Meter {
    pub(crate) query: String,
    pub(crate) unit: Unit,
    /// Indices into the graph's edges.
    pub(crate) edges: Vec<usize>,
}

/// What a rate is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    Spans,
    Points,
    Records,
    Profiles,
    /// Of a scrape.
    Samples,
}

impl Unit {
    fn of(signal: Signal) -> Unit {
        match signal {
            Signal::Traces => Unit::Spans,
            Signal::Metrics => Unit::Points,
            Signal::Logs => Unit::Records,
            Signal::Profiles => Unit::Profiles,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Unit::Spans => " spans/s",
            Unit::Points => " points/s",
            Unit::Records => " records/s",
            Unit::Profiles => " profiles/s",
            Unit::Samples => " samples a scrape",
        }
    }

    /// In the drawing, where the line tells the signal.
    pub(crate) fn sign(self) -> &'static str {
        if self == Unit::Samples { " samples" } else { "/s" }
    }
}

/// Of every edge whose rate can be known; `graph` is the contract's.
pub(crate) fn meters(contract: &Contract<'_>, graph: &Graph) -> Vec<Meter> {
    let names = keys(contract.repository);
    let mut found = Vec::new();
    for (index, (collector, name)) in contract.repository.collectors.iter().zip(&names).enumerate() {
        let Some(at) = collector.workload else { continue };
        let Some(workload) = contract.repository.workloads.get(at) else { continue };
        let (listeners, scrapes) = (contract.listeners_of(index), chain::scrapes_to(&contract.scrapes, at));
        let view = View { contract, graph, index, collector, name, workload, listeners, scrapes };
        found.extend(view.connectors());
        found.extend(view.scrapes());
        found.extend(view.own());
    }
    found.retain(|meter| !meter.edges.is_empty());
    found
}

struct View<'c, 'r> {
    contract: &'c Contract<'r>,
    graph: &'c Graph,
    index: usize,
    collector: &'c Collector,
    name: &'c str,
    workload: &'c Workload,
    listeners: &'c [Listener],
    scrapes: &'c [Scrape],
}

impl View<'_, '_> {
    /// What span metrics connectors count.
    fn connectors(&self) -> Vec<Meter> {
        let mut found: Vec<(&str, Meter)> = Vec::new();
        let own = self.contract.span_metrics.iter().filter(|source| source.collector == self.index && source.exists);
        for source in own.filter(|source| source.scraped_from == self.collector.workload) {
            let calls = source.metrics.iter().find(|m| m.measures == Measures::Calls && m.refused.is_none());
            let Some(calls) = calls.filter(|_| found.iter().all(|(id, _)| *id != source.id)) else { continue };
            let mut labels = target_labels(self.workload);
            if self.contract.context.policy.prometheus.honor_labels {
                labels.retain(|name, _| !calls.labels.contains_key(name));
            }
            let query = format!("sum(rate({}[{}s]))", series(&calls.name, &labels), self.window(source.flush));
            found.push((&source.id, Meter { query, unit: Unit::Spans, edges: self.counted(source) }));
        }
        found.into_iter().map(|(_, meter)| meter).collect()
    }

    /// The edges that carry just what the connector takes: into it, back to where spans may be dropped, and to the pipeline's
    /// other exporters.
    fn counted(&self, source: &SpanMetrics) -> Vec<usize> {
        let config = &self.collector.config;
        let mut feeds = config.users(Class::Exporter, &source.id).filter(|p| p.signal == Some(Signal::Traces));
        let (Some(pipeline), None) = (feeds.next(), feeds.next()) else { return Vec::new() };
        let hub = pipeline_key(self.name, pipeline);
        let processor = |id: &str| component_key(self.name, Class::Processor, id, Some(pipeline));
        let mut stops = vec![hub.clone()];
        stops.extend(pipeline.processors.iter().map(|id| processor(&id.value)));
        let last = stops.last().cloned().unwrap_or_default();
        let mut edges: Vec<usize> = pipeline
            .exporters
            .iter()
            .flat_map(|id| self.between(&last, &self.component(Class::Exporter, &id.value), Signal::Traces))
            .collect();
        for (id, step) in pipeline.processors.iter().zip(stops.windows(2)).rev() {
            let ([before, after], true) = (step, KEEPS.contains(&type_of(&id.value))) else { return edges };
            edges.extend(self.between(before, after, Signal::Traces));
        }
        edges.extend(self.received(pipeline, &hub));
        edges
    }

    /// From the only receiver, and its only sender.
    fn received(&self, pipeline: &Pipeline, hub: &str) -> Vec<usize> {
        let [receiver] = pipeline.receivers.as_slice() else { return Vec::new() };
        let receiver = self.component(Class::Receiver, &receiver.value);
        let mut edges = self.between(&receiver, hub, Signal::Traces);
        let into = |edge: &Edge| edge.signal == Some(Signal::Traces) && self.key(edge.to) == receiver;
        let mut senders = self.flowing().filter(|(_, edge)| into(edge));
        if let (Some((sender, _)), None) = (senders.next(), senders.next()) {
            edges.push(sender);
        }
        edges
    }

    /// What Prometheus counts itself, of every scrape.
    fn scrapes(&self) -> Vec<Meter> {
        let several = self.scrapes.len() > 1;
        let labels = target_labels(self.workload);
        let meter = |scrape: &Scrape| {
            let mut series = series("scrape_samples_scraped", &labels);
            if several {
                series.insert_str(series.len() - 1, &format!(",instance=~\".+:{}\"", scrape.port));
            }
            let answers = chain::answering(self.listeners, scrape.port).next();
            let from = answers.map(|l| component_key(self.name, l.class, &l.id, None)).unwrap_or_default();
            let edges = self.between(&from, &scraper_key(self.name), Signal::Metrics);
            Meter { query: format!("sum({series})"), unit: Unit::Samples, edges }
        };
        self.scrapes.iter().map(meter).collect()
    }

    /// What the collector counts itself, where its own metrics are scraped. Names as collector 0.145 was seen to write them,
    /// and without `_total`, which `without_type_suffix` leaves out.
    fn own(&self) -> Vec<Meter> {
        let mut found = Vec::new();
        let telemetry = |port: u16| chain::answering(self.listeners, port).any(|l| l.class == Class::Extension);
        if !self.scrapes.iter().any(|scrape| telemetry(scrape.port)) {
            return found;
        }
        let labels = target_labels(self.workload);
        for (class, label, did) in
            [(Class::Receiver, "receiver", "receiver_accepted"), (Class::Exporter, "exporter", "exporter_sent")]
        {
            for component in self.collector.config.of_class(class) {
                for (signal, items) in
                    [(Signal::Traces, "spans"), (Signal::Metrics, "metric_points"), (Signal::Logs, "log_records")]
                {
                    let edges = self.carrying(class, &self.component(class, &component.id), signal);
                    let mut labels = labels.clone();
                    labels.insert(label.to_owned(), component.id.clone());
                    let name = format!("{{__name__=~\"otelcol_{did}_{items}(_total)?\",");
                    let series = series("", &labels).replacen('{', &name, 1);
                    let query = format!("sum(rate({series}[{}s]))", self.window(0.0));
                    found.push(Meter { query, unit: Unit::of(signal), edges });
                }
            }
        }
        found
    }

    /// The edges behind a receiver, each of which carries all that it accepts; the one behind an exporter, or before one that
    /// is asked.
    fn carrying(&self, class: Class, key: &str, signal: Signal) -> Vec<usize> {
        let flowing = || self.flowing().filter(|(_, edge)| edge.signal == Some(signal));
        let leaving = |edge: &Edge| self.key(edge.from) == key && self.key(edge.to) != scraper_key(self.name);
        let out: Vec<usize> = flowing().filter(|(_, edge)| leaving(edge)).map(|(at, _)| at).collect();
        if class == Class::Receiver || out.len() == 1 {
            return out;
        }
        let into: Vec<usize> = flowing().filter(|(_, edge)| self.key(edge.to) == key).map(|(at, _)| at).collect();
        if out.is_empty() && into.len() == 1 { into } else { Vec::new() }
    }

    /// Seconds, long enough for two values of a series that changes as often as it is scraped or flushed.
    fn window(&self, flush: f64) -> u64 {
        let scrape = self.contract.context.policy.prometheus.scrape_interval;
        (4.0 * scrape).max(2.0 * flush + scrape).max(SHORTEST).ceil() as u64
    }

    fn component(&self, side: Class, id: &str) -> String {
        let class = self.collector.config.resolve(side, id).map_or(side, |component| component.class);
        component_key(self.name, class, id, None)
    }

    fn key(&self, node: usize) -> &str {
        self.graph.nodes.get(node).map_or("", |node| node.key.as_str())
    }

    fn flowing(&self) -> impl Iterator<Item = (usize, &Edge)> {
        self.graph.edges.iter().enumerate().filter(|(_, edge)| edge.way == Way::Flows)
    }

    fn between(&self, from: &str, to: &str, signal: Signal) -> Vec<usize> {
        let meant = |edge: &Edge| edge.signal == Some(signal) && self.key(edge.from) == from && self.key(edge.to) == to;
        self.flowing().filter(|(_, edge)| meant(edge)).map(|(at, _)| at).collect()
    }
}

/// `name{label="value",…}`
fn series(name: &str, labels: &BTreeMap<String, String>) -> String {
    let matchers: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={}", quoted(value, '"'))).collect();
    format!("{name}{{{}}}", matchers.join(","))
}

/// What is known of the rates of a folder's pipelines.
#[derive(Default)]
pub(crate) struct Rates {
    /// By the edge's index.
    known: HashMap<usize, (String, Unit)>,
}

impl Rates {
    /// One meter's answer: a sum is one value, or none where there is no series.
    pub(crate) fn take(&mut self, meter: &Meter, answer: &[Sample]) {
        let Some(sample) = answer.first().filter(|sample| sample.value.is_finite()) else { return };
        for edge in &meter.edges {
            self.known.entry(*edge).or_insert_with(|| (number(sample.value), meter.unit));
        }
    }

    pub(crate) fn any(&self) -> bool {
        !self.known.is_empty()
    }

    /// In words.
    pub(crate) fn of(&self, edge: usize) -> Option<String> {
        self.known.get(&edge).map(|(number, unit)| format!("{number}{}", unit.words()))
    }

    /// As short as it can be told.
    pub(crate) fn drawn(&self, edge: usize) -> Option<String> {
        self.known.get(&edge).map(|(number, unit)| format!("{number}{}", unit.sign()))
    }
}

/// A value as people read it.
fn number(value: f64) -> String {
    let digits = match value {
        value if value == value.round() && value < 1e6 => 0,
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::{Meter, Rates, Unit, number};
    use std::collections::BTreeMap;
    use telemetry::Sample;

    #[test]
    fn values_have_as_many_digits_as_mean_something() {
        let shown = [0.0, 0.051, 7.0, 7.125, 23.456, 404.4, 12_345.6].map(number);
        assert_eq!(shown, ["0", "0.05", "7", "7.12", "23.5", "404", "12346"]);
    }

    #[test]
    fn an_answer_stands_on_the_edges_that_it_is_about() {
        let meter = Meter { query: String::new(), unit: Unit::Spans, edges: vec![1, 3] };
        let sample = |value| [Sample { labels: BTreeMap::new(), value }];
        let mut rates = Rates::default();
        rates.take(&meter, &[]);
        rates.take(&meter, &sample(f64::NAN));
        assert_eq!(rates.of(1), None, "no series and no number are no rate");
        rates.take(&meter, &sample(2.5));
        rates.take(&meter, &sample(9.0));
        let told = Some("2.50 spans/s".to_owned());
        assert_eq!([rates.of(1), rates.of(2), rates.of(3)], [told.clone(), None, told]);
        assert_eq!(rates.drawn(3).as_deref(), Some("2.50/s"));
    }
}
