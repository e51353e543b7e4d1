//! `wiring/unreachable-endpoint`: an address names a Service, namespace or port that does not exist.

use super::dials::{Dial, dials};
use super::protocol_mismatch::{received, takes_grpc};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use contract::{Caller, Contract, Missing, Target};
use yaml::Op;

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
        drafts.push(draft.echo("wiring/port-mismatch", None));
    }
}

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
