//! What a query is built like, as far as rules ask.

use std::ops::Range;
use std::time::Duration;

use super::query::{Grouping, Operator, Query, Selector, Side};

/// A branch that answers when the data does not: `… or vector(0)`, `… or 0 * …`, `… or absent(…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallback {
    /// The number that it answers, when it is one number.
    pub value: Option<f64>,
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
    /// The selectors in front of `/`.
    pub numerator: Vec<&'a Selector>,
    /// The selectors after `/`.
    pub denominator: Vec<&'a Selector>,
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
        Vec::new()
    }

    /// Every comparison with a number, outermost first.
    pub fn comparisons(&self) -> Vec<Comparison> {
        Vec::new()
    }

    /// The query as a ratio of selectors: a division at the top, looked for through parentheses, fallbacks,
    /// comparisons, aggregations of one argument and scaling by a number (`100 * a / b`).
    pub fn ratio(&self) -> Option<Ratio<'_>> {
        None
    }

    /// The quantile (0.95) of the outermost `histogram_quantile` and the selectors under it.
    pub fn quantile(&self) -> Option<(f64, Vec<&Selector>)> {
        None
    }

    /// Whether the query, through parentheses, fallbacks and comparisons, is a `sum` over `rate`, `irate` or `increase`.
    pub fn is_rate_sum(&self) -> bool {
        false
    }

    /// The smallest range of any selector or subquery.
    pub fn smallest_window(&self) -> Option<Duration> {
        None
    }

    /// Whether the answer has at most one element whatever series exist.
    pub fn aggregates_to_single_series(&self) -> bool {
        false
    }

    /// The grouping of the outermost aggregation, looked for through parentheses, fallbacks, comparisons and functions.
    pub fn top_grouping(&self) -> Option<&Grouping> {
        None
    }
}
