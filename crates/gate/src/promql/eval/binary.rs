//! Binary operations and vector matching.

use std::collections::{HashMap, HashSet};

use super::{Answer, Data, Element, Engine, Metric, distinct, refused};
use crate::promql::expr::{Binary, Cardinality, Matching, Operator};

impl<'a> Engine<'a> {
    pub(super) fn binary(&mut self, binary: &'a Binary, time: i64) -> Answer<Data<'a>> {
        let left = self.eval(&binary.left, time)?;
        let right = self.eval(&binary.right, time)?;
        match (left, right) {
            (Data::Scalar(left), Data::Scalar(right)) => {
                let (value, kept) = operate(binary.op, left, right);
                let answer = if binary.op.is_comparison() { f64::from(u8::from(kept)) } else { value };
                Ok(Data::Scalar(answer))
            }
            (Data::Vector(left), Data::Scalar(right)) => with_scalar(binary, left, right, false),
            (Data::Scalar(left), Data::Vector(right)) => with_scalar(binary, right, left, true),
            (Data::Vector(left), Data::Vector(right)) if binary.op.is_set() => {
                distinct(set_operation(binary, left, right))
            }
            (Data::Vector(left), Data::Vector(right)) => distinct(matched(binary, left, right)?),
        }
    }
}

/// The value, and whether a comparison holds; a comparison's value is its left side.
fn operate(op: Operator, left: f64, right: f64) -> (f64, bool) {
    #[allow(clippy::float_cmp, reason = "PromQL's == is equality of floats")]
    let kept = match op {
        Operator::Eq => left == right,
        Operator::Ne => left != right,
        Operator::Gt => left > right,
        Operator::Lt => left < right,
        Operator::Ge => left >= right,
        Operator::Le => left <= right,
        _ => true,
    };
    let value = match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mul => left * right,
        Operator::Div => left / right,
        Operator::Mod => left % right,
        Operator::Pow => left.powf(right),
        Operator::Atan2 => left.atan2(right),
        _ => left,
    };
    (value, kept)
}

/// Arithmetic makes another metric of it, a comparison does not.
fn changes_metric(op: Operator) -> bool {
    !op.is_comparison() && !op.is_set()
}

fn with_scalar<'a>(binary: &Binary, vector: Vec<Element<'a>>, scalar: f64, swapped: bool) -> Answer<Data<'a>> {
    let mut answer = Vec::with_capacity(vector.len());
    for mut element in vector {
        let (left, right) = if swapped { (scalar, element.value) } else { (element.value, scalar) };
        let (value, kept) = operate(binary.op, left, right);
        if binary.returns_bool {
            element.value = f64::from(u8::from(kept));
        } else if !kept {
            continue;
        } else if !binary.op.is_comparison() {
            element.value = value;
        }
        if changes_metric(binary.op) || binary.returns_bool {
            element.metric.drop_metadata();
        }
        answer.push(element);
    }
    distinct(answer)
}

/// The labels on which two elements have to agree.
fn signature<'a>(matching: Option<&Matching>, metric: &Metric<'a>) -> Metric<'a> {
    if let Some(Matching::On(labels)) = matching {
        return metric.only(labels);
    }
    let mut signature = metric.clone();
    if let Some(Matching::Ignoring(labels)) = matching {
        signature.without(labels);
    }
    signature.remove("__name__");
    signature
}

fn set_operation<'a>(binary: &Binary, left: Vec<Element<'a>>, right: Vec<Element<'a>>) -> Vec<Element<'a>> {
    let matching = binary.matching.as_ref();
    let signatures = |elements: &[Element<'a>]| -> HashSet<Metric<'a>> {
        elements.iter().map(|element| signature(matching, &element.metric)).collect()
    };
    match binary.op {
        Operator::And => {
            let held = signatures(&right);
            left.into_iter().filter(|element| held.contains(&signature(matching, &element.metric))).collect()
        }
        Operator::Unless => {
            let held = signatures(&right);
            left.into_iter().filter(|element| !held.contains(&signature(matching, &element.metric))).collect()
        }
        _ => {
            let held = signatures(&left);
            let added = right.into_iter().filter(|element| !held.contains(&signature(matching, &element.metric)));
            left.into_iter().chain(added.collect::<Vec<_>>()).collect()
        }
    }
}

fn matched<'a>(binary: &'a Binary, left: Vec<Element<'a>>, right: Vec<Element<'a>>) -> Answer<Vec<Element<'a>>> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let matching = binary.matching.as_ref();
    let swapped = matches!(binary.cardinality, Cardinality::GroupRight(_));
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let mut ones: HashMap<Metric<'a>, &Element<'a>> = HashMap::with_capacity(one.len());
    for element in &one {
        if ones.insert(signature(matching, &element.metric), element).is_some() {
            let side = if swapped { "left" } else { "right" };
            return refused(format!(
                "found duplicate series for the match group on the {side} hand-side of the operation;many-to-many \
                 matching not allowed: matching labels must be unique on one side"
            ));
        }
    }
    let mut taken: HashMap<Metric<'a>, HashSet<Metric<'a>>> = HashMap::new();
    let mut answer = Vec::new();
    for element in &many {
        let signature = signature(matching, &element.metric);
        let Some(partner) = ones.get(&signature) else { continue };
        let (left, right) = if swapped { (partner.value, element.value) } else { (element.value, partner.value) };
        let (mut value, kept) = operate(binary.op, left, right);
        if binary.returns_bool {
            value = f64::from(u8::from(kept));
        } else if !kept {
            continue;
        }
        let mut metric = joined(binary, &element.metric, &partner.metric);
        if binary.returns_bool {
            metric.drop_metadata();
        }
        let seen = taken.get(&signature);
        if binary.cardinality == Cardinality::OneToOne {
            if seen.is_some() {
                return refused(
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                );
            }
        } else if seen.is_some_and(|seen| seen.contains(&metric)) {
            return refused("multiple matches for labels: grouping labels must ensure unique matches");
        }
        taken.entry(signature).or_default().insert(metric.clone());
        answer.push(Element { metric, value });
    }
    Ok(answer)
}

/// The labels of a result: those of the many side, cut to the matching ones in one-to-one matching.
fn joined<'a>(binary: &'a Binary, many: &Metric<'a>, one: &Metric<'a>) -> Metric<'a> {
    let mut metric = many.clone();
    if changes_metric(binary.op) {
        metric.drop_metadata();
    }
    let copied = match (&binary.cardinality, &binary.matching) {
        (Cardinality::OneToOne, Some(Matching::On(labels))) => return metric.only(labels),
        (Cardinality::OneToOne, Some(Matching::Ignoring(labels))) => {
            metric.without(labels);
            return metric;
        }
        (Cardinality::OneToOne, None) => return metric,
        (Cardinality::GroupLeft(labels) | Cardinality::GroupRight(labels), _) => labels,
    };
    for label in copied {
        metric.set(label.as_str().into(), one.get(label).to_owned().into());
    }
    metric
}
