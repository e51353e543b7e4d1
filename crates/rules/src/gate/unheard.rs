//! Series that are made and never heard: the pods that show them are not scraped, or the spans pass by the collector.

use super::series::RULE;
use crate::draft::{Draft, fix};
use crate::finding::{Fix, Safety};
use crate::wiring::serving;
use catalogue::{Class, Signal};
use contract::{Contract, Family, Origin, Speaks, Target};
use model::{Place, Workload, pair};
use yaml::{Op, Value};

/// The finding at the place that keeps the family from Prometheus; `None` where that is somewhere in the collector.
pub(crate) fn cause(contract: &Contract<'_>, family: &Family) -> Option<Draft> {
    match &family.origin {
        Origin::Workload(index) => {
            let workload = contract.repository.workloads.get(*index)?;
            let description = contract.description_of(workload)?;
            let written = pair(&workload.annotations, "prometheus.io/port").and_then(|p| p.value.parse().ok());
            let port =
                written.filter(|p| description.ports.contains_key(p)).or(description.ports.keys().next().copied())?;
            unscraped(contract, *index, workload, port, &family.name)
        }
        Origin::Spans { source, .. } => {
            let source = contract.span_metrics.get(*source)?;
            passing_by(contract).or_else(|| {
                let collector = contract.repository.collectors.get(source.collector)?;
                let listeners = contract.listeners.get(source.collector)?;
                let config = &collector.config;
                let fed = |id: &str| {
                    config
                        .users(Class::Exporter, id)
                        .any(|p| p.signal == Some(Signal::Metrics) && p.receivers.iter().any(|r| r.value == source.id))
                };
                let mut pages =
                    listeners.iter().filter(|l| l.class == Class::Exporter && l.speaks == Speaks::Scrape && fed(&l.id));
                let page = pages.next().filter(|_| pages.next().is_none())?;
                let index = collector.workload?;
                unscraped(contract, index, contract.repository.workloads.get(index)?, page.port, &family.name)
            })
        }
    }
}

/// Pods that carry no annotation that Prometheus goes by, or one that says no.
fn unscraped(contract: &Contract<'_>, index: usize, workload: &Workload, port: u16, name: &str) -> Option<Draft> {
    if contract.scrapes.iter().any(|s| s.workload == index) {
        return None;
    }
    let told = pair(&workload.annotations, "prometheus.io/scrape");
    let annotations = workload.template.key("metadata").key("annotations");
    let at = told.map_or_else(|| annotations.clone(), |t| t.at.clone());
    let message = format!(
        "Prometheus is not told to scrape the pods of {} `{}`, which show `{name}` on port {port}",
        workload.kind, workload.name
    );
    let consequence = "the queries that read it answer with nothing, for good canaries and bad ones alike";
    let mend = annotated(contract, workload, &annotations, port);
    Some(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend))
}

fn annotated(contract: &Contract<'_>, workload: &Workload, annotations: &Place, port: u16) -> Option<Fix> {
    let wanted = [("prometheus.io/scrape", "true".to_owned()), ("prometheus.io/port", port.to_string())];
    let title = format!("Have port {port} scraped");
    if contract.repository.node(annotations).is_none_or(|n| !n.is_mapping()) {
        let all = Value::map(wanted.map(|(key, value)| (key, Value::Str(value))));
        let metadata = annotations.parent();
        contract.repository.node(&metadata)?;
        let op = match contract.repository.node(annotations) {
            Some(_) => Op::Set { route: annotations.route.clone(), value: all },
            None => Op::Insert { route: metadata.route, key: "annotations".to_owned(), value: all, after: None },
        };
        return Some(fix(title, Safety::Safe, [(annotations.file, op)]));
    }
    let ops = wanted.into_iter().filter_map(|(key, value)| match pair(&workload.annotations, key) {
        Some(text) if text.value == value => None,
        Some(text) => Some((text.at.file, Op::Set { route: text.at.route.clone(), value: Value::Str(value) })),
        None => {
            let (route, key) = (annotations.route.clone(), key.to_owned());
            Some((annotations.file, Op::Insert { route, key, value: Value::Str(value), after: None }))
        }
    });
    Some(fix(title, Safety::Safe, ops))
}

/// A described sender whose spans go to somebody else's backend, past every collector of the repository.
fn passing_by(contract: &Contract<'_>) -> Option<Draft> {
    if contract.senders.iter().any(|s| s.collector.is_some()) {
        return None;
    }
    let sender = contract.senders.iter().find(|s| {
        let workload = contract.repository.workloads.get(s.workload);
        matches!(s.target, Target::Elsewhere { .. }) && workload.is_some_and(|w| contract.description_of(w).is_some())
    })?;
    let workload = contract.repository.workloads.get(sender.workload)?;
    let message = format!(
        "{} `{}` sends its traces to `{}`, past the collector whose span metrics the gates read",
        workload.kind, workload.name, sender.at.value
    );
    let consequence =
        "no span reaches the connector: the queries answer with nothing, for good canaries and bad ones alike";
    let mend = match serving(contract, sender.grpc).as_slice() {
        [(host, port)] => {
            let address = sender.endpoint.with(host, Some(*port));
            let op = Op::Set { route: sender.at.at.route.clone(), value: Value::Str(address.clone()) };
            Some(fix(format!("Send to `{address}`"), Safety::Safe, [(sender.at.at.file, op)]))
        }
        _ => None,
    };
    Some(Draft::new(RULE.name, RULE.severity, &sender.at.at, message, consequence).fix(mend))
}
