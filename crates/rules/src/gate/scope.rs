//! `gate/not-scoped-to-canary`: stable pods' series count too.

use super::build::append;
use super::view::{View, hash_label, missing_matcher, namespace_label, rewritten, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::{CANARY_HASH, Contract, STABLE_HASH};
use gate::promql::{MatchOp, Matcher};
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
    // Said once, however many gates use it.
    let message = format!("argument `{}` is the stable version's hash: the gates measure the stable pods", given.name);
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

/// A selector takes series of the stable version's pods.
fn stable_counted(view: &View<'_, '_>) -> Option<Draft> {
    view.description()?;
    let (text, _) = view.query()?;
    let found = (0..view.selectors().len()).find(|index| takes_stable(view, *index).unwrap_or(false))?;
    let selector = view.selectors().get(found)?;
    let message = format!(
        "{} counts the stable pods too: nothing in the query tells the canary's series from theirs",
        view.name()
    );
    let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE).within(selector.span.clone());
    Some(draft.fix(scoped(view)))
}

/// Whether the stable version's series pass every matcher that tells versions apart, and requests leave series that pass the
/// others. A selector that asks for the stable version by its hash, beside the canary's, compares the two on purpose.
fn takes_stable(view: &View<'_, '_>, index: usize) -> Option<bool> {
    let selector = view.selectors().get(index)?;
    if selector.matchers.iter().any(|m| m.value.contains(STABLE_HASH)) {
        return Some(false);
    }
    // Also where nobody can say what the label holds (an unknown processor may set it), the canary's hash is not the stable's.
    let tied = |m: &Matcher| m.value.contains(CANARY_HASH) && matches!(m.op, MatchOp::Eq | MatchOp::Re);
    if selector.matchers.iter().any(tied) {
        return Some(false);
    }
    let counted = view.contract.composition(view.gate, index)?;
    let any = counted.entry + counted.internal + counted.background > 0.0;
    let passes = view.families(selector).any(|family| {
        selector.matchers.iter().all(|m| {
            let versions = view.contract.version_values(family, &m.name);
            versions.stable.is_empty() || versions.stable.iter().any(|v| contract::value_matches(m, v))
        })
    });
    Some(any && passes)
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
            let family = view.families(selector).find(|f| hash_label(f).is_some())?;
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
