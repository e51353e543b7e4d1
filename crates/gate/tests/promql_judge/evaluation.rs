//! Values over random series.

use hyperspace_gate::promql::{Series, Unsupported, Value, evaluate, parse, stale};
use serde_json::{Value as Json, json};

use crate::generate::{self, Chance};
use crate::judge;

const CASES: usize = 3000;

fn json_number(value: f64) -> Json {
    if value.to_bits() == stale().to_bits() {
        json!("stale")
    } else if value.is_finite() {
        json!(value)
    } else {
        json!(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        })
    }
}

fn question(query: &str, series: &[Series], at: f64) -> Json {
    let series: Vec<Json> = series
        .iter()
        .map(|one| {
            let samples: Vec<Json> =
                one.samples.iter().map(|(time, value)| json!([time, json_number(*value)])).collect();
            let mut labels = (*one.labels).clone();
            labels.extend(one.own.clone());
            json!({"labels": labels, "samples": samples})
        })
        .collect();
    json!({"query": query, "series": series, "at": at})
}

fn same(ours: f64, theirs: f64) -> bool {
    let close = (ours - theirs).abs() <= 1e-9 * ours.abs().max(theirs.abs());
    close || ours == theirs || ours.is_nan() && theirs.is_nan()
}

/// Labels with the number in `value` cut to twelve digits.
fn rounded(labels: &str) -> String {
    let mut labels: Json = serde_json::from_str(labels).expect("labels");
    if let Some(number) = labels["value"].as_str().and_then(|value| value.parse::<f64>().ok()) {
        labels["value"] = json!(format!("{number:.12e}"));
    }
    labels.to_string()
}

/// What differs, or nothing.
fn difference(query: &str, ours: &Result<Value, Unsupported>, theirs: &Json) -> Option<String> {
    let refused = theirs["error"].as_str();
    // A crash of 3.7's engine (a second argument beside a subquery with `@`) says nothing about the language.
    if refused.is_some_and(|error| error.contains("runtime error")) {
        return None;
    }
    let ours = match (ours, refused) {
        (Err(Unsupported::Refused(_)), Some(_)) => return None,
        (Ok(ours), None) => ours,
        _ => return Some(format!("{ours:?}")),
    };
    let agree = match ours {
        Value::Scalar(value) => theirs["type"] == "scalar" && same(*value, judge::number(&theirs["value"])),
        Value::String(text) => theirs["text"].as_str() == Some(text),
        Value::Matrix(rows) => {
            let mut found: Vec<&Json> = theirs["series"].as_array().into_iter().flatten().collect();
            found.sort_by_key(|row| row["labels"].to_string());
            let mut rows: Vec<_> = rows.iter().collect();
            rows.sort_by_key(|row| json!(row.labels).to_string());
            rows.len() == found.len()
                && rows.iter().zip(found).all(|(row, found)| {
                    let samples = found["samples"].as_array().map_or(&[][..], Vec::as_slice);
                    json!(row.labels) == found["labels"]
                        && row.samples.len() == samples.len()
                        && row.samples.iter().zip(samples).all(|(ours, theirs)| {
                            same(ours.0, judge::number(&theirs[0])) && same(ours.1, judge::number(&theirs[1]))
                        })
                })
        }
        Value::Vector(elements) => {
            let mut found: Vec<(String, f64)> = theirs["series"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|row| (row["labels"].to_string(), judge::number(&row["value"])))
                .collect();
            let mut elements: Vec<(String, f64)> =
                elements.iter().map(|element| (json!(element.labels).to_string(), element.value)).collect();
            let ordered = query.starts_with("sort") || query.starts_with("topk(") || query.starts_with("bottomk(");
            let values_in_order = elements.len() == found.len()
                && elements.iter().zip(&found).all(|(ours, theirs)| same(ours.1, theirs.1));
            // Go's and Rust's powers differ in the last digit, which count_values writes into a label.
            if query.contains("count_values") {
                elements.iter_mut().chain(&mut found).for_each(|(labels, _)| *labels = rounded(labels));
            }
            // Which of equal values topk keeps is left to the order of a heap.
            if query.contains("topk") || query.contains("bottomk") {
                elements.iter_mut().chain(&mut found).for_each(|(labels, _)| labels.clear());
            }
            let by_both = |a: &(String, f64), b: &(String, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
            elements.sort_by(by_both);
            found.sort_by(by_both);
            (!ordered || values_in_order)
                && elements.len() == found.len()
                && elements.iter().zip(&found).all(|(ours, theirs)| ours.0 == theirs.0 && same(ours.1, theirs.1))
        }
    };
    (!agree).then(|| format!("{ours:?}"))
}

/// Queries that gates are made of; each meets many random series.
const GATES: [&str; 16] = [
    "sum(rate(requests_total{endpoint!=\"/metrics\"}[2m]))",
    "sum(rate(requests_total{error=\"true\"}[2m])) / sum(rate(requests_total[2m]))",
    "sum(rate(requests_total{error=\"true\"}[2m])) / sum(rate(requests_total[2m])) or vector(0)",
    "(sum(rate(requests_total{error=\"true\"}[1m])) or on() vector(0)) / sum(rate(requests_total[1m]))",
    "sum(rate(requests_total{error=\"true\"}[1m]) or 0 * rate(requests_total[1m])) / sum(rate(requests_total[1m]))",
    "histogram_quantile(0.95, sum by (le) (rate(duration_bucket[2m])))",
    "histogram_quantile(0.95, sum by (le, pod) (rate(duration_bucket[1m]))) > 0.5",
    "scalar(sum(rate(requests_total[2m])))",
    "absent(requests_total{pod=\"p1\"}) or sum(requests_total)",
    "sum(increase(requests_total[5m])) > bool 0",
    "max_over_time(sum(rate(requests_total[1m]))[5m:30s])",
    "sum by (endpoint) (rate(requests_total[2m])) / ignoring (endpoint) group_left sum(rate(requests_total[2m]))",
    "topk(1, sum by (endpoint) (rate(requests_total[2m])))",
    "duration_bucket[1m]",
    "time() - max(timestamp(requests_total))",
    "1 - avg(rate(requests_total{error=\"true\"}[2m]) / on (endpoint, pod) rate(requests_total{error=\"false\"}[2m]))",
];

#[test]
fn values_agree_with_prometheus() {
    let mut chance = Chance::new(7);
    let mut cases = Vec::new();
    while cases.len() < CASES {
        let text = match cases.len() % 4 {
            0 => GATES[(cases.len() / 4) % GATES.len()].to_owned(),
            depth => generate::vector(&mut chance, depth),
        };
        let query = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let series = generate::series(&mut chance);
        let at = 900.0 + chance.below(300) as f64 + chance.below(1000) as f64 / 1000.0;
        cases.push((text, query, series, at));
    }
    let questions: Vec<Json> = cases.iter().map(|(text, _, series, at)| question(text, series, *at)).collect();
    let Some(answers) = judge::ask(&questions) else { return };
    let (mut wrong, mut refused, mut empty, mut passed_on) = (Vec::new(), 0, 0, 0);
    for (index, ((text, query, series, at), theirs)) in cases.iter().zip(&answers).enumerate() {
        let ours = evaluate(query, series, *at);
        refused += usize::from(theirs["error"].is_string());
        empty += usize::from(theirs["type"] == "vector" && theirs["series"].is_null());
        if matches!(ours, Err(Unsupported::Feature(_))) {
            passed_on += 1;
            continue;
        }
        if let Some(ours) = difference(text, &ours, theirs) {
            wrong.push(format!("#{index} {text} at {at}\n  ours:   {ours}\n  theirs: {theirs}"));
        }
    }
    println!(
        "{CASES} evaluations, {refused} refused by Prometheus, {empty} empty, {passed_on} not evaluated here, {} differ",
        wrong.len()
    );
    assert!(passed_on * 100 < CASES, "{passed_on} of {CASES} are not evaluated here");
    assert!(wrong.is_empty(), "{} of {CASES} differ:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}
