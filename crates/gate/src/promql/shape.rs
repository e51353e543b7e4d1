//! What a query is built like, as far as rules ask.

use std::ops::Range;
use std::time::Duration;

use super::bounds;
use super::constant::{answered_value, constant};
use super::expr::{Aggregation, Binary, Expr, ExprKind, Grouping, Operator, Side};
use super::query::Query;
use super::selector::Selector;

/// A branch that answers when the data does not: `… or vector(0)`, `… or 0 * …`, `… or absent(…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallback {
    /// The number that it answers, when it is one number.
    pub value: Option<f64>,
    /// Whether it answers only where other data exists: `or 0 * sum(total)` says nothing when the total is missing too.
    pub needs_data: bool,
    /// What it stands in for.
    pub scope: FallbackScope,
    /// The whole `left or right`.
    pub span: Range<usize>,
    /// ` or vector(0)` with the space in front of it: cutting this range removes the fallback.
    pub cut: Range<usize>,
}

/// What a fallback stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FallbackScope {
    /// The whole query: no data reads as the fallback's value.
    Whole,
    /// A ratio's numerator alone: an absent error series reads as none, an absent total still as no data.
    Numerator,
    /// A ratio's denominator.
    Denominator,
    /// Anything else.
    Part,
}

/// `numerator / denominator`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio<'a> {
    /// What stands in front of `/`.
    pub numerator_expr: &'a Expr,
    /// The selectors in it.
    pub numerator: Vec<&'a Selector>,
    /// What stands after `/`.
    pub denominator_expr: &'a Expr,
    /// The selectors in it.
    pub denominator: Vec<&'a Selector>,
    /// What the query multiplies the ratio by: 100 where it speaks of percent.
    pub scale: f64,
    /// Whether the query is `1 - a / b`, the share of the rest.
    pub complement: bool,
    /// The whole division.
    pub span: Range<usize>,
}

/// A comparison with a number inside the query: it filters, so a gate that misses the bar reads no data.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The operator as if the number stood on the right.
    pub op: Operator,
    /// The number.
    pub threshold: f64,
    /// Whether `bool` makes it answer 0 or 1 instead of filtering.
    pub returns_bool: bool,
    /// Whether nothing but parentheses stands around it.
    pub whole: bool,
    /// The whole comparison.
    pub span: Range<usize>,
    /// Where the number stands.
    pub threshold_span: Range<usize>,
    /// ` > 0.05` with the space in front of it: cutting this range leaves what was compared.
    pub cut: Range<usize>,
    /// The side that the number stands on.
    pub side: Side,
}

impl Query {
    /// Every fallback, outermost first.
    pub fn fallbacks(&self) -> Vec<Fallback> {
        let mut found = Vec::new();
        self.find_fallbacks(self.root(), FallbackScope::Whole, &mut found);
        found
    }

    fn find_fallbacks(&self, expr: &Expr, scope: FallbackScope, found: &mut Vec<Fallback>) {
        if let ExprKind::Binary(binary) = &expr.kind {
            let inner = match binary.op {
                Operator::Or => {
                    if let Some((value, needs_data)) = self.fallback_value(&binary.right) {
                        let cut = binary.left.span.end..binary.right.span.end;
                        found.push(Fallback { value, needs_data, scope, span: expr.span.clone(), cut });
                    }
                    [scope, FallbackScope::Part]
                }
                Operator::Div if scope == FallbackScope::Whole && self.is_ratio(binary) => {
                    [FallbackScope::Numerator, FallbackScope::Denominator]
                }
                // Arithmetic with a number changes the value of a fallback, not what it stands in for.
                op if !op.is_set() && constant(&binary.right).is_some() => [scope, FallbackScope::Part],
                op if !op.is_set() && constant(&binary.left).is_some() => [FallbackScope::Part, scope],
                _ => [FallbackScope::Part; 2],
            };
            self.find_fallbacks(&binary.left, inner[0], found);
            self.find_fallbacks(&binary.right, inner[1], found);
            return;
        }
        for inner in expr.children() {
            self.find_fallbacks(inner, scope, found);
        }
    }

    /// Value and dependence on data of what stands after `or`, when that is a fallback.
    fn fallback_value(&self, right: &Expr) -> Option<(Option<f64>, bool)> {
        if let Some(value) = answered_value(right) {
            return Some((Some(value), false));
        }
        if self.selectors_in(right).is_empty() {
            return Some((None, false));
        }
        match &right.unwrapped().kind {
            ExprKind::Binary(Binary { op: Operator::Mul, left, right, .. }) => {
                let zero = [left, right].into_iter().any(|side| constant(side) == Some(0.0));
                zero.then_some((Some(0.0), true))
            }
            _ => None,
        }
    }

    /// Every comparison with a number, outermost first.
    pub fn comparisons(&self) -> Vec<Comparison> {
        let mut found = Vec::new();
        let whole = self.root().unwrapped();
        self.root().walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            if !binary.op.is_comparison() {
                return;
            }
            let (side, threshold, op) = match (constant(&binary.left), constant(&binary.right)) {
                (None, Some(threshold)) => (Side::Right, threshold, binary.op),
                (Some(threshold), None) => (Side::Left, threshold, mirrored(binary.op)),
                _ => return,
            };
            let (threshold_span, cut) = match side {
                Side::Right => (binary.right.span.clone(), binary.left.span.end..binary.right.span.end),
                Side::Left => (binary.left.span.clone(), binary.left.span.start..binary.right.span.start),
            };
            let returns_bool = binary.returns_bool;
            let (span, whole) = (expr.span.clone(), std::ptr::eq(expr, whole));
            found.push(Comparison { op, threshold, returns_bool, whole, span, threshold_span, cut, side });
        });
        found
    }

    /// The query as a ratio of selectors: a division at the top, looked for through parentheses, fallbacks, comparisons
    /// with a number, aggregations, functions of one vector, scaling (`100 * a / b`) and `1 - a / b`.
    pub fn ratio(&self) -> Option<Ratio<'_>> {
        self.ratio_in(self.root(), 1.0, false)
    }

    fn ratio_in<'a>(&'a self, expr: &'a Expr, scale: f64, complement: bool) -> Option<Ratio<'a>> {
        let ExprKind::Binary(binary) = &expr.kind else {
            return self.ratio_in(expr.inner()?, scale, complement);
        };
        let (left, right) = (constant(&binary.left), constant(&binary.right));
        match (binary.op, left, right) {
            (Operator::Div, None, None) if self.is_ratio(binary) => {
                // `100 * errors / total` is `(100 * errors) / total`.
                let (numerator_expr, scaled) = unscaled(&binary.left);
                Some(Ratio {
                    numerator: self.selectors_in(numerator_expr),
                    numerator_expr,
                    denominator: self.selectors_in(&binary.right),
                    denominator_expr: &binary.right,
                    scale: scale * scaled,
                    complement,
                    span: expr.span.clone(),
                })
            }
            (Operator::Or, ..) => self.ratio_in(&binary.left, scale, complement),
            (Operator::Mul, Some(by), _) => self.ratio_in(&binary.right, scale * by, complement),
            (Operator::Mul, _, Some(by)) => self.ratio_in(&binary.left, scale * by, complement),
            (Operator::Div, _, Some(by)) => self.ratio_in(&binary.left, scale / by, complement),
            (Operator::Sub, Some(_), None) => self.ratio_in(&binary.right, scale, !complement),
            (op, None, Some(_)) if op.is_comparison() => self.ratio_in(&binary.left, scale, complement),
            (op, Some(_), None) if op.is_comparison() => self.ratio_in(&binary.right, scale, complement),
            _ => None,
        }
    }

    fn is_ratio(&self, binary: &Binary) -> bool {
        [&binary.left, &binary.right].into_iter().all(|side| !self.selectors_in(side).is_empty())
    }

    /// The quantile (0.95) of the outermost `histogram_quantile` and the selectors under it.
    pub fn quantile(&self) -> Option<(f64, Vec<&Selector>)> {
        let mut found = None;
        self.root().walk(&mut |expr| {
            if let ExprKind::Call(call) = &expr.kind
                && let ("histogram_quantile", [q, vector]) = (call.function.as_str(), call.args.as_slice())
                && let Some(q) = constant(q)
            {
                found.get_or_insert((q, vector));
            }
        });
        found.map(|(q, vector)| (q, self.selectors_in(vector)))
    }

    /// Whether the query, through parentheses, fallbacks, comparisons and arithmetic with a number, is a `sum` over `rate`,
    /// `irate` or `increase`.
    pub fn is_rate_sum(&self) -> bool {
        let Some(Aggregation { op, expr, .. }) = self.top_aggregation() else { return false };
        let rate = |expr: &Expr| match &expr.unwrapped().kind {
            ExprKind::Call(call) => matches!(call.function.as_str(), "rate" | "irate" | "increase"),
            _ => false,
        };
        op == "sum" && rate(expr)
    }

    /// The smallest range of any selector or subquery; ranges of unbound templating don't count.
    pub fn smallest_window(&self) -> Option<Duration> {
        let mut windows: Vec<Duration> = self.selectors().iter().filter_map(|selector| selector.range).collect();
        self.root().walk(&mut |expr| {
            if let ExprKind::Subquery(subquery) = &expr.kind {
                windows.push(subquery.range);
            }
        });
        windows.into_iter().filter(|window| !window.is_zero()).min()
    }

    /// Whether the answer has at most one element whatever series exist. A scalar has.
    pub fn aggregates_to_single_series(&self) -> bool {
        bounds::of(self.root()).single
    }

    /// The grouping of the outermost aggregation, looked for through parentheses, fallbacks, comparisons, arithmetic with a
    /// number and functions of one vector.
    pub fn top_grouping(&self) -> Option<&Grouping> {
        self.top_aggregation().map(|aggregation| &aggregation.grouping)
    }

    fn top_aggregation(&self) -> Option<&Aggregation> {
        let mut expr = self.root();
        loop {
            expr = match &expr.kind {
                ExprKind::Aggregation(aggregation) => return Some(aggregation),
                ExprKind::Binary(binary) if binary.op == Operator::Or => &binary.left,
                ExprKind::Binary(binary) if !binary.op.is_set() && constant(&binary.right).is_some() => &binary.left,
                ExprKind::Binary(binary) if !binary.op.is_set() && constant(&binary.left).is_some() => &binary.right,
                _ => expr.inner()?,
            };
        }
    }

    /// The selectors under an expression, in source order.
    pub fn selectors_in(&self, expr: &Expr) -> Vec<&Selector> {
        let mut indexes = Vec::new();
        expr.walk(&mut |expr| {
            if let ExprKind::Selector(index) = expr.kind {
                indexes.push(index);
            }
        });
        indexes.sort_unstable();
        indexes.into_iter().filter_map(|index| self.selectors().get(index)).collect()
    }
}

/// `100 * x` as `x` and 100.
fn unscaled(expr: &Expr) -> (&Expr, f64) {
    match &expr.kind {
        ExprKind::Paren(inner) => unscaled(inner),
        ExprKind::Binary(Binary { op: Operator::Mul, left, right, .. }) => match (constant(left), constant(right)) {
            (Some(by), None) => (right, by),
            (None, Some(by)) => (left, by),
            _ => (expr, 1.0),
        },
        _ => (expr, 1.0),
    }
}

/// `5 > x` is `x < 5`.
fn mirrored(op: Operator) -> Operator {
    match op {
        Operator::Gt => Operator::Lt,
        Operator::Lt => Operator::Gt,
        Operator::Ge => Operator::Le,
        Operator::Le => Operator::Ge,
        other => other,
    }
}
