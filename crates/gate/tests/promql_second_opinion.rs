//! Our parser beside the `promql-parser` crate: two readings that know nothing of each other agree on every generated
//! query, and where they differ on purpose, Prometheus 3.7 (see `promql_judge`) is with us.

#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail it")]

#[path = "promql_judge/generate.rs"]
#[allow(dead_code, reason = "shared with the judge, which also needs series")]
mod generate;

use generate::Chance;
use hyperspace_gate::promql::{Expr, ExprKind, Query, parse};
use promql_parser::parser::Expr as Other;

fn ours(query: &Query, expr: &Expr) -> String {
    let all = |exprs: &[&Expr]| exprs.iter().map(|expr| ours(query, expr)).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Number(value) => format!("{value:?}"),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Selector(index) => {
            let selector = &query.selectors()[*index];
            let mut matchers: Vec<String> =
                selector.matchers.iter().map(|m| format!("{}{}{:?}", m.name, m.op.sign(), m.value)).collect();
            matchers.sort();
            let name = selector.name.clone().unwrap_or_default();
            format!("{name}{{{}}}{:?}{}", matchers.join(","), selector.range, selector.offset)
        }
        ExprKind::Subquery(sub) => {
            format!("(: {} {:?} {:?} {})", ours(query, &sub.expr), sub.range, sub.step, sub.offset)
        }
        ExprKind::Call(call) => format!("({} {})", call.function, all(&expr.children())),
        ExprKind::Aggregation(agg) => format!("({} {})", agg.op, all(&expr.children())),
        ExprKind::Binary(binary) => format!("({} {} {})", binary.op.sign(), binary.returns_bool, all(&expr.children())),
        ExprKind::Negation(inner) => format!("(neg {})", ours(query, inner)),
        ExprKind::Paren(inner) => format!("[{}]", ours(query, inner)),
    }
}

fn theirs(expr: &Other) -> String {
    let offset = |offset: &Option<promql_parser::parser::Offset>| match offset {
        None => 0.0,
        Some(promql_parser::parser::Offset::Pos(by)) => by.as_secs_f64(),
        Some(promql_parser::parser::Offset::Neg(by)) => -by.as_secs_f64(),
    };
    let selector = |selector: &promql_parser::parser::VectorSelector, range| {
        let mut matchers: Vec<String> = selector
            .matchers
            .matchers
            .iter()
            .map(|m| {
                let op = m.op.to_string();
                format!("{}{}{:?}", m.name, op, m.value)
            })
            .collect();
        matchers.sort();
        let name = selector.name.clone().unwrap_or_default();
        format!("{name}{{{}}}{:?}{}", matchers.join(","), range, offset(&selector.offset))
    };
    match expr {
        Other::NumberLiteral(number) => format!("{:?}", number.val),
        Other::StringLiteral(text) => format!("{:?}", text.val),
        Other::VectorSelector(inner) => selector(inner, None::<std::time::Duration>),
        Other::MatrixSelector(inner) => selector(&inner.vs, Some(inner.range)),
        Other::Subquery(sub) => {
            format!("(: {} {:?} {:?} {})", theirs(&sub.expr), sub.range, sub.step, offset(&sub.offset))
        }
        Other::Call(call) => {
            let args: Vec<String> = call.args.args.iter().map(|arg| theirs(arg)).collect();
            format!("({} {})", call.func.name, args.join(" "))
        }
        Other::Aggregate(agg) => {
            let args: Vec<String> = agg.param.iter().chain([&agg.expr]).map(|arg| theirs(arg)).collect();
            format!("({} {})", agg.op, args.join(" "))
        }
        Other::Binary(binary) => {
            format!("({} {} {} {})", binary.op, binary.return_bool(), theirs(&binary.lhs), theirs(&binary.rhs))
        }
        Other::Unary(inner) => format!("(neg {})", theirs(&inner.expr)),
        Other::Paren(inner) => format!("[{}]", theirs(&inner.expr)),
        Other::Extension(_) => "extension".to_owned(),
    }
}

/// Operations without parentheses, so that precedence decides.
fn chain(chance: &mut Chance) -> String {
    let mut text = String::from("a");
    for _ in 0..1 + chance.below(6) {
        let op = chance.pick(&["+", "-", "*", "/", "%", "^", "atan2", ">", "<=", "==", "and", "or", "unless"]);
        let sign = chance.pick(&["", "", "-"]);
        let operand = chance.pick(&["a", "b offset 1m", "max_over_time(c[5m:1m])", "vector(2)"]);
        text += &format!(" {op} {sign}{operand}");
    }
    text
}

#[test]
fn both_read_every_generated_query_alike() {
    let mut chance = Chance::new(3);
    for index in 0..3000 {
        let text = match index % 4 {
            0 => chain(&mut chance),
            depth => generate::vector(&mut chance, depth),
        };
        let ours =
            parse(&text).map(|query| ours(&query, query.root())).unwrap_or_else(|error| panic!("{text}: {error}"));
        let theirs = promql_parser::parser::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(ours, self::theirs(&theirs), "{text}");
    }
}

/// Why that crate does not parse for us: besides having no positions, it differs from Prometheus 3.7 on these.
#[test]
fn differences_on_purpose() {
    let takes = |text: &str| promql_parser::parser::parse(text).is_ok();
    for text in [
        "a{b='c' or d='e'}",
        "start()",
        "max_of(1, 2)",
        "a + fill(0) b",
        "info(a)",
        "limitk(1, a)",
        "+'a'",
        "sort_by_label(a, 'b')",
    ] {
        assert!(parse(text).is_err() && takes(text), "{text}: refused by Prometheus, taken by promql-parser");
    }
    for text in ["1_000", "a{b=~'{{'}", "a offset 0s"] {
        assert!(parse(text).is_ok() && !takes(text), "{text}: taken by Prometheus, refused by promql-parser");
    }
    // There it panics.
    assert!(parse("a[1e40]").is_err());
}
