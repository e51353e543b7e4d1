//! Selectors: name, matchers, range and modifiers.

use std::ops::Range;

use super::expr::{At, Expr, ExprKind};
use super::lexer::Kind;
use super::parse::{Parsed, Parser, Refusal, seconds};
use super::regex::Pattern;
use super::selector::{MatchOp, Matcher, Selector};

impl Parser<'_> {
    pub(super) fn selector(&mut self) -> Parsed<Expr> {
        let start = self.filled.original(self.token().span.clone()).start;
        let mut selector = Selector {
            name: None,
            name_span: None,
            matchers: Vec::new(),
            braces: None,
            span: start..start,
            range: None,
            range_span: None,
            offset: 0.0,
            at: None,
            inside: Vec::new(),
        };
        let outside = matches!(self.kind(), Kind::Word | Kind::MetricWord);
        if outside {
            selector.name = Some(self.filled.restore(self.text()));
            let span = self.advance();
            selector.span.end = span.end;
            selector.name_span = Some(span);
        }
        if let Some(open) = self.eat("{") {
            while !self.is_sign("}") {
                self.matcher(&mut selector, outside)?;
                if self.eat(",").is_none() {
                    break;
                }
            }
            let close = self.expect("}", "or \",\" in label matching")?;
            selector.braces = Some(open.end..close.start);
            selector.span.end = close.end;
        }
        if !outside && selector.matches_everything() {
            let message = "vector selector must contain at least one non-empty matcher".to_owned();
            return Err(Refusal { message, at: start, hint: None });
        }
        let span = selector.span.clone();
        self.selectors.push(selector);
        self.expr(ExprKind::Selector(self.selectors.len() - 1), span)
    }

    fn matcher(&mut self, selector: &mut Selector, outside: bool) -> Parsed<()> {
        let (name, quoted) = match self.kind() {
            Kind::Word => (self.filled.restore(self.text()), false),
            Kind::Text(text) => (self.filled.restore(text), true),
            _ => return Err(self.unexpected("a label or \"}\" in label matching")),
        };
        let name_span = self.advance();
        let op = match self.kind() {
            Kind::Sign("=") => MatchOp::Eq,
            Kind::Sign("!=") => MatchOp::Ne,
            Kind::Sign("=~") => MatchOp::Re,
            Kind::Sign("!~") => MatchOp::Nre,
            _ if quoted => return self.quoted_name(selector, name, name_span, outside),
            _ => return Err(self.unexpected("a label matching operator")),
        };
        self.advance();
        let (value, pattern) = match self.kind() {
            Kind::Text(text) => {
                let pattern = match op {
                    MatchOp::Re | MatchOp::Nre => Some(Pattern::new(text).map_err(|message| self.refuse(message))?),
                    _ => None,
                };
                (self.filled.restore(text), pattern)
            }
            _ => return Err(self.unexpected("a string in label matching")),
        };
        let value_span = self.advance();
        let span = name_span.start..value_span.end;
        if name == "__name__" {
            if outside {
                return Err(twice(selector, &value, span.start));
            }
            if op == MatchOp::Eq && selector.name.is_none() {
                selector.name = Some(value.clone());
                selector.name_span = Some(value_span.clone());
            }
        }
        selector.matchers.push(Matcher { name, op, value, span, value_span, pattern });
        Ok(())
    }

    /// `{"metric.name"}`
    fn quoted_name(&mut self, selector: &mut Selector, name: String, span: Range<usize>, outside: bool) -> Parsed<()> {
        if outside {
            return Err(twice(selector, &name, span.start));
        }
        if selector.name.is_none() {
            selector.name = Some(name);
            selector.name_span = Some(span);
        } else {
            let value_span = span.clone();
            let label = "__name__".to_owned();
            let matcher = Matcher { name: label, op: MatchOp::Eq, value: name, span, value_span, pattern: None };
            selector.matchers.push(matcher);
        }
        Ok(())
    }

    pub(super) fn range(&mut self, expr: Expr) -> Parsed<Expr> {
        let open = self.advance();
        let (range, range_span) = self.positive_duration()?;
        if self.eat(":").is_some() {
            let step = if self.is_sign("]") { None } else { Some(self.positive_duration()?.0) };
            let end = self.expect("]", "after a subquery")?.end;
            return self.subquery(expr, range, step, end);
        }
        let close = self.expect("]", "or \":\" after a range")?;
        let refuse = |message: &str| Err(Refusal { message: message.to_owned(), at: open.start, hint: None });
        let ExprKind::Selector(index) = expr.kind else {
            return refuse("ranges only allowed for vector selectors");
        };
        let selector = &mut self.selectors[index];
        if selector.range.is_some() {
            return refuse("ranges only allowed for vector selectors");
        }
        if selector.offset != 0.0 {
            return refuse("no offset modifiers allowed before range");
        }
        if matches!(selector.at, Some(At::Time(_))) {
            return refuse("no @ modifiers allowed before range");
        }
        selector.range = Some(seconds(range));
        selector.range_span = Some(range_span);
        selector.span.end = close.end;
        Ok(Expr { kind: expr.kind, span: expr.span.start..close.end })
    }

    fn sign(&mut self) -> f64 {
        let sign = if self.is_sign("-") { -1.0 } else { 1.0 };
        if self.is_sign("-") || self.is_sign("+") {
            self.advance();
        }
        sign
    }

    /// Seconds and their place; unbound templating is zero.
    fn duration(&mut self) -> Parsed<(f64, Range<usize>)> {
        // Prometheus takes any number of signs here, and one in front of a timestamp.
        let mut sign = 1.0;
        while self.is_sign("-") || self.is_sign("+") {
            sign *= self.sign();
        }
        let value = match self.kind() {
            Kind::Number(_) | Kind::Duration(_) if self.is_open() => 0.0,
            Kind::Number(value) | Kind::Duration(value) => sign * value,
            _ => return Err(self.unexpected("a number or duration")),
        };
        // Prometheus keeps nanoseconds in 63 bits; a NaN passes its check and means nothing.
        if value.is_nan() || value.abs() > (1u64 << 63) as f64 / 1e9 {
            return Err(self.refuse("duration out of range"));
        }
        Ok((value, self.advance()))
    }

    fn positive_duration(&mut self) -> Parsed<(f64, Range<usize>)> {
        let open = self.is_open();
        let before = self.refuse("duration must be greater than 0");
        let (value, span) = self.duration()?;
        if value <= 0.0 && !open { Err(before) } else { Ok((value, span)) }
    }

    pub(super) fn offset(&mut self, expr: Expr) -> Parsed<Expr> {
        self.advance();
        let (offset, span) = self.duration()?;
        let at = expr.span.start;
        self.modify(expr, span.end, |old, _| match old {
            Some(old) if *old != 0.0 => Err("offset may not be set multiple times"),
            Some(old) => {
                *old = offset;
                Ok(())
            }
            None => {
                Err("offset modifier must be preceded by an instant vector selector or range vector selector or a \
                         subquery")
            }
        })
        .map_err(|message| Refusal { message: message.to_owned(), at, hint: None })
    }

    pub(super) fn at_modifier(&mut self, expr: Expr) -> Parsed<Expr> {
        self.advance();
        let (time, end) = match self.word().as_deref() {
            Some(word @ ("start" | "end")) => {
                let time = if word == "start" { At::Start } else { At::End };
                self.advance();
                self.expect("(", "after start or end")?;
                (time, self.expect(")", "after start( or end(")?.end)
            }
            _ => {
                let sign = self.sign();
                let value = match self.kind() {
                    Kind::Number(value) | Kind::Duration(value) => sign * value,
                    _ => return Err(self.unexpected("a timestamp")),
                };
                if !value.is_finite() || value.abs() >= i64::MAX as f64 {
                    return Err(self.refuse("timestamp out of bounds for @ modifier"));
                }
                (At::Time((value * 1000.0).round() / 1000.0), self.advance().end)
            }
        };
        let at = expr.span.start;
        self.modify(expr, end, |_, old| match old {
            Some(Some(_)) => Err("@ <timestamp> may not be set multiple times"),
            Some(old) => {
                *old = Some(time);
                Ok(())
            }
            None => Err("@ modifier must be preceded by an instant vector selector or range vector selector or a \
                         subquery"),
        })
        .map_err(|message| Refusal { message: message.to_owned(), at, hint: None })
    }

    /// Sets a modifier of a selector or subquery; `set` sees `None` on any other expression.
    fn modify(
        &mut self,
        mut expr: Expr,
        end: usize,
        set: impl FnOnce(Option<&mut f64>, Option<&mut Option<At>>) -> Result<(), &'static str>,
    ) -> Result<Expr, &'static str> {
        match &mut expr.kind {
            ExprKind::Selector(index) => {
                let selector = &mut self.selectors[*index];
                set(Some(&mut selector.offset), Some(&mut selector.at))?;
                selector.span.end = end;
            }
            ExprKind::Subquery(subquery) => set(Some(&mut subquery.offset), Some(&mut subquery.at))?,
            _ => set(None, None)?,
        }
        expr.span.end = end;
        Ok(expr)
    }
}

impl Selector {
    fn matches_everything(&self) -> bool {
        let named = self.name.as_deref().is_some_and(|name| !name.is_empty());
        !named && self.matchers.iter().all(|matcher| matcher.matches(""))
    }
}

fn twice(selector: &Selector, second: &str, at: usize) -> Refusal {
    let first = selector.name.as_deref().unwrap_or_default();
    Refusal { message: format!("metric name must not be set twice: {first:?} or {second:?}"), at, hint: None }
}
