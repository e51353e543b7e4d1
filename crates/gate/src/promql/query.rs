//! The parsed query: a tree whose every node knows its byte range in the original text.

use std::ops::Range;
use std::time::Duration;

use super::regex::Pattern;
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

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes in the original text, modifiers such as `[5m] offset 1m` or a trailing `by (x)` included.
    pub span: Range<usize>,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number or a duration in seconds. Unbound templating (`> {{args.max}}`) reads as NaN.
    Number(f64),
    /// A string literal, unquoted.
    Text(String),
    /// A selector, with or without range: an index into [`Query::selectors`].
    Selector(usize),
    /// `expr[range:step]`.
    Subquery(Subquery),
    /// A function call.
    Call(Call),
    /// `sum by (x) (…)`.
    Aggregation(Aggregation),
    /// A binary operation.
    Binary(Binary),
    /// `-expr`. A `+` in front is dropped, as Prometheus drops it.
    Negation(Box<Expr>),
    /// `(expr)`.
    Paren(Box<Expr>),
}

/// `expr[range:step] offset o @ t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    /// What is evaluated at every step.
    pub expr: Box<Expr>,
    /// How far back.
    pub range: Duration,
    /// The step; `None` is Prometheus's global evaluation interval.
    pub step: Option<Duration>,
    /// Seconds back in time; negative looks ahead.
    pub offset: f64,
    /// The `@` modifier.
    pub at: Option<At>,
}

/// The `@` modifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// Seconds since the epoch.
    Time(f64),
    /// `@ start()`; at one instant the same as the evaluation time.
    Start,
    /// `@ end()`; at one instant the same as the evaluation time.
    End,
}

/// A function call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function's name.
    pub function: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    /// The arguments, in source order.
    pub args: Vec<Expr>,
}

/// An aggregation.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The operator in lower case: `sum`, `topk`, ….
    pub op: String,
    /// Where the operator stands.
    pub op_span: Range<usize>,
    /// The parameter of `topk`, `quantile`, `count_values` and their like.
    pub parameter: Option<Box<Expr>>,
    /// What is aggregated.
    pub expr: Box<Expr>,
    /// The labels that separate the groups.
    pub grouping: Grouping,
    /// `by (…)` or `without (…)` in the text.
    pub grouping_span: Option<Range<usize>>,
}

/// How an aggregation forms groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// One group per combination of these labels. No labels (`sum(x)`, `sum by () (x)`): at most one group.
    By(Vec<String>),
    /// One group per combination of all labels but these.
    Without(Vec<String>),
}

/// A binary operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: Operator,
    /// Where the operator stands, its modifiers (`bool`, `on (…)`) not included.
    pub op_span: Range<usize>,
    /// The left operand.
    pub left: Box<Expr>,
    /// The right operand.
    pub right: Box<Expr>,
    /// `bool`: a comparison answers 0 or 1 instead of filtering.
    pub returns_bool: bool,
    /// `on` or `ignoring`; `None` matches on all labels.
    pub matching: Option<Matching>,
    /// Whether one side may have several series per match.
    pub cardinality: Cardinality,
}

/// `on (…)` or `ignoring (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matching {
    /// Only these labels must agree.
    On(Vec<String>),
    /// All labels but these must agree.
    Ignoring(Vec<String>),
}

/// `group_left` and `group_right`, with the labels that are copied from the one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardinality {
    /// Neither.
    OneToOne,
    /// `group_left (…)`.
    GroupLeft(Vec<String>),
    /// `group_right (…)`.
    GroupRight(Vec<String>),
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is its own sign")]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    And,
    Or,
    Unless,
}

impl Operator {
    /// Whether this is one of `== != > < >= <=`.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Whether this is one of `and or unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// The sign as it is written, in lower case.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }
}

/// One side of a binary operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// In front of the operator: the numerator of `/`.
    Left,
    /// After the operator: the denominator of `/`, the fallback of `or`.
    Right,
}

/// A selector with its matchers, range and modifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// The metric's name, in front of the braces, quoted inside them, or from a `__name__="…"` matcher. Templating stays
    /// as it is written.
    pub name: Option<String>,
    /// Where the name stands (quotes included when it is quoted); `None` without a name.
    pub name_span: Option<Range<usize>>,
    /// The matchers inside the braces in source order; a quoted name is none of them, `__name__="x"` is.
    pub matchers: Vec<Matcher>,
    /// Between the braces, both excluded; `None` without braces.
    pub braces: Option<Range<usize>>,
    /// Name, braces, range and modifiers.
    pub span: Range<usize>,
    /// `[5m]`; zero when the window is templating without a value.
    pub range: Option<Duration>,
    /// Where the duration between `[` and `]` stands.
    pub range_span: Option<Range<usize>>,
    /// Seconds back in time; negative looks ahead.
    pub offset: f64,
    /// The `@` modifier.
    pub at: Option<At>,
    /// What encloses the selector, innermost first: `rate`, then `sum by (le)`, then `histogram_quantile`, then `/`.
    pub inside: Vec<Inside>,
}

impl Selector {
    /// The first matcher on `label`.
    pub fn matcher(&self, label: &str) -> Option<&Matcher> {
        self.matchers.iter().find(|matcher| matcher.name == label)
    }

    /// Whether a call of one of `functions` encloses the selector directly or further out.
    pub fn is_inside_call(&self, functions: &[&str]) -> bool {
        self.inside
            .iter()
            .any(|inside| matches!(inside, Inside::Call { function, .. } if functions.contains(&function.as_str())))
    }

    /// The side of the innermost `op` that the selector stands on.
    pub fn side_of(&self, op: Operator) -> Option<Side> {
        self.inside.iter().find_map(|inside| match inside {
            Inside::Operand { op: found, side, .. } if *found == op => Some(*side),
            _ => None,
        })
    }
}

/// A label matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher {
    /// The label, unquoted.
    pub name: String,
    /// How it compares.
    pub op: MatchOp,
    /// The value, unquoted. Unbound templating stays as it is written: `{{args.namespace}}`.
    pub value: String,
    /// The whole matcher, without commas.
    pub span: Range<usize>,
    /// The value with its quotes.
    pub value_span: Range<usize>,
    pub(super) pattern: Option<Pattern>,
}

impl Matcher {
    /// Whether a label of this value passes; a missing label is the empty string.
    pub fn matches(&self, value: &str) -> bool {
        match (self.op, &self.pattern) {
            (MatchOp::Eq, _) => self.value == value,
            (MatchOp::Ne, _) => self.value != value,
            (MatchOp::Re, Some(pattern)) => pattern.is_match(value),
            (MatchOp::Nre, Some(pattern)) => !pattern.is_match(value),
            // The parser gives every pattern matcher its pattern.
            (MatchOp::Re | MatchOp::Nre, None) => false,
        }
    }
}

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `=~`, anchored on both ends.
    Re,
    /// `!~`, anchored on both ends.
    Nre,
}

/// One step outwards from a selector.
#[derive(Debug, Clone, PartialEq)]
pub enum Inside {
    /// An argument of a function.
    Call {
        /// The function.
        function: String,
        /// Which argument, from 0.
        argument: usize,
        /// The numbers among the other arguments: the quantile of `histogram_quantile`.
        numbers: Vec<f64>,
        /// The whole call.
        span: Range<usize>,
    },
    /// Aggregated over.
    Aggregation {
        /// The operator in lower case.
        op: String,
        /// How groups are formed.
        grouping: Grouping,
        /// The whole aggregation.
        span: Range<usize>,
    },
    /// One side of a binary operation.
    Operand {
        /// The operator.
        op: Operator,
        /// Which side.
        side: Side,
        /// The whole operation.
        span: Range<usize>,
    },
    /// In a subquery.
    Subquery {
        /// How far back it looks.
        range: Duration,
        /// The whole subquery.
        span: Range<usize>,
    },
    /// Under a unary minus.
    Negation {
        /// The whole expression.
        span: Range<usize>,
    },
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
