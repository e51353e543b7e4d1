//! `wiring/protocol-mismatch`: HTTP sent to a gRPC port, or the reverse.

use super::dials::{Dial, dials};
use super::ports::pod_port;
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::{Contract, Speaks, Target};

pub(crate) const RULE: Rule = Rule {
    name: "wiring/protocol-mismatch",
    severity: Severity::Error,
    summary: "HTTP sent to a gRPC port, or the reverse; TLS to plain text",
    fix: None,
    safety: None,
    page: include_str!("../../pages/wiring/protocol-mismatch.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for dial in dials(contract) {
        if let Some(draft) = encrypted(contract, &dial) {
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
    let mut draft = Draft::new(RULE.name, RULE.severity, at, message, consequence);
    // The setting may be there, under another key or indented into the neighbourhood.
    if let Some(exporter) = dial.exporter {
        draft = draft.echo("collector/unknown-key", Some(exporter));
        for beside in [exporter.parent().key("tls"), exporter.parent().key("insecure")] {
            draft =
                draft.echo_at("collector/unknown-key", &beside).echo_at("collector/unknown-component-type", &beside);
        }
    }
    Some(draft)
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
