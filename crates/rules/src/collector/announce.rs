//! Ports that others count on: what Services, container ports, probes, scrape annotations and senders say of a collector.

use super::view::View;
use contract::Target;
use model::{Place, PortRef};

/// Who counts on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A Service whose selector picks the pods.
    Service,
    /// A declared container port.
    ContainerPort,
    /// A kubelet probe.
    Probe,
    /// The scrape annotation.
    Scrape,
    /// A workload that sends OTLP.
    Sender,
}

impl Who {
    pub(crate) fn says(self) -> &'static str {
        match self {
            Who::Service => "this Service leads to the port",
            Who::ContainerPort => "the pod declares the port",
            Who::Probe => "the kubelet probes the port",
            Who::Scrape => "Prometheus is told to scrape the port",
            Who::Sender => "this workload sends to the port",
        }
    }
}

/// A port of the collector's pods that somebody counts on.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    pub(crate) port: u16,
    pub(crate) who: Who,
    pub(crate) at: Place,
    /// The port's name, where it has one.
    pub(crate) name: Option<String>,
    /// What the sender speaks, where that is known.
    pub(crate) grpc: Option<bool>,
}

/// Everything that is announced of a collector.
pub(crate) fn announced(view: &View<'_>) -> Vec<Announced> {
    let mut found = Vec::new();
    let contract = view.contract;
    let Some(workload) = view.workload() else { return found };
    let services = view.collector.workload.map_or(&[][..], |w| contract.links.services(w));
    for service in services.iter().filter_map(|s| contract.repository.services.get(*s)) {
        for port in &service.ports {
            let Some(number) = workload.port_number(&port.target) else { continue };
            let name = port.name.clone();
            found.push(Announced { port: number, who: Who::Service, at: port.entry.clone(), name, grpc: None });
        }
    }
    if let Some(container) = view.container() {
        for port in &container.ports {
            let (at, name) = (port.at.clone(), port.name.clone());
            found.push(Announced { port: port.number, who: Who::ContainerPort, at, name, grpc: None });
        }
        for probe in &container.probes {
            let Some(port) = workload.port_number(&probe.port.0) else { continue };
            let grpc = Some(probe.via == "grpc");
            found.push(Announced { port, who: Who::Probe, at: probe.port.1.clone(), name: None, grpc });
        }
    }
    // Another container's page is none of ours.
    let declared = |c: &model::Container, port: u16| c.ports.iter().any(|p| p.number == port);
    let elsewhere = |port: u16| {
        let own = view.container();
        let others = workload.containers.iter().filter(|c| !c.init && own.is_none_or(|o| o.at != c.at));
        !own.is_some_and(|c| declared(c, port)) && others.into_iter().any(|c| declared(c, port))
    };
    for scrape in contract.scrapes.iter().filter(|s| Some(s.workload) == view.collector.workload && !elsewhere(s.port))
    {
        found.push(Announced { port: scrape.port, who: Who::Scrape, at: scrape.at.clone(), name: None, grpc: None });
    }
    for sender in contract.senders.iter().filter(|s| s.collector == Some(view.index)) {
        let Target::Service(service, port) = sender.target else { continue };
        let Some(service) = contract.repository.services.get(service) else { continue };
        let target = service.ports.iter().find(|p| p.port == port).map_or(PortRef::Number(port), |p| p.target.clone());
        let Some(port) = workload.port_number(&target) else { continue };
        found.push(Announced { port, who: Who::Sender, at: sender.at.at.clone(), name: None, grpc: sender.grpc });
    }
    found
}

/// What tells that other pods must reach the port. A container port alone says so only where the pod has no other container
/// that could be its user.
pub(crate) fn reached(view: &View<'_>, port: u16) -> Option<Announced> {
    let alone = view.workload().is_some_and(|w| w.containers.iter().filter(|c| !c.init).count() == 1);
    let strength = |a: &Announced| match a.who {
        Who::Sender => Some(0),
        Who::Service => Some(1),
        Who::ContainerPort if alone => Some(2),
        _ => None,
    };
    let found = announced(view).into_iter().filter(|a| a.port == port);
    found.filter_map(|a| Some((strength(&a)?, a))).min_by_key(|(s, _)| *s).map(|(_, a)| a)
}

/// The protocols and ports on which OTLP is expected: `("grpc", 4317)`. A sender's word counts most, then well-known ports,
/// then names. Both defaults where nobody says anything.
pub(crate) fn otlp_ports(view: &View<'_>) -> Vec<(&'static str, u16)> {
    let mut found: Vec<(&'static str, u16)> = Vec::new();
    let all = announced(view);
    let mut add = |protocol: &'static str, port: u16| {
        if !found.iter().any(|(p, n)| *p == protocol || *n == port) {
            found.push((protocol, port));
        }
    };
    for a in all.iter().filter(|a| a.who == Who::Sender) {
        match (a.grpc, a.port) {
            (Some(true), port) | (None, port @ 4317) => add("grpc", port),
            (Some(false), port) | (None, port @ 4318) => add("http", port),
            _ => {}
        }
    }
    for a in all.iter().filter(|a| matches!(a.who, Who::Service | Who::ContainerPort)) {
        let name = a.name.as_deref().unwrap_or_default();
        let otlp = name.contains("otlp");
        match a.port {
            4317 => add("grpc", 4317),
            4318 => add("http", 4318),
            port if otlp && name.contains("grpc") => add("grpc", port),
            port if otlp && name.contains("http") => add("http", port),
            _ => {}
        }
    }
    if found.is_empty() {
        found = vec![("grpc", 4317), ("http", 4318)];
    }
    found.sort_by_key(|(protocol, _)| *protocol);
    found
}

/// The port on which Prometheus expects the exporter: scraped, and neither an OTLP port nor the collector's own metrics.
pub(crate) fn scrape_port(view: &View<'_>) -> Option<Announced> {
    let all = announced(view);
    let taken = |port: u16| view.listeners().iter().any(|l| l.used && l.port == port);
    all.into_iter().find(|a| a.who == Who::Scrape && !taken(a.port))
}
