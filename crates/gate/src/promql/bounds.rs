//! How many elements an answer can have, from the labels that can tell them apart.

use std::collections::BTreeSet;

use super::check::signature;
use super::constant::constant;
use super::expr::{Aggregation, Binary, Call, Cardinality, Expr, ExprKind, Grouping, Matching, Operator};
use super::query::ResultType;

/// What is known of a vector before there is data.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The labels that its elements can have; `None` when any. No labels at all: Prometheus refuses a second element.
    labels: Option<BTreeSet<String>>,
    /// Whether it has at most one element.
    pub(super) single: bool,
}

impl Bounds {
    fn new(labels: Option<BTreeSet<String>>, single: bool) -> Self {
        let single = single || labels.as_ref().is_some_and(BTreeSet::is_empty);
        Self { labels, single }
    }

    fn any() -> Self {
        Self::new(None, false)
    }

    fn one() -> Self {
        Self::new(Some(BTreeSet::new()), true)
    }
}

pub(super) fn of(expr: &Expr) -> Bounds {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => Bounds::one(),
        ExprKind::Selector(_) => Bounds::any(),
        ExprKind::Paren(inner) | ExprKind::Negation(inner) => of(inner),
        ExprKind::Subquery(subquery) => of(&subquery.expr),
        ExprKind::Aggregation(aggregation) => of_aggregation(aggregation),
        ExprKind::Call(call) => of_call(call),
        ExprKind::Binary(binary) => of_binary(binary),
    }
}

fn of_aggregation(aggregation: &Aggregation) -> Bounds {
    let inner = of(&aggregation.expr);
    match aggregation.op.as_str() {
        "topk" | "bottomk" => {
            let one = aggregation.grouping == Grouping::By(Vec::new())
                && aggregation.parameter.as_deref().and_then(constant).is_some_and(|k| k < 2.0);
            Bounds::new(inner.labels, inner.single || one)
        }
        op => {
            let mut labels = match (&aggregation.grouping, inner.labels) {
                (Grouping::By(by), None) => Some(by.iter().cloned().collect::<BTreeSet<_>>()),
                (Grouping::By(by), Some(inner)) => {
                    Some(by.iter().filter(|label| inner.contains(*label)).cloned().collect())
                }
                (Grouping::Without(_), None) => None,
                (Grouping::Without(without), Some(mut inner)) => {
                    inner.retain(|label| !without.contains(label));
                    Some(inner)
                }
            };
            if op == "count_values" {
                // One element per value, told apart by a label that the parameter names.
                if let (Some(labels), Some(ExprKind::Text(label))) =
                    (&mut labels, aggregation.parameter.as_deref().map(|expr| &expr.unwrapped().kind))
                {
                    labels.insert(label.clone());
                }
            }
            Bounds::new(labels, inner.single)
        }
    }
}

fn of_call(call: &Call) -> Bounds {
    match (call.function.as_str(), call.args.as_slice()) {
        ("scalar" | "vector" | "time" | "pi", _) | (_, []) => Bounds::one(),
        ("absent" | "absent_over_time", _) => Bounds::new(None, true),
        ("histogram_quantile", [_, vector]) | ("histogram_fraction", [_, _, vector]) => {
            let mut inner = of(vector);
            if let Some(labels) = &mut inner.labels {
                labels.remove("le");
            }
            Bounds::new(inner.labels, inner.single)
        }
        ("label_replace" | "label_join", [vector, target, ..]) => {
            let mut inner = of(vector);
            if let (Some(labels), ExprKind::Text(target)) = (&mut inner.labels, &target.unwrapped().kind) {
                labels.insert(target.clone());
            }
            Bounds::new(inner.labels, inner.single)
        }
        ("quantile_over_time", [_, range]) => of(range),
        (_, [vector, ..]) => of(vector),
    }
}

fn of_binary(binary: &Binary) -> Bounds {
    let (left, right) = (of(&binary.left), of(&binary.right));
    match binary.op {
        _ if is_scalar(&binary.left) => right,
        _ if is_scalar(&binary.right) => left,
        Operator::And | Operator::Unless => left,
        Operator::Or => {
            // On no labels at all, the right side is silent as soon as the left answers.
            let either = left.single && right.single && binary.matching == Some(Matching::On(Vec::new()));
            let labels = left.labels.zip(right.labels).map(|(left, right)| left.union(&right).cloned().collect());
            Bounds::new(labels, either)
        }
        _ => match &binary.cardinality {
            Cardinality::OneToOne => {
                let labels = match (&binary.matching, left.labels) {
                    (Some(Matching::On(on)), None) => Some(on.iter().cloned().collect()),
                    (Some(Matching::On(on)), Some(left)) => {
                        Some(on.iter().filter(|label| left.contains(*label)).cloned().collect())
                    }
                    // Without `ignoring` both sides have the same labels.
                    (None, left) => left.or(right.labels),
                    (Some(Matching::Ignoring(_)), left) => left,
                };
                Bounds::new(labels, left.single || right.single)
            }
            Cardinality::GroupLeft(copied) => with_copied(left, copied),
            Cardinality::GroupRight(copied) => with_copied(right, copied),
        },
    }
}

fn is_scalar(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Paren(inner) | ExprKind::Negation(inner) => is_scalar(inner),
        ExprKind::Binary(binary) => is_scalar(&binary.left) && is_scalar(&binary.right),
        ExprKind::Call(call) => {
            signature(&call.function).is_some_and(|signature| signature.result == ResultType::Scalar)
        }
        _ => false,
    }
}

fn with_copied(many: Bounds, copied: &[String]) -> Bounds {
    let single = many.single;
    Bounds::new(many.labels.map(|labels| labels.into_iter().chain(copied.iter().cloned()).collect()), single)
}
