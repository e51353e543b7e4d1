//! Values worked out by hand from Prometheus's documentation and source; `promql_judge` compares many more with the engine.

#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail it")]

use hyperspace_gate::promql::{Labels, Series, Unsupported, Value, evaluate, parse, stale};

fn series(name: &str, labels: &[(&str, &str)], samples: impl IntoIterator<Item = (f64, f64)>) -> Series {
    let mut all: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.insert("__name__".to_owned(), name.to_owned());
    Series::new(all, samples.into_iter().collect())
}

/// A counter scraped every ten seconds that grows by `per_second`.
fn counter(name: &str, labels: &[(&str, &str)], per_second: f64, from: i32, to: i32) -> Series {
    series(name, labels, (from..=to).step_by(10).map(|time| (f64::from(time), f64::from(time - from) * per_second)))
}

fn answer(text: &str, series: &[Series], at: f64) -> Result<Value, Unsupported> {
    let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    evaluate(&query, series, at)
}

fn values(text: &str, series: &[Series], at: f64) -> Vec<f64> {
    match answer(text, series, at).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Value::Scalar(value) => vec![value],
        Value::Vector(elements) => elements.into_iter().map(|element| element.value).collect(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn an_instant_selector_looks_back_less_than_five_minutes() {
    let one = [series("up", &[], [(100.0, 1.0)])];
    assert_eq!(values("up", &one, 100.0), [1.0]);
    assert_eq!(values("up", &one, 399.999), [1.0]);
    assert!(values("up", &one, 400.0).is_empty());
    assert!(values("up", &one, 99.999).is_empty());
    let ended = [series("up", &[], [(100.0, 1.0), (110.0, stale())])];
    assert_eq!(values("up", &ended, 109.0), [1.0]);
    assert!(values("up", &ended, 110.0).is_empty());
    assert_eq!(values("count_over_time(up[1m])", &ended, 120.0), [1.0]);
}

#[test]
fn ranges_are_open_on_the_left() {
    let one = [series("up", &[], [(0.0, 1.0), (60.0, 2.0), (120.0, 4.0)])];
    assert_eq!(values("count_over_time(up[2m])", &one, 120.0), [2.0]);
    assert_eq!(values("sum_over_time(up[121s])", &one, 120.0), [7.0]);
    assert_eq!(values("last_over_time(up[1m])", &one, 119.0), [2.0]);
}

#[test]
fn rates_reach_to_the_edges_of_the_range() {
    // Twelve samples in (0, 120], 10 s apart: the whole range, at the slope.
    let steady = [counter("a", &[], 0.5, 0, 120)];
    assert_eq!(values("rate(a[2m])", &steady, 120.0), [0.5]);
    assert!((values("increase(a[2m])", &steady, 120.0)[0] - 60.0).abs() < 1e-12);
    // Two samples at the start of a series: half an interval beyond each, but not below zero.
    let young = [series("a", &[], [(100.0, 0.0), (110.0, 5.0)])];
    assert_eq!(values("increase(a[2m])", &young, 110.0), [5.0]);
    let late = [series("a", &[], [(100.0, 100.0), (110.0, 105.0)])];
    assert_eq!(values("increase(a[2m])", &late, 110.0), [7.5]);
    // A restart counts from zero.
    let restarted = [series("a", &[], [(10.0, 6.0), (20.0, 8.0), (30.0, 2.0), (40.0, 4.0)])];
    assert_eq!(values("resets(a[1m])", &restarted, 40.0), [1.0]);
    assert_eq!(values("irate(a[30s])", &restarted, 30.0), [0.2]);
    // One sample is no rate.
    assert!(values("rate(a[9s])", &steady, 120.0).is_empty());
}

#[test]
fn quantiles_of_histograms_at_their_edges() {
    let buckets = |counts: &[(&str, f64)]| -> Vec<Series> {
        counts.iter().map(|(le, count)| series("h_bucket", &[("le", le)], [(0.0, *count)])).collect()
    };
    let quantile = |counts: &[(&str, f64)]| values("histogram_quantile(0.5, h_bucket)", &buckets(counts), 0.0);
    assert_eq!(quantile(&[("1", 2.0), ("2", 4.0), ("+Inf", 4.0)]), [1.0]);
    assert_eq!(quantile(&[("1", 0.0), ("2", 4.0), ("+Inf", 4.0)]), [1.5]);
    // Beyond the last bound, the answer is that bound.
    assert_eq!(quantile(&[("1", 1.0), ("+Inf", 10.0)]), [1.0]);
    assert!(quantile(&[("1", 0.0), ("+Inf", 0.0)])[0].is_nan());
    assert!(quantile(&[("+Inf", 5.0)])[0].is_nan());
    assert!(quantile(&[("1", 3.0), ("2", 5.0)])[0].is_nan());
    assert!(quantile(&[("not a number", 3.0)]).is_empty());
    let all = buckets(&[("1", 2.0), ("+Inf", 4.0)]);
    assert_eq!(values("histogram_quantile(2, h_bucket)", &all, 0.0), [f64::INFINITY]);
    // 3.7 gives the lowest bucket no lower bound, and so no fraction that begins inside of it.
    assert!(values("histogram_fraction(0, 1, h_bucket)", &all, 0.0)[0].is_nan());
}

#[test]
fn a_ratio_without_failures_is_empty_and_over_nothing_not_a_number() {
    let idle = [counter("r_total", &[("endpoint", "/metrics"), ("error", "false")], 0.1, 0, 300)];
    let ratio = "sum(rate(r_total{error=\"true\"}[2m])) / sum(rate(r_total[2m]))";
    assert!(values(ratio, &idle, 300.0).is_empty());
    assert_eq!(values(&format!("{ratio} or vector(0)"), &idle, 300.0), [0.0]);
    assert_eq!(values(&format!("scalar({ratio}) > bool 0.05"), &idle, 300.0), [0.0]);
    let still =
        [counter("r_total", &[("error", "true")], 0.0, 0, 300), counter("r_total", &[("error", "false")], 0.0, 0, 300)];
    assert!(values(ratio, &still, 300.0)[0].is_nan());
}

/// Scrapes are requests to HotROD: a sum over all endpoints sees 0.1 of them per second although nobody rides.
#[test]
fn an_idle_canary_has_the_traffic_of_its_scrapes() {
    let idle = [
        counter("hotrod_requests_total", &[("endpoint", "/metrics"), ("error", "false")], 0.1, 0, 300),
        counter("hotrod_requests_total", &[("endpoint", "/dispatch"), ("error", "false")], 0.0, 0, 300),
    ];
    assert!((values("sum(rate(hotrod_requests_total[2m]))", &idle, 300.0)[0] - 0.1).abs() < 1e-12);
    assert_eq!(values("sum(rate(hotrod_requests_total{endpoint!=\"/metrics\"}[2m]))", &idle, 300.0), [0.0]);
}

#[test]
fn matching_refuses_what_prometheus_refuses() {
    let pods = [series("a", &[("pod", "1")], [(0.0, 1.0)]), series("a", &[("pod", "2")], [(0.0, 2.0)])];
    for text in ["sum(a) * on () a", "a * on () sum(a)", "label_replace(a, 'pod', '', '', '')"] {
        assert!(matches!(answer(text, &pods, 0.0), Err(Unsupported::Refused(_))), "{text}");
    }
    assert_eq!(values("a * on () group_left sum(a)", &pods, 0.0), [3.0, 6.0]);
    assert_eq!(values("topk(1, a)", &pods, 0.0), [2.0]);
    assert_eq!(values("sort_desc(a)", &pods, 0.0), [2.0, 1.0]);
    assert!(values("scalar(a)", &pods, 0.0)[0].is_nan());
}

#[test]
fn templating_without_a_value_is_not_guessed() {
    let query = parse("up{pod=\"{{args.pod}}\"} > {{args.min}}").expect("parses");
    assert_eq!(evaluate(&query, &[], 0.0), Err(Unsupported::Unbound("args.pod".to_owned())));
    let half = query.bind(&|name| (name == "pod").then(|| "1".to_owned())).expect("parses");
    assert_eq!(evaluate(&half, &[], 0.0), Err(Unsupported::Unbound("args.min".to_owned())));
    let whole = half.bind(&|_| Some("5".to_owned())).expect("parses");
    let up = [series("up", &[("pod", "1")], [(0.0, 6.0)]), series("up", &[("pod", "2")], [(0.0, 7.0)])];
    assert_eq!(
        evaluate(&whole, &up, 0.0).map(|value| matches!(value, Value::Vector(found) if found.len() == 1)),
        Ok(true)
    );
}
