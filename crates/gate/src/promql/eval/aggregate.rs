//! Aggregations: `sum by (le) (…)` and its kin.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::math::{Kahan, mean, nan_first, quantile};
use super::{Answer, Element, Engine, Metric, Unsupported, refused, unwrap};
use crate::promql::expr::{Aggregation, ExprKind, Grouping};

struct Group<'a> {
    metric: Metric<'a>,
    members: Vec<Element<'a>>,
}

impl<'a> Engine<'a> {
    pub(super) fn aggregation(&mut self, aggregation: &'a Aggregation, time: i64) -> Answer<Vec<Element<'a>>> {
        let parameter = match aggregation.parameter.as_deref() {
            Some(expr) if aggregation.op != "count_values" => self.scalar(expr, time)?,
            _ => f64::NAN,
        };
        let elements = self.vector(&aggregation.expr, time)?;
        if aggregation.op == "count_values" {
            return count_values(aggregation, elements);
        }
        let groups = grouped(&aggregation.grouping, elements);
        if matches!(aggregation.op.as_str(), "topk" | "bottomk") {
            return selected(aggregation.op == "topk", parameter, groups);
        }
        let mut answer = Vec::with_capacity(groups.len());
        for Group { metric, members } in groups {
            let values = members.iter().map(|element| element.value);
            let value = reduce(&aggregation.op, values, parameter)?;
            answer.push(Element { metric, value });
        }
        Ok(answer)
    }
}

fn reduce(op: &str, mut values: impl ExactSizeIterator<Item = f64>, parameter: f64) -> Answer<f64> {
    let count = values.len() as f64;
    let first = f64::NAN;
    Ok(match op {
        "sum" => match values.next() {
            Some(first) => {
                let sum = values.fold(Kahan { sum: first, carry: 0.0 }, Kahan::add);
                sum.sum + sum.carry
            }
            None => first,
        },
        "avg" => mean(values),
        "count" => count,
        "group" => 1.0,
        "max" => values.fold(first, |max, value| if max < value || max.is_nan() { value } else { max }),
        "min" => values.fold(first, |min, value| if min > value || min.is_nan() { value } else { min }),
        "stddev" => deviation(values).sqrt(),
        "stdvar" => deviation(values),
        "quantile" => quantile(parameter, values.collect()),
        _ => return Err(Unsupported::Feature(format!("{op}()"))),
    })
}

/// The variance as the aggregation computes it: running, uncompensated, and NaN when the first value is not finite.
fn deviation(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else { return f64::NAN };
    let (mut mean, mut sum, mut count) = (first, if first.is_finite() { 0.0 } else { f64::NAN }, 1.0);
    for value in values {
        count += 1.0;
        let delta = value - mean;
        mean += delta / count;
        sum += delta * (value - mean);
    }
    sum / count
}

/// The groups in the order in which their first members come.
fn grouped<'a>(grouping: &Grouping, elements: Vec<Element<'a>>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut index: HashMap<Metric<'a>, usize> = HashMap::new();
    for element in elements {
        let metric = match grouping {
            Grouping::By(labels) => element.metric.only(labels),
            Grouping::Without(labels) => {
                let mut metric = element.metric.clone();
                metric.without(labels);
                metric.remove("__name__");
                metric
            }
        };
        let at = *index.entry(metric).or_insert_with_key(|metric| {
            groups.push(Group { metric: metric.clone(), members: Vec::new() });
            groups.len() - 1
        });
        groups[at].members.push(element);
    }
    groups
}

fn selected<'a>(top: bool, k: f64, groups: Vec<Group<'a>>) -> Answer<Vec<Element<'a>>> {
    if k < 1.0 {
        return Ok(Vec::new());
    }
    if k.is_nan() && !groups.is_empty() {
        return refused("Parameter value is NaN");
    }
    if k >= i64::MAX as f64 {
        return refused(format!("Scalar value {k} overflows int64"));
    }
    let mut answer = Vec::new();
    for mut group in groups {
        group.members.sort_by(|a, b| by_value(a.value, b.value, top));
        group.members.truncate(k as usize);
        answer.extend(group.members);
    }
    Ok(answer)
}

/// Ascending, or descending; NaN last either way.
pub(super) fn by_value(a: f64, b: f64, descending: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) if descending => nan_first(&b, &a),
        (false, false) => nan_first(&a, &b),
        (a_nan, b_nan) => a_nan.cmp(&b_nan),
    }
}

fn count_values<'a>(aggregation: &'a Aggregation, mut elements: Vec<Element<'a>>) -> Answer<Vec<Element<'a>>> {
    let label = match aggregation.parameter.as_deref().map(|expr| &unwrap(expr).kind) {
        Some(ExprKind::Text(label)) if !label.is_empty() => label,
        _ => return refused("invalid label name"),
    };
    for element in &mut elements {
        element.metric.set(label.as_str().into(), written(element.value).into());
    }
    let grouping = match &aggregation.grouping {
        Grouping::By(labels) => {
            let mut labels = labels.clone();
            labels.push(label.clone());
            Grouping::By(labels)
        }
        without => without.clone(),
    };
    let groups = grouped(&grouping, elements);
    let mut counted: Vec<Element<'a>> =
        groups.into_iter().map(|group| Element { metric: group.metric, value: group.members.len() as f64 }).collect();
    counted.sort_by(|a, b| a.metric.cmp(&b.metric));
    Ok(counted)
}

/// A number as Go's `FormatFloat(…, 'f', -1, 64)` writes it.
fn written(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}
