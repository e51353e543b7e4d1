//! `label_replace` and `label_join`.

use super::{Answer, Data, Element, distinct, refused, unwrap};
use crate::promql::expr::{Expr, ExprKind};
use crate::promql::regex::Pattern;

/// The string arguments after the vector.
fn texts(args: &[Expr]) -> Vec<&str> {
    let text = |expr| match &unwrap(expr).kind {
        ExprKind::Text(text) => text.as_str(),
        _ => "",
    };
    args.iter().skip(1).map(text).collect()
}

pub(super) fn replace<'a>(args: &'a [Expr], mut elements: Vec<Element<'a>>) -> Answer<Data<'a>> {
    let [target, replacement, source, pattern] = texts(args)[..] else {
        return refused("label_replace takes four strings");
    };
    let Ok(pattern) = Pattern::new(pattern) else {
        return refused(format!("invalid regular expression in label_replace(): {pattern}"));
    };
    if target.is_empty() {
        return refused("invalid destination label name in label_replace(): ");
    }
    for element in &mut elements {
        if let Some(value) = pattern.expand(element.metric.get(source), replacement) {
            element.metric.set(target.into(), value.into());
        }
    }
    distinct(elements)
}

pub(super) fn join<'a>(args: &'a [Expr], mut elements: Vec<Element<'a>>) -> Answer<Data<'a>> {
    let texts = texts(args);
    let [target, separator, sources @ ..] = texts.as_slice() else {
        return refused("label_join takes a label, a separator and labels");
    };
    if sources.iter().any(|source| source.is_empty()) {
        return refused("invalid source label name in label_join(): ");
    }
    if target.is_empty() {
        return refused("invalid destination label name in label_join(): ");
    }
    for element in &mut elements {
        let values: Vec<&str> = sources.iter().map(|source| element.metric.get(source)).collect();
        let value = values.join(separator);
        element.metric.set((*target).into(), value.into());
    }
    distinct(elements)
}
