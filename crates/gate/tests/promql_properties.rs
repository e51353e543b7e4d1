//! What must hold of every query and every series, whatever they are.

#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail it")]

#[path = "promql_judge/generate.rs"]
mod generate;

use generate::Chance;
use hyperspace_gate::promql::{ExprKind, MatchOp, Query, Splice, Value, evaluate, parse};

fn queries(seed: u64) -> impl Iterator<Item = (String, Query, Chance)> {
    (0..600).map(move |index| {
        let mut chance = Chance::new(seed + index);
        let text = generate::vector(&mut chance, 1 + index as usize % 3);
        let query = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        (text, query, chance)
    })
}

#[test]
fn spans_hold_what_they_name() {
    for (text, query, _) in queries(100) {
        let root = query.root();
        assert_eq!(root.span, 0..text.len(), "{text}");
        root.walk(&mut |expr| {
            let part = &text[expr.span.clone()];
            let alone = parse(part).unwrap_or_else(|error| panic!("{part} of {text}: {error}"));
            assert_eq!(std::mem::discriminant(&alone.root().kind), std::mem::discriminant(&expr.kind), "{part}");
            for child in expr.children() {
                assert!(expr.span.start <= child.span.start && child.span.end <= expr.span.end, "{text}");
            }
        });
        let indexes = query.selectors().iter().map(|selector| selector.span.start);
        assert!(indexes.is_sorted(), "{text}");
        for selector in query.selectors() {
            assert_eq!(selector.name.as_deref(), selector.name_span.clone().map(|span| &text[span]));
            assert!(selector.braces.clone().is_none_or(|braces| text[..braces.start].ends_with('{')));
            for matcher in &selector.matchers {
                assert!(text[matcher.span.clone()].starts_with(&matcher.name), "{text}");
                assert_eq!(text[matcher.value_span.clone()].trim_matches('"'), matcher.value);
            }
        }
    }
}

#[test]
fn a_query_of_one_series_never_answers_two() {
    let mut bounded = 0;
    for (text, query, mut chance) in queries(10_000) {
        if !query.aggregates_to_single_series() {
            continue;
        }
        bounded += 1;
        for _ in 0..4 {
            let series = generate::series(&mut chance);
            if let Ok(Value::Vector(elements)) = evaluate(&query, &series, 1000.0) {
                assert!(elements.len() < 2, "{text}: {elements:?}");
            }
        }
    }
    assert!(bounded > 60, "only {bounded} queries are of one series");
}

#[test]
fn edits_do_what_they_say_and_nothing_else() {
    for (text, query, _) in queries(20_000) {
        for (index, selector) in query.selectors().iter().enumerate() {
            let splice = query.add_matcher(selector, "added", MatchOp::Ne, "a\"b\\").expect("editable");
            let edited = Splice::apply(&text, &[splice]).expect("inside");
            let again = parse(&edited).unwrap_or_else(|error| panic!("{edited}: {error}"));
            let found = &again.selectors()[index];
            let added = found.matchers.last().expect("a matcher");
            assert_eq!((added.name.as_str(), added.op, added.value.as_str()), ("added", MatchOp::Ne, "a\"b\\"));
            assert_eq!(found.matchers.len(), selector.matchers.len() + 1);
            let removed = again.remove_matcher(found, added).expect("editable");
            assert_eq!(Splice::apply(&edited, &[removed]).as_deref(), Some(text.as_str()));
        }
        for fallback in query.fallbacks() {
            let splice = query.remove_fallback(&fallback).expect("editable");
            let edited = Splice::apply(&text, &[splice]).expect("inside");
            let again = parse(&edited).unwrap_or_else(|error| panic!("{edited}: {error}"));
            assert!(again.fallbacks().len() < query.fallbacks().len(), "{text}");
        }
        for comparison in query.comparisons() {
            let splice = query.remove_comparison(&comparison).expect("editable");
            let edited = Splice::apply(&text, &[splice]).expect("inside");
            assert!(parse(&edited).is_ok(), "{edited}");
        }
    }
}

#[test]
fn templating_changes_no_answer() {
    for (text, query, mut chance) in queries(30_000) {
        let series = generate::series(&mut chance);
        let templated = text.replace("/a", "{{args.a}}").replace("requests_total", "{{ args.metric }}");
        let Ok(unbound) = parse(&templated) else { panic!("{templated}") };
        let value = |name: &str| Some(if name == "a" { "/a" } else { "requests_total" }.to_owned());
        let bound = unbound.bind(&value).unwrap_or_else(|error| panic!("{templated}: {error}"));
        let (ours, again) = (evaluate(&query, &series, 1000.0), evaluate(&bound, &series, 1000.0));
        assert_eq!(format!("{ours:?}"), format!("{again:?}"), "{templated}");
        assert_eq!(matches!(query.root().kind, ExprKind::Call(_)), matches!(bound.root().kind, ExprKind::Call(_)));
    }
}

#[test]
fn no_text_is_too_strange() {
    const PIECES: [&str; 34] = [
        "{{args.x}}",
        "{{ args.y }}",
        "{{",
        "}}",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "'",
        "`",
        "\\",
        "#",
        "\n",
        " ",
        "a",
        "é",
        "\u{fffd}",
        "5m",
        "1",
        "sum",
        "by",
        "rate",
        "=~",
        "=",
        ",",
        "or",
        "vector(0)",
        "[5m]",
        "\\x",
        "offset",
        "\u{201c}",
    ];
    let mut chance = Chance::new(5);
    for _ in 0..4000 {
        let text: String = (0..1 + chance.below(12)).map(|_| chance.pick(&PIECES)).collect();
        let values = ["", "5", "x{a=\"b\"}", "\"", "é", "sum(rate(y[5m]))"].map(str::to_owned);
        match parse(&text) {
            Ok(query) => {
                query.root().walk(&mut |expr| assert!(text.get(expr.span.clone()).is_some(), "{text}"));
                let value = values[chance.below(values.len())].clone();
                if let Ok(bound) = query.bind(&|_| Some(value.clone())) {
                    bound
                        .root()
                        .walk(&mut |expr| assert!(text.get(expr.span.clone()).is_some(), "{text} with {value}"));
                    let _ = evaluate(&bound, &generate::series(&mut chance), 1000.0);
                }
            }
            Err(error) => {
                assert!(error.offset.is_some_and(|at| text.is_char_boundary(at)), "{text}: {error:?}");
                if let Some(repair) = error.suggestion {
                    assert!(text.get(repair.range).is_some(), "{text}");
                }
            }
        }
    }
}
