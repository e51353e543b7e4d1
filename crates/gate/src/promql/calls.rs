//! Function calls and aggregations.

use std::ops::Range;

use super::check;
use super::expr::{Aggregation, Call, Expr, ExprKind, Grouping};
use super::parse::{Parsed, Parser, Refusal};

impl Parser<'_> {
    pub(super) fn call(&mut self) -> Parsed<Expr> {
        let function = self.filled.restore(self.text());
        if !self.is_open() && check::signature(&function).is_none() {
            return Err(self.refuse(format!("unknown function with name {function:?}")));
        }
        let name_span = self.advance();
        let (args, end) = self.arguments()?;
        let span = name_span.start..end;
        self.expr(ExprKind::Call(Call { function, name_span, args }), span)
    }

    fn arguments(&mut self) -> Parsed<(Vec<Expr>, usize)> {
        self.expect("(", "in front of the arguments")?;
        let mut args = Vec::new();
        if let Some(close) = self.eat(")") {
            return Ok((args, close.end));
        }
        loop {
            args.push(self.expression(0)?);
            if let Some(close) = self.eat(")") {
                return Ok((args, close.end));
            }
            let comma = self.expect(",", "or \")\" after an argument")?;
            if self.is_sign(")") {
                let message = "trailing commas not allowed in function call args".to_owned();
                return Err(Refusal { message, at: comma.start, hint: None });
            }
        }
    }

    pub(super) fn aggregation(&mut self, op: String) -> Parsed<Expr> {
        if matches!(op.as_str(), "limitk" | "limit_ratio") {
            return Err(self.refuse(format!("{op}() is experimental and must be enabled")));
        }
        let op_span = self.advance();
        let mut grouping = self.grouping()?;
        let (args, mut end) = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
            end = grouping.as_ref().map_or(end, |(_, span)| span.end);
        }
        let span = op_span.start..end;
        let wanted = if matches!(op.as_str(), "topk" | "bottomk" | "quantile" | "count_values") { 2 } else { 1 };
        if args.len() != wanted {
            let message = match args.len() {
                0 => "no arguments for aggregate expression provided".to_owned(),
                got => {
                    format!("wrong number of arguments for aggregate expression provided, expected {wanted}, got {got}")
                }
            };
            return Err(Refusal { message, at: span.start, hint: None });
        }
        let mut args = args.into_iter().map(Box::new);
        let parameter = if wanted == 2 { args.next() } else { None };
        let Some(expr) = args.next() else { return Err(self.unexpected("an expression")) };
        let (grouping, grouping_span) = match grouping {
            Some((grouping, span)) => (grouping, Some(span)),
            None => (Grouping::By(Vec::new()), None),
        };
        let aggregation = Aggregation { op, op_span, parameter, expr, grouping, grouping_span };
        self.expr(ExprKind::Aggregation(aggregation), span)
    }

    fn grouping(&mut self) -> Parsed<Option<(Grouping, Range<usize>)>> {
        let form: fn(Vec<String>) -> Grouping = match self.word().as_deref() {
            Some("by") => Grouping::By,
            Some("without") => Grouping::Without,
            _ => return Ok(None),
        };
        let start = self.advance().start;
        let labels = self.labels()?;
        let end = self.previous_end();
        Ok(Some((form(labels), start..end)))
    }
}
