//! Builds the series that scrapes and flushes would leave.

use super::flows::{Flow, FlowLabels, SpanLabels, count_flows, span_flows};
use super::{CANARY_HASH, Load, STABLE_HASH, Scenario};
use crate::naming::le;
use crate::pods::PODS;
use crate::series::{Domain, Family, Kind, Origin};
use crate::{Contract, SpanMetrics};
use gate::promql::{Labels, MatchOp, Query, Series};
use model::Workload;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) struct Builder<'a, 'r> {
    pub(super) contract: &'a Contract<'r>,
    pub(super) query: &'a Query,
    pub(super) family: &'a Family,
    pub(super) scenario: &'a Scenario,
    pub(super) from: f64,
    pub(super) end: f64,
    pub(super) found: &'a mut World,
}

/// The spans that a family counts.
struct Spans<'s> {
    source: &'s SpanMetrics,
    /// Labels from what the sender says of itself.
    own: HashMap<String, String>,
    /// What `le` says of each bound, the infinite one last; empty where no buckets are built.
    les: &'s [String],
}

/// One pod of one version.
struct Pod<'w> {
    workload: &'w Workload,
    hash: &'w str,
    index: usize,
}

impl Builder<'_, '_> {
    pub(super) fn family(&mut self) -> Option<()> {
        match &self.family.origin {
            Origin::Workload(index) => {
                let workload = self.contract.repository.workloads.get(*index)?;
                let description = self.contract.description_of(workload)?;
                let counted = description.requests.iter().flat_map(|r| &r.counts).any(|c| c.metric == self.family.name);
                if !counted {
                    return None;
                }
                self.versions(workload, None, |builder, load, hash| {
                    let mut flows = count_flows(description, workload, load, builder.contract, &builder.family.name);
                    flows.retain(|flow| builder.possible(&flow.labels, hash));
                    flows
                });
                Some(())
            }
            // Nobody describes the events on spans.
            Origin::Spans { .. } if self.family.kind == Kind::Event => None,
            Origin::Spans { source, .. } => {
                let source = self.contract.span_metrics.get(*source)?;
                if source.senders.is_empty() {
                    return None;
                }
                let names = SpanLabels::of(&source.naming);
                let les: Vec<String> = match self.family.kind {
                    Kind::Bucket => source.bounds.iter().copied().chain([f64::INFINITY]).map(le).collect(),
                    _ => Vec::new(),
                };
                for sender in &source.senders {
                    let workload = self.contract.repository.workloads.get(*sender)?;
                    let description = self.contract.description_of(workload).filter(|d| !d.requests.is_empty())?;
                    let spans = Spans { source, own: own_labels(workload, source), les: &les };
                    self.versions(workload, Some(&spans), |builder, load, hash| {
                        let wanted = |labels: &FlowLabels<'_>| builder.possible(labels, hash);
                        span_flows(description, workload, load, builder.contract, &names, wanted)
                    });
                }
                Some(())
            }
        }
    }

    /// Adds what every pod of both versions leaves behind: all pods of one version the same flows.
    fn versions<'d>(
        &mut self,
        workload: &Workload,
        spans: Option<&Spans<'_>>,
        flows: impl Fn(&Self, &Load, &str) -> Vec<Flow<'d>>,
    ) {
        let scenario = self.scenario;
        let mut versions = vec![(scenario.stable, STABLE_HASH)];
        if workload.kind == "Rollout"
            || self.contract.repository.rollouts.iter().any(|r| {
                r.workload.is_some_and(|w| {
                    self.contract.repository.workloads.get(w).is_some_and(|w| w.object == workload.object)
                })
            })
        {
            versions.insert(0, (scenario.canary, CANARY_HASH));
        }
        for (load, hash) in versions.iter().filter(|(load, _)| load.running) {
            let flows = flows(self, load, hash);
            let clock = self.clock(load, spans.map(|spans| spans.source.flush));
            for index in 0..PODS.len() {
                let pod = Pod { workload, hash, index };
                for flow in &flows {
                    self.add(flow, &clock, &pod, spans);
                }
            }
        }
    }

    /// Adds the series of one flow in one pod, a bucket each for histograms.
    fn add(&mut self, flow: &Flow<'_>, clock: &Clock, pod: &Pod<'_>, spans: Option<&Spans<'_>>) {
        // Riders' series come into being with the first request; a described endpoint's zero series with them.
        if clock.seen.is_empty() || (flow.rate <= 0.0 && spans.is_some()) {
            return;
        }
        let mut labels = Labels::new();
        for (name, domain) in &self.family.labels {
            let value = match domain {
                Domain::PodHash => pod.hash.to_owned(),
                Domain::PodName => self.pod_name(name, pod, spans),
                Domain::Values(values) => {
                    let own = spans.filter(|_| values.len() > 1).and_then(|spans| spans.own.get(name));
                    match own.filter(|own| values.contains(own)).or_else(|| values.first()) {
                        Some(value) => value.clone(),
                        None => continue,
                    }
                }
                // One collector exposes all spans; a workload's own page differs by pod.
                Domain::Any if spans.is_none() => format!("{}-{}", pod.hash, pod.index),
                Domain::Any => "any".to_owned(),
            };
            labels.insert(name.clone(), value);
        }
        for (name, value) in &flow.labels {
            if let Some(label) = labels.get_mut(name.as_ref()) {
                value.as_ref().clone_into(label);
            } else if self.family.labels.contains_key(name.as_ref()) {
                labels.insert(name.clone().into_owned(), value.clone().into_owned());
            }
        }
        labels.remove("le");
        labels.insert("__name__".to_owned(), self.family.name.clone());
        if !self.wanted(&labels) {
            return;
        }
        let group = self.found.group(labels);
        let share = |bound: f64| ((bound - flow.ms * 0.8) / (flow.ms * 0.3)).clamp(0.0, 1.0);
        match (self.family.kind, spans) {
            (Kind::Bucket, Some(spans @ Spans { source, .. })) => {
                let bounds = source.bounds.iter().copied().chain([f64::INFINITY]);
                for (bound, le) in bounds.zip(spans.les) {
                    let part = if bound.is_infinite() { 1.0 } else { share(bound * source.unit_ms) };
                    self.found.add(group, Some(le), clock.samples(flow.rate * part));
                }
            }
            (Kind::Sum, Some(Spans { source, .. })) => {
                self.found.add(group, None, clock.samples(flow.rate * flow.ms / source.unit_ms));
            }
            _ => self.found.add(group, None, clock.samples(flow.rate)),
        }
    }

    /// A span's own pod where the label is an attribute, else the one that Prometheus scrapes.
    fn pod_name(&self, label: &str, pod: &Pod<'_>, spans: Option<&Spans<'_>>) -> String {
        let source = spans.map(|spans| spans.source);
        let scraped = source.filter(|source| !source.labels.contains_key(label)).and_then(|source| source.scraped_from);
        let scraper = scraped.and_then(|index| self.contract.repository.workloads.get(index));
        self.contract.pod_name(scraper.unwrap_or(pod.workload), pod.hash, pod.index)
    }

    /// Whether any selector takes the flow's own labels and the version's hash: asked before any series is built, as most are
    /// passed over.
    fn possible(&self, labels: &FlowLabels<'_>, hash: &str) -> bool {
        self.query.selectors().iter().any(|selector| {
            selector.name.as_deref() == Some(self.family.name.as_str())
                && selector.matchers.iter().all(|m| {
                    let own = labels.iter().find(|(name, _)| *name == m.name);
                    match own {
                        Some((_, value)) => m.matches(value),
                        None => self.family.labels.get(&m.name) != Some(&Domain::PodHash) || m.matches(hash),
                    }
                })
        })
    }

    /// Whether any selector could match: a cheap sieve that spares the evaluator series it would pass over.
    fn wanted(&self, labels: &Labels) -> bool {
        self.query.selectors().iter().any(|selector| {
            selector.name.as_deref() == Some(self.family.name.as_str())
                && selector.matchers.iter().all(|m| {
                    let value = labels.get(&m.name).map_or("", String::as_str);
                    match m.op {
                        MatchOp::Eq if m.name != "le" => value == m.value,
                        MatchOp::Ne => value != m.value,
                        _ => true,
                    }
                })
        })
    }

    /// When a version's series are scraped, and for how long requests have come by what each scrape shows.
    fn clock(&self, load: &Load, flush: Option<f64>) -> Clock {
        let interval = self.contract.context.policy.prometheus.scrape_interval.max(1.0);
        let mut clock = Clock::default();
        let mut at = ((self.from / interval).floor() + self.scenario.scrape_phase) * interval;
        while at <= self.end {
            let seen = match flush {
                Some(flush) if flush > 0.0 => {
                    let phase = flush * self.scenario.flush_phase;
                    ((at - phase) / flush).floor() * flush + phase
                }
                _ => at,
            };
            if seen > load.since {
                clock.seen.push((at, seen - load.since));
            }
            at += interval;
        }
        clock
    }
}

/// Scrapes that show anything, and the seconds of requests that each shows.
#[derive(Default)]
struct Clock {
    seen: Vec<(f64, f64)>,
}

impl Clock {
    /// A counter that rises by `rate` a second.
    fn samples(&self, rate: f64) -> Vec<(f64, f64)> {
        self.seen.iter().map(|(at, seconds)| (*at, rate * seconds)).collect()
    }
}

/// What this sender's resource has as labels, where several senders share a connector.
fn own_labels(workload: &Workload, spans: &SpanMetrics) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for container in &workload.containers {
        let Some(text) = container.expanded("OTEL_RESOURCE_ATTRIBUTES") else { continue };
        for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
            found.entry(spans.naming.label(name.trim())).or_insert_with(|| match value.trim() {
                "<metadata.namespace>" => crate::series::namespace(workload.namespace.as_deref()).to_owned(),
                literal => literal.to_owned(),
            });
        }
    }
    found
}

/// Series under construction. Flows that no label tells apart are one series: what a counter that lost a dimension shows.
#[derive(Default)]
pub(super) struct World {
    pub(super) series: Vec<Series>,
    /// Label sets without `le`, each with the indices of its series.
    groups: BTreeMap<Arc<Labels>, usize>,
    buckets: Vec<(Arc<Labels>, Vec<usize>)>,
}

impl World {
    /// Where series with these labels go.
    fn group(&mut self, labels: Labels) -> usize {
        match self.groups.entry(Arc::new(labels)) {
            Entry::Occupied(group) => *group.get(),
            Entry::Vacant(gap) => {
                self.buckets.push((Arc::clone(gap.key()), Vec::new()));
                *gap.insert(self.buckets.len() - 1)
            }
        }
    }

    fn add(&mut self, group: usize, le: Option<&str>, samples: Vec<(f64, f64)>) {
        let Some((labels, members)) = self.buckets.get_mut(group) else { return };
        let same =
            |index: &&usize| self.series.get(**index).is_some_and(|s| s.own.as_ref().map(|(_, le)| le.as_str()) == le);
        if let Some(series) = members.iter().find(same).and_then(|index| self.series.get_mut(*index)) {
            add_up(&mut series.samples, &samples);
        } else {
            members.push(self.series.len());
            let own = le.map(|le| ("le".to_owned(), le.to_owned()));
            self.series.push(Series { labels: Arc::clone(labels), own, samples });
        }
    }
}

fn add_up(into: &mut Vec<(f64, f64)>, samples: &[(f64, f64)]) {
    for (at, value) in samples {
        match into.binary_search_by(|(t, _)| t.total_cmp(at)) {
            Ok(found) => {
                if let Some((_, sum)) = into.get_mut(found) {
                    *sum += value;
                }
            }
            Err(gap) => into.insert(gap, (*at, *value)),
        }
    }
}
