//! `gate/vacuous`: a gate that cannot fail for lack of data, or cannot fail at all.

use super::view::{View, guard, put, set, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::gates::GateKind;
use contract::{Contract, Load, Origin};
use gate::analysis::{Outcome, can_fail, lowest_failure_limit_keeping_one_lost_sample_harmless};
use gate::condition::ResultType;
use gate::promql::{ExprKind, FallbackScope, Query, Splice};
use model::Place;
use std::collections::BTreeSet;
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gate/vacuous",
    severity: Severity::Error,
    summary: "the gate cannot fail for lack of data, cannot fail at all, or never judges",
    fix: Some("remove the fallback; a condition that is false on no data"),
    safety: SAFE,
    page: include_str!("../../pages/gate/vacuous.md"),
    check,
};

const NEVER: &str = "the gate passes whatever it measures: a broken canary is promoted";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        if let Some(draft) = cannot_fail(&view) {
            drafts.push(draft);
        } else if let Some(draft) =
            failure_only(&view).or_else(|| passes_on_nothing(&view)).or_else(|| passes_the_worst(&view))
        {
            drafts.push(draft);
        }
        drafts.list.extend(ends_below(&view));
        if let Some(draft) = super::limits::refused(&view) {
            drafts.push(draft);
        }
    }
}

/// No measurement can fail it: the limits, a dry run, or no condition.
fn cannot_fail(view: &View<'_, '_>) -> Option<Draft> {
    let (gate, metric) = (view.gate, view.metric);
    let draft = |at: &Place, message: String| Draft::new(RULE.name, RULE.severity, at, message, NEVER);
    if gate.limits.dry_run {
        let entry = metric.dry_run.clone().or_else(|| given_dry_run(view));
        let at = entry.clone().unwrap_or_else(|| metric.at.clone());
        let whole = at.parent();
        let remove = entry.map(|_| {
            fix(
                "Take the gate out of the dry run",
                Safety::Safe,
                [(whole.file, Op::Remove { route: whole.route.clone() })],
            )
        });
        return Some(
            draft(&at, format!("{} runs dry: its verdict is written down and ignored", view.name())).fix(remove),
        );
    }
    if gate.query.is_some() && gate.success.is_none() && gate.failure.is_none() {
        let message = format!(
            "{} has neither a successCondition nor a failureCondition: every measurement is a success",
            view.name()
        );
        return Some(draft(&metric.at, message).fix(policy_condition(view)));
    }
    let counted = gate.counted()?;
    // A condition that is an error on every value ends every run: that is `gate/condition-type`.
    if can_fail(&counted) || super::condition_type::always_errs(gate) {
        return None;
    }
    let limit = metric.failure_limit.unwrap_or(0);
    let (at, message) = match metric.count {
        Some(count) if limit >= count || limit < 0 => {
            let allowed = if limit < 0 { "any number".to_owned() } else { limit.to_string() };
            (
                metric.at.key("failureLimit"),
                format!("{} measures {count} times and allows {allowed} of them to fail", view.name()),
            )
        }
        _ => {
            let side = gate.success.as_ref().or(gate.failure.as_ref());
            let at = side.map_or_else(|| metric.at.clone(), |s| s.text.at.clone());
            (at, format!("no measurement can fail {}", view.name()))
        }
    };
    let lower = (at == metric.at.key("failureLimit")).then(|| {
        let value = lowest_failure_limit_keeping_one_lost_sample_harmless(&gate.limits);
        fix(
            format!("Set failureLimit to {value}"),
            Safety::Safe,
            [put(view.contract, &metric.at, "failureLimit", Value::Int(value), "count")],
        )
    });
    Some(draft(&at, message).fix(lower))
}

/// The rollout's own entry that makes the metric run dry.
fn given_dry_run(view: &View<'_, '_>) -> Option<Place> {
    let (analysis, _) = view.rollout()?.runs().find(|(a, _)| Some(&a.at) == view.gate.analysis.as_ref())?;
    let covers = |t: &&model::Text| model::dry_run_covers(&t.value, &view.metric.name);
    analysis.dry_run.iter().find(covers).map(|t| t.at.clone())
}

/// A guarded condition from the policy's threshold.
pub(crate) fn policy_condition(view: &View<'_, '_>) -> Option<Fix> {
    let (op, value) = super::meaning::wanted(view)?;
    let condition = gate::condition::guarded(op, value, view.gate.result_type?);
    Some(fix(
        "Use the policy's condition",
        Safety::Safe,
        [put(view.contract, &view.metric.at, "successCondition", Value::Str(condition), "name")],
    ))
}

/// With a failure condition alone, what is not bad is good: NaN and, where it does not error, no data.
fn failure_only(view: &View<'_, '_>) -> Option<Draft> {
    let (None, Some(failure)) = (&view.gate.success, &view.gate.failure) else { return None };
    let outcomes = view.gate.outcomes()?;
    if outcomes.nan != Outcome::Successful && outcomes.none != Outcome::Successful {
        return None;
    }
    let what = if outcomes.none == Outcome::Successful { "no data and NaN count" } else { "NaN counts" };
    let message = format!("{} has a failureCondition alone: {what} as success", view.name());
    let consequence =
        "a canary without traffic or telemetry is promoted: a ratio or a quantile over no requests is NaN";
    let mend = view.gate.bound_op().filter(|_| !failure.text.value.contains("{{")).map(|threshold| {
        let condition = gate::condition::guarded(
            threshold.op,
            threshold.value,
            view.gate.result_type.unwrap_or(ResultType::Vector),
        );
        let rename = Op::SetKey { route: failure.text.at.route.clone(), key: "successCondition".to_owned() };
        let renamed = failure.text.at.parent().key("successCondition");
        fix(
            "Turn it into a success condition that is false on no data",
            Safety::Safe,
            [(renamed.file, rename), set(&renamed, Value::Str(condition))],
        )
    });
    Some(Draft::new(RULE.name, severity(view), &failure.text.at, message, consequence).fix(mend))
}

/// No series at all, and still a success: a fallback answers for them, or the condition takes an empty result.
fn passes_on_nothing(view: &View<'_, '_>) -> Option<Draft> {
    let (measured, outcome) = view.contract.simulated(view.index).nothing()?;
    if outcome != Outcome::Successful {
        return None;
    }
    let (text, query) = view.query()?;
    // A query that asks for absence, or reads no series at all, is meant to answer without any.
    if query.selectors().is_empty()
        || query.selectors().iter().all(|s| s.is_inside_call(&["absent", "absent_over_time"]))
    {
        return None;
    }
    let consequence = "a canary that sends nothing is promoted: the gate takes the lack of data for good data";
    let fallback = query.fallbacks().into_iter().find(|f| f.scope != FallbackScope::Numerator);
    if let Some(fallback) = fallback {
        let value = fallback.value.map(|v| format!(" reads as {v} and")).unwrap_or_default();
        let message = format!("no data{value} passes {}: the query falls back on it", view.name());
        let mend = super::fallback::mended(view);
        let draft = Draft::new(RULE.name, severity(view), &text.at, message, consequence).within(fallback.cut.clone());
        return Some(draft.fix(mend));
    }
    let success = view.gate.success.as_ref()?;
    let shown = match measured {
        gate::condition::Measured::Vector(v) if v.is_empty() => "an empty result".to_owned(),
        other => format!("{other:?}"),
    };
    let message = format!("{} passes on {shown}: the condition is true without data", view.name());
    let condition = match view.gate.bound_op() {
        Some(t) if !success.text.value.contains("{{") => {
            gate::condition::guarded(t.op, t.value, view.gate.result_type?)
        }
        _ => guard(success, view.gate.result_type == Some(ResultType::Scalar)),
    };
    let mend = fix("Make the condition false on no data", Safety::Safe, [set(&success.text.at, Value::Str(condition))]);
    Some(Draft::new(RULE.name, severity(view), &success.text.at, message, consequence).fix(mend))
}

/// Every ride fails, or takes a hundred times as long, and the gate still passes.
fn passes_the_worst(view: &View<'_, '_>) -> Option<Draft> {
    let (healthy, outcome) = view.contract.simulated(view.index).healthy()?;
    let load = match view.gate.kind {
        GateKind::ErrorRate => Load::FAILING,
        GateKind::Latency => Load { slow: 100.0, ..Load::HEALTHY },
        GateKind::Traffic | GateKind::Other => return None,
    };
    let (worst, still) = view.contract.simulated(view.index).under(load)?;
    if outcome != Outcome::Successful || still != Outcome::Successful {
        return None;
    }
    // What does not see the failures at all judges something else, and is reported as that.
    if healthy == worst || histogram_end(view).is_some() {
        return None;
    }
    let side = view.gate.success.as_ref().or(view.gate.failure.as_ref())?;
    let what =
        if view.gate.kind == GateKind::ErrorRate { "every ride fails" } else { "rides take a hundred times as long" };
    let message = format!("{} passes even where {what}", view.name());
    let mut draft = Draft::new(RULE.name, RULE.severity, &side.text.at, message, NEVER);
    draft = draft.fix(super::view::rewrite(view, "Take the value as it is", unclamped));
    for rule in
        ["gate/threshold-deviates", "gate/label-never-exists", "gate/series-never-exists", "gate/arbitrary-series"]
    {
        draft = draft.echo(rule, Some(&view.metric.at));
    }
    Some(draft)
}

/// A quantile never exceeds the histogram's last bound: a gate on more than that passes always.
fn ends_below(view: &View<'_, '_>) -> Option<Draft> {
    let (end, buckets, mend) = histogram_end(view)?;
    let side = view.gate.success.as_ref().or(view.gate.failure.as_ref())?;
    let message =
        format!("{} cannot fail: the histogram's last bound is {end} ms, and no quantile exceeds it", view.name());
    let draft = Draft::new(RULE.name, RULE.severity, &side.text.at, message, NEVER);
    Some(draft.related(&buckets, "these bounds").fix(mend))
}

/// Takes the cap off the whole query.
fn unclamped(query: &Query) -> Option<Splice> {
    let mut root = query.root();
    while let ExprKind::Paren(inner) = &root.kind {
        root = inner;
    }
    let ExprKind::Call(call) = &root.kind else { return None };
    let capped = matches!(call.function.as_str(), "clamp" | "clamp_max");
    let inner = call.args.first().filter(|_| capped)?;
    Some(Splice { range: root.span.clone(), text: query.text().get(inner.span.clone())?.to_owned() })
}

/// The explicit histogram's last bound in milliseconds, where it lies below what the gate compares a quantile with; the place
/// of the bounds; and the bound that is missing.
fn histogram_end(view: &View<'_, '_>) -> Option<(f64, Place, Fix)> {
    let (_, query) = view.query()?;
    let (_, selectors) = query.quantile()?;
    let source = selectors.iter().find_map(|s| match view.families(s).next()?.origin {
        Origin::Spans { source, .. } => view.contract.span_metrics.get(source),
        Origin::Workload(_) => None,
    })?;
    let threshold = view.gate.bound_op()?.value / super::meaning::factor(query.root()) * source.unit_ms;
    let end = source.bounds.last()? * source.unit_ms;
    let buckets = source.connector.key("histogram").key("explicit").key("buckets");
    view.contract.repository.node(&buckets).filter(|n| n.is_sequence())?;
    let upper = matches!(view.gate.bound_op()?.op, gate::condition::Op::Lt | gate::condition::Op::Le);
    if !threshold.is_finite() || end >= threshold || !upper {
        return None;
    }
    let bound = if threshold % 1000.0 == 0.0 { format!("{}s", threshold / 1000.0) } else { format!("{threshold}ms") };
    let op = Op::Append { route: buckets.route.clone(), value: Value::Str(bound.clone()) };
    let mend = fix(format!("Add the bound {bound}"), Safety::Safe, [(buckets.file, op)]);
    Some((end, buckets, mend))
}

/// Only a warning where another gate of the same run fails when the same series are missing.
fn severity(view: &View<'_, '_>) -> Severity {
    let sources = sources(view);
    let guarded = views(view.contract).any(|other| {
        let same_run = other.gate.rollout == view.gate.rollout
            && other.gate.analysis == view.gate.analysis
            && other.index != view.index;
        let needs = self::sources(&other);
        same_run
            && !needs.is_empty()
            && needs.is_subset(&sources)
            && other.gate.counted().is_some_and(|c| can_fail(&c))
            && fails_without(&other)
    });
    if guarded { Severity::Warning } else { Severity::Error }
}

/// What a gate's series come from: one connector's metrics come and go together.
fn sources(view: &View<'_, '_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for selector in view.selectors() {
        let Some(name) = &selector.name else { continue };
        let family = view.contract.known(name).next();
        found.insert(match family.map(|f| &f.origin) {
            Some(Origin::Spans { source, .. }) => format!("connector {source}"),
            _ => name.clone(),
        });
    }
    found
}

/// Whether the gate fails when the canary's series are missing, stable pods' or not.
fn fails_without(view: &View<'_, '_>) -> bool {
    let simulated = view.contract.simulated(view.index);
    let outcome = simulated.stable_only().or_else(|| simulated.nothing()).map(|(_, o)| o);
    matches!(outcome, Some(Outcome::Failed | Outcome::Error | Outcome::Inconclusive))
}
