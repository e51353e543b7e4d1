//! `gate/not-scoped-to-canary`: stable pods' series count too.

use super::build::append;
use super::view::{View, hash_label, missing_matcher, namespace_label, rewritten, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::{CANARY_HASH, Contract, STABLE_HASH};
use gate::condition::Measured;
use gate::promql::{MatchOp, Selector};
use model::{ArgValue, RolloutArg};
use yaml::Value;

pub(crate) const RULE: Rule = Rule {
    name: "gate/not-scoped-to-canary",
    severity: Severity::Error,
    summary: "stable pods' series count too",
    fix: Some("namespace and pod-hash matchers"),
    safety: SAFE,
    page: include_str!("../../pages/gate/not-scoped-to-canary.md"),
    check,
};

const CONSEQUENCE: &str =
    "the stable pods' good values drown the canary's bad ones, and stand in for a canary that has no data at all";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        if let Some(draft) = stable_hash(&view).or_else(|| stable_counted(&view)).or_else(|| sibling_scoped(&view)) {
            drafts.push(draft);
        }
    }
}

/// The rollout hands over the stable version's hash.
fn stable_hash(view: &View<'_, '_>) -> Option<Draft> {
    let given = rollout_args(view)?.iter().find(|a| a.value == ArgValue::StableHash)?;
    let only = !rollout_args(view)?.iter().any(|a| a.value == ArgValue::CanaryHash);
    let used = view.selectors().iter().flat_map(|s| &s.matchers).any(|m| m.value == STABLE_HASH);
    if !only || !used {
        return None;
    }
    let message =
        format!("argument `{}` is the stable version's hash: {} measures the stable pods", given.name, view.name());
    let at = given.at.key("valueFrom").key("podTemplateHashValue");
    let mend =
        fix("Hand over the canary's hash", Safety::Safe, [super::view::set(&at, Value::Str("Latest".to_owned()))]);
    Some(
        Draft::new(RULE.name, RULE.severity, &at, message, "the canary is promoted on the stable version's values")
            .fix(mend),
    )
}

fn rollout_args<'r>(view: &View<'_, 'r>) -> Option<&'r [RolloutArg]> {
    let place = view.gate.analysis.as_ref()?;
    view.rollout()?.runs().find(|(a, _)| a.at == *place).map(|(a, _)| a.args.as_slice())
}

/// With no canary pods at all the query still has data: the stable version's.
fn stable_counted(view: &View<'_, '_>) -> Option<Draft> {
    view.description()?;
    let simulated = view.contract.simulated(view.index);
    let (stable, _) = simulated.stable_only.as_ref()?;
    let (text, _) = view.query()?;
    let selector = view.selectors().iter().position(|s| s.name.is_some() && unscoped(view, s))?;
    if !has_data(stable)
        || simulated.nothing.as_ref().is_some_and(|(nothing, _)| nothing == stable && !has_data(nothing))
    {
        return None;
    }
    let selector = view.selectors().get(selector)?;
    let message = format!(
        "{} counts the stable pods too: nothing in the query tells the canary's series from theirs",
        view.name()
    );
    let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE).within(selector.span.clone());
    Some(draft.fix(scoped(view)))
}

fn has_data(measured: &Measured) -> bool {
    match measured {
        Measured::Scalar(value) => value.is_finite() && *value != 0.0,
        Measured::Vector(values) => values.iter().any(|v| v.is_finite() && *v != 0.0),
    }
}

/// Whether the selector takes series of the stable version: no matcher that only the canary's hash passes.
fn unscoped(view: &View<'_, '_>, selector: &Selector) -> bool {
    let families = view.families(selector);
    let label = families.iter().find_map(|f| hash_label(f));
    let Some(label) = label else { return true };
    let hash: Vec<_> = selector.matchers.iter().filter(|m| m.name == label).collect();
    hash.is_empty() || hash.iter().all(|m| contract::value_matches(m, STABLE_HASH))
}

/// Adds the hash matcher (and the namespace's, where an argument carries it) to every selector.
fn scoped(view: &View<'_, '_>) -> Option<Fix> {
    let (text, _) = view.query()?;
    let given = rollout_args(view)?;
    let declared = |name: &str| view.template.args.iter().any(|a| a.name == name);
    let canary = given.iter().find(|a| a.value == ArgValue::CanaryHash);
    let hash = canary.map_or("canary-hash", |a| a.name.as_str());
    let namespace =
        given.iter().find(|a| a.value == ArgValue::Field("metadata.namespace".to_owned()) && declared(&a.name));
    let edited = rewritten(&text.value, |query| {
        query.selectors().iter().find_map(|selector| {
            let families = view.families(selector);
            let family = families.iter().find(|f| hash_label(f).is_some())?;
            let mut wanted = vec![(hash_label(family)?.to_owned(), MatchOp::Eq, format!("{{{{args.{hash}}}}}"))];
            if let (Some(namespace), Some(value)) = (namespace, view.namespace())
                && let Some(label) = namespace_label(family, value)
            {
                wanted.push((label.to_owned(), MatchOp::Eq, format!("{{{{args.{}}}}}", namespace.name)));
            }
            missing_matcher(query, selector, &wanted)
        })
    })?;
    let mut ops = vec![super::view::difference(text, &edited)];
    if !declared(hash) {
        let spec = &view.template.spec;
        ops.push(append(
            view.contract,
            &spec.key("args"),
            spec,
            "args",
            Value::map([("name", Value::Str(hash.to_owned()))]),
        ));
    }
    if canary.is_none() {
        let analysis = view.gate.analysis.as_ref()?;
        let from = Value::map([("podTemplateHashValue", Value::Str("Latest".to_owned()))]);
        let value = Value::map([("name", Value::Str(hash.to_owned())), ("valueFrom", from)]);
        ops.push(append(view.contract, &analysis.key("args"), analysis, "args", value));
    }
    Some(fix("Count the canary's series alone", Safety::Safe, ops))
}

/// Nobody described the workload: only where the rollout hands over the canary's hash, a sibling uses it and this gate
/// uses no argument at all.
fn sibling_scoped(view: &View<'_, '_>) -> Option<Draft> {
    if view.description().is_some() {
        return None;
    }
    let (text, query) = view.query()?;
    rollout_args(view)?.iter().find(|a| a.value == ArgValue::CanaryHash)?;
    let scoped =
        |v: &View<'_, '_>| v.selectors().iter().flat_map(|s| &s.matchers).any(|m| m.value.contains(CANARY_HASH));
    let same_run = |v: &View<'_, '_>| v.gate.template == view.gate.template && v.gate.rollout == view.gate.rollout;
    let sibling = views(view.contract).any(|v| v.index != view.index && same_run(&v) && scoped(&v));
    if !sibling || scoped(view) || !query.args().is_empty() || text.value.contains("canary") {
        return None;
    }
    let message = format!(
        "{} uses no argument: nothing in the query tells the canary's series from the stable pods'",
        view.name()
    );
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE))
}
