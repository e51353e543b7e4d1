//! Types, as Prometheus's `checkAST` demands them, and what encloses each selector.

use super::expr::{Cardinality, Expr, ExprKind, Matching, Side};
use super::parse::{Hint, Parsed, Refusal};
use super::query::ResultType;
use super::selector::{Inside, Selector};

/// A function's argument types, how many more it takes than it must, and what it answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    args: &'static [ResultType],
    /// 0: exactly `args`; n: the last may be missing or repeated so that up to n stand in its place; -1: any number.
    variadic: i32,
    pub(super) result: ResultType,
    experimental: bool,
}

use ResultType::{InstantVector as V, RangeVector as M, Scalar as S, String as T};

/// Prometheus's functions (`promql/parser/functions.go` of 3.7).
pub(super) fn signature(name: &str) -> Option<Signature> {
    let of = |args, result| Signature { args, variadic: 0, result, experimental: false };
    Some(match name {
        "abs" | "absent" | "acos" | "acosh" | "asin" | "asinh" | "atan" | "atanh" | "ceil" | "cos" | "cosh" | "deg"
        | "exp" | "floor" | "histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev"
        | "histogram_stdvar" | "ln" | "log10" | "log2" | "rad" | "sgn" | "sin" | "sinh" | "sort" | "sort_desc"
        | "sqrt" | "tan" | "tanh" | "timestamp" => of(&[V], V),
        "absent_over_time" | "avg_over_time" | "changes" | "count_over_time" | "delta" | "deriv" | "idelta"
        | "increase" | "irate" | "last_over_time" | "max_over_time" | "min_over_time" | "present_over_time"
        | "rate" | "resets" | "stddev_over_time" | "stdvar_over_time" | "sum_over_time" => of(&[M], V),
        "first_over_time"
        | "mad_over_time"
        | "ts_of_first_over_time"
        | "ts_of_last_over_time"
        | "ts_of_max_over_time"
        | "ts_of_min_over_time" => Signature { experimental: true, ..of(&[M], V) },
        "clamp" => of(&[V, S, S], V),
        "clamp_max" | "clamp_min" => of(&[V, S], V),
        "days_in_month" | "day_of_month" | "day_of_week" | "day_of_year" | "hour" | "minute" | "month" | "year" => {
            Signature { variadic: 1, ..of(&[V], V) }
        }
        "double_exponential_smoothing" => Signature { experimental: true, ..of(&[M, S, S], V) },
        "histogram_fraction" => of(&[S, S, V], V),
        "histogram_quantile" => of(&[S, V], V),
        "info" => Signature { variadic: 1, experimental: true, ..of(&[V, V], V) },
        "label_join" => Signature { variadic: -1, ..of(&[V, T, T, T], V) },
        "label_replace" => of(&[V, T, T, T, T], V),
        "pi" | "time" => of(&[], S),
        "predict_linear" => of(&[M, S], V),
        "quantile_over_time" => of(&[S, M], V),
        "round" => Signature { variadic: 1, ..of(&[V, S], V) },
        "scalar" => of(&[V], S),
        "sort_by_label" | "sort_by_label_desc" => Signature { variadic: -1, experimental: true, ..of(&[V, T], V) },
        "vector" => of(&[S], V),
        _ => return None,
    })
}

/// The type of an expression, its parts unchecked.
pub(super) fn type_of(expr: &Expr, selectors: &[Selector]) -> ResultType {
    match &expr.kind {
        ExprKind::Number(_) => S,
        ExprKind::Text(_) => T,
        ExprKind::Selector(index) => match selectors.get(*index) {
            Some(selector) if selector.range.is_some() => M,
            _ => V,
        },
        ExprKind::Subquery(_) => M,
        ExprKind::Call(call) => signature(&call.function).map_or(V, |signature| signature.result),
        ExprKind::Aggregation(_) => V,
        ExprKind::Binary(binary) => match (type_of(&binary.left, selectors), type_of(&binary.right, selectors)) {
            (S, S) => S,
            _ => V,
        },
        ExprKind::Negation(inner) | ExprKind::Paren(inner) => type_of(inner, selectors),
    }
}

/// Checks the whole tree and answers the type of its root.
pub(super) fn check(expr: &Expr, selectors: &[Selector]) -> Parsed<ResultType> {
    let refuse = |expr: &Expr, message: String| Err(Refusal { message, at: expr.span.start, hint: None });
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Selector(_) => {}
        ExprKind::Subquery(subquery) => {
            let got = check(&subquery.expr, selectors)?;
            if got != V {
                return refuse(expr, format!("subquery is only allowed on instant vector, got {got} instead"));
            }
        }
        ExprKind::Negation(inner) => {
            let got = check(inner, selectors)?;
            if !matches!(got, S | V) {
                return refuse(expr, unary(got));
            }
        }
        ExprKind::Paren(inner) => {
            check(inner, selectors)?;
        }
        ExprKind::Aggregation(aggregation) => {
            expect(&aggregation.expr, V, "aggregation expression", selectors)?;
            if let Some(parameter) = &aggregation.parameter {
                let wanted = if aggregation.op == "count_values" { T } else { S };
                expect(parameter, wanted, "aggregation parameter", selectors)?;
            }
        }
        ExprKind::Call(call) => {
            let Some(signature) = signature(&call.function) else {
                return refuse(expr, format!("unknown function with name {:?}", call.function));
            };
            if signature.experimental {
                return refuse(expr, format!("function {:?} is not enabled", call.function));
            }
            let (wanted, got) = (signature.args.len(), call.args.len());
            let most = wanted as i64 - 1 + i64::from(signature.variadic);
            let name = &call.function;
            if signature.variadic == 0 && got != wanted {
                return refuse(expr, format!("expected {wanted} argument(s) in call to {name:?}, got {got}"));
            }
            if signature.variadic != 0 && got + 1 < wanted {
                let least = wanted - 1;
                return refuse(expr, format!("expected at least {least} argument(s) in call to {name:?}, got {got}"));
            }
            if signature.variadic > 0 && got as i64 > most {
                return refuse(expr, format!("expected at most {most} argument(s) in call to {name:?}, got {got}"));
            }
            for (index, arg) in call.args.iter().enumerate() {
                if let Some(wanted) = signature.args.get(index).or(signature.args.last()) {
                    expect(arg, *wanted, &format!("call to function {name:?}"), selectors)?;
                }
            }
        }
        ExprKind::Binary(binary) => {
            let (left, right) = (check(&binary.left, selectors)?, check(&binary.right, selectors)?);
            let sign = binary.op.sign();
            if binary.returns_bool && !binary.op.is_comparison() {
                return refuse(expr, "bool modifier can only be used on comparison operators".to_owned());
            }
            if binary.op.is_comparison() && !binary.returns_bool && (left, right) == (S, S) {
                return refuse(expr, "comparisons between scalars must use BOOL modifier".to_owned());
            }
            let copied = match &binary.cardinality {
                Cardinality::OneToOne => [].as_slice(),
                Cardinality::GroupLeft(labels) | Cardinality::GroupRight(labels) => labels,
            };
            if let Some(Matching::On(labels)) = &binary.matching
                && let Some(label) = labels.iter().find(|label| copied.contains(label))
            {
                return refuse(expr, format!("label {label:?} must not occur in ON and GROUP clause at once"));
            }
            for (side, got) in [(&binary.left, left), (&binary.right, right)] {
                if !matches!(got, S | V) {
                    let message = "binary expression must contain only scalar and instant vector types";
                    return refuse(side, message.to_owned());
                }
            }
            let vectors = (left, right) == (V, V);
            let labels = match &binary.matching {
                Some(Matching::On(labels) | Matching::Ignoring(labels)) => labels.len(),
                None => 0,
            };
            if !vectors && labels > 0 {
                return refuse(expr, "vector matching only allowed between instant vectors".to_owned());
            }
            if binary.op.is_set() && !vectors {
                return refuse(expr, format!("set operator {sign:?} not allowed in binary scalar expression"));
            }
            if binary.op.is_set() && binary.cardinality != Cardinality::OneToOne {
                return refuse(expr, format!("no grouping allowed for {sign:?} operation"));
            }
        }
    }
    Ok(type_of(expr, selectors))
}

/// What Prometheus says of a sign in front of a range or a string.
pub(super) fn unary(got: ResultType) -> String {
    format!("unary expression only allowed on expressions of type scalar or instant vector, got \"{got}\"")
}

fn expect(expr: &Expr, wanted: ResultType, context: &str, selectors: &[Selector]) -> Parsed<()> {
    let got = check(expr, selectors)?;
    if got == wanted {
        return Ok(());
    }
    let hint = match (&expr.kind, wanted, got) {
        (ExprKind::Selector(_), M, V) => {
            let function = context.rsplit(' ').next().unwrap_or_default().trim_matches('"').to_owned();
            Some(Hint::NeedsRange { function, selector: expr.span.clone() })
        }
        (ExprKind::Selector(_), V, M) => Some(Hint::NeedsRate { selector: expr.span.clone() }),
        _ => None,
    };
    let name = |kind: ResultType| match kind {
        S => "scalar",
        V => "instant vector",
        M => "range vector",
        T => "string",
    };
    let message = format!("expected type {} in {context}, got {}", name(wanted), name(got));
    Err(Refusal { message, at: expr.span.start, hint })
}

/// Tells every selector what encloses it.
pub(super) fn enclose(root: &Expr, selectors: &mut [Selector]) {
    fn walk(expr: &Expr, outside: &mut Vec<Inside>, selectors: &mut [Selector]) {
        let span = expr.span.clone();
        let mut step = |inside: Option<Inside>, inner: &Expr| {
            let entered = inside.is_some();
            outside.extend(inside);
            walk(inner, outside, selectors);
            if entered {
                outside.pop();
            }
        };
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Selector(index) => {
                if let Some(selector) = selectors.get_mut(*index) {
                    selector.inside = outside.iter().rev().cloned().collect();
                }
            }
            ExprKind::Paren(inner) => step(None, inner),
            ExprKind::Negation(inner) => step(Some(Inside::Negation { span }), inner),
            ExprKind::Subquery(subquery) => {
                step(Some(Inside::Subquery { range: subquery.range, span }), &subquery.expr);
            }
            ExprKind::Call(call) => {
                let numbers: Vec<f64> = call.args.iter().filter_map(super::Query::literal).collect();
                for (argument, arg) in call.args.iter().enumerate() {
                    let (function, numbers, span) = (call.function.clone(), numbers.clone(), span.clone());
                    step(Some(Inside::Call { function, argument, numbers, span }), arg);
                }
            }
            ExprKind::Aggregation(aggregation) => {
                let (op, grouping) = (aggregation.op.clone(), aggregation.grouping.clone());
                if let Some(parameter) = &aggregation.parameter {
                    let inside = Inside::Aggregation { op: op.clone(), grouping: grouping.clone(), span: span.clone() };
                    step(Some(inside), parameter);
                }
                step(Some(Inside::Aggregation { op, grouping, span }), &aggregation.expr);
            }
            ExprKind::Binary(binary) => {
                for (side, inner) in [(Side::Left, &binary.left), (Side::Right, &binary.right)] {
                    step(Some(Inside::Operand { op: binary.op, side, span: span.clone() }), inner);
                }
            }
        }
    }
    walk(root, &mut Vec::new(), selectors);
}
