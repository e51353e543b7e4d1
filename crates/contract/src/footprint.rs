//! What a gate depends on, as content that can be compared between two states of a repository: the metric with its arguments,
//! and whatever its series come through.

use crate::gates::Gate;
use crate::resolve::{Caller, Target};
use crate::series::Origin;
use crate::{Contract, endpoint};
use model::{Place, Source};
use std::collections::BTreeSet;

impl Contract<'_> {
    /// Everything that a gate depends on here: content, not spelling. Where nobody described its series, all that collects any.
    pub fn footprint(&self, gate: &Gate) -> BTreeSet<String> {
        let mut print = Footprint { contract: self, parts: BTreeSet::new(), seen: BTreeSet::new() };
        print.gate(gate);
        print.parts
    }
}

struct Footprint<'a, 'r> {
    contract: &'a Contract<'r>,
    parts: BTreeSet<String>,
    seen: BTreeSet<usize>,
}

impl Footprint<'_, '_> {
    fn gate(&mut self, gate: &Gate) {
        if let Some(metric) = gate.metric(self.contract) {
            self.add("metric", &metric.at);
        }
        self.parts.insert(format!("arguments {:?} dry {}", gate.args, gate.limits.dry_run));
        let mut described = false;
        for selector in gate.query().map(|query| query.selectors()).unwrap_or_default() {
            for family in selector.name.iter().flat_map(|name| self.contract.known(name)) {
                described = true;
                self.parts.insert(format!("{} {:?} {}", family.name, family.labels, family.exists));
                match family.origin {
                    Origin::Workload(workload) => self.workload(workload),
                    Origin::Spans { source, .. } => self.spans(source),
                }
            }
        }
        if !described {
            (0..self.contract.span_metrics.len()).for_each(|source| self.spans(source));
            let scraped: Vec<usize> = self.contract.scrapes.iter().map(|scrape| scrape.workload).collect();
            scraped.into_iter().for_each(|workload| self.workload(workload));
        }
        let rollout = gate.rollout.and_then(|rollout| self.contract.repository.rollouts.get(rollout));
        if let Some(workload) = rollout.and_then(|rollout| rollout.workload) {
            self.workload(workload);
            self.callers(workload);
        }
    }

    /// Everything that spans come through on their way to series.
    fn spans(&mut self, source: usize) {
        let contract = self.contract;
        let Some(spans) = contract.span_metrics.get(source) else { return };
        // Spans may come through another collector on their way.
        let sends = |sender: &&crate::Sender| {
            sender.collector == Some(spans.collector) || spans.senders.contains(&sender.workload)
        };
        let senders: Vec<&crate::Sender> = contract.senders.iter().filter(sends).collect();
        let collectors: BTreeSet<usize> =
            senders.iter().filter_map(|sender| sender.collector).chain([spans.collector]).collect();
        collectors.into_iter().for_each(|collector| self.collector(collector));
        let workloads = senders.iter().map(|sender| sender.workload).chain(spans.senders.iter().copied());
        workloads.for_each(|workload| self.workload(workload));
        spans.scraped_from.into_iter().for_each(|workload| self.workload(workload));
    }

    fn collector(&mut self, collector: usize) {
        let contract = self.contract;
        let Some(collector) = contract.repository.collectors.get(collector) else { return };
        if let Some(root) = contract.repository.configuration(collector) {
            self.parts.insert(format!("configuration {}", root.to_value().canonical()));
        }
        if let Source::Operator { object } = collector.source
            && let Some(object) = contract.repository.object(object)
        {
            self.add("collector", &object.at);
        }
        collector.workload.into_iter().for_each(|workload| self.workload(workload));
    }

    /// The pods, and the Services in front of them.
    fn workload(&mut self, workload: usize) {
        let contract = self.contract;
        let Some(it) = contract.repository.workloads.get(workload) else { return };
        if !self.seen.insert(workload) {
            return;
        }
        self.add(&format!("pods of {} {}", it.kind, it.name), &it.template);
        for service in contract.links.services(workload) {
            let object = contract.repository.services.get(*service).and_then(|s| contract.repository.object(s.object));
            if let Some(object) = object {
                self.add("service", &object.at);
            }
        }
    }

    /// Those who call the canary: without requests it has no series.
    fn callers(&mut self, canary: usize) {
        let contract = self.contract;
        let caller = Caller::default();
        for (index, workload) in contract.repository.workloads.iter().enumerate() {
            let texts = workload.containers.iter().flat_map(|container| {
                container.args.iter().chain(container.env.iter().filter_map(|env| env.value.as_ref()))
            });
            let words = texts.flat_map(|text| text.value.split_whitespace());
            let calls = words.filter_map(|word| endpoint::parse(word.trim_matches(['"', '\'', ';']))).any(|endpoint| {
                let from = workload.namespace.as_deref();
                let target = contract.world().resolve(from, workload.template.file, &endpoint, caller);
                matches!(target, Target::Service(service, _) if contract.links.pods(service).contains(&canary))
            });
            if calls && index != canary {
                self.workload(index);
                if let Some(object) = contract.repository.object(workload.object) {
                    self.add("caller", &object.at);
                }
            }
        }
    }

    fn add(&mut self, what: &str, at: &Place) {
        let content = self.contract.repository.node(at).map(|node| node.to_value().canonical()).unwrap_or_default();
        self.parts.insert(format!("{what} {content}"));
    }
}
