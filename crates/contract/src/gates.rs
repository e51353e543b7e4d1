//! Gates: a metric of an analysis template as one rollout runs it, with its arguments bound and its conditions compiled.

use crate::{CANARY_HASH, Contract, STABLE_HASH};
use gate::analysis::{Limits, Outcomes};
use gate::condition::{self, CompileError, Condition, Op, Threshold};
use gate::promql::{self, Query, QueryError};
use model::{Analysis, ArgValue, Metric, Place, Provider, Rollout, Text};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a gate is there to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateKind {
    /// That requests reach the canary.
    Traffic,
    /// The share of failed requests.
    ErrorRate,
    /// How long requests take.
    Latency,
    /// Something else.
    Other,
}

impl GateKind {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            GateKind::Traffic => "traffic",
            GateKind::ErrorRate => "error rate",
            GateKind::Latency => "latency",
            GateKind::Other => "other",
        }
    }
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Side {
    /// The scalar.
    pub text: Text,
    /// The condition with its arguments in it; `None` where an argument has no value or the query's type is unknown.
    pub compiled: Option<Result<Condition, CompileError>>,
    /// The bound that the condition keeps, where it keeps one.
    pub threshold: Option<Threshold>,
}

impl Side {
    /// The condition, where it compiles.
    pub fn condition(&self) -> Option<&Condition> {
        self.compiled.as_ref()?.as_ref().ok()
    }
}

/// A gate of one run.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Index of the template.
    pub template: usize,
    /// Index of the metric in it.
    pub metric: usize,
    /// Index of the rollout that runs it; `None` for a template that nothing refers to.
    pub rollout: Option<usize>,
    /// The rollout's analysis.
    pub analysis: Option<Place>,
    /// Arguments by name; `None` for one without a value that can be told.
    pub args: BTreeMap<String, Option<String>>,
    /// The query's scalar.
    pub query: Option<Text>,
    /// The query as written.
    pub parsed: Option<Result<Query, QueryError>>,
    /// The query with its arguments in it.
    pub bound: Option<Query>,
    /// What the provider hands to a condition.
    pub result_type: Option<condition::ResultType>,
    /// `successCondition`.
    pub success: Option<Side>,
    /// `failureCondition`.
    pub failure: Option<Side>,
    /// How measurements are counted.
    pub limits: Limits,
    /// What it judges.
    pub kind: GateKind,
    /// What each kind of measurement counts as; `None` where a condition does not compile.
    outcomes: Option<Outcomes>,
}

/// A rollout with its index, and one of its analyses.
type Runner<'r> = (usize, &'r Rollout, &'r Analysis);

/// Every gate: each metric of each template for each rollout that runs it, or once where none does.
pub fn gates(contract: &Contract<'_>) -> Vec<Gate> {
    let repository = contract.repository;
    let mut runs: Vec<(Vec<usize>, Option<Runner<'_>>)> = Vec::new();
    let mut used = vec![false; repository.templates.len()];
    for (index, rollout) in repository.rollouts.iter().enumerate() {
        for (analysis, _) in rollout.runs() {
            let run = templates(contract, rollout, analysis);
            for template in &run {
                if let Some(flag) = used.get_mut(*template) {
                    *flag = true;
                }
            }
            runs.push((run, Some((index, rollout, analysis))));
        }
    }
    runs.extend(used.iter().enumerate().filter(|(_, used)| !**used).map(|(index, _)| (vec![index], None)));
    let gates = |(together, run): &(Vec<usize>, Option<Runner<'_>>)| -> Vec<Gate> {
        together.iter().flat_map(|template| of_template(contract, *template, together, *run)).collect()
    };
    if repository.is_small() {
        runs.iter().flat_map(gates).collect()
    } else {
        runs.par_iter().map(gates).collect::<Vec<_>>().into_iter().flatten().collect()
    }
}

/// The gates of a template as if the rollout's first analysis ran it, whatever templates that names.
pub fn as_run_by(contract: &Contract<'_>, template: usize, rollout: usize) -> Vec<Gate> {
    let found = contract.repository.rollouts.get(rollout);
    let analysis = found.and_then(|r| r.runs().next()).map(|(analysis, _)| analysis);
    let run = found.zip(analysis).map(|(r, analysis)| (rollout, r, analysis));
    of_template(contract, template, &[template], run)
}

/// The templates of an analysis, with those they pull in.
pub fn templates(contract: &Contract<'_>, rollout: &Rollout, analysis: &Analysis) -> Vec<usize> {
    let mut found = Vec::new();
    for reference in &analysis.templates {
        let Some(index) = find(contract, rollout, &reference.name.value, reference.cluster) else { continue };
        add(contract, rollout, index, &mut found);
    }
    found
}

fn add(contract: &Contract<'_>, rollout: &Rollout, index: usize, found: &mut Vec<usize>) {
    if found.contains(&index) {
        return;
    }
    found.push(index);
    let Some(template) = contract.repository.templates.get(index) else { return };
    for reference in &template.templates {
        if let Some(inner) = find(contract, rollout, &reference.name.value, reference.cluster || template.cluster) {
            add(contract, rollout, inner, found);
        }
    }
}

/// The template that a rollout's reference means.
pub fn find(contract: &Contract<'_>, rollout: &Rollout, name: &str, cluster: bool) -> Option<usize> {
    let repository = contract.repository;
    let matches = |index: &usize| {
        repository
            .templates
            .get(*index)
            .is_some_and(|t| t.cluster == cluster && (cluster || model::compatible(&t.namespace, &rollout.namespace)))
    };
    let candidates = contract.links.templates_named(name).iter().copied().filter(matches).collect();
    repository.nearest(rollout.spec.file, candidates, |i| repository.templates.get(*i).map(|t| t.spec.file))
}

fn of_template(contract: &Contract<'_>, index: usize, together: &[usize], run: Option<Runner<'_>>) -> Vec<Gate> {
    let Some(template) = contract.repository.templates.get(index) else { return Vec::new() };
    let args = arguments(contract, together, run.map(|(_, r, a)| (r, a)));
    let metrics = template.metrics.iter().enumerate();
    metrics.map(|(position, metric)| gate(contract, index, position, metric, run, &args)).collect()
}

/// The arguments that the templates of one run declare together, with what the rollout gives for them. What it gives without
/// a declaration is passed over (Argo Rollouts, utils/analysis/helpers.go: `MergeArgs`).
fn arguments(
    contract: &Contract<'_>,
    together: &[usize],
    run: Option<(&Rollout, &Analysis)>,
) -> BTreeMap<String, Option<String>> {
    let templates = together.iter().filter_map(|t| contract.repository.templates.get(*t));
    let mut args: BTreeMap<String, Option<String>> = BTreeMap::new();
    for arg in templates.flat_map(|t| &t.args) {
        let slot = args.entry(arg.name.clone()).or_default();
        *slot = slot.take().or_else(|| arg.value.clone());
    }
    if let Some((rollout, analysis)) = run {
        for given in &analysis.args {
            if let Some(slot) = args.get_mut(&given.name) {
                *slot = value(rollout, &given.value);
            }
        }
    }
    args
}

/// The value that an argument has in a simulated run.
fn value(rollout: &Rollout, value: &ArgValue) -> Option<String> {
    match value {
        ArgValue::Literal(text) => Some(text.clone()),
        ArgValue::CanaryHash => Some(CANARY_HASH.to_owned()),
        ArgValue::StableHash => Some(STABLE_HASH.to_owned()),
        ArgValue::Field(path) => match path.as_str() {
            "metadata.namespace" => Some(crate::series::namespace(rollout.namespace.as_deref()).to_owned()),
            "metadata.name" => Some(rollout.name.clone()),
            _ => None,
        },
        ArgValue::Unknown | ArgValue::Nothing => None,
    }
}

fn gate(
    contract: &Contract<'_>,
    template: usize,
    position: usize,
    metric: &Metric,
    run: Option<Runner<'_>>,
    args: &BTreeMap<String, Option<String>>,
) -> Gate {
    let lookup = |name: &str| args.get(name).cloned().flatten();
    let (query, range) = match &metric.provider {
        Provider::Prometheus { query, range, .. } => (query.clone(), *range),
        _ => (None, false),
    };
    let parsed = query.as_ref().map(|text| promql::parse(&text.value));
    let bound = parsed.as_ref().and_then(|p| p.as_ref().ok()).and_then(|q| q.bind(&lookup).ok());
    let bound = bound.filter(|q| q.unbound().next().is_none());
    let result_type = parsed.as_ref().and_then(|p| p.as_ref().ok()).map(|q| match q.result_type() {
        promql::ResultType::Scalar if !range => condition::ResultType::Scalar,
        _ => condition::ResultType::Vector,
    });
    let side = |text: &Option<Text>| {
        let text = text.clone().filter(|t| !t.value.trim().is_empty())?;
        let filled = substitute(&text.value, &lookup);
        let compiled = filled.zip(result_type).map(|(filled, ty)| condition::compile(&filled, ty));
        let threshold = compiled.as_ref().and_then(|c| c.as_ref().ok()).and_then(Condition::threshold);
        Some(Side { text, compiled, threshold })
    };
    let (success, failure) = (side(&metric.success), side(&metric.failure));
    let named_dry =
        run.is_some_and(|(_, _, a)| a.dry_run.iter().any(|t| model::dry_run_covers(&t.value, &metric.name)));
    let mut limits = Limits { dry_run: metric.dry_run.is_some() || named_dry, ..Limits::default() };
    limits.count = metric.count;
    limits.interval = metric.interval.filter(|s| *s > 0.0).map(Duration::from_secs_f64);
    limits.initial_delay = Duration::from_secs_f64(metric.initial_delay.max(0.0));
    limits.failure_limit = metric.failure_limit.unwrap_or(limits.failure_limit);
    limits.inconclusive_limit = metric.inconclusive_limit.unwrap_or(limits.inconclusive_limit);
    limits.consecutive_error_limit = metric.consecutive_error_limit.unwrap_or(limits.consecutive_error_limit);
    limits.consecutive_success_limit = metric.consecutive_success_limit.filter(|l| *l > 0);
    let mut gate = Gate {
        template,
        metric: position,
        rollout: run.map(|(index, ..)| index),
        analysis: run.map(|(_, _, a)| a.at.clone()),
        args: args.clone(),
        query,
        parsed,
        bound,
        result_type,
        success,
        failure,
        limits,
        kind: GateKind::Other,
        outcomes: None,
    };
    gate.outcomes = gate.derive_outcomes();
    gate.kind = classify(contract, &gate, metric);
    gate
}

/// `{{args.x}}` replaced as Argo does, as plain text; `None` where one has no value.
pub fn substitute(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for arg in promql::template_args(text) {
        out.push_str(text.get(from..arg.range.start)?);
        out.push_str(&lookup(arg.argument()?)?);
        from = arg.range.end;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

fn classify(contract: &Contract<'_>, gate: &Gate, metric: &Metric) -> GateKind {
    let name = metric.name.to_ascii_lowercase();
    let hint = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let Some(text) = &gate.query else { return GateKind::Other };
    let Some(query) = gate.parsed.as_ref().and_then(|p| p.as_ref().ok()) else {
        return if text.value.contains("quantile") || hint(&["latency", "p95", "p99", "duration"]) {
            GateKind::Latency
        } else if hint(&["error", "success", "failure", "availability"]) || text.value.contains('/') {
            GateKind::ErrorRate
        } else if hint(&["traffic", "request", "throughput", "rps", "rate"]) {
            GateKind::Traffic
        } else {
            GateKind::Other
        };
    };
    let names: Vec<&str> = query.selectors().iter().filter_map(|s| s.name.as_deref()).collect();
    let timed = |n: &&str| {
        ["duration", "latency"].iter().any(|w| n.contains(w))
            || n.ends_with("seconds_bucket")
            || n.ends_with("_seconds_sum")
    };
    // A share of fast requests (`bucket{le="1000"} / count`) is a latency gate that no quantile is taken of.
    if query.quantile().is_some()
        || (query.ratio().is_some() && names.iter().any(|n| n.ends_with("_bucket")))
        || (query.ratio().is_some() && names.iter().any(|n| n.ends_with("_sum")) && names.iter().any(timed))
    {
        return GateKind::Latency;
    }
    // A bound may stand in the query as well: `sum(…) >= 0.05`.
    let sieve = query.comparisons().into_iter().find(|c| c.whole);
    let lower = sieve.map(|c| matches!(c.op, promql::Operator::Gt | promql::Operator::Ge));
    let lower_bound = lower.or_else(|| gate.bound_op().map(|t| matches!(t.op, Op::Gt | Op::Ge)));
    if query.ratio().is_some() {
        return GateKind::ErrorRate;
    }
    let failures = |s: &promql::Selector| {
        s.matchers.iter().any(|m| {
            m.op == promql::MatchOp::Eq && (m.name == "error" && m.value == "true" || m.value.contains("ERROR"))
                || m.name.contains("status") && m.value.starts_with('5')
        })
    };
    let errors_only = !query.selectors().is_empty() && query.selectors().iter().all(failures);
    if errors_only || (hint(&["error", "failure"]) && lower_bound != Some(true)) {
        return GateKind::ErrorRate;
    }
    if hint(&["latency", "p95", "p99", "duration"]) && names.iter().any(timed) {
        return GateKind::Latency;
    }
    let counts = query.selectors().iter().any(|s| s.is_inside_call(&["rate", "irate", "increase", "delta"]))
        || names.iter().any(|n| n.ends_with("_total") || n.ends_with("_count") || n.ends_with("calls"));
    // The policy's own number under a comparison that is turned round is still that gate.
    let asked =
        gate.rollout.and_then(|r| contract.mission(contract.repository.rollouts.get(r)?)?.gates.traffic_at_least);
    let same_number = asked.is_some() && gate.bound_op().map(|t| t.value) == asked;
    if counts && (lower_bound == Some(true) || same_number || hint(&["traffic", "request", "throughput", "rps"])) {
        return GateKind::Traffic;
    }
    GateKind::Other
}

impl Gate {
    /// The metric.
    pub fn metric<'r>(&self, contract: &Contract<'r>) -> Option<&'r Metric> {
        let repository = contract.repository;
        repository.templates.get(self.template)?.metrics.get(self.metric)
    }

    /// The query as written, where it parses.
    pub fn query(&self) -> Option<&Query> {
        self.parsed.as_ref()?.as_ref().ok()
    }

    /// The bound that a measurement must keep to pass: the success condition's, or the failure condition's turned round.
    pub fn bound_op(&self) -> Option<Threshold> {
        let of = |side: &Option<Side>| side.as_ref().and_then(|side| side.threshold.clone());
        condition::bound(of(&self.success), of(&self.failure))
    }

    /// The query with made-up values for arguments that have none: enough to ask what it answers over no series.
    pub(crate) fn anyhow(&self) -> Option<Query> {
        if let Some(bound) = &self.bound {
            return Some(bound.clone());
        }
        let query = self.query()?;
        let given = |name: &str| self.args.get(name).cloned().flatten();
        ["x", "1", "1m"].iter().find_map(|made_up| {
            let bound = query.bind(&|name| given(name).or_else(|| Some((*made_up).to_owned()))).ok()?;
            let whole = bound.unbound().next().is_none();
            whole.then_some(bound)
        })
    }

    /// What each kind of measurement counts as; `None` where a condition does not compile.
    pub fn outcomes(&self) -> Option<Outcomes> {
        self.outcomes
    }

    fn derive_outcomes(&self) -> Option<Outcomes> {
        let ty = self.result_type?;
        let broken = |side: &Option<Side>| side.as_ref().is_some_and(|s| s.condition().is_none());
        if broken(&self.success) || broken(&self.failure) {
            return None;
        }
        let condition = |side: &Option<Side>| side.as_ref().and_then(|s| s.condition().cloned());
        Some(Outcomes::of(condition(&self.success).as_ref(), condition(&self.failure).as_ref(), ty))
    }

    /// The counting with those outcomes.
    pub fn counted(&self) -> Option<gate::analysis::Gate> {
        Some(gate::analysis::Gate { limits: self.limits.clone(), outcomes: self.outcomes()? })
    }
}
