//! What the gate rules share: a gate with its places, and edits of its query and conditions.

use crate::finding::{Fix, Safety};
use contract::gates::{Gate, Side};
use contract::{Contract, Domain, Family, Load, Origin, Scenario};
use gate::condition::Measured;
use gate::promql::{MatchOp, Query, Selector, Splice};
use model::{Metric, Mission, Place, Rollout, Template, Text, WorkloadDescription};
use yaml::{Op, Value};

/// A gate with what rules ask about it.
pub(crate) struct View<'a, 'r> {
    pub(crate) contract: &'a Contract<'r>,
    pub(crate) index: usize,
    pub(crate) gate: &'a Gate,
    pub(crate) metric: &'r Metric,
    pub(crate) template: &'r Template,
}

/// Every gate of the repository.
pub(crate) fn views<'a, 'r>(contract: &'a Contract<'r>) -> impl Iterator<Item = View<'a, 'r>> {
    contract.gates.iter().enumerate().filter_map(move |(index, gate)| {
        let repository = contract.repository;
        let template = repository.templates.get(gate.template)?;
        Some(View { contract, index, gate, metric: template.metrics.get(gate.metric)?, template })
    })
}

impl<'a, 'r> View<'a, 'r> {
    /// The rollout that runs it.
    pub(crate) fn rollout(&self) -> Option<&'r Rollout> {
        let repository = self.contract.repository;
        repository.rollouts.get(self.gate.rollout?)
    }

    /// The value of the argument that carries the rollout's namespace, where one does.
    pub(crate) fn namespace(&self) -> Option<&'a str> {
        let place = self.gate.analysis.as_ref()?;
        let (analysis, _) = self.rollout()?.runs().find(|(a, _)| a.at == *place)?;
        let given =
            analysis.args.iter().find(|a| a.value == model::ArgValue::Field("metadata.namespace".to_owned()))?;
        self.gate.args.get(&given.name)?.as_deref()
    }

    /// What the policy asks of that rollout.
    pub(crate) fn mission(&self) -> Option<&'r Mission> {
        self.contract.mission(self.rollout()?)
    }

    /// The description of the workload that the rollout runs.
    pub(crate) fn description(&self) -> Option<&'r WorkloadDescription> {
        let repository = self.contract.repository;
        self.contract.description_of(repository.workloads.get(self.rollout()?.workload?)?)
    }

    /// Query as written, with its scalar.
    pub(crate) fn query(&self) -> Option<(&'a Text, &'a Query)> {
        Some((self.gate.query.as_ref()?, self.gate.query()?))
    }

    /// The metric's name for messages.
    pub(crate) fn name(&self) -> String {
        format!("`{}`", self.metric.name)
    }

    /// A selector of the query with its arguments in it; spans refer to the text as written.
    pub(crate) fn selectors(&self) -> &'a [Selector] {
        self.gate.bound.as_ref().or_else(|| self.gate.query()).map(Query::selectors).unwrap_or_default()
    }

    /// The families that a selector reads.
    pub(crate) fn families(&self, selector: &Selector) -> impl Iterator<Item = &'a Family> + use<'a> {
        selector.name.as_deref().map(|name| self.contract.known(name)).into_iter().flatten()
    }

    /// Whether the series come from a span metrics connector.
    pub(crate) fn spans(&self, selector: &Selector) -> bool {
        self.families(selector).any(|f| matches!(f.origin, Origin::Spans { .. }))
    }

    /// The name of the argument that the rollout fills with that value.
    pub(crate) fn argument(&self, value: &str) -> Option<&'a str> {
        self.gate.args.iter().find(|(_, v)| v.as_deref() == Some(value)).map(|(name, _)| name.as_str())
    }
}

/// Replaces a scalar.
pub(crate) fn set(at: &Place, value: Value) -> (usize, Op) {
    (at.file, Op::Set { route: at.route.clone(), value })
}

/// Sets `key` of the mapping at `at`, after `sibling` where it is new.
pub(crate) fn put(contract: &Contract<'_>, at: &Place, key: &str, value: Value, sibling: &str) -> (usize, Op) {
    let place = at.key(key);
    match contract.repository.node(&place) {
        Some(_) => set(&place, value),
        None => {
            let op =
                Op::Insert { route: at.route.clone(), key: key.to_owned(), value, after: Some(sibling.to_owned()) };
            (at.file, op)
        }
    }
}

/// The condition with the guards that make it false on no data and on NaN.
pub(crate) fn guard(side: &Side, scalar: bool) -> String {
    let text = unguarded(side.text.value.trim());
    let plain = !text.contains("||") && !text.contains('?') && !text.contains(" or ") && !text.contains(" and not ");
    let body = if plain { text.to_owned() } else { format!("({text})") };
    if scalar { format!("!isNaN(result) && {body}") } else { format!("len(result) > 0 && !isNaN(result[0]) && {body}") }
}

/// The condition without the guards that it begins with already.
fn unguarded(text: &str) -> &str {
    let guards = ["len(result) > 0", "!isNaN(result[0])", "!isNaN(result)", "not isNaN(result[0])"];
    let next = guards.iter().find_map(|guard| text.strip_prefix(guard)?.trim_start().strip_prefix("&&"));
    next.map_or(text, |rest| unguarded(rest.trim_start()))
}

/// The same for a failure condition: no data and NaN are failures.
pub(crate) fn guard_failure(side: &Side, scalar: bool) -> String {
    let text = side.text.value.trim();
    if scalar { format!("isNaN(result) || {text}") } else { format!("len(result) == 0 || isNaN(result[0]) || {text}") }
}

/// A fix that puts the guards into every condition of the gate; `None` where that changes nothing.
pub(crate) fn guarded(view: &View<'_, '_>) -> Option<Fix> {
    let scalar = view.gate.result_type == Some(gate::condition::ResultType::Scalar);
    let mut ops = Vec::new();
    if let Some(success) = &view.gate.success {
        ops.push(set(&success.text.at, Value::Str(guard(success, scalar))));
    }
    if let Some(failure) = &view.gate.failure {
        ops.push(set(&failure.text.at, Value::Str(guard_failure(failure, scalar))));
    }
    (!ops.is_empty()).then(|| crate::draft::fix("Guard the condition against no data and NaN", Safety::Safe, ops))
}

/// The matchers that leave only riders' requests of the family's workload: from the description's entry points, without
/// those that a probe asks for.
pub(crate) fn entry_matchers(contract: &Contract<'_>, family: &Family) -> Option<Vec<(String, MatchOp, String)>> {
    let workload = match &family.origin {
        Origin::Workload(index) => *index,
        Origin::Spans { source, .. } => {
            let senders = &contract.span_metrics.get(*source)?.senders;
            *senders.iter().find(|s| {
                contract.repository.workloads.get(**s).is_some_and(|w| contract.description_of(w).is_some())
            })?
        }
    };
    let workload = contract.repository.workloads.get(workload)?;
    let description = contract.description_of(workload)?;
    let entries: Vec<_> =
        description.requests.iter().filter(|r| r.entry && contract::probe_rate(workload, &r.path) == 0.0).collect();
    match &family.origin {
        Origin::Workload(_) => {
            let first: Vec<_> =
                entries.iter().filter_map(|r| r.counts.iter().find(|c| c.metric == family.name)).collect();
            let label = first.first()?.labels.keys().find(|k| k.as_str() != "error")?;
            let values: Vec<&str> = first.iter().filter_map(|c| c.labels.get(label)).map(String::as_str).collect();
            Some(vec![one_of(label, &values)])
        }
        Origin::Spans { .. } => {
            let first: Vec<_> = entries.iter().filter_map(|r| r.spans.first()).collect();
            let names: Vec<&str> = first.iter().map(|s| s.name.as_str()).collect();
            let mut services: Vec<&str> = first.iter().map(|s| s.service.as_str()).collect();
            services.dedup();
            let kind = first.first()?.kind.to_ascii_uppercase();
            Some(vec![
                one_of("service_name", &services),
                ("span_kind".to_owned(), MatchOp::Eq, format!("SPAN_KIND_{kind}")),
                one_of("span_name", &names),
            ])
        }
    }
}

/// A matcher on one of several values; they are names and paths, of which only dots mean something to a regular expression.
fn one_of(label: &str, values: &[&str]) -> (String, MatchOp, String) {
    let mut values: Vec<&str> = values.to_vec();
    values.sort_unstable();
    values.dedup();
    match values.as_slice() {
        [only] => (label.to_owned(), MatchOp::Eq, (*only).to_owned()),
        several => {
            let escaped: Vec<String> = several.iter().map(|v| escape(v)).collect();
            (label.to_owned(), MatchOp::Re, escaped.join("|"))
        }
    }
}

/// A value as a regular expression that matches it alone.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if r".+*?()|[]{}^$\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Narrows every selector of a described workload to its entry points.
pub(crate) fn narrow(view: &View<'_, '_>, title: &str) -> Option<Fix> {
    rewrite(view, title, |query| {
        query.selectors().iter().find_map(|selector| {
            let family = view.families(selector).next()?;
            missing_matcher(query, selector, &entry_matchers(view.contract, family)?)
        })
    })
}

/// The next splice towards a selector that carries these matchers, replacing what it says about the same labels.
pub(crate) fn missing_matcher(
    query: &Query,
    selector: &Selector,
    wanted: &[(String, MatchOp, String)],
) -> Option<Splice> {
    wanted.iter().find_map(|(label, op, value)| {
        let mut present = selector.matchers.iter().filter(|m| m.name == *label);
        match (present.next(), present.next()) {
            (Some(_), Some(second)) => query.remove_matcher(selector, second),
            (Some(first), None) if first.op == *op && first.value == *value => None,
            (Some(first), None) => query.replace_matcher(first, label, *op, value),
            (None, _) => query.add_matcher(selector, label, *op, value),
        }
    })
}

/// Most steps that a rewrite takes: a bound, far above any real query's.
const STEPS: usize = 64;

/// Edits the query splice by splice, reading it anew after each, until `step` has nothing more; the result is one splice
/// over what differs. `None` where nothing changes or the result does not parse.
pub(crate) fn rewrite(view: &View<'_, '_>, title: &str, step: impl Fn(&Query) -> Option<Splice>) -> Option<Fix> {
    let (text, _) = view.query()?;
    let edited = rewritten(&text.value, step)?;
    Some(crate::draft::fix(title, Safety::Safe, [difference(text, &edited)]))
}

/// What another query in the gate's place would answer for a healthy canary; `None` where that can't be told.
pub(crate) fn of_healthy(view: &View<'_, '_>, text: &str) -> Option<Measured> {
    let given = |name: &str| view.gate.args.get(name)?.clone();
    let query = gate::promql::parse(text).ok()?.bind(&given).ok()?;
    view.contract.answer(view.gate, &query, &Scenario::of(Load::HEALTHY), 0.0)
}

/// The rewritten text.
pub(crate) fn rewritten(text: &str, step: impl Fn(&Query) -> Option<Splice>) -> Option<String> {
    let mut edited = text.to_owned();
    for _ in 0..STEPS {
        let query = gate::promql::parse(&edited).ok()?;
        let Some(splice) = step(&query) else { break };
        edited.replace_range(splice.range, &splice.text);
    }
    gate::promql::parse(&edited).ok()?;
    (edited != text).then_some(edited)
}

/// One splice that turns the scalar into `edited`.
pub(crate) fn difference(text: &Text, edited: &str) -> (usize, Op) {
    let old = &text.value;
    let prefix = old
        .char_indices()
        .zip(edited.chars())
        .take_while(|((_, a), b)| a == b)
        .map(|((i, a), _)| i + a.len_utf8())
        .last()
        .unwrap_or(0);
    let tail = |s: &str| s[prefix..].chars().rev().collect::<Vec<char>>();
    let suffix: usize =
        tail(old).iter().zip(tail(edited).iter()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let op = Op::Splice {
        route: text.at.route.clone(),
        range: prefix..old.len() - suffix,
        text: edited[prefix..edited.len() - suffix].to_owned(),
    };
    (text.at.file, op)
}

/// The label of a family that tells pods of one version from another's.
pub(crate) fn hash_label(family: &Family) -> Option<&str> {
    family.labels.iter().find(|(_, d)| **d == Domain::PodHash).map(|(name, _)| name.as_str())
}

/// The label whose only value is that namespace.
pub(crate) fn namespace_label<'f>(family: &'f Family, namespace: &str) -> Option<&'f str> {
    let only = |d: &Domain| matches!(d, Domain::Values(v) if v.len() == 1 && v[0] == namespace);
    let mut labels = family.labels.iter().filter(|(n, d)| only(d) && n.contains("namespace"));
    labels.next().map(|(name, _)| name.as_str())
}
