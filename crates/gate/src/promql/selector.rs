//! Selectors, their matchers, and what encloses them.

use std::ops::Range;
use std::time::Duration;

use super::expr::{At, Grouping, Operator, Side};
use super::regex::Pattern;

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

impl MatchOp {
    /// The operator as it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Re => "=~",
            Self::Nre => "!~",
        }
    }
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
