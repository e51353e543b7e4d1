//! Who sends traces to which collector, and which pods Prometheus scrapes.

use crate::Contract;
use crate::endpoint::{self, Endpoint, Host};
use crate::links::Links;
use crate::listen::Listener;
use crate::resolve::{Caller, Target, World};
use model::{Collector, Pairs, Place, Repository, Text, Workload, pair};

/// A described or undescribed workload that sends OTLP by an environment variable.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Index of the workload.
    pub workload: usize,
    /// Index of the container.
    pub container: usize,
    /// The variable.
    pub variable: String,
    /// The endpoint's scalar.
    pub at: Text,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What the sender speaks: `Some(true)` for gRPC; `None` where it can't be told.
    pub grpc: Option<bool>,
    /// Where it leads.
    pub target: Target,
    /// The collector behind it (index), where there is one.
    pub collector: Option<usize>,
}

const ENDPOINT_VARIABLES: &[&str] = &["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// Every sender in the repository.
pub(crate) fn senders(world: World<'_>) -> Vec<Sender> {
    let World { repository, context, .. } = world;
    let mut found = Vec::new();
    for (index, workload) in repository.workloads.iter().enumerate() {
        for (position, container) in workload.containers.iter().enumerate() {
            let description = container.image.as_ref().and_then(|i| context.policy.description(&i.value));
            for env in &container.env {
                let described = description.and_then(|d| d.otlp.as_ref()).filter(|o| o.env == env.name);
                if !ENDPOINT_VARIABLES.contains(&env.name.as_str()) && described.is_none() {
                    continue;
                }
                let Some(text) = env.value.clone() else { continue };
                let Some(address) = container.expanded(&env.name) else { continue };
                let Some(parsed) = endpoint::parse(&address) else { continue };
                let caller = Caller { policy: description.is_some(), otlp: true };
                let target = world.resolve(workload.namespace.as_deref(), workload.template.file, &parsed, caller);
                let collector = collector_behind(world.links, &target);
                let grpc = match description.and_then(|d| d.otlp.as_ref()) {
                    Some(otlp) => Some(otlp.protocol == "grpc"),
                    None => protocol_variable(container),
                };
                found.push(Sender {
                    workload: index,
                    container: position,
                    variable: env.name.clone(),
                    at: text,
                    endpoint: parsed,
                    grpc,
                    target,
                    collector,
                });
            }
        }
    }
    found
}

fn protocol_variable(container: &model::Container) -> Option<bool> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    let value = names.iter().find_map(|n| container.env(n)).and_then(|e| e.value.as_ref())?;
    match value.value.as_str() {
        "grpc" => Some(true),
        "http/protobuf" | "http/json" => Some(false),
        _ => None,
    }
}

/// The collector whose pods a target's Service selects.
pub fn collector_behind(links: &Links, target: &Target) -> Option<usize> {
    match target {
        Target::Operator(index) => Some(*index),
        Target::Service(service, _) => links.pods(*service).iter().find_map(|w| links.collector(*w)),
        _ => None,
    }
}

/// Labels that controllers put on pods as they make them: no template has them.
const RUNTIME_LABELS: &[&str] = &[
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "pod-template-generation",
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
];

/// Whether a selector picks a pod with these labels, those aside that controllers add. An empty one picks none: such a
/// Service has endpoints of its own.
pub fn selects(selector: &Pairs, labels: &Pairs) -> bool {
    asked(selector).next().is_some() && !differs(selector, labels)
}

/// Whether a selector asks for a label that a pod with these does not carry, those aside that controllers add.
pub fn differs(selector: &Pairs, labels: &Pairs) -> bool {
    asked(selector).any(|(key, value)| pair(labels, key).is_none_or(|found| found.value != value.value))
}

fn asked(selector: &Pairs) -> impl Iterator<Item = &(String, Text)> {
    selector.iter().filter(|(key, _)| !RUNTIME_LABELS.contains(&key.as_str()))
}

/// Where annotations tell Prometheus to scrape a pod.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// Index of the workload.
    pub workload: usize,
    /// The port, and where it stands.
    pub port: u16,
    /// The port annotation, or the scrape annotation where the port is implied.
    pub at: Place,
    /// Path on that port.
    pub path: String,
}

/// Every annotated pod template. Without a port annotation Prometheus tries every declared port (chart 29.1.0's
/// `kubernetes-pods` job keeps the address of each).
pub fn scrapes(repository: &Repository) -> Vec<Scrape> {
    let mut found = Vec::new();
    for (index, workload) in repository.workloads.iter().enumerate() {
        found.extend(scrapes_of(index, workload));
    }
    found
}

/// The senders in one workload's pods: they come in the workloads' order.
pub(crate) fn senders_of(senders: &[Sender], workload: usize) -> &[Sender] {
    let from = senders.partition_point(|s| s.workload < workload);
    let to = senders.partition_point(|s| s.workload <= workload);
    senders.get(from..to).unwrap_or_default()
}

/// The scrapes of one workload's pods: they come in the workloads' order.
pub fn scrapes_to(scrapes: &[Scrape], workload: usize) -> &[Scrape] {
    let from = scrapes.partition_point(|s| s.workload < workload);
    let to = scrapes.partition_point(|s| s.workload <= workload);
    scrapes.get(from..to).unwrap_or_default()
}

fn scrapes_of(index: usize, workload: &Workload) -> Vec<Scrape> {
    let Some(on) = pair(&workload.annotations, "prometheus.io/scrape") else { return Vec::new() };
    if on.value != "true" {
        return Vec::new();
    }
    let path = pair(&workload.annotations, "prometheus.io/path").map_or("/metrics", |p| p.value.as_str()).to_owned();
    match pair(&workload.annotations, "prometheus.io/port") {
        Some(port) => {
            let number = port.value.parse().ok();
            number
                .map(|port_number| Scrape { workload: index, port: port_number, at: port.at.clone(), path })
                .into_iter()
                .collect()
        }
        None => workload
            .ports()
            .map(|p| Scrape { workload: index, port: p.number, at: on.at.clone(), path: path.clone() })
            .collect(),
    }
}

/// An exporter's (or Prometheus provider's) address with where it leads.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The scalar.
    pub at: Text,
    /// The parsed address.
    pub endpoint: Endpoint,
    /// Where it leads.
    pub target: Target,
}

impl Contract<'_> {
    /// Reads the address at `text` and resolves it for `caller` in `namespace`; `None` where it is no address.
    pub fn dial(&self, namespace: Option<&str>, text: &Text, caller: Caller) -> Option<Dial> {
        let endpoint = endpoint::parse(&text.value)?;
        let target = self.world().resolve(namespace, text.at.file, &endpoint, caller);
        Some(Dial { at: text.clone(), endpoint, target })
    }
}

/// Whether traffic from other pods reaches the listener.
pub fn reachable(listener: &Listener) -> bool {
    listener.used && listener.host != Host::Loopback
}

/// What answers other pods on a port, of one collector's listeners.
pub fn answering(listeners: &[Listener], port: u16) -> impl Iterator<Item = &Listener> {
    listeners.iter().filter(move |listener| listener.port == port && reachable(listener))
}

/// The namespace that a collector sends from.
pub fn namespace_of(collector: &Collector) -> Option<&str> {
    collector.namespace.as_deref()
}
