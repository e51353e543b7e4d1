//! `gate/threshold-deviates`: threshold or comparison differs from the policy.

use super::view::{View, rewrite, set, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::gates::GateKind;
use contract::{Contract, Origin};
use gate::condition::Op;
use gate::promql::{Expr, ExprKind, MatchOp, Operator, Query, Splice};
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
    for view in views(contract) {
        if view.mission().is_none() {
            continue;
        }
        if let Some(draft) = quantile(&view) {
            drafts.push(draft);
        }
        if let Some(draft) = threshold(&view) {
            drafts.push(draft);
        }
    }
}

/// The comparison and threshold that the policy asks for, in the unit of what the query answers.
pub(crate) fn wanted(view: &View<'_, '_>) -> Option<(Op, f64)> {
    let gates = &view.mission()?.gates;
    let query = view.gate.bound.as_ref().or_else(|| view.gate.query())?;
    let scale = factor(query.root());
    match view.gate.kind {
        GateKind::Traffic => {
            let per_minute = query.selectors().iter().find(|s| s.is_inside_call(&["increase"]));
            let window = per_minute.and_then(|s| s.range).map_or(1.0, |r| r.as_secs_f64());
            Some((Op::Ge, gates.traffic_at_least? * scale * window))
        }
        GateKind::ErrorRate => {
            query.ratio()?;
            let below = gates.error_rate_below?;
            if counts_successes(query) { Some((Op::Gt, (1.0 - below) * scale)) } else { Some((Op::Lt, below * scale)) }
        }
        GateKind::Latency => Some((Op::Lt, gates.latency_below_ms? / unit_ms(view, query) * scale)),
        GateKind::Other => None,
    }
}

fn threshold(view: &View<'_, '_>) -> Option<Draft> {
    let (op, value) = wanted(view)?;
    let side = view.gate.success.as_ref().filter(|s| s.threshold.is_some()).or(view.gate.failure.as_ref())?;
    let found = view.gate.bound_op()?;
    let close = (found.value - value).abs() <= value.abs() * 1e-9 + f64::EPSILON;
    if close && found.op == op {
        return None;
    }
    let message = format!(
        "{} passes where the value is {} {}; the policy asks for {} {}",
        view.name(),
        found.op.text(),
        found.value,
        op.text(),
        trimmed(value)
    );
    let consequence = match view.gate.kind {
        GateKind::Traffic => "the gate does not ask for the traffic that the verdict needs",
        GateKind::ErrorRate => "canaries pass or abort at another error rate than the one agreed on",
        _ => "canaries pass or abort at another latency than the one agreed on",
    };
    let negated = view.gate.success.as_ref().is_none_or(|s| s.text.at != side.text.at);
    let wanted_op = if negated { turned(op) } else { op };
    let literal = !side.text.value.contains("{{");
    let mend =
        side.condition().filter(|_| literal).and_then(|c| c.with_threshold(wanted_op, tidy(value))).map(|text| {
            fix(
                format!("Ask for {} {}", op.text(), trimmed(value)),
                Safety::Safe,
                [set(&side.text.at, Value::Str(text))],
            )
        });
    let draft = Draft::new(RULE.name, RULE.severity, &side.text.at, message, consequence);
    Some(draft.fix(mend))
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

fn trimmed(value: f64) -> String {
    format!("{}", tidy(value))
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
        ExprKind::Call(call) => call.args.iter().find_map(quantile_span),
        ExprKind::Paren(inner) | ExprKind::Negation(inner) => quantile_span(inner),
        ExprKind::Aggregation(a) => quantile_span(&a.expr),
        ExprKind::Binary(b) => quantile_span(&b.left).or_else(|| quantile_span(&b.right)),
        _ => None,
    }
}

/// The number that the query multiplies its answer by (`100 * errors / total`).
fn factor(expr: &Expr) -> f64 {
    match &expr.kind {
        ExprKind::Paren(inner) => factor(inner),
        ExprKind::Binary(binary) => {
            let (left, right) = (Query::literal(&binary.left), Query::literal(&binary.right));
            match (binary.op, left, right) {
                (Operator::Mul, Some(k), None) => k * factor(&binary.right),
                (Operator::Mul, None, Some(k)) => k * factor(&binary.left),
                (Operator::Div, None, Some(k)) if k != 0.0 => factor(&binary.left) / k,
                (Operator::Div, None, None) => factor(&binary.left) / factor(&binary.right),
                (Operator::Or | Operator::And | Operator::Unless, ..) => factor(&binary.left),
                (op, None, Some(_)) if op.is_comparison() => factor(&binary.left),
                _ => 1.0,
            }
        }
        ExprKind::Aggregation(aggregation) => factor(&aggregation.expr),
        ExprKind::Call(call) => match call.function.as_str() {
            "round" | "clamp" | "clamp_min" | "clamp_max" | "scalar" | "vector" => {
                call.args.first().map_or(1.0, factor)
            }
            _ => 1.0,
        },
        _ => 1.0,
    }
}

/// The ratio's numerator keeps what went well.
fn counts_successes(query: &Query) -> bool {
    let Some(ratio) = query.ratio() else { return false };
    ratio.numerator.iter().flat_map(|s| &s.matchers).any(|m| {
        let error_value = m.value.eq_ignore_ascii_case("true") || m.value.contains("ERROR") || m.value.starts_with('5');
        match m.op {
            MatchOp::Eq | MatchOp::Re => {
                (m.name == "error" && m.value == "false")
                    || m.value.contains("STATUS_CODE_OK")
                    || m.value.contains("STATUS_CODE_UNSET")
                    || m.value.starts_with('2')
            }
            MatchOp::Ne | MatchOp::Nre => {
                error_value && (m.name == "error" || m.name.contains("status") || m.name.contains("code"))
            }
        }
    })
}

/// Milliseconds of one unit of the durations that the query reads.
fn unit_ms(view: &View<'_, '_>, query: &Query) -> f64 {
    for selector in query.selectors() {
        for family in view.families(selector) {
            if let Origin::Spans { source, .. } = family.origin
                && let Some(source) = view.contract.span_metrics.get(source)
            {
                return source.unit_ms;
            }
        }
    }
    let seconds = |name: &str| name.contains("_seconds") || name.contains("request_latency");
    if query.selectors().iter().filter_map(|s| s.name.as_deref()).any(seconds) { 1000.0 } else { 1.0 }
}
