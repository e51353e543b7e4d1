//! The probes' part of `wiring/port-mismatch`.

use super::port_mismatch::{RULE, mend, near_only};
use super::ports::before;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::Safety;
use contract::Contract;
use contract::endpoint::nearest_word;
use model::{Container, Place, PortRef, Workload};
use std::collections::BTreeSet;
use yaml::{Op, Value};

/// What takes a listener away is a finding of its own.
const LOST: &[&str] = &[
    "collector/undefined-component",
    "collector/unused-component",
    "collector/unknown-component-type",
    "collector/unknown-key",
    "collector/invalid-value",
    "collector/no-receiver",
    "collector/metrics-not-exposed",
];

/// Probes of a pod whose listeners are known.
pub(crate) fn probes(
    contract: &Contract<'_>,
    index: usize,
    workload: &Workload,
    ports: &[u16],
    moved: bool,
    drafts: &mut Drafts,
) {
    named_probes(contract, index, workload, drafts);
    let mut asked: Vec<(u16, &Place)> = Vec::new();
    let unlisted = unlisted(contract, index);
    let torn = crate::collector::torn(contract, index);
    for probe in workload.containers.iter().flat_map(|c| &c.probes) {
        let silent = |p: &u16| !ports.contains(p) || unlisted.contains(p);
        let Some(port) = workload.port_number(&probe.port.0).filter(silent) else { continue };
        if moved {
            continue;
        }
        let message = format!(
            "the {} of {} `{}` asks port {port}, on which nothing listens",
            probe.kind, workload.kind, workload.name
        );
        let consequence = "the probe fails: the container is restarted again and again, or never becomes ready";
        let number = matches!(probe.port.0, PortRef::Number(_));
        let near =
            near_only(port, ports).filter(|_| number && !unlisted.contains(&port)).map(|p| mend(&probe.port.1, p));
        let fixed = near.or_else(|| crate::collector::health_check(contract, index, port, probe));
        let mut draft = Draft::new(RULE.name, RULE.severity, &probe.port.1, message, consequence).fix(fixed);
        // The other probe of the same port asks for the same listener.
        match asked.iter().find(|(number, _)| *number == port) {
            Some((_, first)) => draft = draft.echo_at(RULE.name, first),
            None => asked.push((port, &probe.port.1)),
        }
        // An extension that is defined and not listed starts nothing: the probe is what breaks, the definition tells why.
        let lost = LOST.iter().filter(|rule| !unlisted.contains(&port) || **rule != "collector/unused-component");
        // One that is there and not listed lacks its place in the service, whatever else is wrong.
        let config =
            contract.links.collector(index).and_then(|c| contract.repository.collectors.get(c)?.config.at.clone());
        let listed = config.as_ref().map(|at| at.key("service").key("extensions"));
        let within = if unlisted.contains(&port) { listed.as_ref() } else { config.as_ref() };
        let mut draft = lost.fold(draft, |d, rule| d.echo(rule, within));
        if unlisted.contains(&port) {
            draft = crate::collector::unlisted(contract, index, draft);
        }
        // What a torn configuration listens on may stand behind the fault.
        drafts.push(if torn { draft.echo("yaml/", None) } else { draft });
    }
}

/// Ports of a collector's extensions that `service.extensions` does not list.
fn unlisted(contract: &Contract<'_>, workload: usize) -> Vec<u16> {
    let listeners = contract.links.collector(workload).and_then(|c| contract.listeners.get(c));
    let all = || listeners.into_iter().flatten();
    let idle = all().filter(|l| l.class == catalogue::Class::Extension && !l.used);
    idle.map(|l| l.port).filter(|port| !all().any(|l| l.used && l.port == *port)).collect()
}

/// A probe by the name of a port that its container does not declare.
pub(crate) fn named_probes(contract: &Contract<'_>, index: usize, workload: &Workload, drafts: &mut Drafts) {
    for container in &workload.containers {
        for probe in &container.probes {
            let PortRef::Name(name) = &probe.port.0 else { continue };
            if container.ports.iter().any(|p| p.name.as_deref() == Some(name)) {
                continue;
            }
            let near = nearest_word(name, container.ports.iter().filter_map(|p| p.name.as_deref()));
            let meant = near.map(|n| Value::Str(n.to_owned())).or_else(|| served(contract, index, workload, container));
            let mend = meant.map(|value| {
                fix(
                    format!("Ask port {}", shown(&value)),
                    Safety::Safe,
                    [(probe.port.1.file, Op::Set { route: probe.port.1.route.clone(), value })],
                )
            });
            let message = format!(
                "the {} of container `{}` asks port `{name}`, which it does not declare",
                probe.kind, container.name
            );
            let consequence = "the kubelet cannot find the port: the probe fails and the container is restarted or never becomes ready";
            drafts.push(Draft::new(RULE.name, RULE.severity, &probe.port.1, message, consequence).fix(mend));
        }
    }
}

/// The one port of the container that Services lead to: what serves is what a probe asks.
fn served(contract: &Contract<'_>, index: usize, workload: &Workload, container: &Container) -> Option<Value> {
    let services = before(contract, index);
    let led: BTreeSet<u16> =
        services.iter().flat_map(|s| &s.ports).filter_map(|p| workload.port_number(&p.target)).collect();
    let mut declared = container.ports.iter().filter(|p| led.contains(&p.number));
    let only = declared.next().filter(|_| declared.next().is_none())?;
    Some(only.name.clone().map_or(Value::Int(i64::from(only.number)), Value::Str))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        other => format!("`{}`", other.as_str().unwrap_or_default()),
    }
}
