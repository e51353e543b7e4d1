//! `gate/arbitrary-series`: several series can come back and only the first is read.

use super::view::{View, rewrite, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{Rule, SAFE};
use contract::Contract;
use gate::condition::{Element, ResultType};
use gate::promql::{Expr, ExprKind, Grouping, MatchOp, Query, Splice};

pub(crate) const RULE: Rule = Rule {
    name: "gate/arbitrary-series",
    severity: Severity::Error,
    summary: "several series can come back and only the first is read",
    fix: Some("aggregate"),
    safety: SAFE,
    page: include_str!("../../pages/gate/arbitrary-series.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some((text, query)) = view.query() else { continue };
        if view.gate.result_type != Some(ResultType::Vector) || !reads_first(&view) || single(&view, query) {
            continue;
        }
        let message = format!(
            "the query of {} can answer with several series, and the condition reads the first alone",
            view.name()
        );
        let consequence =
            "which series comes first is Prometheus' choice: one good pod, endpoint or code hides the bad ones";
        let mend = rewrite(&view, "Aggregate to one series", |query| aggregate(query, query.root(), None));
        drafts.push(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).fix(mend));
    }
}

fn reads_first(view: &View<'_, '_>) -> bool {
    let sides = [&view.gate.success, &view.gate.failure];
    let mut conditions = sides.into_iter().flatten().filter_map(|s| Some((s, s.condition()?))).peekable();
    conditions.peek().is_some()
        && conditions.all(|(side, condition)| match &side.threshold {
            Some(threshold) => matches!(threshold.on, Element::First | Element::Last),
            None => condition.text().contains("result[0]"),
        })
}

/// At most one element, also because every grouping label is pinned to one value.
fn single(view: &View<'_, '_>, query: &Query) -> bool {
    query.aggregates_to_single_series() || pinned(view, query, query.root(), false)
}

/// Whether the expression's labels can take one combination only; `buckets`: under a quantile, which uses up `le`.
fn pinned(view: &View<'_, '_>, query: &Query, expr: &Expr, buckets: bool) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Paren(inner) | ExprKind::Negation(inner) => pinned(view, query, inner, buckets),
        ExprKind::Binary(binary) => {
            !binary.op.is_set()
                && pinned(view, query, &binary.left, buckets)
                && pinned(view, query, &binary.right, buckets)
        }
        ExprKind::Call(call) if call.function == "histogram_quantile" => {
            call.args.get(1).is_some_and(|inner| pinned(view, query, inner, true))
        }
        ExprKind::Call(call) => call.args.iter().all(|inner| pinned(view, query, inner, buckets)),
        ExprKind::Aggregation(aggregation) => {
            let selectors = query.selectors_in(&aggregation.expr);
            let labels = match &aggregation.grouping {
                Grouping::By(labels) => labels.clone(),
                // What is left of labels that are all known.
                Grouping::Without(gone) => {
                    let families: Vec<_> = selectors.iter().flat_map(|s| view.families(s)).collect();
                    if families.is_empty() || families.iter().any(|f| f.open) {
                        return false;
                    }
                    let all = families.iter().flat_map(|f| f.labels.keys());
                    all.filter(|label| !gone.contains(label)).cloned().collect()
                }
            };
            let one = |label: &String| {
                let equal = |m: &gate::promql::Matcher| m.name == *label && m.op == MatchOp::Eq && !m.value.is_empty();
                !selectors.is_empty() && selectors.iter().all(|s| s.matchers.iter().any(equal))
            };
            let several =
                matches!(aggregation.op.as_str(), "topk" | "bottomk" | "count_values" | "limitk" | "limit_ratio");
            !several && labels.iter().filter(|l| !buckets || *l != "le").all(one)
        }
        _ => false,
    }
}

/// The next splice on the way to one series. `keep` is the grouping that a surrounding quantile needs.
pub(super) fn aggregate(query: &Query, expr: &Expr, keep: Option<&str>) -> Option<Splice> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Negation(inner) => aggregate(query, inner, keep),
        ExprKind::Binary(binary) if binary.op.is_set() => aggregate(query, &binary.left, keep),
        ExprKind::Binary(binary) => {
            aggregate(query, &binary.left, keep).or_else(|| aggregate(query, &binary.right, keep))
        }
        ExprKind::Number(_) | ExprKind::Text(_) => None,
        ExprKind::Call(call) if call.function == "histogram_quantile" => {
            aggregate(query, call.args.get(1)?, Some("le"))
        }
        ExprKind::Call(call) if matches!(call.function.as_str(), "vector" | "scalar" | "time" | "absent") => None,
        ExprKind::Call(call)
            if matches!(
                call.function.as_str(),
                "clamp_min" | "clamp_max" | "clamp" | "round" | "ceil" | "floor" | "abs"
            ) =>
        {
            aggregate(query, call.args.first()?, keep)
        }
        ExprKind::Aggregation(aggregation)
            if !matches!(aggregation.op.as_str(), "topk" | "bottomk" | "count_values" | "limitk") =>
        {
            let wanted: Vec<String> = keep.map(str::to_owned).into_iter().collect();
            if aggregation.grouping == Grouping::By(wanted) {
                return None;
            }
            let text = keep.map(|label| format!("by ({label})")).unwrap_or_default();
            let Some(span) = aggregation.grouping_span.clone() else {
                let end = aggregation.op_span.end;
                return Some(Splice { range: end..end, text: format!(" {text} ") });
            };
            // `sum by (x) (…)` becomes `sum(…)`, `sum(…) by (x)` too: the blank beside a grouping goes with it.
            let blank = |c: char| c.is_whitespace();
            let after = query.text().get(span.end..).map_or(0, |t| t.len() - t.trim_start_matches(blank).len());
            let before = query.text().get(..span.start).map_or(0, |t| t.len() - t.trim_end_matches(blank).len());
            let leads = span.start < aggregation.expr.span.start;
            let range = match (text.is_empty(), leads) {
                (false, _) => span,
                (true, true) => span.start - before..span.end + after,
                (true, false) => span.start - before..span.end,
            };
            Some(Splice { range, text })
        }
        _ => {
            let before = keep.map_or_else(|| "sum(".to_owned(), |label| format!("sum by ({label}) ("));
            let [open, close] = query.wrap(expr, &before, ")")?;
            let inner = query.text().get(open.range.end..close.range.start)?;
            Some(Splice {
                range: open.range.start..close.range.end,
                text: format!("{}{inner}{}", open.text, close.text),
            })
        }
    }
}
