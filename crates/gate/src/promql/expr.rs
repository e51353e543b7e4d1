//! The tree of a query: every node knows its byte range in the original text.

use std::ops::Range;
use std::time::Duration;

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes in the original text, modifiers such as `[5m] offset 1m` or a trailing `by (x)` included.
    pub span: Range<usize>,
}

impl Expr {
    /// Without the parentheses around it.
    pub fn unwrapped(&self) -> &Expr {
        match &self.kind {
            ExprKind::Paren(inner) => inner.unwrapped(),
            _ => self,
        }
    }

    /// What it is made of, in source order.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Selector(_) => Vec::new(),
            ExprKind::Paren(inner) | ExprKind::Negation(inner) => vec![inner],
            ExprKind::Subquery(subquery) => vec![&subquery.expr],
            ExprKind::Call(call) => call.args.iter().collect(),
            ExprKind::Aggregation(aggregation) => {
                aggregation.parameter.iter().chain(std::iter::once(&aggregation.expr)).map(AsRef::as_ref).collect()
            }
            ExprKind::Binary(binary) => vec![&binary.left, &binary.right],
        }
    }

    /// Visits it and all below it, outermost first and in source order.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// The one expression below it that can hold series, where there is just one: the vector of `round(x, 5)`.
    pub(super) fn inner(&self) -> Option<&Expr> {
        let holds_series = |expr: &&Expr| !matches!(expr.unwrapped().kind, ExprKind::Number(_) | ExprKind::Text(_));
        let mut children = match &self.kind {
            ExprKind::Binary(_) => Vec::new(),
            _ => self.children(),
        };
        children.retain(holds_series);
        if let [only] = children.as_slice() { Some(only) } else { None }
    }
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number or a duration in seconds. Unbound templating (`> {{args.max}}`) reads as NaN.
    Number(f64),
    /// A string literal, unquoted.
    Text(String),
    /// A selector, with or without range: an index into [`Query::selectors`](super::Query::selectors).
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
