//! What parses, what does not, and where every part stands.

use hyperspace_gate::promql::{ExprKind, Inside, Operator, ResultType, Side, parse};

const RATIO: &str = r#"
# Error rate: ratio of failed requests to total requests
sum(rate(hotrod_requests_total{
  namespace="{{args.namespace}}",
  rollouts_pod_template_hash="{{ args.canary-hash }}",
  error="true"
}[2m]))
/
sum(rate(hotrod_requests_total{
  namespace="{{args.namespace}}",
  rollouts_pod_template_hash="{{ args.canary-hash }}"
}[2m])) or on() vector(0)
"#;

#[test]
fn spans_point_into_the_text_with_its_templating() {
    let query = parse(RATIO).expect("parses");
    assert_eq!(query.result_type(), ResultType::InstantVector);
    assert!(query.is_editable());
    let at = |range: &std::ops::Range<usize>| &RATIO[range.clone()];
    let [failed, total] = query.selectors() else { panic!("two selectors") };
    assert_eq!(failed.name_span.as_ref().map(at), Some("hotrod_requests_total"));
    assert_eq!(failed.matchers[1].value, "{{ args.canary-hash }}");
    assert_eq!(at(&failed.matchers[1].value_span), "\"{{ args.canary-hash }}\"");
    assert_eq!(at(&failed.matchers[2].span), "error=\"true\"");
    assert!(at(&failed.span).ends_with("}[2m]"));
    assert_eq!(failed.range_span.as_ref().map(at), Some("2m"));
    assert_eq!(failed.range.map(|range| range.as_secs()), Some(120));
    assert_eq!(failed.side_of(Operator::Div), Some(Side::Left));
    assert_eq!(total.side_of(Operator::Div), Some(Side::Right));
    assert_eq!(total.side_of(Operator::Or), Some(Side::Left));
    assert!(matches!(&failed.inside[0], Inside::Call { function, argument: 0, .. } if function == "rate"));
    assert!(matches!(&failed.inside[1], Inside::Aggregation { op, .. } if op == "sum"));
    assert_eq!(query.args().len(), 4);
    assert_eq!(query.unbound().count(), 4);
}

#[test]
fn bound_values_move_no_span() {
    let query = parse(RATIO).expect("parses");
    let bound = query
        .bind(&|name| Some(if name == "namespace" { "a-very-long-namespace".to_owned() } else { "6f".to_owned() }))
        .expect("parses");
    assert_eq!(bound.unbound().count(), 0);
    assert_eq!(bound.selectors()[0].matchers[0].value, "a-very-long-namespace");
    assert_eq!(bound.selectors()[0].matchers[0].span, query.selectors()[0].matchers[0].span);
    assert_eq!(bound.selectors()[1].span, query.selectors()[1].span);
}

#[test]
fn templating_outside_of_quotes_is_a_name_or_a_number() {
    for (text, kind) in [
        ("rate({{args.metric}}[{{args.window}}])", ResultType::InstantVector),
        ("sum({{args.metric}}{a=\"b\"}) > {{args.threshold}}", ResultType::InstantVector),
        ("sum(rate({{args.ns}}_requests_total[{{args.minutes}}m])) by ({{args.label}})", ResultType::InstantVector),
        ("rate(x[5{{args.unit}}])", ResultType::InstantVector),
        ("sum({{args.metric}})", ResultType::InstantVector),
        ("vector({{args.value}})", ResultType::InstantVector),
        ("up{ {{args.label}}=~\"{{args.value}}.*\" } offset {{args.back}}", ResultType::InstantVector),
        ("{{args.value}}", ResultType::Scalar),
    ] {
        let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.result_type(), kind, "{text}");
        for selector in query.selectors() {
            let name = selector.name.as_deref().unwrap_or_default();
            let span = selector.name_span.clone().unwrap_or_default();
            assert_eq!(name, &text[span], "{text}");
        }
    }
}

#[test]
fn a_whole_expression_as_an_argument_can_not_be_edited() {
    let query = parse("{{args.query}} > 1").expect("parses");
    assert!(query.is_editable());
    let bound = query.bind(&|_| Some("sum(rate(x[5m]))".to_owned())).expect("parses");
    assert!(!bound.is_editable());
    assert_eq!(bound.selectors()[0].name.as_deref(), Some("x"));
}

#[test]
fn precedence_is_prometheus_s() {
    let shape = |text: &str| {
        fn show(expr: &hyperspace_gate::promql::Expr) -> String {
            match &expr.kind {
                ExprKind::Binary(b) => format!("({}{}{})", show(&b.left), b.op.sign(), show(&b.right)),
                ExprKind::Negation(inner) => format!("-{}", show(inner)),
                ExprKind::Paren(inner) => show(inner),
                ExprKind::Number(value) => value.to_string(),
                _ => "x".to_owned(),
            }
        }
        show(parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).root())
    };
    assert_eq!(shape("-2^2"), "-(2^2)");
    assert_eq!(shape("2^3^2"), "(2^(3^2))");
    assert_eq!(shape("2^-1*3"), "((2^-1)*3)");
    assert_eq!(shape("a or b and c unless d"), "(xor((xandx)unlessx))");
    assert_eq!(shape("a - b - c"), "((x-x)-x)");
    assert_eq!(shape("a > b + 1 * 2"), "(x>(x+(1*2)))");
    assert_eq!(shape("-a offset 5m * 2"), "(-x*2)");
    assert_eq!(shape("1 - -2"), "(1--2)");
}

#[test]
fn accepted() {
    for text in [
        "1_000",
        "0x1F",
        "017",
        ".5",
        "1e3",
        "5m",
        "Inf",
        "-NaN",
        "'a'",
        "`\\`",
        "up",
        "{__name__=\"up\"}",
        "{\"my.metric\"}",
        "{\"my.metric\", \"a.b\"!=\"c\"}",
        "up{}",
        "up{a=\"b\",}",
        "up[300]",
        "up[5m] offset -1m",
        "up offset 0s offset 5m",
        "up @ 1e3",
        "up @ start() [5m]",
        "up[5m] @ end() offset 5m",
        "rate(up[5m])[1h:]",
        "up[1h:1m] offset 1m",
        "sum",
        "sum(sum)",
        "sum by (on, by,) (up)",
        "sum by (\"a.b\") (up)",
        "SUM(up) BY (a)",
        "topk(3, up)",
        "count_values('v', up)",
        "up == bool 1",
        "1 == bool 2",
        "up + on(a) group_left(b) down",
        "up + ignoring(a) group_right down",
        "up and on() down",
        "up or vector(0)",
        "+up",
        "-up",
        "a:b:c",
        "up offset --1m",
        "up[-+-5m]",
        "round(up)",
        "round(up, 5)",
        "hour()",
        "time() - up",
        "label_replace(up, 'a', '$1', 'b', '(.*)')",
        "label_join(up, 'a', '-')",
        "up # comment (",
        "up{ # c }\n a=\"b\" # d\n}",
        "up[5m # c\n]",
        "offset",
        "and",
        "start",
        "up{a=~\"{{\"}",
        "up{a=~'[[:alpha:]&&-]{2}'}",
        "up{and='x'}",
        "absent(up{a='b'})",
    ] {
        if let Err(error) = parse(text) {
            panic!("{text}: {error}");
        }
    }
}

#[test]
fn refused() {
    for text in [
        "",
        " # only a comment",
        "up up",
        "sum(up",
        "sum(up))",
        "up{a=\"b\"",
        "up{a=b}",
        "up{a==\"b\"}",
        "up[5m",
        "up[]",
        "up[0]",
        "up[-5m]",
        "up[1m5h]",
        "up[5m+1m]",
        "rate(up)",
        "rate(up[5m:1m)",
        "sum(up[5m])",
        "abs(1)",
        "1 == 2",
        "up == bool",
        "up + bool up",
        "up and 1",
        "1 or 2",
        "up{}{}",
        "{}",
        "{a=~\".*\"}",
        "up{__name__=\"a\"}",
        "up{a=~\"[\"}",
        "1_",
        "1__0",
        "0x",
        "1e",
        "1.2.3",
        "5mm",
        "\"a",
        "'a\nb'",
        "\"\\q\"",
        "-'a'",
        "-up[5m]",
        "foo(up)",
        "start()",
        "info(up)",
        "limitk(1, up)",
        "max_of(1, 2)",
        "up + on(a) group_left(a) down",
        "up and on(a) group_left down",
        "up + group_left down",
        "1 + on(a) up",
        "sum(up,)",
        "sum()",
        "sum(up, up)",
        "topk(up)",
        "topk(up, up)",
        "count_values(1, up)",
        "up offset up",
        "up offset 1m offset 1m",
        "sum(up) offset 1m",
        "up @ up",
        "up @ Inf",
        "up[5m][5m]",
        "sum(up)[5m]",
        "up offset 1m [5m]",
        "up{a='b' or c='d'}",
        "on",
        "up on",
        "a && b",
        "up fill(0) down",
        "up[1e40]",
        "up = 5",
        "sum by (a,,b) (up)",
        "up{,}",
    ] {
        assert!(parse(text).is_err(), "{text:?} parses");
    }
}

#[test]
fn nesting_is_bounded() {
    for text in ["(".repeat(5000) + "1" + &")".repeat(5000), "-".repeat(9000) + "1", "1+".repeat(9000) + "1"] {
        assert!(parse(&text).is_err());
    }
}

#[test]
fn errors_say_where_and_how_to_repair() {
    for (text, repaired) in [
        ("sum(rate(up[5m])", "sum(rate(up[5m]))"),
        ("sum(rate(up[5m])))", "sum(rate(up[5m]))"),
        ("sum(rate(up{a=\"b\"[5m]))", "sum(rate(up{a=\"b\"}[5m]))"),
        ("up{a=\"b}", "up{a=\"b\"}"),
        ("up{a=true}", "up{a=\"true\"}"),
        ("up{a==\"b\"}", "up{a=\"b\"}"),
        ("up{a=\"b\" c=\"d\"}", "up{a=\"b\" ,c=\"d\"}"),
        ("up{a=\u{201c}b\u{201d}}", "up{a=\"b\"}"),
        ("sum(rate(up)) / sum(rate(up[3m]))", "sum(rate(up[3m])) / sum(rate(up[3m]))"),
        ("sum(up[5m])", "sum(rate(up[5m]))"),
        ("sum(up,)", "sum(up)"),
        ("up /", "up"),
        ("up = 5", "up == 5"),
        ("up && down", "up and down"),
        ("up =< 5", "up <= 5"),
        ("sum by le (up)", "sum by (le) (up)"),
        ("rate(up[5 m])", "rate(up[5m])"),
        ("sum(rate(up{a=\"{{args.x}}\"}[5m])\n# end\n", "sum(rate(up{a=\"{{args.x}}\"}[5m]))\n# end\n"),
    ] {
        let error = parse(text).expect_err(text);
        let suggestion = error.suggestion.unwrap_or_else(|| panic!("{text}: {} has no repair", error.message));
        let mut fixed = text.to_owned();
        fixed.replace_range(suggestion.range, &suggestion.text);
        assert_eq!(fixed, repaired, "{}", suggestion.title);
    }
    let error = parse("sum(rate(up)) / 2").expect_err("no range");
    assert_eq!(error.offset, Some(9));
    assert_eq!(error.message, "expected type range vector in call to function \"rate\", got instant vector");
}
