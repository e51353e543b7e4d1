//! What a gate reads under a scenario: series of described workloads are made up sample by sample, as scrapes and flushes
//! would leave them, and the gate's own query is evaluated over them.

use crate::Contract;
use crate::gates::Gate;
use crate::series::{Domain, Family, Kind, Origin};
use gate::analysis::{Outcome, due_times};
use gate::condition::{Measured, phase};
use gate::promql::{self, MatchOp, Query, Series, Value};
use model::{Request, Workload, WorkloadDescription};
use std::collections::BTreeMap;

/// The canary's pod template hash in simulations.
pub const CANARY_HASH: &str = "77c5fb9d64";
/// The stable version's.
pub const STABLE_HASH: &str = "58d9c7f6bd";

/// What one version of the workload sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Riders' requests per second over all its pods.
    pub rides: f64,
    /// Share of rides that fail.
    pub failing: f64,
    /// Factor on every duration.
    pub slow: f64,
    /// Its pods run and send telemetry.
    pub running: bool,
    /// Seconds at which the first pod is ready and rides begin.
    pub since: f64,
    /// Scrapes and probes reach it.
    pub watched: bool,
}

impl Load {
    /// Riders, no faults, for long enough.
    pub const HEALTHY: Load = Load { rides: 0.5, failing: 0.0, slow: 1.0, running: true, since: STEADY, watched: true };
    /// Scraped and probed, no riders.
    pub const IDLE: Load = Load { rides: 0.0, ..Load::HEALTHY };
    /// Every ride fails.
    pub const FAILING: Load = Load { failing: 1.0, ..Load::HEALTHY };
    /// Every ride takes ten times as long.
    pub const SLOW: Load = Load { slow: 10.0, ..Load::HEALTHY };
    /// No pods.
    pub const ABSENT: Load = Load { rides: 0.0, running: false, watched: false, ..Load::HEALTHY };
}

const STEADY: f64 = -100_000.0;

/// Both versions, and where the clocks stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// The canary.
    pub canary: Load,
    /// The stable version.
    pub stable: Load,
    /// Share of a scrape interval between time 0 and the first scrape.
    pub scrape_phase: f64,
    /// Share of a flush interval between time 0 and the first flush.
    pub flush_phase: f64,
}

impl Scenario {
    /// A canary beside a healthy stable version.
    pub fn of(canary: Load) -> Scenario {
        Scenario { canary, stable: Load::HEALTHY, scrape_phase: 0.5, flush_phase: 0.5 }
    }
}

impl Contract<'_> {
    /// What the gate's query answers at `at` seconds; `None` where that can't be told (a metric that nobody described, an
    /// argument without a value, PromQL that is not evaluated here).
    pub fn read(&self, gate: &Gate, scenario: &Scenario, at: f64) -> Option<Measured> {
        let query = gate.bound.as_ref()?;
        let series = self.world(gate, query, scenario, at)?;
        measured(promql::evaluate(query, &series, at).ok()?)
    }

    /// The outcome of one measurement in a scenario that has lasted long enough.
    pub fn outcome(&self, gate: &Gate, scenario: &Scenario) -> Option<(Measured, Outcome)> {
        gate.outcomes()?;
        let measured = self.read(gate, scenario, 0.0)?;
        let outcome = judge(gate, &measured);
        Some((measured, outcome))
    }

    /// The measurements of a whole run that starts at time 0, each with when it is due.
    pub fn timeline(&self, gate: &Gate, scenario: &Scenario) -> Option<Vec<(f64, Measured, Outcome)>> {
        gate.outcomes()?;
        let count = gate.limits.count.map_or(3, |c| c.clamp(1, 20)) as usize;
        let due = due_times(&gate.limits, count);
        let last = due.last()?.as_secs_f64();
        let query = gate.bound.as_ref()?;
        let series = self.world(gate, query, scenario, last)?;
        due.iter()
            .map(|due| {
                let at = due.as_secs_f64();
                let visible: Vec<Series> = series
                    .iter()
                    .map(|s| Series {
                        labels: s.labels.clone(),
                        samples: s.samples.iter().copied().filter(|(t, _)| *t <= at).collect(),
                    })
                    .collect();
                let measured = measured(promql::evaluate(query, &visible, at).ok()?)?;
                let outcome = judge(gate, &measured);
                Some((at, measured, outcome))
            })
            .collect()
    }

    /// The series that the gate's selectors can see, sampled up to `end`.
    fn world(&self, gate: &Gate, query: &Query, scenario: &Scenario, end: f64) -> Option<Vec<Series>> {
        let window = query.selectors().iter().filter_map(|s| s.range).map(|r| r.as_secs_f64()).fold(0.0, f64::max);
        // Looking back over the longest window, or over the lookback of an instant selector, and a flush more.
        let from = (if window > 0.0 { -window } else { -30.0 }) - 90.0;
        let from = if gate.limits.initial_delay.as_secs_f64() > 0.0 && end > 0.0 { from.min(-90.0) } else { from };
        let mut found = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for selector in query.selectors() {
            let name = selector.name.as_deref()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            let mut any = false;
            for family in self.known(name) {
                any = true;
                let mut builder = Builder { contract: self, query, family, scenario, from, end, found: &mut found };
                builder.family()?;
            }
            if !any {
                return None;
            }
        }
        Some(found)
    }
}

fn judge(gate: &Gate, measured: &Measured) -> Outcome {
    let side = |s: &Option<crate::gates::Side>| s.as_ref().and_then(|s| s.condition().cloned());
    phase(side(&gate.success).as_ref(), side(&gate.failure).as_ref(), measured)
}

fn measured(value: Value) -> Option<Measured> {
    match value {
        Value::Scalar(value) => Some(Measured::Scalar(value)),
        Value::Vector(samples) => Some(Measured::Vector(samples.into_iter().map(|s| s.value).collect())),
        _ => None,
    }
}

/// What a selector counts, in increments per second of a canary's pods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Composition {
    /// Riders' requests at the entry points.
    pub entry: f64,
    /// What these requests cause inside.
    pub internal: f64,
    /// Scrapes and probes.
    pub background: f64,
}

/// The outcomes of one measurement of a gate in the scenarios that rules ask about; `None` where it can't be told.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    /// Riders, no faults.
    pub healthy: Option<(Measured, Outcome)>,
    /// Scraped and probed, no riders.
    pub idle: Option<(Measured, Outcome)>,
    /// Running, but nobody sends or scrapes anything.
    pub quiet: Option<(Measured, Outcome)>,
    /// No canary pods beside a healthy stable version.
    pub stable_only: Option<(Measured, Outcome)>,
    /// No series at all.
    pub nothing: Option<(Measured, Outcome)>,
}

impl Contract<'_> {
    /// The scenarios of the gate with that index, evaluated once.
    pub fn simulated(&self, index: usize) -> &Simulated {
        static EMPTY: Simulated =
            Simulated { healthy: None, idle: None, quiet: None, stable_only: None, nothing: None };
        let (Some(gate), Some(cell)) = (self.gates.get(index), self.simulations.get(index)) else { return &EMPTY };
        cell.get_or_init(|| {
            let outcome = |load: Load| self.outcome(gate, &Scenario::of(load));
            Simulated {
                healthy: outcome(Load::HEALTHY),
                idle: outcome(Load::IDLE),
                quiet: outcome(Load { watched: false, ..Load::IDLE }),
                stable_only: outcome(Load::ABSENT),
                nothing: self.nothing(gate),
            }
        })
    }

    /// The outcome over no series at all, whatever the arguments are.
    fn nothing(&self, gate: &Gate) -> Option<(Measured, Outcome)> {
        gate.outcomes()?;
        let measured = measured(promql::evaluate(&gate.anyhow()?, &[], 0.0).ok()?)?;
        let outcome = judge(gate, &measured);
        Some((measured, outcome))
    }

    /// What the selector with that index counts; `None` where the family's workload is not described.
    pub fn composition(&self, gate: &Gate, selector: usize) -> Option<Composition> {
        let query = gate.bound.as_ref()?;
        let selector = query.selectors().get(selector)?;
        let name = selector.name.as_deref()?;
        let mut total = Composition::default();
        let mut told = false;
        for family in self.known(name) {
            told = true;
            let senders: Vec<usize> = match &family.origin {
                Origin::Workload(index) => vec![*index],
                Origin::Spans { source, .. } => self.span_metrics.get(*source)?.senders.clone(),
            };
            if senders.is_empty() {
                return None;
            }
            for sender in senders {
                let workload = self.repository.workloads.get(sender)?;
                let description = self.description_of(workload).filter(|d| !d.requests.is_empty())?;
                let rates = request_rates(description, workload, &Load::HEALTHY, self);
                let riders = request_rates(description, workload, &Load { watched: false, ..Load::HEALTHY }, self);
                for ((request, all, _), (_, rides, _)) in rates.into_iter().zip(riders) {
                    for (position, (labels, times)) in increments(request, family).into_iter().enumerate() {
                        if !matches_all(selector, family, &labels) {
                            continue;
                        }
                        total.background += (all - rides) * times;
                        match position {
                            0 if request.entry => total.entry += rides * times,
                            _ => total.internal += rides * times,
                        }
                    }
                }
            }
        }
        told.then_some(total)
    }
}

/// The label sets that one request adds to, with how often, the entry's own first.
fn increments(request: &Request, family: &Family) -> Vec<(Vec<(String, String)>, f64)> {
    match family.origin {
        Origin::Workload(_) => request
            .counts
            .iter()
            .filter(|c| c.metric == family.name)
            .map(|c| (c.labels.clone().into_iter().collect(), c.times))
            .collect(),
        Origin::Spans { .. } => request.spans.iter().map(|s| (span_labels(s), s.times)).collect(),
    }
}

/// Whether the selector's matchers on these labels (and on those with one value) hold. Labels that tell versions and pods
/// apart are left out: they choose whose requests are counted, not which.
fn matches_all(selector: &promql::Selector, family: &Family, labels: &[(String, String)]) -> bool {
    selector
        .matchers
        .iter()
        .filter(|m| m.name != "le" && m.name != "__name__" && m.name != "status_code" && m.name != "error")
        .all(|m| {
            let value = match labels.iter().find(|(name, _)| *name == m.name) {
                Some((_, value)) => value.as_str(),
                None => match family.labels.get(&m.name) {
                    Some(_) => return true,
                    None => "",
                },
            };
            value_matches(m, value)
        })
}

/// Whether a label value passes a matcher, as Prometheus compares.
pub fn value_matches(matcher: &promql::Matcher, value: &str) -> bool {
    matcher.matches(value)
}

fn span_labels(span: &model::Span) -> Vec<(String, String)> {
    let status = if span.error { "STATUS_CODE_ERROR" } else { "STATUS_CODE_UNSET" };
    vec![
        ("service_name".to_owned(), span.service.clone()),
        ("span_name".to_owned(), span.name.clone()),
        ("span_kind".to_owned(), format!("SPAN_KIND_{}", span.kind.to_ascii_uppercase())),
        ("status_code".to_owned(), status.to_owned()),
        ("job".to_owned(), span.service.clone()),
    ]
}

struct Builder<'a, 'r> {
    contract: &'a Contract<'r>,
    query: &'a Query,
    family: &'a Family,
    scenario: &'a Scenario,
    from: f64,
    end: f64,
    found: &'a mut Vec<Series>,
}

/// Increments per second of one label combination, with the duration for histograms.
struct Flow {
    labels: Vec<(String, String)>,
    rate: f64,
    ms: f64,
}

const PODS: usize = 2;

impl Builder<'_, '_> {
    fn family(&mut self) -> Option<()> {
        match &self.family.origin {
            Origin::Workload(index) => {
                let workload = self.contract.repository.workloads.get(*index)?;
                let description = self.contract.description_of(workload)?;
                let counted = description.requests.iter().flat_map(|r| &r.counts).any(|c| c.metric == self.family.name);
                if !counted {
                    return None;
                }
                self.versions(workload, |builder, load, hash, pod| {
                    let flows = count_flows(description, workload, load, builder.contract, &builder.family.name);
                    for flow in flows {
                        builder.add(flow, load, hash, pod, None);
                    }
                });
                Some(())
            }
            Origin::Spans { source, .. } => {
                let source = self.contract.span_metrics.get(*source)?;
                if source.senders.is_empty() {
                    return None;
                }
                for sender in &source.senders {
                    let workload = self.contract.repository.workloads.get(*sender)?;
                    let description = self.contract.description_of(workload).filter(|d| !d.requests.is_empty())?;
                    self.versions(workload, |builder, load, hash, pod| {
                        for flow in span_flows(description, workload, load, builder.contract) {
                            builder.add(flow, load, hash, pod, Some(source));
                        }
                    });
                }
                Some(())
            }
        }
    }

    fn versions(&mut self, workload: &Workload, mut each: impl FnMut(&mut Self, &Load, &str, usize)) {
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
            for pod in 0..PODS {
                each(self, load, hash, pod);
            }
        }
    }

    /// Adds the series of one flow in one pod, a bucket each for histograms.
    fn add(&mut self, flow: Flow, load: &Load, hash: &str, pod: usize, spans: Option<&crate::SpanMetrics>) {
        let mut labels = BTreeMap::new();
        for (name, domain) in &self.family.labels {
            let value = match domain {
                Domain::PodHash => hash.to_owned(),
                Domain::PodName => format!("pod-{hash}-{pod}"),
                Domain::Values(values) => match values.first() {
                    Some(first) => first.clone(),
                    None => continue,
                },
                // One collector exposes all spans; a workload's own page differs by pod.
                Domain::Any if spans.is_none() => format!("{hash}-{pod}"),
                Domain::Any => "any".to_owned(),
            };
            labels.insert(name.clone(), value);
        }
        for (name, value) in flow.labels {
            if self.family.labels.contains_key(&name) {
                labels.insert(name, value);
            }
        }
        labels.remove("le");
        labels.insert("__name__".to_owned(), self.family.name.clone());
        if !self.wanted(&labels) {
            return;
        }
        let share = |bound: f64| ((bound - flow.ms * 0.8) / (flow.ms * 0.3)).clamp(0.0, 1.0);
        match (self.family.kind, spans) {
            (Kind::Bucket, Some(source)) => {
                for bound in source.bounds.iter().copied().chain([f64::INFINITY]) {
                    let mut labels = labels.clone();
                    let text = if bound.is_infinite() { "+Inf".to_owned() } else { format!("{bound}") };
                    labels.insert("le".to_owned(), text);
                    let part = if bound.is_infinite() { 1.0 } else { share(bound * source.unit_ms) };
                    self.push(labels, flow.rate * part, flow.rate, load, Some(source.flush));
                }
            }
            (Kind::Sum, Some(source)) => {
                self.push(labels, flow.rate * flow.ms / source.unit_ms, flow.rate, load, Some(source.flush));
            }
            (_, source) => self.push(labels, flow.rate, flow.rate, load, source.map(|s| s.flush)),
        }
    }

    /// Whether any selector could match: a cheap sieve that spares the evaluator series it would pass over.
    fn wanted(&self, labels: &BTreeMap<String, String>) -> bool {
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

    fn push(&mut self, labels: BTreeMap<String, String>, rate: f64, presence: f64, load: &Load, flush: Option<f64>) {
        let interval = self.contract.context.policy.prometheus.scrape_interval.max(1.0);
        let mut samples = Vec::new();
        let first = ((self.from / interval).floor() + self.scenario.scrape_phase) * interval;
        let mut at = first;
        while at <= self.end {
            let seen = match flush {
                Some(flush) if flush > 0.0 => {
                    let phase = flush * self.scenario.flush_phase;
                    ((at - phase) / flush).floor() * flush + phase
                }
                _ => at,
            };
            // Riders' series come into being with the first request; a described endpoint's zero series with them.
            if seen > load.since && (presence > 0.0 || flush.is_none()) {
                samples.push((at, rate * (seen - load.since)));
            }
            at += interval;
        }
        if samples.is_empty() {
            return;
        }
        // Flows that no label tells apart are one series: what a counter that lost a dimension shows.
        match self.found.iter_mut().find(|s| s.labels == labels) {
            Some(series) => add_up(&mut series.samples, &samples),
            None => self.found.push(Series { labels, samples }),
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

/// Requests per second and pod of each kind: riders by share, scrapes by the annotation, probes by their period.
fn request_rates<'d>(
    description: &'d WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
) -> Vec<(&'d Request, f64, f64)> {
    let shares: f64 = description.requests.iter().filter(|r| r.entry).map(|r| r.share).sum();
    let scraped = contract
        .scrapes
        .iter()
        .filter(|s| contract.repository.workloads.get(s.workload).is_some_and(|w| w.object == workload.object));
    let scrape_paths: Vec<&str> = scraped.map(|s| s.path.as_str()).collect();
    let interval = contract.context.policy.prometheus.scrape_interval.max(1.0);
    let mut rates = Vec::new();
    for request in &description.requests {
        let rides = if request.entry && shares > 0.0 { load.rides * request.share / shares / PODS as f64 } else { 0.0 };
        let mut background = 0.0;
        if load.watched {
            if scrape_paths.contains(&request.path.as_str()) {
                background += 1.0 / interval;
            }
            background += probe_rate(workload, &request.path);
        }
        let (good, bad) = match &request.failing {
            Some(_) => (rides * (1.0 - load.failing), rides * load.failing),
            None => (rides, 0.0),
        };
        rates.push((request, good + background, bad));
    }
    rates
}

/// Probes per second on a path of one pod.
pub fn probe_rate(workload: &Workload, path: &str) -> f64 {
    let probes =
        workload.containers.iter().flat_map(|c| &c.probes).filter(|p| p.via == "httpGet" && p.kind != "startupProbe");
    let here = probes.filter(|p| p.path.as_ref().map_or("/", |p| p.value.as_str()).split('?').next() == Some(path));
    here.map(|p| 1.0 / p.period.max(1.0)).sum()
}

fn count_flows(
    description: &WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
    metric: &str,
) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    for (request, good, bad) in request_rates(description, workload, load, contract) {
        let failing = request.failing.as_ref().map(|f| f.counts.as_slice()).unwrap_or_default();
        let parts = request.counts.iter().map(|c| (c, good)).chain(failing.iter().map(|c| (c, bad)));
        for (count, rate) in parts.filter(|(c, _)| c.metric == metric) {
            let labels: Vec<(String, String)> = count.labels.clone().into_iter().collect();
            add_flow(&mut flows, labels, rate * count.times, 0.0);
        }
    }
    // HotROD creates both series of an endpoint with its first request (facts: both error="true" and error="false" exist).
    let mut mirrored = Vec::new();
    for flow in flows.iter().filter(|f| f.rate > 0.0) {
        let mut other = flow.labels.clone();
        for (name, value) in &mut other {
            if name == "error" {
                *value = if value == "true" { "false".to_owned() } else { "true".to_owned() };
            }
        }
        mirrored.push(other);
    }
    flows.retain(|f| f.rate > 0.0);
    for labels in mirrored {
        if !flows.iter().any(|f| f.labels == labels) {
            flows.push(Flow { labels, rate: 0.0, ms: 0.0 });
        }
    }
    flows
}

fn span_flows(
    description: &WorkloadDescription,
    workload: &Workload,
    load: &Load,
    contract: &Contract<'_>,
) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (request, good, bad) in request_rates(description, workload, load, contract) {
        let failing = request.failing.as_ref().map(|f| f.spans.as_slice()).unwrap_or_default();
        let parts = request.spans.iter().map(|s| (s, good)).chain(failing.iter().map(|s| (s, bad)));
        for (span, rate) in parts.filter(|(_, rate)| *rate > 0.0) {
            let labels = span_labels(span);
            // Only riders' requests are slow: a scrape is not.
            let slow = if request.entry { load.slow } else { 1.0 };
            add_flow(&mut flows, labels, rate * span.times, span.ms * slow);
        }
    }
    flows
}

fn add_flow(flows: &mut Vec<Flow>, labels: Vec<(String, String)>, rate: f64, ms: f64) {
    match flows.iter_mut().find(|f| f.labels == labels && f.ms == ms) {
        Some(flow) => flow.rate += rate,
        None => flows.push(Flow { labels, rate, ms }),
    }
}
