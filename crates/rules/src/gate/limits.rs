//! The part of `gate/vacuous` about numbers that Argo Rollouts refuses: a gate that it never runs judges nothing.

use super::build::MEASUREMENTS;
use super::vacuous::RULE;
use super::view::{View, put};
use crate::draft::{Draft, fix};
use crate::finding::Safety;
use model::Place;
use yaml::Value;

/// The keys that decide how measurements are counted.
const KEYS: [&str; 6] =
    ["count", "interval", "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"];

/// What Argo Rollouts refuses of a metric's numbers.
pub(crate) fn refused(view: &View<'_, '_>) -> Option<Draft> {
    let node = view.contract.repository.node(&view.metric.at)?;
    let raw = |key: &str| node.get(key).and_then(|n| n.as_str()).map(str::trim);
    // What an argument says is not known here.
    if KEYS.iter().any(|key| raw(key).is_some_and(|text| text.contains("{{"))) {
        return None;
    }
    // A number that is none reads as 0, which `count` takes for absent.
    let odd = |key: &&str| *key != "interval" && raw(key).is_some_and(|text| text.parse::<i64>().is_err());
    if let Some(key) = KEYS.iter().find(|key| odd(key)) {
        let message =
            format!("`{key}` of {} is `{}`, which is no whole number", view.name(), raw(key).unwrap_or_default());
        let consequence = "Kubernetes refuses the template, or Argo Rollouts reads 0";
        return Some(draft(&view.metric.at.key(key), message, consequence));
    }
    if let Some(text) = raw("interval").filter(|_| view.metric.interval.is_none()) {
        let message = format!("`interval` of {} is `{text}`, which is no duration", view.name());
        return Some(draft(&view.metric.at.key("interval"), message, ENDS));
    }
    // More failures allowed than measurements taken: that the gate can't fail says what was meant.
    let lenient = view.gate.limits.failure_limit;
    if lenient < 0 || view.gate.limits.count.is_some_and(|count| count > 0 && lenient > count) {
        return None;
    }
    if let Some(fault) = view.gate.limits.fault() {
        let message = format!("Argo Rollouts refuses {}: {fault}", view.name());
        return Some(draft(&spoken_of(view, &fault), message, ENDS));
    }
    if view.gate.limits.effective_count().is_some() || !blocking(view) {
        return None;
    }
    let message =
        format!("{} has an interval but no count, and a step waits for it to end: it never does", view.name());
    let consequence =
        "Argo Rollouts refuses the Rollout (InvalidSpec: \"runs indefinitely\"): no version is released any more";
    let at = &view.metric.at;
    // Absent, or there and not above 0.
    let count = put(view.contract, at, "count", Value::Int(MEASUREMENTS), "interval");
    let title = format!("Measure {MEASUREMENTS} times");
    Some(draft(&at.key("interval"), message, consequence).fix(fix(title, Safety::Safe, [count])))
}

const ENDS: &str = "the analysis run ends in Error before any measurement: every canary is aborted";

fn draft(at: &Place, message: String, consequence: &str) -> Draft {
    Draft::new(RULE.name, RULE.severity, at, message, consequence)
}

/// Whether the rollout waits for the run: all but a background analysis (Argo Rollouts, validation_references.go).
fn blocking(view: &View<'_, '_>) -> bool {
    let run = view.rollout().and_then(|r| r.runs().find(|(a, _)| Some(&a.at) == view.gate.analysis.as_ref()));
    run.is_some_and(|(analysis, _)| analysis.when != "background")
}

/// The key that the fault begins with, or the first that it names and the metric has.
fn spoken_of(view: &View<'_, '_>, fault: &str) -> Place {
    let has = |key: &str| view.contract.repository.node(&view.metric.at.key(key)).is_some();
    let mut named: Vec<(usize, &str)> =
        KEYS.iter().filter_map(|k| Some((fault.find(k)?, *k))).filter(|(_, k)| has(k)).collect();
    named.sort_unstable();
    named.first().map_or_else(|| view.metric.at.clone(), |(_, key)| view.metric.at.key(key))
}
