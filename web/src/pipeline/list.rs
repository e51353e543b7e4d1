//! The collectors as the page shows them: who sends, what each pipeline does in order, who scrapes.

use super::derive::component_key;
use crate::snapshot::Spot;
use catalogue::Class;
use contract::endpoint::Host;
use contract::{Contract, Listener, Missing, Scrape, Sender, Speaks, Target, chain};
use model::{Collector, Component, Pipeline, Repository, Source, Text, Workload};

/// The same as text.
pub(crate) struct Lists {
    pub(crate) collectors: Vec<CollectorView>,
    /// Workloads whose traces reach none of these collectors.
    pub(crate) strays: Vec<SenderView>,
    /// Pods without a collector that Prometheus scrapes.
    pub(crate) scrapes: Vec<ScrapeView>,
}

/// One collector.
pub(crate) struct CollectorView {
    /// Unique on the page.
    pub(crate) anchor: String,
    pub(crate) name: String,
    pub(crate) at: Option<Spot>,
    /// The workload that runs it.
    pub(crate) runs: Option<String>,
    pub(crate) image: Option<String>,
    /// `None` where the image does not tell; rules then read it as the newest known.
    pub(crate) version: Option<String>,
    /// The process merges this configuration with others.
    pub(crate) partial: bool,
    pub(crate) senders: Vec<SenderView>,
    pub(crate) pipelines: Vec<PipelineView>,
    pub(crate) extensions: Vec<Stop>,
    /// Defined, and used by nothing.
    pub(crate) idle: Vec<String>,
    pub(crate) scrapes: Vec<ScrapeView>,
}

/// A workload that sends traces.
pub(crate) struct SenderView {
    pub(crate) who: String,
    /// The variable and its value.
    pub(crate) variable: String,
    pub(crate) address: String,
    pub(crate) speaks: Option<&'static str>,
    pub(crate) at: Option<Spot>,
    /// Where it leads instead, for one that reaches no collector.
    pub(crate) instead: String,
}

/// A port that annotations tell Prometheus to scrape.
pub(crate) struct ScrapeView {
    pub(crate) who: String,
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) at: Option<Spot>,
    /// The component that answers; `None` where none does, or where that can't be told.
    pub(crate) answer: Option<String>,
}

/// One pipeline.
pub(crate) struct PipelineView {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) at: Option<Spot>,
    pub(crate) stages: Vec<Stage>,
}

/// Receivers, processors or exporters of a pipeline.
pub(crate) struct Stage {
    pub(crate) title: &'static str,
    /// What it means that there are none.
    pub(crate) empty: &'static str,
    pub(crate) stops: Vec<Stop>,
}

/// A component in its place.
pub(crate) struct Stop {
    /// Of its node in the graph.
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) defined: bool,
    /// Ports that it listens on, or the address that it sends to.
    pub(crate) addresses: Vec<String>,
    pub(crate) joins: Option<Joins>,
}

/// What a connector joins its pipeline with.
pub(crate) struct Joins {
    /// `feeds` or `fed by`.
    pub(crate) verb: &'static str,
    /// ID and anchor of each; none for one that is used on one side only.
    pub(crate) pipelines: Vec<(String, String)>,
}

/// The page's data, derived from the same facts as the rules' findings.
pub(super) fn lists(contract: &Contract<'_>, keys: &[String]) -> Lists {
    let repository = contract.repository;
    let (senders, scrapes) = (&contract.senders, &contract.scrapes);
    let collector = |((index, collector), key): ((usize, _), &String)| {
        View { repository, index, collector, key, listeners: contract.listeners_of(index) }.build(senders, scrapes)
    };
    let own = |scrape: &&Scrape| repository.collectors.iter().any(|c| c.workload == Some(scrape.workload));
    Lists {
        collectors: repository.collectors.iter().enumerate().zip(keys).map(collector).collect(),
        strays: senders.iter().filter(|s| s.collector.is_none()).map(|s| sender(repository, s)).collect(),
        scrapes: scrapes.iter().filter(|s| !own(s)).map(|s| scrape(repository, s, None)).collect(),
    }
}

struct View<'a> {
    repository: &'a Repository,
    index: usize,
    collector: &'a Collector,
    key: &'a str,
    listeners: &'a [Listener],
}

impl View<'_> {
    fn build(&self, senders: &[Sender], scrapes: &[Scrape]) -> CollectorView {
        let (repository, collector) = (self.repository, self.collector);
        let workload = collector.workload.and_then(|index| repository.workloads.get(index));
        let own = scrapes.iter().filter(|s| collector.workload == Some(s.workload));
        CollectorView {
            anchor: format!("collector-{}", self.index + 1),
            name: name(repository, collector),
            at: collector.config.at.as_ref().and_then(|place| Spot::of(repository, place)),
            runs: workload.map(described),
            image: collector.image.as_ref().map(|image| image.value.clone()),
            version: collector.version.map(|v| format!("{}.{}.{}", v.0, v.1, v.2)),
            partial: collector.partial,
            senders: senders
                .iter()
                .filter(|s| s.collector == Some(self.index))
                .map(|s| sender(repository, s))
                .collect(),
            pipelines: collector.config.pipelines.iter().map(|pipeline| self.pipeline(pipeline)).collect(),
            extensions: collector.config.extensions.iter().map(|id| self.stop(Class::Extension, id, None)).collect(),
            idle: self.idle(),
            scrapes: own.map(|s| scrape(repository, s, self.answers(s.port))).collect(),
        }
    }

    fn pipeline(&self, pipeline: &Pipeline) -> PipelineView {
        let stage = |class, title, empty| {
            let stops = pipeline.side(class).iter().map(|id| self.stop(class, id, Some(pipeline))).collect();
            Stage { title, empty, stops }
        };
        PipelineView {
            anchor: self.anchor(pipeline),
            id: pipeline.id.clone(),
            at: Spot::of(self.repository, &pipeline.at),
            stages: vec![
                stage(Class::Receiver, "Receivers", "none: nothing comes in"),
                stage(Class::Processor, "Processors", "none: passed on unchanged"),
                stage(Class::Exporter, "Exporters", "none: nothing goes out"),
            ],
        }
    }

    /// By position: a pipeline's ID may hold anything.
    fn anchor(&self, pipeline: &Pipeline) -> String {
        let position = self.collector.config.pipelines.iter().position(|p| p.at == pipeline.at).unwrap_or_default();
        format!("collector-{}-pipeline-{}", self.index + 1, position + 1)
    }

    fn stop(&self, side: Class, id: &Text, pipeline: Option<&Pipeline>) -> Stop {
        let component = self.collector.config.resolve(side, &id.value);
        let connector = component.filter(|c| c.class == Class::Connector);
        let class = component.map_or(side, |c| c.class);
        Stop {
            key: component_key(self.key, class, &id.value, pipeline),
            id: id.value.clone(),
            // The rest of a merged configuration may define it.
            defined: component.is_some() || self.collector.partial,
            addresses: component.map(|c| self.addresses(c)).unwrap_or_default(),
            joins: connector.zip(pipeline).map(|(connector, _)| self.joins(side, connector)),
        }
    }

    fn joins(&self, side: Class, connector: &Component) -> Joins {
        // As an exporter it feeds the pipelines that receive from it.
        let (verb, other) =
            if side == Class::Exporter { ("feeds", Class::Receiver) } else { ("fed by", Class::Exporter) };
        let joined = self.collector.config.users(other, &connector.id);
        Joins { verb, pipelines: joined.map(|p| (p.id.clone(), self.anchor(p))).collect() }
    }

    fn addresses(&self, component: &Component) -> Vec<String> {
        let own = self.listeners.iter().filter(|l| l.class == component.class && l.id == component.id);
        let listening: Vec<String> = own.map(|l| format!("listens on {}", listening(l))).collect();
        if !listening.is_empty() || component.class != Class::Exporter {
            return listening;
        }
        let node = self.repository.node(&component.at);
        let endpoint = node.and_then(|n| n.get("endpoint")).and_then(|n| n.as_str());
        endpoint.map(|endpoint| format!("sends to {endpoint}")).into_iter().collect()
    }

    /// What answers on a port of the collector's pods.
    fn answers(&self, port: u16) -> Option<String> {
        chain::answering(self.listeners, port).next().map(|l| l.id.clone())
    }

    fn idle(&self) -> Vec<String> {
        let config = &self.collector.config;
        let idle = config.components.iter().filter(|component| !config.uses(component));
        idle.map(|component| format!("{} {}", component.class.as_str(), component.id)).collect()
    }
}

pub(super) fn name(repository: &Repository, collector: &Collector) -> String {
    let object = |index: usize| repository.object(index).map_or("", |object| object.name.as_str());
    match &collector.source {
        Source::ConfigMap { object: index, key } => format!("ConfigMap {}, key {key}", object(*index)),
        Source::Operator { object: index } => format!("OpenTelemetryCollector {}", object(*index)),
        Source::File => collector.config.at.as_ref().map_or("", |place| repository.path(place)).to_owned(),
    }
}

pub(super) fn described(workload: &Workload) -> String {
    let namespace = workload.namespace.as_ref().map(|n| format!(" in namespace {n}")).unwrap_or_default();
    format!("{} {}{namespace}", workload.kind, workload.name)
}

fn listening(listener: &Listener) -> String {
    let host = match &listener.host {
        Host::Any => "every interface",
        Host::Loopback => "localhost only",
        Host::Private(host) | Host::Public(host) | Host::Outside(host) | Host::Service(host, _) => host,
    };
    let speaks = match listener.speaks {
        Speaks::OtlpGrpc => " (OTLP over gRPC)",
        Speaks::OtlpHttp => " (OTLP over HTTP)",
        Speaks::Scrape => " (metrics page)",
        Speaks::Grpc => " (gRPC)",
        Speaks::Http => " (HTTP)",
        Speaks::Other => "",
    };
    format!("port {}, {host}{speaks}", listener.port)
}

fn sender(repository: &Repository, sender: &Sender) -> SenderView {
    let workload = repository.workloads.get(sender.workload);
    SenderView {
        who: workload.map(described).unwrap_or_default(),
        variable: sender.variable.clone(),
        address: sender.at.value.clone(),
        speaks: sender.grpc.map(|grpc| if grpc { "OTLP over gRPC" } else { "OTLP over HTTP" }),
        at: Spot::of(repository, &sender.at.at),
        instead: match &sender.target {
            Target::Missing(Missing { what, .. }) => format!("{what} does not exist"),
            Target::Elsewhere { service, namespace, .. } => {
                format!("leads to Service {service} in namespace {namespace}, outside this folder")
            }
            Target::Service(index, _) => {
                let service = repository.services.get(*index).map_or("", |service| service.name.as_str());
                format!("leads to Service {service}, behind which stands no collector of this folder")
            }
            Target::Operator(_) | Target::Unknown => "where it leads cannot be told from this folder".to_owned(),
        },
    }
}

fn scrape(repository: &Repository, scrape: &Scrape, answer: Option<String>) -> ScrapeView {
    ScrapeView {
        who: repository.workloads.get(scrape.workload).map(described).unwrap_or_default(),
        port: scrape.port,
        path: scrape.path.clone(),
        at: Spot::of(repository, &scrape.at),
        answer,
    }
}
