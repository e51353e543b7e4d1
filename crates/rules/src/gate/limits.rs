//! `gate/invalid-limits`: the numbers of a metric that Argo Rollouts refuses.

use super::view::{View, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use model::Place;

pub(crate) const RULE: Rule = Rule {
    name: "gate/invalid-limits",
    severity: Severity::Error,
    summary: "count, interval or limits that Argo Rollouts refuses, such as a step's analysis without an end",
    fix: None,
    safety: None,
    page: include_str!("../../pages/gate/invalid-limits.md"),
    check,
};

/// The keys that decide how measurements are counted.
const KEYS: [&str; 6] =
    ["count", "interval", "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"];

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(node) = contract.repository.node(&view.metric.at) else { continue };
        let raw = |key: &str| node.get(key).and_then(|n| n.as_str()).map(str::trim);
        // What an argument says is not known here.
        if KEYS.iter().any(|key| raw(key).is_some_and(|text| text.contains("{{"))) {
            continue;
        }
        // A number that is none reads as 0, which `count` takes for absent.
        let odd = |key: &&str| *key != "interval" && raw(key).is_some_and(|text| text.parse::<i64>().is_err());
        if let Some(key) = KEYS.iter().find(|key| odd(key)) {
            let message =
                format!("`{key}` of {} is `{}`, which is no whole number", view.name(), raw(key).unwrap_or_default());
            drafts.push(draft(
                &view.metric.at.key(key),
                message,
                "Kubernetes refuses the template, or Argo Rollouts reads 0",
            ));
            continue;
        }
        if let Some(text) = raw("interval").filter(|_| view.metric.interval.is_none()) {
            let message = format!("`interval` of {} is `{text}`, which is no duration", view.name());
            drafts.push(draft(
                &view.metric.at.key("interval"),
                message,
                "the analysis run ends in Error before any measurement: every canary is aborted",
            ));
            continue;
        }
        // More failures allowed than measurements taken is `gate/vacuous`, which says what was meant.
        let lenient = view.gate.limits.failure_limit;
        if lenient < 0 || view.gate.limits.count.is_some_and(|count| count > 0 && lenient > count) {
            continue;
        }
        if let Some(fault) = view.gate.limits.fault() {
            let at = spoken_of(&view, &fault);
            let message = format!("Argo Rollouts refuses {}: {fault}", view.name());
            let consequence = "the analysis run ends in Error before any measurement: every canary is aborted";
            drafts.push(draft(&at, message, consequence));
        } else if view.gate.limits.effective_count().is_none() && blocking(&view) {
            let message =
                format!("{} has an interval but no count, and a step waits for it to end: it never does", view.name());
            let consequence = "Argo Rollouts refuses the Rollout (InvalidSpec: \"runs indefinitely\"): no version is released any more";
            drafts.push(draft(&view.metric.at.key("interval"), message, consequence));
        }
    }
}

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
