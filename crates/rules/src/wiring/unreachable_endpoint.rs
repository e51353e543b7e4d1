//! `wiring/unreachable-endpoint`: an address names a Service, namespace or port that does not exist.

use super::dials::{Dial, dials};
use super::ports::serving;
use super::protocol_mismatch::{received, takes_grpc};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use contract::{Caller, Contract, Missing, Sender, Target};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "wiring/unreachable-endpoint",
    severity: Severity::Error,
    summary: "an endpoint (OTLP env, Prometheus address, exporter) names a Service, namespace or port that does not exist",
    fix: Some("the one that does"),
    safety: ONE_READING,
    page: include_str!("../../pages/wiring/unreachable-endpoint.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    drafts.list.extend(untold(contract));
    drafts.list.extend(contract.senders.iter().filter_map(|s| misread(contract, s)));
    for dial in dials(contract) {
        let Target::Missing(missing) = &dial.target else { continue };
        let written = dial.text.value.get(dial.range.clone()).unwrap_or_default();
        let message = format!("{} to `{written}`: {} does not exist", dial.who, missing.what);
        let consequence = "every connection fails: what should arrive there never does";
        let mut draft = Draft::new(RULE.name, RULE.severity, &dial.text.at, message, consequence)
            .fix(mend(contract, &dial, missing));
        if dial.range != (0..dial.text.value.len()) {
            draft = draft.within(dial.range.clone());
        }
        // The type that takes its place brings the port it sends to.
        if let Some(exporter) = dial.exporter {
            draft = draft.echo("collector/unknown-component-type", Some(exporter));
        }
        // A Service whose own port slipped, or that lost its pods, has its own finding.
        let name = dial.endpoint.host.split('.').next().unwrap_or_default();
        let services = contract.links.named(name).filter_map(|i| contract.repository.services.get(i));
        drafts.push(services.fold(draft, |d, s| d.echo("wiring/port-mismatch", Some(&s.spec))));
    }
}

/// A described sender that is told no address sends to its own pod, where nothing takes OTLP.
fn untold(contract: &Contract<'_>) -> Vec<Draft> {
    let mut found = Vec::new();
    for (index, workload) in contract.repository.workloads.iter().enumerate() {
        if contract.senders.iter().any(|s| s.workload == index)
            || workload.containers.len() != 1
            || workload.host_network
        {
            continue;
        }
        let Some(container) = workload.containers.first() else { continue };
        let described = container.image.as_ref().and_then(|i| contract.context.policy.description(&i.value));
        let Some(otlp) = described.and_then(|d| d.otlp.as_ref()) else { continue };
        let set = |name: &str| container.env.iter().any(|e| e.name == name);
        let elsewhere = contract.repository.node(&container.at.key("envFrom")).is_some();
        if elsewhere || set(&otlp.env) || set(GENERAL) || set(SIGNAL) || contract.repository.collectors.is_empty() {
            continue;
        }
        let grpc = otlp.protocol == "grpc";
        let mend = match serving(contract, Some(grpc)).as_slice() {
            [(host, port)] => {
                let scheme = if grpc { "" } else { "http://" };
                let address = format!("{scheme}{host}:{port}");
                let entry =
                    Value::map([("name", Value::Str(otlp.env.clone())), ("value", Value::Str(address.clone()))]);
                let list = container.at.key("env");
                let op = match contract.repository.node(&list) {
                    Some(node) if node.is_sequence() => Op::InsertItem { route: list.route, index: 0, value: entry },
                    Some(_) => Op::Set { route: list.route, value: Value::Seq(vec![entry]) },
                    None => Op::Insert {
                        route: container.at.route.clone(),
                        key: "env".to_owned(),
                        value: Value::Seq(vec![entry]),
                        after: None,
                    },
                };
                Some(fix(format!("Send to `{address}`"), Safety::Safe, [(container.at.file, op)]))
            }
            _ => None,
        };
        let message = format!(
            "{} `{}` is told no OTLP endpoint (`{}`): it sends its traces to `localhost`, its default",
            workload.kind, workload.name, otlp.env
        );
        let consequence = "no span reaches a collector, and no span metric exists";
        let draft = Draft::new(RULE.name, RULE.severity, &container.at.key("env"), message, consequence).fix(mend);
        found.push(draft.absent_from(contract.repository, &workload.template));
    }
    found
}

/// An address that OTLP over HTTP reads otherwise than it looks (specification, protocol/exporter.md): it must be a URL; the
/// general variable gets `/v1/traces` appended, the one for traces is taken as it is.
fn misread(contract: &Contract<'_>, sender: &Sender) -> Option<Draft> {
    const TRACES: &str = "/v1/traces";
    if sender.grpc != Some(false) || sender.at.value.contains("$(") {
        return None;
    }
    let endpoint = &sender.endpoint;
    let workload = contract.repository.workloads.get(sender.workload)?;
    let written = sender.at.value.trim();
    // Another path may lead to a gateway; only a collector's own receiver is known.
    let own = sender.collector.is_some();
    let path = endpoint.path.trim_end_matches('/');
    let (what, meant) = match (&endpoint.scheme, sender.variable.as_str()) {
        (None, variable) => {
            let path = if variable == GENERAL || endpoint.path.len() > 1 { "" } else { TRACES };
            ("it is no URL without a scheme".to_owned(), format!("http://{}{path}", written.trim_end_matches('/')))
        }
        (Some(_), GENERAL) if own && path.ends_with(TRACES) => (
            format!("the SDK appends `{TRACES}` to it once more"),
            written.trim_end_matches('/').trim_end_matches(TRACES).to_owned(),
        ),
        (Some(_), SIGNAL) if own && path.is_empty() => (
            format!("the SDK appends nothing to it, and the receiver takes traces at `{TRACES}`"),
            format!("{}{TRACES}", written.trim_end_matches('/')),
        ),
        _ => return None,
    };
    let message = format!("{} `{}` sends its traces to `{written}`: {what}", workload.kind, workload.name);
    let consequence = "every export fails: no span reaches the collector, and no span metric exists";
    let op = Op::Set { route: sender.at.at.route.clone(), value: Value::Str(meant.clone()) };
    let mend = fix(format!("Write `{meant}`"), Safety::Safe, [(sender.at.at.file, op)]);
    Some(Draft::new(RULE.name, RULE.severity, &sender.at.at, message, consequence).fix(mend))
}

const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SIGNAL: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// The one address that was meant; of several the first, for a person to judge.
fn mend(contract: &Contract<'_>, dial: &Dial<'_>, missing: &Missing) -> Option<Fix> {
    let written = dial.text.value.get(dial.range.clone())?;
    if written.contains("$(") {
        return None;
    }
    let understood: Vec<&(String, u16)> =
        missing.meant.iter().filter(|(host, port)| understands(contract, dial, host, *port)).collect();
    let safety = if understood.len() == 1 { Safety::Safe } else { Safety::Unsafe };
    let (host, port) = understood.first().copied().or_else(|| missing.meant.first())?;
    let implied = dial.endpoint.port.is_none() && dial.endpoint.effective_port() == Some(*port);
    let address = dial.endpoint.with(host, (!implied).then_some(*port));
    let op = Op::Splice { route: dial.text.at.route.clone(), range: dial.range.clone(), text: address.clone() };
    Some(fix(format!("Write `{address}`"), safety, [(dial.text.at.file, op)]))
}

/// Whether the other end takes what the caller speaks, as far as that is known: of OTLP's two ports one is meant.
fn understands(contract: &Contract<'_>, dial: &Dial<'_>, host: &str, port: u16) -> bool {
    let Some(endpoint) = contract::endpoint::parse(&dial.endpoint.with(host, Some(port))) else { return true };
    let caller = Caller { policy: contract.described(), otlp: dial.otlp };
    let there = contract.world().resolve(None, dial.text.at.file, &endpoint, caller);
    let speaks = takes_grpc(contract, &there, Some(port)).zip(dial.grpc);
    // Telemetry goes to a receiver, not to a page for Prometheus on the same collector.
    let receives = dial.grpc.is_none() || received(contract, &there) != Some(false);
    receives && speaks.is_none_or(|(takes, sends)| takes == sends)
}
