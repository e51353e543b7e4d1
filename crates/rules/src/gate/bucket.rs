//! A part of `gate/label-never-exists`: a quantile over buckets whose `le` an aggregation has dropped.

use super::label::RULE;
use super::view::{View, rewrite};
use crate::draft::Draft;
use gate::promql::{Aggregation, Expr, ExprKind, Grouping, Query, Splice};

const CONSEQUENCE: &str =
    "a bucket without `le` counts for nothing: the query answers with nothing, for good canaries and bad ones alike";

/// Needs no description of the series: what the aggregation hands on is in the query.
pub(crate) fn dropped(view: &View<'_, '_>) -> Option<Draft> {
    let (text, query) = view.query()?;
    let found = first(query)?;
    let message =
        format!("{} takes a quantile of buckets, whose `le` is dropped by the `{}` under it", view.name(), found.op);
    let mend = rewrite(view, "Keep `le`", |query| keep(query, first(query)?));
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE).within(found.op_span.clone()).fix(mend))
}

/// The first aggregation right under a `histogram_quantile` that leaves no `le` on classic buckets.
fn first(query: &Query) -> Option<&Aggregation> {
    let mut found = None;
    query.root().walk(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind
            && call.function == "histogram_quantile"
            && let Some(aggregation) = call.args.get(1).and_then(aggregated)
            && drops(aggregation)
        {
            let selectors = query.selectors_in(&aggregation.expr);
            let classic = |name: &Option<String>| name.as_deref().is_some_and(|n| n.ends_with("_bucket"));
            if found.is_none() && !selectors.is_empty() && selectors.iter().all(|s| classic(&s.name)) {
                found = Some(aggregation);
            }
        }
    });
    found
}

fn aggregated(expr: &Expr) -> Option<&Aggregation> {
    match &expr.kind {
        ExprKind::Paren(inner) => aggregated(inner),
        ExprKind::Aggregation(aggregation) => Some(aggregation),
        _ => None,
    }
}

fn drops(aggregation: &Aggregation) -> bool {
    // The others hand labels on, or make new ones.
    matches!(aggregation.op.as_str(), "sum" | "avg" | "min" | "max" | "count" | "group")
        && match &aggregation.grouping {
            Grouping::By(labels) => !labels.iter().any(|l| l == "le" || l.contains("{{")),
            Grouping::Without(labels) => labels.iter().any(|l| l == "le"),
        }
}

fn keep(query: &Query, aggregation: &Aggregation) -> Option<Splice> {
    if !query.is_editable() {
        return None;
    }
    let Some(range) = aggregation.grouping_span.clone() else {
        let at = aggregation.op_span.end;
        let tight = query.text().get(at..)?.starts_with('(');
        return Some(Splice { range: at..at, text: format!(" by (le){}", if tight { " " } else { "" }) });
    };
    let labels = match &aggregation.grouping {
        Grouping::By(labels) => labels.as_slice(),
        Grouping::Without(_) => &[],
    };
    let all: Vec<&str> = std::iter::once("le").chain(labels.iter().map(String::as_str)).collect();
    Some(Splice { range, text: format!("by ({})", all.join(", ")) })
}
