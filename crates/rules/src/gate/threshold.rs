//! `gate/threshold-deviates`: threshold, comparison or what is compared differs from the policy.

use super::meaning::{factor, wanted};
use super::view::{View, difference, rewrite, set, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::gates::{GateKind, Side};
use contract::{Contract, Load};
use gate::analysis::Outcome;
use gate::condition::{Measured, Op, ResultType};
use gate::promql::{Comparison, Expr, ExprKind, Operator, Query, Splice};
use std::collections::BTreeSet;
use yaml::Value;

pub(crate) const RULE: Rule = Rule {
    name: "gate/threshold-deviates",
    severity: Severity::Error,
    summary: "threshold or comparison differs from the policy",
    fix: Some("the policy's"),
    safety: SAFE,
    page: include_str!("../../pages/gate/threshold-deviates.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let list: Vec<View<'_, '_>> = views(contract).filter(|v| v.mission().is_some()).collect();
    let found: Vec<Vec<Draft>> = list.iter().map(deviations).collect();
    for (view, deviations) in list.iter().zip(&found) {
        // A further gate (the median beside the 95th percentile) beside one that keeps the policy over the same requests is
        // the author's own.
        let kept = list.iter().zip(&found).any(|(other, d)| d.is_empty() && same_requests(view, other));
        if !kept {
            for deviation in deviations {
                drafts.push(deviation.clone());
            }
        }
    }
}

fn deviations(view: &View<'_, '_>) -> Vec<Draft> {
    // What judges something else than the policy speaks of has no threshold to compare.
    if let Some(draft) =
        mean(view).or_else(|| count_of_errors(view)).or_else(|| any_traffic(view)).or_else(|| no_rate(view))
    {
        return vec![draft];
    }
    quantile(view).into_iter().chain(threshold(view)).collect()
}

fn same_requests(view: &View<'_, '_>, other: &View<'_, '_>) -> bool {
    let requests = |v: &View<'_, '_>| -> BTreeSet<String> {
        let matchers = v.selectors().iter().flat_map(|s| &s.matchers).filter(|m| m.name != "le");
        matchers.map(|m| format!("{}{}{}", m.name, m.op.sign(), m.value)).collect()
    };
    other.index != view.index
        && other.gate.kind == view.gate.kind
        && other.gate.rollout == view.gate.rollout
        && other.gate.analysis == view.gate.analysis
        && wanted(other).is_some()
        && requests(view) == requests(other)
}

/// Where a gate's bound stands.
enum Bound<'v> {
    Condition(&'v Side),
    /// In the query: `sum(…) >= 0.05`, which answers nothing below it.
    Query(Comparison),
}

fn bound<'v>(view: &View<'v, '_>) -> Option<(Op, f64, Bound<'v>)> {
    let answers_bool = view.query().is_some_and(|(_, q)| q.comparisons().iter().any(|c| c.whole && c.returns_bool));
    if let Some(found) = view.gate.bound_op().filter(|_| !answers_bool) {
        let side = view.gate.success.as_ref().filter(|s| s.threshold.is_some()).or(view.gate.failure.as_ref())?;
        return Some((found.op, found.value, Bound::Condition(side)));
    }
    let outcomes = view.gate.outcomes()?;
    let success = view.gate.success.as_ref()?.condition()?;
    let passes = |value: f64| success.eval(&Measured::Vector(vec![value])) == Ok(true);
    let comparison = view.query()?.1.comparisons().into_iter().find(|c| c.whole)?;
    // With `bool` it answers 1 where it holds, without it nothing where it does not.
    let kept = passes(1.0) && passes(0.0) != comparison.returns_bool;
    let op = match comparison.op {
        Operator::Lt => Op::Lt,
        Operator::Le => Op::Le,
        Operator::Gt => Op::Gt,
        Operator::Ge => Op::Ge,
        _ => return None,
    };
    (kept && outcomes.none != Outcome::Successful).then_some((op, comparison.threshold, Bound::Query(comparison)))
}

fn threshold(view: &View<'_, '_>) -> Option<Draft> {
    let (op, value) = wanted(view)?;
    let (found_op, found, bound) = bound(view)?;
    let close = (found - value).abs() <= value.abs() * 1e-9 + f64::EPSILON;
    if close && found_op == op {
        return None;
    }
    let message = format!(
        "{} passes where the value is {} {found}; the policy asks for {} {}",
        view.name(),
        found_op.text(),
        op.text(),
        tidy(value)
    );
    let consequence = match view.gate.kind {
        GateKind::Traffic => "the gate does not ask for the traffic that the verdict needs",
        GateKind::ErrorRate => "canaries pass or abort at another error rate than the one agreed on",
        _ => "canaries pass or abort at another latency than the one agreed on",
    };
    let title = format!("Ask for {} {}", op.text(), tidy(value));
    Some(match bound {
        Bound::Condition(side) => {
            let mend = in_condition(view, side, op, value, title);
            Draft::new(RULE.name, RULE.severity, &side.text.at, message, consequence).fix(mend)
        }
        Bound::Query(comparison) => {
            let (text, _) = view.query()?;
            let mend = rewrite(view, &title, |query| {
                let now = query.comparisons().into_iter().find(|c| c.whole)?;
                let number = tidy(value).to_string();
                ((now.threshold - value).abs() > value.abs() * 1e-9).then(|| query.replace_threshold(&now, &number))?
            });
            let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence);
            draft.within(comparison.threshold_span).fix(mend)
        }
    })
}

fn in_condition(view: &View<'_, '_>, side: &Side, op: Op, value: f64, title: String) -> Option<Fix> {
    // Positions in the condition are those of the text with its arguments in it.
    if side.text.value.contains("{{") {
        return None;
    }
    let negated = view.gate.success.as_ref().is_none_or(|s| s.text.at != side.text.at);
    let text = side.condition()?.with_threshold(if negated { turned(op) } else { op }, tidy(value))?;
    Some(fix(title, Safety::Safe, [set(&side.text.at, Value::Str(text))]))
}

fn turned(op: Op) -> Op {
    match op {
        Op::Lt => Op::Ge,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::Ge => Op::Lt,
    }
}

/// A number without the dust of binary fractions.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

fn quantile(view: &View<'_, '_>) -> Option<Draft> {
    let wanted = view.mission()?.gates.latency_quantile?;
    let (text, query) = view.query()?;
    let (found, _) = query.quantile()?;
    if view.gate.kind != GateKind::Latency || found.is_nan() || (found - wanted).abs() < 1e-9 {
        return None;
    }
    let span = quantile_span(query.root())?;
    let message = format!("{} looks at the {found} quantile; the policy asks for {wanted}", view.name());
    let consequence = if found < wanted {
        "the slowest requests, which the policy is about, are left out"
    } else {
        "the gate judges rarer requests than the policy speaks of"
    };
    let mend = rewrite(view, &format!("Look at the {wanted} quantile"), |query| {
        let (now, _) = query.quantile()?;
        ((now - wanted).abs() >= 1e-9)
            .then(|| Some(Splice { range: quantile_span(query.root())?, text: wanted.to_string() }))?
    });
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).within(span).fix(mend))
}

fn quantile_span(expr: &Expr) -> Option<std::ops::Range<usize>> {
    match &expr.kind {
        ExprKind::Call(call) if call.function == "histogram_quantile" => call.args.first().map(|a| a.span.clone()),
        _ => expr.children().into_iter().find_map(quantile_span),
    }
}

/// A mean (`sum / count`) where the policy asks for a quantile.
fn mean(view: &View<'_, '_>) -> Option<Draft> {
    let wanted = view.mission()?.gates.latency_quantile?;
    let (text, query) = view.query()?;
    let ratio = query.ratio().filter(|_| view.gate.kind == GateKind::Latency && query.quantile().is_none())?;
    let message = format!("{} judges the mean; the policy asks for the {wanted} quantile", view.name());
    let consequence = "a few fast requests hide the slow ones that the policy is about";
    let mend = quantile_instead(view, query, wanted)
        .map(|edited| fix(format!("Judge the {wanted} quantile"), Safety::Safe, [difference(text, &edited)]));
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).within(ratio.span).fix(mend))
}

/// The query over the histogram's buckets, where there are any.
fn quantile_instead(view: &View<'_, '_>, query: &Query, wanted: f64) -> Option<String> {
    let ratio = query.ratio()?;
    let [sum] = ratio.numerator.as_slice() else { return None };
    let name = sum.name.as_deref()?.strip_suffix("_sum")?;
    let bucket = format!("{name}_bucket");
    if !view.contract.exists(&bucket) {
        return None;
    }
    let (span, named) = (sum.span.clone(), sum.name_span.clone()?);
    let selector = format!("{bucket}{}", query.text().get(named.end..span.end)?);
    let scale = factor(query.root());
    let scale = if scale == 1.0 { String::new() } else { format!(" * {scale}") };
    let edited = format!("histogram_quantile({wanted},\n  sum by (le) (rate({selector}))\n){scale}");
    let end = if query.text().ends_with('\n') { "\n" } else { "" };
    gate::promql::parse(&edited).ok().map(|_| edited + end)
}

/// Failed requests per second where the policy speaks of a share.
fn count_of_errors(view: &View<'_, '_>) -> Option<Draft> {
    view.mission()?.gates.error_rate_below?;
    let (text, query) = view.query()?;
    if view.gate.kind != GateKind::ErrorRate || query.ratio().is_some() {
        return None;
    }
    let message = format!("{} counts failed requests; the policy asks for their share of all", view.name());
    let consequence = "whether a canary passes depends on how much traffic it gets, not on how well it serves it";
    let mend =
        share_instead(query).map(|edited| fix("Divide by all requests", Safety::Safe, [difference(text, &edited)]));
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).fix(mend))
}

/// The query divided by itself without the matcher that keeps failures.
fn share_instead(query: &Query) -> Option<String> {
    let [selector] = query.selectors() else { return None };
    let mut failing = selector.matchers.iter().filter(|m| m.name == "error" || m.name.contains("status"));
    let (Some(matcher), None) = (failing.next(), failing.next()) else { return None };
    let numerator = query.text().trim_end();
    let removed = query.remove_matcher(selector, matcher)?;
    let all = Splice::apply(query.text(), &[removed])?;
    let edited = format!("{numerator}\n/\n{}", all.trim_end());
    let end = if query.text().ends_with('\n') { "\n" } else { "" };
    gate::promql::parse(&edited).ok().map(|_| edited + end)
}

/// A traffic gate whose number is no rate of requests: ten times the riders change nothing, or it grows for ever.
fn no_rate(view: &View<'_, '_>) -> Option<Draft> {
    let asked = view.mission()?.gates.traffic_at_least?;
    if view.gate.kind != GateKind::Traffic {
        return None;
    }
    let (text, query) = view.query()?;
    let (healthy, outcome) = view.contract.simulated(view.index).healthy()?;
    let healthy = number(&healthy).filter(|_| outcome == Outcome::Successful)?;
    let read = |load: Load| number(&view.contract.simulated(view.index).read(load)?);
    // A bound inside the query answers nothing, or 0, below it.
    let sieved = query.comparisons().iter().any(|c| c.whole);
    let busy = read(Load { rides: 10.0 * Load::HEALTHY.rides, ..Load::HEALTHY })?;
    let young = read(Load { since: -2_000.0, ..Load::HEALTHY })?;
    let near = |a: f64, b: f64| (a - b).abs() <= 0.2 * a.abs().max(b.abs());
    let (what, consequence) = if !near(young, healthy) {
        (
            "grows with the canary's age",
            "after the first few requests of its life the canary passes for ever, riders or not",
        )
    } else if !sieved && near(busy, healthy) {
        ("is the same at ten times the traffic", "the gate does not see how much traffic there is")
    } else {
        return None;
    };
    let message = format!("{} {what}; the policy asks for at least {asked} requests a second", view.name());
    let mend = rate_instead(view, query).map(|(edited, title)| fix(title, Safety::Safe, [difference(text, &edited)]));
    let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).fix(mend);
    Some(
        draft
            .echo("gate/counts-spans-not-requests", Some(&view.metric.at))
            .echo("gate/arbitrary-series", Some(&view.metric.at))
            .echo("gate/not-scoped-to-canary", None),
    )
}

/// A condition that asks whether there are series at all.
fn any_traffic(view: &View<'_, '_>) -> Option<Draft> {
    let asked = view.mission()?.gates.traffic_at_least?;
    let (text, query) = view.query()?;
    if view.gate.kind != GateKind::Traffic || bound(view).is_some() || query.comparisons().iter().any(|c| c.whole) {
        return None;
    }
    let passes = |load: Load| {
        let found = view.contract.simulated(view.index).under(load);
        found.is_some_and(|(_, outcome)| outcome == Outcome::Successful)
    };
    if !passes(Load::HEALTHY) || !passes(Load { rides: asked / 10.0, ..Load::HEALTHY }) {
        return None;
    }
    let success = view.gate.success.as_ref()?;
    let message =
        format!("{} asks whether there is any; the policy asks for at least {asked} requests a second", view.name());
    let mend = sum_of_rates(query).filter(|_| view.gate.failure.is_none()).map(|edited| {
        let condition = gate::condition::guarded(Op::Ge, asked, ResultType::Vector);
        fix(
            format!("Ask for >= {asked}"),
            Safety::Safe,
            [difference(text, &edited), set(&success.text.at, Value::Str(condition))],
        )
    });
    let consequence = "the gate does not ask for the traffic that the verdict needs";
    let draft = Draft::new(RULE.name, RULE.severity, &success.text.at, message, consequence).fix(mend);
    Some(draft.echo("gate/not-scoped-to-canary", None).echo("gate/vacuous", Some(&view.metric.at)))
}

fn number(measured: &Measured) -> Option<f64> {
    match measured {
        Measured::Scalar(value) => Some(*value),
        Measured::Vector(values) => values.first().copied(),
    }
    .filter(|v| v.is_finite())
}

/// The sum of the rates of what the query selects.
fn rate_instead(view: &View<'_, '_>, query: &Query) -> Option<(String, &'static str)> {
    if query.comparisons().iter().any(|c| c.whole) {
        return None;
    }
    let edited = sum_of_rates(query)?;
    let (op, value) = wanted(view)?;
    // Only where the condition already compares with the policy's rate.
    let bound = view.gate.bound_op()?;
    (bound.op == op && (bound.value - value).abs() <= 1e-9).then_some((edited, "Sum the rates"))
}

fn sum_of_rates(query: &Query) -> Option<String> {
    let [selector] = query.selectors() else { return None };
    let written = query.text().get(selector.span.clone())?;
    let ranged = if selector.range.is_some() { written.to_owned() } else { format!("{written}[2m]") };
    let edited = format!("sum(rate({ranged}))");
    let end = if query.text().ends_with('\n') { "\n" } else { "" };
    gate::promql::parse(&edited).ok().map(|_| edited + end)
}
