//! `wiring/protocol-mismatch`: HTTP sent to a gRPC port, or the reverse.

use super::dials::{Dial, dials};
use super::ports::pod_port;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use contract::{Contract, Speaks, Target};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "wiring/protocol-mismatch",
    severity: Severity::Error,
    summary: "HTTP sent to a gRPC port, or the reverse; TLS to plain text",
    fix: Some("OTLP's port in place of an older protocol's"),
    safety: ONE_READING,
    page: include_str!("../../pages/wiring/protocol-mismatch.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for dial in dials(contract) {
        if let Some(draft) = encrypted(contract, &dial) {
            drafts.push(draft);
            continue;
        }
        if let Some(draft) = other_protocol(contract, &dial) {
            drafts.push(draft);
            continue;
        }
        let (Some(sends), Some(takes)) =
            (dial.grpc, takes_grpc(contract, &dial.target, dial.endpoint.effective_port()))
        else {
            continue;
        };
        if sends == takes {
            continue;
        }
        let word = |grpc: bool| if grpc { "gRPC" } else { "HTTP" };
        let port = dial.endpoint.effective_port().unwrap_or_default();
        let other = if sends { "4317" } else { "4318" };
        let message = format!("{} over {} to port {port}, which speaks {}", dial.who, word(sends), word(takes));
        let consequence = format!("every request is refused; OTLP over {} goes to {other}", word(sends));
        drafts.push(Draft::new(RULE.name, RULE.severity, &dial.text.at, message, consequence));
    }
}

/// Ports that Jaeger documents for protocols of its own.
const OWN: [(u16, &str); 2] = [(14250, "takes Jaeger's own gRPC protocol"), (14268, "takes Jaeger's Thrift over HTTP")];

/// OTLP to a port that takes none: by the policy, or one of an older protocol, as the exporter had it that the `otlp` one took
/// the place of. What a collector of the repository listens on is known better.
fn other_protocol(contract: &Contract<'_>, dial: &Dial<'_>) -> Option<Draft> {
    let port = dial.endpoint.effective_port().filter(|_| dial.otlp)?;
    let wanted = if dial.grpc == Some(false) { "otlp-http" } else { "otlp-grpc" };
    let usual = if dial.grpc == Some(false) { 4318 } else { 4317 };
    let own = || OWN.iter().find(|(own, _)| *own == port).map(|(_, takes)| (*takes).to_owned());
    let (takes, right, safety) = match &dial.target {
        Target::Unknown => (own()?, usual, Safety::Unsafe),
        Target::Service(service, _) => {
            let (workload, _) = pod_port(contract, *service, port)?;
            if contract.links.collector(workload).is_some() {
                return None;
            }
            let service = contract.repository.services.get(*service)?;
            let has = service.ports.iter().any(|p| p.port == usual);
            (own()?, usual, if has { Safety::Safe } else { Safety::Unsafe })
        }
        Target::Elsewhere { service, namespace, speaks, .. } if !speaks.starts_with("otlp") => {
            let there = contract.context.policy.elsewhere.iter().find(|e| e.namespace == *namespace)?;
            let ports = &there.services.iter().find(|s| s.name == *service)?.ports;
            let (right, _) = ports.iter().find(|(_, speaks)| *speaks == wanted)?;
            (own().unwrap_or_else(|| "takes none".to_owned()), *right, Safety::Safe)
        }
        _ => return None,
    };
    let message = format!("{} in OTLP to port {port}, which {takes}", dial.who);
    let consequence = format!("every export is refused and no span arrives; OTLP is taken on port {right}");
    let text = dial.endpoint.with(&dial.endpoint.host, Some(right));
    let op = Op::Splice { route: dial.text.at.route.clone(), range: dial.range.clone(), text: text.clone() };
    let mend = fix(format!("Write `{text}`"), safety, [(dial.text.at.file, op)]);
    Some(Draft::new(RULE.name, RULE.severity, &dial.text.at, message, consequence).fix(mend))
}

/// TLS to a port that is known to take plain text only.
fn encrypted(contract: &Contract<'_>, dial: &Dial<'_>) -> Option<Draft> {
    if dial.tls != Some(true) || !plain(contract, dial) {
        return None;
    }
    let port = dial.endpoint.effective_port()?;
    let message = format!("{} over TLS to port {port}, which takes plain text", dial.who);
    let way = match dial.exporter {
        Some(_) if dial.grpc == Some(true) => "`tls: {insecure: true}` sends plain text",
        _ => "`http://` sends plain text",
    };
    let consequence = format!("every handshake fails and what should arrive there never does; {way}");
    let at = dial.exporter.unwrap_or(&dial.text.at);
    let at = if dial.grpc == Some(true) { at } else { &dial.text.at };
    // Where the setting slipped out of its block, that is the finding.
    let draft = Draft::new(RULE.name, RULE.severity, at, message, consequence);
    Some(dial.exporter.into_iter().fold(draft, |d, exporter| {
        let d = d.echo("collector/unknown-key", Some(exporter));
        let beside = [exporter.parent().key("tls"), exporter.parent().key("insecure")];
        beside
            .iter()
            .fold(d, |d, at| d.echo_at("collector/unknown-key", at).echo_at("collector/unknown-component-type", at))
    }))
}

fn plain(contract: &Contract<'_>, dial: &Dial<'_>) -> bool {
    match &dial.target {
        // Certificates that somebody wrote down are there for an end that has some.
        Target::Elsewhere { speaks, .. } => {
            let written = |key: &str| {
                let node = dial.exporter.and_then(|at| contract.repository.node(at));
                node.and_then(|n| n.at(&["tls", key])).is_some()
            };
            let files = ["ca_file", "ca_pem", "cert_file", "cert_pem", "include_system_ca_certs_pool"];
            speaks.starts_with("otlp-") && !files.into_iter().any(written)
        }
        Target::Service(service, port) => pod_port(contract, *service, *port)
            .and_then(|(workload, number)| takes_plain(contract, contract.links.collector(workload)?, number))
            .unwrap_or(false),
        Target::Operator(collector) => {
            dial.endpoint.effective_port().and_then(|p| takes_plain(contract, *collector, p)).unwrap_or(false)
        }
        _ => false,
    }
}

/// Whether a collector's receiver has no `tls` on that port.
fn takes_plain(contract: &Contract<'_>, collector: usize, port: u16) -> Option<bool> {
    let listener = contract.listeners.get(collector)?.iter().find(|l| l.port == port)?;
    let collector = contract.repository.collectors.get(collector)?;
    let component = collector.config.of_class(listener.class).find(|c| c.id == listener.id)?;
    let (_, server) = listener.keys.split_last()?;
    let node = contract.repository.node(&component.at)?.at(server)?;
    Some(listener.class == catalogue::Class::Receiver && node.get("tls").is_none())
}

/// Whether the port at the other end speaks gRPC; `None` where that can't be told.
pub(crate) fn takes_grpc(contract: &Contract<'_>, target: &Target, asked: Option<u16>) -> Option<bool> {
    match target {
        Target::Elsewhere { speaks, .. } => match speaks.as_str() {
            "grpc" | "otlp-grpc" => Some(true),
            "http" | "otlp-http" => Some(false),
            _ => None,
        },
        Target::Service(service, port) => {
            let (workload, number) = pod_port(contract, *service, *port)?;
            let collector = contract.links.collector(workload)?;
            listened(contract, collector, number)
        }
        Target::Operator(collector) => listened(contract, *collector, asked?),
        _ => None,
    }
}

fn listened(contract: &Contract<'_>, collector: usize, port: u16) -> Option<bool> {
    let listener = contract.listeners.get(collector)?.iter().find(|l| l.port == port)?;
    match listener.speaks {
        Speaks::Other => None,
        speaks => Some(speaks.grpc()),
    }
}

/// Whether a Service's port leads to a collector's receiver; `None` where there is no collector behind it.
pub(crate) fn received(contract: &Contract<'_>, target: &Target) -> Option<bool> {
    let Target::Service(service, port) = target else { return None };
    let (workload, number) = pod_port(contract, *service, *port)?;
    let collector = contract.links.collector(workload)?;
    let listeners = contract.listeners.get(collector)?;
    Some(listeners.iter().any(|l| l.port == number && l.class == catalogue::Class::Receiver))
}
