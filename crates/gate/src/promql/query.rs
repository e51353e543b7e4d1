//! The parsed query, and why a text is none.

use std::ops::Range;

use super::expr::{Expr, ExprKind};
use super::selector::Selector;
use super::template::Arg;

/// A parsed and type-checked query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub(super) text: String,
    pub(super) root: Expr,
    pub(super) selectors: Vec<Selector>,
    pub(super) args: Vec<Arg>,
    pub(super) bound: Vec<(String, String)>,
    pub(super) result_type: ResultType,
    pub(super) editable: bool,
}

impl Query {
    /// The text that was parsed, with its templating.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole expression.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// What Prometheus answers: this decides how Argo Rollouts presents `result` to a condition.
    pub fn result_type(&self) -> ResultType {
        self.result_type
    }

    /// Every selector, in source order. [`ExprKind::Selector`] holds an index into this slice.
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// Whether every part has a place of its own in the original text. It has not when the value bound to a placeholder
    /// is more than one token (a whole expression, say); then every edit helper returns `None`.
    pub fn is_editable(&self) -> bool {
        self.editable
    }

    /// The templating in the text, in source order, bound or not.
    pub fn args(&self) -> &[Arg] {
        &self.args
    }

    /// The tags that [`Query::bind`] has not given a value yet. A query with any of them can't be evaluated.
    pub fn unbound(&self) -> impl Iterator<Item = &Arg> {
        self.args.iter().filter(|arg| !self.bound.iter().any(|(tag, _)| *tag == arg.name))
    }

    /// The number that a top-level comparison or other expression is, when it is a literal: `5`, `-0.5`, `(1m)`.
    pub fn literal(expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Number(value) => Some(*value),
            ExprKind::Paren(inner) => Self::literal(inner),
            ExprKind::Negation(inner) => Self::literal(inner).map(|value| -value),
            _ => None,
        }
    }
}

/// The four types of a PromQL expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultType {
    /// One number.
    Scalar,
    /// Labelled numbers at one instant.
    InstantVector,
    /// Labelled series of samples.
    RangeVector,
    /// One string.
    String,
}

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, in the words of the parser.
    pub message: String,
    /// The byte in the original text where it shows, when known.
    pub offset: Option<usize>,
    /// The repair, when only one is near and the repaired query parses.
    pub suggestion: Option<Suggestion>,
}

/// A repair of a query that does not parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The bytes of the original text to replace; empty to insert.
    pub range: Range<usize>,
    /// What goes there.
    pub text: String,
    /// What this does, in the imperative: "Close the parenthesis".
    pub title: String,
}

impl std::fmt::Display for ResultType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::InstantVector => "vector",
            Self::RangeVector => "matrix",
            Self::String => "string",
        })
    }
}
