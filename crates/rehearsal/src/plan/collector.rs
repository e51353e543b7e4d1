//! The collector: its exact configuration, and the addresses in it.

use super::PlanError;
use catalogue::Class;
use contract::endpoint::{Endpoint, Host};
use contract::{Caller, Contract, Speaks, Target};
use model::{Repository, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What stands for a backend outside the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Jaeger's OTLP over gRPC.
    JaegerGrpc,
    /// Jaeger's OTLP over HTTP.
    JaegerHttp,
    /// Nothing.
    Nobody,
}

/// A port that the collector listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Where the endpoint stands in the configuration.
    pub keys: Vec<String>,
    /// The port.
    pub port: u16,
    /// Whether other pods reach it: not where it listens on loopback.
    pub reachable: bool,
    /// Whether it is the health check.
    pub health: bool,
    /// The collector's own metrics.
    pub own_metrics: bool,
}

/// An address that an exporter dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialled {
    /// Where it stands.
    pub keys: Vec<String>,
    /// As written.
    pub endpoint: Endpoint,
    /// What it leads to here.
    pub backend: Backend,
}

/// A collector to run.
#[derive(Clone, Debug)]
pub struct CollectorPlan {
    /// Its workload's name, or that of its ConfigMap's file.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// The version of its image, where that is known.
    pub version: Option<String>,
    /// The configuration, byte for byte.
    pub config: String,
    /// Environment, downward-API values as `<fieldPath>`.
    pub env: Vec<(String, String)>,
    /// Pod labels.
    pub labels: BTreeMap<String, String>,
    /// Ports it listens on.
    pub ports: Vec<Port>,
    /// Addresses that it dials.
    pub dials: Vec<Dialled>,
    /// Where Prometheus is told to scrape: container port and path.
    pub scrapes: Vec<(u16, String)>,
}

impl CollectorPlan {
    pub(super) fn of(contract: &Contract<'_>, index: usize) -> Result<CollectorPlan, PlanError> {
        let repository = contract.repository;
        let Some(collector) = repository.collectors.get(index) else {
            return Err(PlanError::Configuration("not there"));
        };
        let config = text(repository, collector)?;
        let workload = collector.workload.and_then(|w| repository.workloads.get(w));
        let container = workload.and_then(|w| {
            let runs = |c: &&model::Container| c.image.as_ref().is_some_and(|i| model::is_collector_image(&i.value));
            w.containers.iter().find(runs)
        });
        let env = container
            .map(|c| c.env.iter().filter_map(|e| Some((e.name.clone(), c.expanded(&e.name)?))).collect::<Vec<_>>());
        let listeners = contract.listeners.get(index).map(Vec::as_slice).unwrap_or_default();
        let ports = listeners.iter().map(|l| Port {
            keys: std::iter::once(model::section(l.class))
                .chain([l.id.as_str()])
                .chain(l.keys.iter().copied())
                .map(str::to_owned)
                .collect(),
            port: l.port,
            reachable: l.used && l.host != Host::Loopback,
            health: l.class == Class::Extension
                && l.id.starts_with("health_check")
                && l.used
                && l.speaks == Speaks::Http,
            own_metrics: l.keys.is_empty(),
        });
        let scrapes = contract.scrapes.iter().filter(|s| Some(s.workload) == collector.workload);
        Ok(CollectorPlan {
            name: workload.map_or("collector", |w| w.name.as_str()).to_owned(),
            namespace: contract::namespace(collector.namespace.as_deref()).to_owned(),
            version: collector.version.map(|v| format!("{}.{}.{}", v.0, v.1, v.2)),
            config,
            env: env.unwrap_or_default(),
            labels: workload
                .map(|w| w.labels.iter().map(|(n, v)| (n.clone(), v.value.clone())).collect())
                .unwrap_or_default(),
            ports: ports.collect(),
            dials: dials(contract, collector),
            scrapes: scrapes.map(|s| (s.port, s.path.clone())).collect(),
        })
    }

    /// What is laid over the configuration: addresses, and nothing else. `here` gives the port that stands for one of
    /// [`CollectorPlan::ports`], by its index, with the host it listens on; `backend` the address of a backend.
    pub fn over(&self, here: &dyn Fn(usize) -> (String, u16), backend: &dyn Fn(Backend) -> (String, u16)) -> Value {
        let mut root = json!({});
        for (index, port) in self.ports.iter().enumerate() {
            let (host, number) = here(index);
            if port.own_metrics {
                let exporter = json!({ "pull": { "exporter": { "prometheus": { "host": host, "port": number } } } });
                root["service"]["telemetry"]["metrics"]["readers"] = json!([exporter]);
            } else {
                set(&mut root, &port.keys, json!(format!("{host}:{number}")));
            }
        }
        for dial in &self.dials {
            let (host, number) = backend(dial.backend);
            set(&mut root, &dial.keys, json!(dial.endpoint.with(&host, Some(number))));
        }
        root
    }
}

fn set(root: &mut Value, keys: &[String], value: Value) {
    let place = keys.iter().fold(root, |at, key| &mut at[key.as_str()]);
    *place = value;
}

/// The configuration as the collector's pod finds it in its file.
fn text(repository: &Repository, collector: &model::Collector) -> Result<String, PlanError> {
    match &collector.source {
        Source::ConfigMap { object, key } => {
            let node = repository.object(*object).and_then(|o| repository.node(&o.at.key("data").key(key)));
            let text = node.and_then(|n| n.as_str()).map(str::to_owned);
            text.ok_or(PlanError::Configuration("no text"))
        }
        Source::File => {
            let at = collector.config.at.as_ref();
            let text = at.and_then(|at| repository.text(repository.path(at))).map(str::to_owned);
            text.ok_or(PlanError::Configuration("no file"))
        }
        Source::Operator { .. } => Err(PlanError::Configuration("the operator's, which is not rehearsed")),
    }
}

/// What exporters dial; those that listen are no senders.
fn dials(contract: &Contract<'_>, collector: &model::Collector) -> Vec<Dialled> {
    let exporters = collector.config.of_class(Class::Exporter);
    let exporters = exporters.filter(|e| contract::listen::addresses(e.class, &e.kind).next().is_none());
    let mut found = Vec::new();
    for exporter in exporters {
        for text in &exporter.endpoints {
            let caller = Caller { policy: true, otlp: true };
            let Some(dial) = contract.dial(collector.namespace.as_deref(), text, caller) else { continue };
            let Some(key) = key_of(contract.repository, exporter, text) else { continue };
            let keys = vec![model::section(Class::Exporter).to_owned(), exporter.id.clone(), key];
            let backend = match &dial.target {
                // What takes traces alone is Jaeger, by whatever name.
                Target::Elsewhere { speaks, signals, .. } if signals.iter().all(|s| s == "traces") => {
                    match speaks.as_str() {
                        "otlp-grpc" => Backend::JaegerGrpc,
                        "otlp-http" => Backend::JaegerHttp,
                        _ => Backend::Nobody,
                    }
                }
                _ => Backend::Nobody,
            };
            found.push(Dialled { keys, endpoint: dial.endpoint, backend });
        }
    }
    found
}

/// The key of the exporter's mapping that holds the text.
fn key_of(repository: &Repository, exporter: &model::Component, text: &model::Text) -> Option<String> {
    let node = repository.node(&exporter.at)?;
    let mut keys = node.entries().map(|(key, _)| key.to_owned());
    keys.find(|key| exporter.at.key(key) == text.at)
}
