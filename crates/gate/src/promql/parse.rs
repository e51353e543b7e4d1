//! From tokens to a tree: operator precedence as in Prometheus's `generated_parser.y`.
//!
//! Written here because `promql-parser`, the crate for this, keeps no positions (every finding and every fix needs them),
//! panics on `up[1e40]`, and follows Prometheus 2.45. `tests/second_opinion.rs` compares the two.

use std::ops::Range;
use std::time::Duration;

use super::check;
use super::expr::{Binary, Cardinality, Expr, ExprKind, Matching, Operator, Subquery};
use super::lexer::{Kind, Token, tokens};
use super::query::{Query, ResultType};
use super::selector::Selector;
use super::template::{Arg, Filled};

/// Enough for any gate; these bound the recursion over the text and over the tree.
const MAX_EXPRESSIONS: usize = 500;
const MAX_DEPTH: usize = 100;

/// Why a text is refused, and where in the original text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) at: usize,
    /// What the checker knows about the repair.
    pub(super) hint: Option<Hint>,
}

/// A type error that has one obvious repair.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hint {
    /// This selector needs a range.
    NeedsRange { function: String, selector: Range<usize> },
    /// This range vector needs a function such as `rate`.
    NeedsRate { selector: Range<usize> },
}

pub(super) type Parsed<T> = Result<T, Refusal>;

/// Parses `text` with the values in `bound` filled in.
pub(super) fn query(text: &str, args: &[Arg], bound: &[(String, String)]) -> Parsed<Query> {
    let mut first = None;
    for filled in Filled::readings(text, args, bound) {
        match reading(text, &filled, args, bound) {
            Ok(query) => return Ok(query),
            Err(refusal) => first = first.or(Some(refusal)),
        }
    }
    Err(first.unwrap_or_else(|| Refusal { message: "no reading of the templating".to_owned(), at: 0, hint: None }))
}

fn reading(text: &str, filled: &Filled, args: &[Arg], bound: &[(String, String)]) -> Parsed<Query> {
    let mut parser =
        Parser { filled, tokens: tokens(&filled.text), at: 0, selectors: Vec::new(), expressions: 0, depth: 0 };
    if parser.kind() == &Kind::End {
        return Err(parser.refuse("no expression found in input"));
    }
    let root = parser.expression(0)?;
    if parser.kind() != &Kind::End {
        return Err(parser.unexpected("an operator or the end"));
    }
    let spans: Vec<_> = parser.tokens.iter().map(|token| token.span.clone()).collect();
    let mut selectors = parser.selectors;
    let result_type = check::check(&root, &selectors)?;
    check::enclose(&root, &mut selectors);
    let editable = filled.is_within_tokens(&spans);
    let (args, bound) = (args.to_vec(), bound.to_vec());
    Ok(Query { text: text.to_owned(), root, selectors, args, bound, result_type, editable })
}

pub(super) struct Parser<'a> {
    pub(super) filled: &'a Filled,
    tokens: Vec<Token>,
    at: usize,
    pub(super) selectors: Vec<Selector>,
    expressions: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn token(&self) -> &Token {
        // The last token is End or Error, and nothing advances over it.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.token().kind
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at + 1).map(|token| &token.kind)
    }

    /// The current token's text; placeholders in it are stand-ins.
    pub(super) fn text(&self) -> &'a str {
        &self.filled.text[self.token().span.clone()]
    }

    /// The current token's word in lower case, to compare with keywords.
    pub(super) fn word(&self) -> Option<String> {
        matches!(self.kind(), Kind::Word).then(|| self.text().to_ascii_lowercase())
    }

    pub(super) fn advance(&mut self) -> Range<usize> {
        let span = self.filled.original(self.token().span.clone());
        if !matches!(self.kind(), Kind::End | Kind::Error(_)) {
            self.at += 1;
        }
        span
    }

    /// Where the token before the current one ends.
    pub(super) fn previous_end(&self) -> usize {
        let previous = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        previous.map_or(0, |token| self.filled.original(token.span.clone()).end)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind(), Kind::Sign(found) if *found == sign)
    }

    pub(super) fn eat(&mut self, sign: &str) -> Option<Range<usize>> {
        self.is_sign(sign).then(|| self.advance())
    }

    pub(super) fn expect(&mut self, sign: &str, context: &str) -> Parsed<Range<usize>> {
        self.eat(sign).ok_or_else(|| self.unexpected(&format!("{sign:?} {context}")))
    }

    pub(super) fn refuse(&self, message: impl Into<String>) -> Refusal {
        let at = self.filled.original(self.token().span.clone()).start;
        Refusal { message: message.into(), at, hint: None }
    }

    pub(super) fn unexpected(&self, expected: &str) -> Refusal {
        match self.kind() {
            Kind::Error(message) => self.refuse(message.clone()),
            Kind::End => self.refuse(format!("unexpected end of input, expected {expected}")),
            _ => self.refuse(format!("unexpected {:?}, expected {expected}", self.filled.restore(self.text()))),
        }
    }

    pub(super) fn expr(&mut self, kind: ExprKind, span: Range<usize>) -> Parsed<Expr> {
        self.expressions += 1;
        if self.expressions > MAX_EXPRESSIONS {
            return Err(self.refuse(format!("more than {MAX_EXPRESSIONS} expressions in one query")));
        }
        Ok(Expr { kind, span })
    }

    /// Whether a placeholder without a value is part of the current token.
    pub(super) fn is_open(&self) -> bool {
        self.filled.is_open(&self.token().span)
    }

    pub(super) fn expression(&mut self, lowest: u8) -> Parsed<Expr> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(format!("more than {MAX_DEPTH} expressions inside each other")));
        }
        self.depth += 1;
        let mut left = self.operand()?;
        while let Some((op, precedence)) = self.operator().filter(|(_, precedence)| *precedence >= lowest) {
            let op_span = self.advance();
            let returns_bool = self.word().as_deref() == Some("bool");
            if returns_bool {
                self.advance();
            }
            let (matching, cardinality) = self.matching()?;
            let right = self.expression(if op == Operator::Pow { precedence } else { precedence + 1 })?;
            let span = left.span.start..right.span.end;
            let (left_side, right_side) = (Box::new(left), Box::new(right));
            let binary =
                Binary { op, op_span, left: left_side, right: right_side, returns_bool, matching, cardinality };
            left = self.expr(ExprKind::Binary(binary), span)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        let word = self.word();
        let sign = match self.kind() {
            Kind::Sign(sign) => sign,
            _ => word.as_deref()?,
        };
        Some(match sign {
            "or" => (Operator::Or, 1),
            "and" => (Operator::And, 2),
            "unless" => (Operator::Unless, 2),
            "==" => (Operator::Eq, 3),
            "!=" => (Operator::Ne, 3),
            ">" => (Operator::Gt, 3),
            "<" => (Operator::Lt, 3),
            ">=" => (Operator::Ge, 3),
            "<=" => (Operator::Le, 3),
            "+" => (Operator::Add, 4),
            "-" => (Operator::Sub, 4),
            "*" => (Operator::Mul, UNARY),
            "/" => (Operator::Div, UNARY),
            "%" => (Operator::Mod, UNARY),
            "atan2" => (Operator::Atan2, UNARY),
            "^" => (Operator::Pow, UNARY + 1),
            _ => return None,
        })
    }

    fn matching(&mut self) -> Parsed<(Option<Matching>, Cardinality)> {
        let word = self.word();
        let matching = match word.as_deref() {
            Some("on") => {
                self.advance();
                Matching::On(self.labels()?)
            }
            Some("ignoring") => {
                self.advance();
                Matching::Ignoring(self.labels()?)
            }
            _ => return Ok((None, Cardinality::OneToOne)),
        };
        let side: fn(Vec<String>) -> Cardinality = match self.word().as_deref() {
            Some("group_left") => Cardinality::GroupLeft,
            Some("group_right") => Cardinality::GroupRight,
            _ => return Ok((Some(matching), Cardinality::OneToOne)),
        };
        self.advance();
        let copied = if self.is_sign("(") { self.labels()? } else { Vec::new() };
        Ok((Some(matching), side(copied)))
    }

    pub(super) fn labels(&mut self) -> Parsed<Vec<String>> {
        self.expect("(", "in front of the labels")?;
        let mut labels = Vec::new();
        while !self.is_sign(")") {
            labels.push(match self.kind() {
                // The one keyword that Prometheus's grammar leaves out of its list of labels.
                Kind::Word if self.word().as_deref() == Some("without") => return Err(self.unexpected("a label")),
                Kind::Word | Kind::MetricWord => self.filled.restore(self.text()),
                Kind::Text(text) if !text.is_empty() => self.filled.restore(text),
                _ => return Err(self.unexpected("a label")),
            });
            self.advance();
            if self.eat(",").is_none() {
                break;
            }
        }
        self.expect(")", "after the labels")?;
        Ok(labels)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        if self.is_sign("-") || self.is_sign("+") {
            let negative = self.is_sign("-");
            let start = self.advance().start;
            let inner = self.expression(UNARY + 1)?;
            let span = start..inner.span.end;
            let got = check::type_of(&inner, &self.selectors);
            if !matches!(got, ResultType::Scalar | ResultType::InstantVector) {
                return Err(Refusal { message: check::unary(got), at: start, hint: None });
            }
            return match inner.kind {
                ExprKind::Number(value) => self.expr(ExprKind::Number(if negative { -value } else { value }), span),
                _ if negative => self.expr(ExprKind::Negation(Box::new(inner)), span),
                _ => self.expr(ExprKind::Paren(Box::new(inner)), span),
            };
        }
        let mut operand = self.primary()?;
        loop {
            operand = if self.is_sign("[") {
                self.range(operand)?
            } else if self.word().as_deref() == Some("offset") {
                self.offset(operand)?
            } else if self.is_sign("@") {
                self.at_modifier(operand)?
            } else {
                return Ok(operand);
            };
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.kind().clone() {
            Kind::Number(value) | Kind::Duration(value) => {
                let value = if self.is_open() { f64::NAN } else { value };
                let span = self.advance();
                self.expr(ExprKind::Number(value), span)
            }
            Kind::Text(text) => {
                let text = self.filled.restore(&text);
                let span = self.advance();
                self.expr(ExprKind::Text(text), span)
            }
            Kind::Sign("(") => {
                let start = self.advance().start;
                let inner = self.expression(0)?;
                let end = self.expect(")", "to close the parenthesis")?.end;
                self.expr(ExprKind::Paren(Box::new(inner)), start..end)
            }
            Kind::Sign("{") | Kind::MetricWord => self.selector(),
            Kind::Word => {
                let word = self.text().to_ascii_lowercase();
                let followed = self.tokens.get(self.at + 1).map(|token| &self.filled.text[token.span.clone()]);
                let followed = followed.unwrap_or_default().to_ascii_lowercase();
                if AGGREGATORS.contains(&word.as_str()) && matches!(followed.as_str(), "(" | "by" | "without") {
                    return self.aggregation(word);
                }
                match KEYWORDS.contains(&word.as_str()) {
                    true => Err(self.unexpected("an expression")),
                    false if self.peek() == Some(&Kind::Sign("(")) && !is_keyword(&word) => self.call(),
                    false => self.selector(),
                }
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    pub(super) fn subquery(&mut self, expr: Expr, range: f64, step: Option<f64>, end: usize) -> Parsed<Expr> {
        let span = expr.span.start..end;
        let step = step.map(seconds);
        let subquery = Subquery { expr: Box::new(expr), range: seconds(range), step, offset: 0.0, at: None };
        self.expr(ExprKind::Subquery(subquery), span)
    }
}

/// Prometheus gives a sign in front of an expression the precedence of `*`: `-a ^ b` is `-(a ^ b)`.
const UNARY: u8 = 5;

const AGGREGATORS: [&str; 14] = [
    "sum",
    "avg",
    "count",
    "min",
    "max",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "count_values",
    "quantile",
    "limitk",
    "limit_ratio",
];

/// Words that can't be a metric's name outside of braces.
const KEYWORDS: [&str; 6] = ["on", "ignoring", "group_left", "group_right", "bool", "atan2"];

/// Whether a word that can be a metric's name can't be a function's.
fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 11] =
        ["and", "or", "unless", "offset", "smoothed", "anchored", "by", "without", "start", "end", "step"];
    WORDS.contains(&word) || AGGREGATORS.contains(&word)
}

/// Seconds to a duration; what can't be one is zero, which only unbound templating is.
pub(super) fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}
