//! `wiring/protocol-mismatch`: HTTP sent to a gRPC port, or the reverse.

use super::dials::dials;
use super::ports::pod_port;
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::{Contract, Speaks, Target};

pub(crate) const RULE: Rule = Rule {
    name: "wiring/protocol-mismatch",
    severity: Severity::Error,
    summary: "HTTP sent to a gRPC port, or the reverse",
    fix: None,
    safety: None,
    page: include_str!("../../pages/wiring/protocol-mismatch.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for dial in dials(contract) {
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
            let collector = contract.repository.collectors.iter().position(|c| c.workload == Some(workload))?;
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
    let collector = contract.repository.collectors.iter().position(|c| c.workload == Some(workload))?;
    let listeners = contract.listeners.get(collector)?;
    Some(listeners.iter().any(|l| l.port == number && l.class == catalogue::Class::Receiver))
}
