//! From the contract to the graph: the same facts that the rules judge.

use super::graph::{Edge, Graph, Kind, Node, Source, State, Way};
use super::list::{described, name};
use crate::snapshot::Spot;
use catalogue::{Class, Signal};
use contract::endpoint::Host;
use contract::{Caller, Contract, Listener, Missing, Sender, Speaks, Target, chain, collector_behind};
use model::{Collector, Pipeline, Place, Repository, Text};
use report::visible;

/// Longest source of a node that a page shows, in lines.
const MOST_LINES: usize = 60;

/// The graph of every collector in the folder.
pub(crate) fn graph(contract: &Contract<'_>) -> Graph {
    let mut graph = Graph::default();
    let names = keys(contract.repository);
    let several = names.len() > 1;
    let views: Vec<View<'_, '_>> = (0..names.len())
        .zip(&contract.repository.collectors)
        .zip(names)
        .map(|((index, collector), key)| View { contract, index, collector, key, several })
        .collect();
    for view in &views {
        view.pipelines(&mut graph);
    }
    for sender in &contract.senders {
        send(contract, &views, &mut graph, sender);
    }
    for view in &views {
        view.export(&views, &mut graph);
        view.scrapes(&mut graph);
    }
    graph
}

/// A name for each collector that no other has.
pub(crate) fn keys(repository: &Repository) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for collector in &repository.collectors {
        let name = visible(&name(repository, collector)).into_owned();
        let twins = names.iter().filter(|other| **other == name || other.starts_with(&format!("{name} #"))).count();
        names.push(if twins == 0 { name } else { format!("{name} #{}", twins + 1) });
    }
    names
}

/// A component's key: a processor has one for each pipeline, since each has its own copy of it.
pub(crate) fn component_key(collector: &str, class: Class, id: &str, pipeline: Option<&Pipeline>) -> String {
    match pipeline.filter(|_| class == Class::Processor) {
        Some(pipeline) => format!("{collector}/pipelines/{}/{}", visible(&pipeline.id), visible(id)),
        None => format!("{collector}/{}/{}", model::section(class), visible(id)),
    }
}

pub(crate) fn pipeline_key(collector: &str, pipeline: &Pipeline) -> String {
    format!("{collector}/pipelines/{}", visible(&pipeline.id))
}

/// Of who scrapes it.
pub(crate) fn scraper_key(collector: &str) -> String {
    format!("{collector}/prometheus")
}

struct View<'c, 'r> {
    contract: &'c Contract<'r>,
    index: usize,
    collector: &'c Collector,
    /// Unique among the collectors.
    key: String,
    several: bool,
}

impl View<'_, '_> {
    fn pipelines(&self, graph: &mut Graph) {
        let config = &self.collector.config;
        for pipeline in &config.pipelines {
            let hub = self.pipeline(graph, pipeline);
            for id in &pipeline.receivers {
                let from = self.component(graph, Class::Receiver, id, None);
                graph.edge(Edge { from, to: hub, signal: pipeline.signal, ..Edge::default() });
            }
            let mut last = hub;
            for id in &pipeline.processors {
                let to = self.component(graph, Class::Processor, id, Some(pipeline));
                graph.edge(Edge { from: last, to, signal: pipeline.signal, ..Edge::default() });
                last = to;
            }
            for id in &pipeline.exporters {
                let to = self.component(graph, Class::Exporter, id, None);
                graph.edge(Edge { from: last, to, signal: pipeline.signal, ..Edge::default() });
            }
        }
        self.unused(graph);
    }

    fn pipeline(&self, graph: &mut Graph, pipeline: &Pipeline) -> usize {
        let repository = self.contract.repository;
        graph.node(&self.pipeline_key(pipeline), || Node {
            details: if self.several { vec![self.short()] } else { Vec::new() },
            place: Some(pipeline.at.clone()),
            source: source(repository, &pipeline.at),
            ..Node::new(Kind::Pipeline, visible(&pipeline.id))
        })
    }

    fn pipeline_key(&self, pipeline: &Pipeline) -> String {
        pipeline_key(&self.key, pipeline)
    }

    /// A collector's name without the words around it.
    fn short(&self) -> String {
        let name = self.key.split(", key ").next().unwrap_or(&self.key);
        name.rsplit(['/', ' ']).next().unwrap_or(name).to_owned()
    }

    /// What a pipeline's reference means.
    fn component(&self, graph: &mut Graph, side: Class, id: &Text, pipeline: Option<&Pipeline>) -> usize {
        let component = self.collector.config.resolve(side, &id.value);
        let class = component.map_or(side, |c| c.class);
        let id_shown = visible(&id.value);
        let key = component_key(&self.key, class, &id.value, pipeline);
        let place = component.map_or(&id.at, |c| &c.at);
        graph.node(&key, || Node {
            within: pipeline.map(|pipeline| self.pipeline_key(pipeline)),
            details: self.details(class, &id.value),
            // The rest of a merged configuration may define it.
            state: if component.is_some() || self.collector.partial { State::Defined } else { State::Undefined },
            place: Some(place.clone()),
            source: source(self.contract.repository, place),
            ..Node::new(kind(class), id_shown.as_ref())
        })
    }

    fn key_of(&self, class: Class, id: &str) -> String {
        component_key(&self.key, class, id, None)
    }

    fn details(&self, class: Class, id: &str) -> Vec<String> {
        let listeners = self.contract.listeners_of(self.index).iter();
        listeners.filter(|l| l.class == class && l.id == id).map(listens).collect()
    }

    fn unused(&self, graph: &mut Graph) {
        let config = &self.collector.config;
        let hub = config.pipelines.first().map(|pipeline| self.pipeline(graph, pipeline));
        for component in config.components.iter().filter(|c| c.class != Class::Extension) {
            if config.uses(component) {
                continue;
            }
            let id = visible(&component.id);
            let node = graph.node(&self.key_of(component.class, &component.id), || Node {
                details: self.details(component.class, &component.id),
                state: State::Unused,
                place: Some(component.at.clone()),
                source: source(self.contract.repository, &component.at),
                ..Node::new(kind(component.class), id.as_ref())
            });
            if let Some(hub) = hub {
                let (from, to) = if component.class == Class::Receiver { (node, hub) } else { (hub, node) };
                graph.edge(Edge { from, to, way: Way::Hidden, ..Edge::default() });
            }
        }
    }

    /// What takes on a port of the collector's pods.
    fn receiver(&self, graph: &mut Graph, port: u16) -> Option<usize> {
        let answering = chain::answering(self.contract.listeners_of(self.index), port);
        answering.filter(|l| l.class == Class::Receiver).find_map(|l| graph.find(&self.key_of(Class::Receiver, &l.id)))
    }

    /// A port of the collector on which nothing listens.
    fn nothing(&self, graph: &mut Graph, port: u16) -> usize {
        graph.node(&format!("{}/port/{port}", self.key), || Node {
            details: vec![format!("of {}", self.short())],
            ..Node::new(Kind::Nowhere, format!("port {port}"))
        })
    }

    /// From every exporter to where it sends.
    fn export(&self, views: &[View<'_, '_>], graph: &mut Graph) {
        let config = &self.collector.config;
        let caller = Caller { policy: self.contract.described(), otlp: true };
        for exporter in config.of_class(Class::Exporter) {
            let Some(from) = graph.find(&self.key_of(Class::Exporter, &exporter.id)) else { continue };
            let mut signals: Vec<Option<Signal>> = Vec::new();
            for pipeline in config.users(Class::Exporter, &exporter.id) {
                if !signals.contains(&pipeline.signal) {
                    signals.push(pipeline.signal);
                }
            }
            // One that listens is asked, and sends nothing.
            if contract::listen::addresses(Class::Exporter, &exporter.kind).next().is_some() {
                continue;
            }
            for text in &exporter.endpoints {
                let Some(dial) = self.contract.dial(self.collector.namespace.as_deref(), text, caller) else {
                    continue;
                };
                let there = inside(self.contract, views, graph, &dial.target, dial.endpoint.port);
                let (to, way) = match there {
                    Some(found) => found,
                    None => (backend(self.contract.repository, graph, text, &dial), way(&dial.target)),
                };
                for signal in &signals {
                    let label = super::graph::signal(*signal).to_owned();
                    graph.edge(Edge { from, to, signal: *signal, label, way, ..Edge::default() });
                }
            }
        }
    }

    /// From what answers on the announced ports to Prometheus.
    fn scrapes(&self, graph: &mut Graph) {
        let contract = self.contract;
        let Some(workload) = self.collector.workload else { return };
        for scrape in chain::scrapes_to(&contract.scrapes, workload) {
            let (from, way) = match chain::answering(contract.listeners_of(self.index), scrape.port).next() {
                Some(listener) => (self.answering(graph, listener), Way::Flows),
                None => (self.nothing(graph, scrape.port), Way::Broken),
            };
            let to = graph.node(&scraper_key(&self.key), || Node {
                details: vec!["by the pods' annotations".to_owned()],
                place: Some(scrape.at.clone()),
                source: source(contract.repository, &scrape.at),
                ..Node::new(Kind::Prometheus, "Prometheus")
            });
            let label = format!("scrapes :{}{}", scrape.port, visible(&scrape.path));
            graph.edge(Edge { from, to, signal: Some(Signal::Metrics), label, way, ..Edge::default() });
        }
    }

    fn answering(&self, graph: &mut Graph, listener: &Listener) -> usize {
        let telemetry = listener.class == Class::Extension && listener.id == "telemetry";
        let key = self.key_of(listener.class, &listener.id);
        graph.node(&key, || Node {
            details: vec![listens(listener)],
            place: Some(listener.at.clone()),
            source: source(self.contract.repository, &listener.at),
            ..Node::new(if telemetry { Kind::Telemetry } else { kind(listener.class) }, visible(&listener.id))
        })
    }
}

/// From a workload to the receiver that takes what it sends.
fn send(contract: &Contract<'_>, views: &[View<'_, '_>], graph: &mut Graph, sender: &Sender) {
    let repository = contract.repository;
    let Some(workload) = repository.workloads.get(sender.workload) else { return };
    let from = graph.node(&format!("from/{}", visible(&described(workload))), || Node {
        details: vec![visible(&workload.kind).into_owned()],
        place: Some(sender.at.at.clone()),
        source: source(repository, &sender.at.at),
        ..Node::new(Kind::Sender, visible(&workload.name))
    });
    let (to, way) = match inside(contract, views, graph, &sender.target, sender.endpoint.effective_port()) {
        Some(found) => found,
        None => {
            let dial = contract::Dial {
                at: sender.at.clone(),
                endpoint: sender.endpoint.clone(),
                target: sender.target.clone(),
            };
            (backend(repository, graph, &sender.at, &dial), way(&sender.target))
        }
    };
    let protocol = sender.grpc.map_or("OTLP", |grpc| if grpc { "OTLP/gRPC" } else { "OTLP/HTTP" });
    // The receiver tells its port itself.
    let port = sender.endpoint.effective_port().filter(|_| way == Way::Broken);
    let label = format!("traces, {protocol}{}", port.map(|port| format!(" :{port}")).unwrap_or_default());
    graph.edge(Edge { from, to, signal: Some(Signal::Traces), label, way, ..Edge::default() });
}

/// The receiver of a collector of this folder that an address leads to, or the port where one should listen.
fn inside(
    contract: &Contract<'_>,
    views: &[View<'_, '_>],
    graph: &mut Graph,
    target: &Target,
    asked: Option<u16>,
) -> Option<(usize, Way)> {
    let view = views.get(collector_behind(&contract.links, target)?)?;
    let repository = contract.repository;
    let port = match target {
        Target::Service(service, port) => {
            let workload = view.collector.workload.and_then(|index| repository.workloads.get(index));
            let ports = &repository.services.get(*service)?.ports;
            let target = ports.iter().find(|p| p.port == *port).map(|p| &p.target);
            workload.zip(target).and_then(|(workload, target)| workload.port_number(target)).unwrap_or(*port)
        }
        _ => asked?,
    };
    Some(match view.receiver(graph, port) {
        Some(receiver) => (receiver, Way::Flows),
        // The rest of a merged configuration may listen there.
        None => (view.nothing(graph, port), if view.collector.partial { Way::Flows } else { Way::Broken }),
    })
}

fn way(target: &Target) -> Way {
    if matches!(target, Target::Missing(_)) { Way::Broken } else { Way::Flows }
}

/// What stands behind an address that leads to no collector of this folder.
fn backend(repository: &Repository, graph: &mut Graph, text: &Text, dial: &contract::Dial) -> usize {
    let endpoint = &dial.endpoint;
    let port = endpoint.port.map(|port| format!(":{port}")).unwrap_or_default();
    let address = visible(&format!("{}{port}", endpoint.host)).into_owned();
    let (kind, title) = match (&dial.target, endpoint.meaning()) {
        (Target::Missing(Missing { .. }), _) => (Kind::Nowhere, address.clone()),
        (Target::Service(index, _), _) => {
            let name = repository.services.get(*index).map_or(endpoint.host.as_str(), |s| s.name.as_str());
            (Kind::Backend, visible(name).into_owned())
        }
        (Target::Elsewhere { service, .. }, _) => (Kind::Backend, visible(service).into_owned()),
        (_, Host::Service(name, _)) => (Kind::Backend, visible(&name).into_owned()),
        _ => (Kind::Backend, visible(&endpoint.host).into_owned()),
    };
    let details = match &dial.target {
        Target::Missing(Missing { what, .. }) => vec![format!("{} does not exist", visible(what))],
        Target::Elsewhere { namespace, .. } => {
            vec![format!("namespace {}{}{port}", visible(namespace), if port.is_empty() { "" } else { ", " })]
        }
        _ if address == title => Vec::new(),
        _ => vec![address.clone()],
    };
    graph.node(&format!("to/{address}"), || Node {
        details,
        place: Some(text.at.clone()),
        source: source(repository, &text.at),
        ..Node::new(kind, title)
    })
}

fn kind(class: Class) -> Kind {
    match class {
        Class::Receiver => Kind::Receiver,
        Class::Processor => Kind::Processor,
        Class::Exporter => Kind::Exporter,
        Class::Connector => Kind::Connector,
        Class::Extension => Kind::Telemetry,
    }
}

fn listens(listener: &Listener) -> String {
    let speaks = match listener.speaks {
        Speaks::OtlpGrpc => " OTLP/gRPC",
        Speaks::OtlpHttp => " OTLP/HTTP",
        Speaks::Scrape => " metrics page",
        Speaks::Grpc => " gRPC",
        Speaks::Http => " HTTP",
        Speaks::Other => "",
    };
    let host = if listener.host == Host::Loopback { "localhost" } else { "" };
    format!("{host}:{}{speaks}", listener.port)
}

/// The lines of what stands at a place, its key's line first; of what holds it where it does not exist.
pub(crate) fn source(repository: &Repository, place: &Place) -> Option<Source> {
    let at = Spot::of(repository, place)?;
    let stream = repository.files.get(place.file)?.stream.as_ref()?;
    let last = match stream.resolve(&place.route) {
        Some(node) => {
            let span = node.span();
            let end = stream.position(span.end);
            // A span that ends before the first character of a line ends with the line before.
            if end.column <= 1 && end.line > at.line { end.line - 1 } else { end.line }
        }
        None => at.line,
    };
    let text = report::lines(stream.text());
    let mut lines: Vec<String> =
        text.get(at.line.saturating_sub(1)..last.min(text.len()))?.iter().map(|l| visible(l).into_owned()).collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    Some(Source { at, lines, more })
}
