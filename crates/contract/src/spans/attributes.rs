//! Attributes that spans carry when they reach the connector.

use crate::resolve::Target;
use crate::series::Domain;
use crate::{Contract, chain};
use catalogue::{Class, Signal};
use model::{Collector, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// The attributes by name, with their values.
pub(super) struct Attributes {
    pub(super) all: BTreeMap<String, Domain>,
    /// Those of the resource: every span has them.
    pub(super) resource: BTreeSet<String>,
    /// A processor may add others.
    pub(super) open: bool,
}

/// Workloads whose spans reach the collector. Where no sender leads anywhere, the described ones are meant: the broken
/// address is a finding of its own.
pub(super) fn senders(contract: &Contract<'_>, collector: usize) -> Vec<usize> {
    let direct: Vec<usize> =
        contract.senders.iter().filter(|s| s.collector == Some(collector)).map(|s| s.workload).collect();
    if !direct.is_empty() || contract.senders.iter().any(|s| s.collector.is_some()) {
        return direct;
    }
    contract.sending.get_or_init(|| described_senders(contract)).clone()
}

fn described_senders(contract: &Contract<'_>) -> Vec<usize> {
    let workloads = contract.repository.workloads.iter().enumerate();
    let described = workloads
        .filter(|(_, w)| contract.description_of(w).is_some_and(|d| d.otlp.is_some()))
        // One that sends to a backend of somebody else's passes by every collector.
        .filter(|(i, _)| !passes_by(contract, *i));
    described.map(|(i, _)| i).collect()
}

/// Whether a workload's spans go to somebody else's backend, past the collectors here.
pub(super) fn passes_by(contract: &Contract<'_>, workload: usize) -> bool {
    let own = chain::senders_of(&contract.senders, workload);
    !own.is_empty() && own.iter().all(|s| matches!(s.target, Target::Elsewhere { .. }))
}

impl Attributes {
    /// `None`: a sender that nobody described, or a processor that may take any away.
    pub(super) fn of(
        contract: &Contract<'_>,
        collector: &Collector,
        connector: &str,
        senders: &[usize],
    ) -> Option<Attributes> {
        if senders.is_empty() {
            return None;
        }
        let mut found = Attributes { all: BTreeMap::new(), resource: BTreeSet::new(), open: false };
        for sender in senders {
            found.add(contract, *sender)?;
        }
        found.all.insert("service.name".to_owned(), services(contract, senders));
        let pipelines = collector.config.users(Class::Exporter, connector).filter(|p| p.signal == Some(Signal::Traces));
        for processor in pipelines.flat_map(|p| &p.processors) {
            match model::type_of(&processor.value) {
                "batch" | "memory_limiter" | "probabilistic_sampler" | "filter" | "tail_sampling" | "groupbytrace" => {}
                "attributes" | "k8sattributes" | "k8s_attributes" | "resource" | "resourcedetection" | "span"
                | "transform" => found.touched(contract, collector, &processor.value),
                _ => return None,
            }
        }
        Some(found)
    }

    /// A processor that adds attributes, and sets those that its configuration names.
    fn touched(&mut self, contract: &Contract<'_>, collector: &Collector, id: &str) {
        self.open = true;
        let component = collector.config.component(Class::Processor, id);
        let text = component.and_then(|c| {
            let node = contract.repository.node(&c.at)?;
            let file = contract.repository.files.get(c.at.file)?;
            file.stream.as_ref()?.text().get(node.span())
        });
        for (name, domain) in &mut self.all {
            if text.is_none_or(|t| t.contains(name.as_str())) {
                *domain = Domain::Any;
            }
        }
    }

    fn add(&mut self, contract: &Contract<'_>, sender: usize) -> Option<()> {
        let workload = contract.repository.workloads.get(sender)?;
        let description = contract.description_of(workload)?;
        for container in &workload.containers {
            let Some(text) = container.expanded("OTEL_RESOURCE_ATTRIBUTES") else { continue };
            for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
                let domain = field_domain(contract, workload, value.trim());
                self.resource.insert(name.trim().to_owned());
                let slot = self.all.entry(name.trim().to_owned());
                slot.and_modify(|known| *known = either(known, &domain)).or_insert(domain);
            }
        }
        // What the program sets wins over the environment (otel-go, sdk/trace/provider.go `WithResource`).
        for name in &description.resource_attributes {
            self.resource.insert(name.clone());
            self.all.insert(name.clone(), Domain::Any);
        }
        for name in &description.span_attributes {
            self.all.insert(name.clone(), Domain::Any);
        }
        Some(())
    }
}

/// What a label holds that two senders fill.
fn either(one: &Domain, other: &Domain) -> Domain {
    match (one, other) {
        (Domain::Values(a), Domain::Values(b)) => {
            let all: BTreeSet<&String> = a.iter().chain(b).collect();
            Domain::Values(all.into_iter().cloned().collect())
        }
        (a, b) if a == b => a.clone(),
        _ => Domain::Any,
    }
}

/// The services that the senders' spans name.
fn services(contract: &Contract<'_>, senders: &[usize]) -> Domain {
    spans(contract, senders, |span| &span.service)
}

/// What the senders' described spans have in a field.
pub(super) fn spans(contract: &Contract<'_>, senders: &[usize], field: fn(&model::Span) -> &String) -> Domain {
    let mut found = BTreeSet::new();
    for sender in senders {
        let description = contract.repository.workloads.get(*sender).and_then(|w| contract.description_of(w));
        let Some(description) = description.filter(|d| !d.requests.is_empty()) else { return Domain::Any };
        let failing = description.requests.iter().filter_map(|r| r.failing.as_ref()).flat_map(|f| &f.spans);
        found.extend(description.requests.iter().flat_map(|r| &r.spans).chain(failing).map(field).cloned());
    }
    if found.is_empty() { Domain::Any } else { Domain::Values(found.into_iter().collect()) }
}

/// What a downward-API reference gives.
fn field_domain(contract: &Contract<'_>, workload: &Workload, value: &str) -> Domain {
    match value {
        "<metadata.name>" => Domain::PodName,
        "<metadata.namespace>" => {
            Domain::Values(vec![crate::series::namespace(workload.namespace.as_deref()).to_owned()])
        }
        _ => match value.strip_prefix('<').and_then(|v| v.strip_suffix('>')).and_then(model::field_label) {
            Some(label) => contract.pod_label(workload, label),
            None if value.contains('<') => Domain::Any,
            None => Domain::Values(vec![value.to_owned()]),
        },
    }
}
