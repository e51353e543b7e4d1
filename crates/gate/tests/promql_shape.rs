//! Edits keep everything they don't have to touch; shapes are what rules ask for.

#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail it")]

use hyperspace_gate::promql::{FallbackScope, Grouping, MatchOp, Operator, Query, Splice, parse};

fn query(text: &str) -> Query {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn edited(query: &Query, splice: Option<Splice>) -> String {
    let splice = splice.unwrap_or_else(|| panic!("{}: no edit", query.text()));
    let text = Splice::apply(query.text(), &[splice]).expect("inside of the text");
    parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    text
}

#[test]
fn a_matcher_is_added_in_the_style_of_the_others() {
    for (before, after) in [
        ("up", "up{x=\"y\"}"),
        ("rate(up[5m])", "rate(up{x=\"y\"}[5m])"),
        ("up{}", "up{x=\"y\"}"),
        ("up{ }", "up{x=\"y\" }"),
        ("up{a=\"b\"}", "up{a=\"b\", x=\"y\"}"),
        ("up{a='b',c='d'}", "up{a='b',c='d',x='y'}"),
        ("up{a=\"b\",}", "up{a=\"b\", x=\"y\",}"),
        ("{\"my.up\"}", "{\"my.up\", x=\"y\"}"),
        ("{__name__=\"up\"}", "{__name__=\"up\", x=\"y\"}"),
        ("up{\n  a=\"b\",\n  c=\"d\"\n}", "up{\n  a=\"b\",\n  c=\"d\",\n  x=\"y\"\n}"),
        ("up{\n  a=\"b\",\n  c=\"d\",\n}", "up{\n  a=\"b\",\n  c=\"d\",\n  x=\"y\",\n}"),
        ("up{\n  a=\"b\" # why\n}", "up{\n  a=\"b\", # why\n  x=\"y\"\n}"),
        ("up{\n  a=\"b\", # why\n}", "up{\n  a=\"b\", # why\n  x=\"y\",\n}"),
        ("up{\n  a=\"{{args.x}}\"\n}", "up{\n  a=\"{{args.x}}\",\n  x=\"y\"\n}"),
        ("up{\n  a=\"b\"}", "up{\n  a=\"b\",\n  x=\"y\"}"),
    ] {
        let query = query(before);
        assert_eq!(edited(&query, query.add_matcher(&query.selectors()[0], "x", MatchOp::Eq, "y")), after);
    }
    let query = query("up{a=`b`}");
    let added = query.add_matcher(&query.selectors()[0], "my.label", MatchOp::Nre, "a\\d`");
    assert_eq!(edited(&query, added), "up{a=`b`, \"my.label\"!~\"a\\\\d`\"}");
}

#[test]
fn matchers_are_replaced_and_removed() {
    let one = query("up{a = 'b', c!=\"d\"}");
    let matcher = |index: usize| &one.selectors()[0].matchers[index];
    assert_eq!(edited(&one, one.replace_matcher(matcher(0), "a", MatchOp::Eq, "x'y")), "up{a = 'x\\'y', c!=\"d\"}");
    assert_eq!(edited(&one, one.replace_matcher(matcher(0), "z", MatchOp::Re, "b.*")), "up{z =~ 'b.*', c!=\"d\"}");
    assert_eq!(edited(&one, one.replace_matcher(matcher(1), "c", MatchOp::Eq, "d")), "up{a = 'b', c=\"d\"}");
    for (before, index, after) in [
        ("up{a=\"b\"}", 0, "up"),
        ("up{a=\"b\", c=\"d\"}", 0, "up{c=\"d\"}"),
        ("up{a=\"b\", c=\"d\"}", 1, "up{a=\"b\"}"),
        ("up{a=\"b\", c=\"d\",}", 1, "up{a=\"b\",}"),
        ("up{\n  a=\"b\",\n  c=\"d\"\n}", 0, "up{\n  c=\"d\"\n}"),
        ("up{\n  a=\"b\",\n  c=\"d\"\n}", 1, "up{\n  a=\"b\"\n}"),
        ("up{\n  a=\"b\", # why\n  c=\"d\"\n}", 1, "up{\n  a=\"b\", # why\n}"),
        ("{\"up\", c=\"d\"}", 0, "{\"up\"}"),
    ] {
        let query = query(before);
        let selector = &query.selectors()[0];
        assert_eq!(edited(&query, query.remove_matcher(selector, &selector.matchers[index])), after);
    }
}

#[test]
fn names_windows_and_expressions_are_edited_in_place() {
    let one = query("sum(rate({{args.metric}}{a=\"b\"}[{{args.window}}] offset 1m)) # end");
    let selector = &one.selectors()[0];
    assert!(edited(&one, one.replace_name(selector, "up")).starts_with("sum(rate(up{a=\"b\"}["));
    assert!(edited(&one, one.replace_window(selector, "2m")).contains("{a=\"b\"}[2m] offset 1m"));
    let quoted = query("{'my.up'}");
    assert_eq!(edited(&quoted, quoted.replace_name(&quoted.selectors()[0], "it's")), "{'it\\'s'}");
    assert_eq!(one.replace_name(selector, "my.up"), None);

    let two = query("rate(up[5m]) # why");
    let wrapped = two.wrap(two.root(), "sum(", ")").expect("editable");
    assert_eq!(Splice::apply(two.text(), &wrapped).as_deref(), Some("sum(rate(up[5m])) # why"));
}

#[test]
fn fallbacks_are_found_with_what_they_stand_in_for() {
    use FallbackScope::{Denominator, Numerator, Part, Whole};
    for (text, expected, cut) in [
        ("sum(a) or vector(0)", vec![(Whole, Some(0.0), false)], "sum(a)"),
        ("sum(a)\n  OR on() vector(0)\n", vec![(Whole, Some(0.0), false)], "sum(a)\n"),
        ("(sum(a) / sum(b) or vector(-1)) > 5", vec![(Whole, Some(-1.0), false)], "(sum(a) / sum(b)) > 5"),
        ("(sum(a) or vector(0)) / sum(b)", vec![(Numerator, Some(0.0), false)], "(sum(a)) / sum(b)"),
        (
            "sum(rate(a[1m]) or 0 * rate(b[1m])) / sum(b)",
            vec![(Numerator, Some(0.0), true)],
            "sum(rate(a[1m])) / sum(b)",
        ),
        ("sum(a) / (sum(b) or vector(1))", vec![(Denominator, Some(1.0), false)], "sum(a) / (sum(b))"),
        ("100 * (sum(a) / sum(b)) or (vector(1) - 1)", vec![(Whole, Some(0.0), false)], "100 * (sum(a) / sum(b))"),
        ("sum(a) or absent(a) * 0", vec![(Whole, Some(0.0), false)], "sum(a)"),
        ("sum(a) or absent(a)", vec![(Whole, Some(1.0), false)], "sum(a)"),
        ("round(scalar(a or vector(0)) * b)", vec![(Part, Some(0.0), false)], "round(scalar(a) * b)"),
    ] {
        let query = query(text);
        let found = query.fallbacks();
        let seen: Vec<_> = found.iter().map(|one| (one.scope, one.value, one.needs_data)).collect();
        assert_eq!(seen, expected, "{text}");
        assert_eq!(edited(&query, query.remove_fallback(&found[0])), cut);
    }
    for text in ["a or b", "sum(a) or sum(b)", "a and vector(1)", "vector(0) or a"] {
        assert_eq!(query(text).fallbacks(), [], "{text}");
    }
}

#[test]
fn comparisons_inside_the_query() {
    let one = query("(sum(rate(a[1m])) / sum(rate(b[1m])) > 0.05)");
    let found = one.comparisons();
    assert_eq!((found[0].op, found[0].threshold, found[0].whole), (Operator::Gt, 0.05, true));
    assert_eq!(edited(&one, one.remove_comparison(&found[0])), "(sum(rate(a[1m])) / sum(rate(b[1m])))");
    assert!(edited(&one, one.replace_threshold(&found[0], "0.1")).ends_with("> 0.1)"));
    let two = query("sum(5 >= bool a) or b == 1");
    let found = two.comparisons();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].op, found[0].threshold, found[0].returns_bool, found[0].whole),
        (Operator::Le, 5.0, true, false)
    );
    assert_eq!(edited(&two, two.remove_comparison(&found[0])), "sum(a) or b == 1");
}

#[test]
fn ratios_quantiles_and_rates() {
    let names = |selectors: &[&hyperspace_gate::promql::Selector]| -> Vec<String> {
        selectors.iter().filter_map(|selector| selector.name.clone()).collect()
    };
    for (text, scale, complement) in [
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", 1.0, false),
        ("100 * sum(rate(a[1m])) / sum(rate(b[1m])) or vector(0)", 100.0, false),
        ("(sum(a) / sum(b)) * 100 > 5", 100.0, false),
        ("1 - (sum(a) / sum(b))", 1.0, true),
        ("round(max(a / on (x) b), 0.1)", 1.0, false),
    ] {
        let query = query(text);
        let ratio = query.ratio().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (names(&ratio.numerator), names(&ratio.denominator)),
            (vec!["a".to_owned()], vec!["b".to_owned()]),
            "{text}"
        );
        assert_eq!((ratio.scale, ratio.complement), (scale, complement), "{text}");
    }
    assert!(query("sum(a) / 60").ratio().is_none());
    assert!(query("sum(a) * sum(b)").ratio().is_none());

    let latency = query("histogram_quantile(0.95, sum by (le) (rate(x_bucket[2m]))) * 1000 < 800");
    let (q, selectors) = latency.quantile().expect("a quantile");
    assert_eq!((q, names(&selectors)), (0.95, vec!["x_bucket".to_owned()]));
    assert_eq!(latency.top_grouping(), Some(&Grouping::By(vec!["le".to_owned()])));
    assert_eq!(latency.smallest_window().map(|window| window.as_secs()), Some(120));
    assert!(query("(sum(rate(a[5m])) or vector(0)) > 1").is_rate_sum());
    assert!(!query("sum(a)").is_rate_sum());
    assert!(!query("avg(rate(a[5m]))").is_rate_sum());
}

#[test]
fn at_most_one_element() {
    for text in [
        "sum(a)",
        "sum by () (a)",
        "sum(a) / sum(b)",
        "sum(a) or vector(0)",
        "scalar(a)",
        "1",
        "time()",
        "sum(a) > scalar(b)",
        "histogram_quantile(0.9, sum by (le) (a))",
        "topk(1, a)",
        "absent(a)",
        "max_over_time(sum(a)[5m:])",
        "-(sum(a))",
        "sum by (x) (a) / on () sum(b)",
        "clamp_min(sum(a), 0)",
        "label_replace(sum(a), 'x', 'y', '', '')",
        "sum(a) and b",
        "avg by (x) (sum(b))",
        "1 - sum(a)",
        "topk(5, sum(a))",
        "sum(a) or on () absent(b)",
        "hour()",
    ] {
        assert!(query(text).aggregates_to_single_series(), "{text}");
    }
    for text in [
        "a",
        "rate(a[5m])",
        "sum by (x) (a)",
        "sum without (x) (a)",
        "histogram_quantile(0.9, rate(a[1m]))",
        "topk(2, a)",
        "sum by (x) (a) or vector(0)",
        "histogram_quantile(0.9, sum by (le, x) (a))",
        "a > scalar(b)",
        "topk by (x) (1, a)",
        "a / on (x) group_left sum by (x) (b)",
        "count_values('v', a)",
        "sum(a) or absent(b{x='y'})",
        "a or sum(b)",
        "a * 0",
    ] {
        assert!(!query(text).aggregates_to_single_series(), "{text}");
    }
}
