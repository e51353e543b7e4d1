//! Edits of a query as splices over its original text.

use std::ops::Range;

use super::query::{Binary, Expr, Query, Selector};
use super::shape::Fallback;
use super::{MatchOp, Matcher};

/// A replacement of `range` in the query's original text by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes to replace; empty to insert.
    pub range: Range<usize>,
    /// What goes there.
    pub text: String,
}

/// Every helper returns `None` when the query is not editable ([`Query::is_editable`]).
impl Query {
    /// Adds a matcher after the last one, in the style (one line, one per line) of those that are there.
    pub fn add_matcher(&self, selector: &Selector, label: &str, op: MatchOp, value: &str) -> Option<Splice> {
        let _ = (selector, label, op, value);
        None
    }

    /// Replaces operator and value of a matcher, and keeps its quotes.
    pub fn replace_matcher(&self, matcher: &Matcher, label: &str, op: MatchOp, value: &str) -> Option<Splice> {
        let _ = (matcher, label, op, value);
        None
    }

    /// Removes a matcher with its comma.
    pub fn remove_matcher(&self, selector: &Selector, matcher: &Matcher) -> Option<Splice> {
        let _ = (selector, matcher);
        None
    }

    /// Replaces the metric's name.
    pub fn replace_name(&self, selector: &Selector, name: &str) -> Option<Splice> {
        let _ = (selector, name);
        None
    }

    /// Removes ` or vector(0)` with the space in front of it.
    pub fn remove_fallback(&self, fallback: &Fallback) -> Option<Splice> {
        let _ = fallback;
        None
    }

    /// Removes the comparison of `a > 0.05`, so that `a` is left.
    pub fn remove_comparison(&self, comparison: &Binary) -> Option<Splice> {
        let _ = comparison;
        None
    }

    /// Puts `before` and `after` around an expression: `sum(` and `)`.
    pub fn wrap(&self, expr: &Expr, before: &str, after: &str) -> Option<[Splice; 2]> {
        let _ = (expr, before, after);
        None
    }

    /// Replaces the duration of a range: `window` is PromQL such as `2m`.
    pub fn replace_window(&self, selector: &Selector, window: &str) -> Option<Splice> {
        let _ = (selector, window);
        None
    }
}
