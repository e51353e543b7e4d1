//! What a gate measured and why that decided, in words.

use delivery::{Measurement, Metric, Run};
use gate::condition::{self, Measured, Op, ResultType, short};

/// What a measured value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) op: Op,
    pub(crate) value: f64,
}

/// The threshold that a gate's conditions come down to.
pub(crate) fn bound(metric: &Metric) -> Option<Bound> {
    // The provider hands over a list where the query gives series.
    let scalar = metric.measurements.iter().any(|m| !m.value.is_empty() && !m.value.starts_with('['));
    let ty = if scalar { ResultType::Scalar } else { ResultType::Vector };
    let found = condition::bound_of(&metric.requires.success, &metric.requires.failure, ty)?;
    Some(Bound { op: found.op, value: found.value })
}

/// What a measurement holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number.
    Number(f64),
    /// NaN: no request in the window, as a rule.
    NaN,
    /// An empty result: no such series.
    Nothing,
    /// The query or its condition failed.
    Missing(String),
    /// Several series, or no number.
    Text(String),
}

pub(crate) fn value(measurement: &Measurement) -> Value {
    let text = measurement.value.trim();
    if text.is_empty() {
        return Value::Missing(measurement.message.clone());
    }
    let number = match Measured::read(text) {
        Some(Measured::Scalar(number)) => number,
        Some(Measured::Vector(values)) => match values.as_slice() {
            [] => return Value::Nothing,
            [number] => *number,
            _ => return Value::Text(text.to_owned()),
        },
        None => return Value::Text(text.to_owned()),
    };
    if number.is_nan() { Value::NaN } else { Value::Number(number) }
}

/// Milliseconds or seconds, where a quantile is taken of a histogram that says so by its name.
pub(crate) fn unit(metric: &Metric) -> &'static str {
    match metric.query.as_deref() {
        Some(query) if !query.contains("histogram_quantile") => "",
        Some(query) if query.contains("_milliseconds") => " ms",
        Some(query) if query.contains("_seconds") => " s",
        _ => "",
    }
}

/// `1240 ms`, `NaN`, `no data`.
pub(crate) fn said(metric: &Metric, measurement: &Measurement) -> String {
    match value(measurement) {
        Value::Number(value) => format!("{}{}", short(value), unit(metric)),
        Value::NaN => "NaN".to_owned(),
        Value::Nothing => "no data".to_owned(),
        Value::Missing(message) if message.is_empty() => "nothing".to_owned(),
        Value::Missing(message) => format!("an error ({message})"),
        Value::Text(text) => text,
    }
}

/// `< 1000 ms`, `≥ 0.05`
pub(crate) fn needs(metric: &Metric) -> Option<String> {
    let bound = bound(metric)?;
    let op = match bound.op {
        Op::Lt => "<",
        Op::Le => "≤",
        Op::Gt => ">",
        Op::Ge => "≥",
    };
    Some(format!("{op} {}{}", short(bound.value), unit(metric)))
}

/// The gate that stopped a run, and on what: "`latency` measured 1240 ms, needs < 1000 ms, third of 3 samples".
pub(crate) fn failure(run: &Run) -> Option<String> {
    let mut stopping = run.metrics.iter().filter(|metric| metric.stops());
    let metric = stopping.next()?;
    let name = metric.name.replace('`', "'");
    let more = match stopping.count() {
        0 => String::new(),
        others => format!(" (and {others} more of its gates)"),
    };
    let last = metric.measurements.iter().enumerate().rev().find(|(_, m)| is_bad(&m.phase));
    let Some((index, measurement)) = last else {
        return Some(format!("gate `{name}` is {}: {}{more}", metric.phase, metric.message));
    };
    let needs = needs(metric).map(|needs| format!(" where it needs {needs}")).unwrap_or_default();
    let of = metric.of.map_or(metric.measurements.len(), |of| of as usize).max(index + 1);
    let which = format!("{} of {of} {}", ordinal(index + 1), if of == 1 { "sample" } else { "samples" });
    Some(format!("gate `{name}` measured {}{needs}, {which}{more}", said(metric, measurement)))
}

/// Whether a run or a gate has its verdict.
pub(crate) fn is_over(phase: &str) -> bool {
    !matches!(phase, "" | "Pending" | "Running")
}

pub(crate) fn is_bad(phase: &str) -> bool {
    matches!(phase, "Failed" | "Error" | "Inconclusive")
}

pub(crate) fn ordinal(n: usize) -> String {
    match n {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        n => format!("number {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::Requires;

    fn measurement(phase: &str, value: &str) -> Measurement {
        Measurement { phase: phase.to_owned(), value: value.to_owned(), ..Measurement::default() }
    }

    fn latency(values: &[&str]) -> Metric {
        Metric {
            name: "p95-latency".to_owned(),
            phase: "Failed".to_owned(),
            of: Some(3),
            query: Some("histogram_quantile(0.95, sum by (le) (rate(x_milliseconds_bucket[2m])))".to_owned()),
            measurements: values.iter().map(|value| measurement("Failed", value)).collect(),
            requires: Requires {
                success: "len(result) > 0 && !isNaN(result[0]) && result[0] < 1000".to_owned(),
                ..Requires::default()
            },
            ..Metric::default()
        }
    }

    #[test]
    fn a_failed_gate_says_value_threshold_and_sample() {
        let run = |metric| Run { metrics: vec![metric], ..Run::default() };
        assert_eq!(
            failure(&run(latency(&["[12]", "[1239.7]"]))).expect("a failure"),
            "gate `p95-latency` measured 1240 ms where it needs < 1000 ms, second of 3 samples"
        );
        assert_eq!(
            failure(&run(latency(&["[NaN]"]))).expect("a failure"),
            "gate `p95-latency` measured NaN where it needs < 1000 ms, first of 3 samples"
        );
        assert_eq!(
            failure(&run(latency(&["[]", "[]", "[]"]))).expect("a failure"),
            "gate `p95-latency` measured no data where it needs < 1000 ms, third of 3 samples"
        );
        assert_eq!(failure(&run(Metric { phase: "Successful".to_owned(), ..latency(&[]) })), None);
    }

    #[test]
    fn a_failure_condition_is_a_bound_the_other_way_round() {
        let mut metric = latency(&["[0.2]"]);
        metric.requires = Requires { failure: "result[0] > 0.05".to_owned(), ..Requires::default() };
        assert_eq!(bound(&metric), Some(Bound { op: Op::Le, value: 0.05 }));
    }

    #[test]
    fn values_as_argo_rollouts_writes_them() {
        let of = |text: &str| value(&measurement("", text));
        assert_eq!(of("[0.25]"), Value::Number(0.25));
        assert_eq!(of("3"), Value::Number(3.0));
        assert_eq!(of("[NaN]"), Value::NaN);
        assert_eq!(of("[]"), Value::Nothing);
        assert_eq!(of("[1,2]"), Value::Text("[1,2]".to_owned()));
        assert_eq!(of(""), Value::Missing(String::new()));
    }
}
