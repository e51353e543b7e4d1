//! What a gate's number means in the policy's terms: its unit, and whether it rises or falls when requests fail.

use super::view::View;
use contract::gates::GateKind;
use contract::{Load, Origin};
use gate::condition::{Measured, Op};
use gate::promql::{Expr, ExprKind, MatchOp, Operator, Query};

/// The comparison and threshold that the policy asks for, in the unit of what the query answers.
pub(crate) fn wanted(view: &View<'_, '_>) -> Option<(Op, f64)> {
    let gates = &view.mission()?.gates;
    let query = view.gate.bound.as_ref().or_else(|| view.gate.query())?;
    let scale = factor(query.root());
    match view.gate.kind {
        GateKind::Traffic => {
            let counted = query.selectors().iter().find(|s| s.is_inside_call(&["increase"]));
            let window = counted.and_then(|s| s.range).map_or(1.0, |r| r.as_secs_f64());
            Some((Op::Ge, gates.traffic_at_least? * scale * window))
        }
        GateKind::ErrorRate => {
            let ratio = query.ratio()?;
            let below = gates.error_rate_below?;
            let rises = rises(view).unwrap_or_else(|| counts_successes(query) == ratio.complement);
            if rises { Some((Op::Lt, below * ratio.scale)) } else { Some((Op::Gt, (1.0 - below) * ratio.scale)) }
        }
        // A share of fast requests has its bound in `le`, not in the condition.
        GateKind::Latency if query.quantile().is_none() && query.selectors().iter().any(is_bucket) => None,
        GateKind::Latency => Some((Op::Lt, gates.latency_below_ms? / unit_ms(view, query) * scale)),
        GateKind::Other => None,
    }
}

/// Whether the number rises when requests fail: half of the rides fail, and the query is asked. `None` where that can't be
/// told.
fn rises(view: &View<'_, '_>) -> Option<bool> {
    let simulated = view.contract.simulated(view.index);
    let (healthy, _) = simulated.healthy()?;
    let failing = simulated.read(Load { failing: 0.5, ..Load::HEALTHY })?;
    let (before, after) = (first(&healthy)?, first(&failing)?);
    let least = 0.02 * before.abs().max(after.abs());
    ((after - before).abs() > least).then_some(after > before)
}

fn first(measured: &Measured) -> Option<f64> {
    match measured {
        Measured::Scalar(value) => Some(*value),
        Measured::Vector(values) => values.first().copied(),
    }
    .filter(|v| v.is_finite())
}

/// The number that the query multiplies its answer by (`100 * errors / total`).
pub(crate) fn factor(expr: &Expr) -> f64 {
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
                (op, Some(_), None) if op.is_comparison() => factor(&binary.right),
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

/// The ratio's numerator keeps what went well: told by its matchers, where nobody described what a request leaves behind.
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

fn is_bucket(selector: &gate::promql::Selector) -> bool {
    selector.name.as_deref().is_some_and(|name| name.ends_with("_bucket"))
}
