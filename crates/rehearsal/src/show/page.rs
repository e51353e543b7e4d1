//! Results as one page that needs nothing else.

use super::{bound, status, text, value};
use crate::analysis::MetricRun;
use crate::plan::Plan;
use crate::proof::{Fit, fit, stopping};
use crate::run::{CanaryRun, Outcome};
use gate::analysis::Outcome as Counted;
use plot::{Mark, Page, Plot, Point, Section};

/// A rehearsal's page.
///
/// # Errors
/// Where the template cannot be filled, which no input brings about.
pub fn page(plan: &Plan, outcomes: &[Outcome]) -> Result<String, askama::Error> {
    let verdict = outcomes.first().and_then(|o| o.canaries.first()).map(CanaryRun::verdict);
    let good = verdict == Some(crate::analysis::Verdict::Promoted);
    let summary = outcomes.first().map(|o| text::rehearsal(plan, o)).unwrap_or_default();
    let verdict = verdict.map_or("not run", crate::analysis::Verdict::as_str).to_owned();
    Page { title: format!("Rehearsal of {}", plan.rollout), verdict, good, summary, sections: sections(outcomes) }
        .render()
}

/// A proof's page.
///
/// # Errors
/// As [`page`].
pub fn proof_page(plan: &Plan, outcomes: &[Outcome]) -> Result<String, askama::Error> {
    let proof = crate::proof::Proof::of(outcomes);
    let wrong = proof.wrong();
    let verdict = if wrong == 0 { "proven".to_owned() } else { format!("{wrong} wrong") };
    let summary = text::proof(plan, outcomes);
    let title = format!("Proof of the gates of {}", plan.rollout);
    Page { title, verdict, good: wrong == 0, summary, sections: sections(outcomes) }.render()
}

fn sections(outcomes: &[Outcome]) -> Vec<Section> {
    let many = outcomes.len() > 1;
    let mut found = Vec::new();
    for (number, outcome) in outcomes.iter().enumerate() {
        for run in &outcome.canaries {
            let round = if many { format!(", run {}", number + 1) } else { String::new() };
            let by: Vec<&str> = stopping(run).iter().map(|m| m.metric.name.as_str()).collect();
            let by = if by.is_empty() { String::new() } else { format!("; stopped by {}", by.join(", ")) };
            let wrong = if fit(run) == Fit::Expected { "" } else { ", which is wrong" };
            found.push(Section {
                name: format!("{}{round}", run.fault.name()),
                what: format!("{}{by}", run.fault.what()),
                verdict: format!("{}{wrong}", run.verdict().as_str()),
                plots: run.metrics.iter().map(metric).collect(),
                lists: Vec::new(),
            });
        }
    }
    found
}

fn metric(run: &MetricRun) -> Plot {
    let point = |taken: &crate::analysis::Measurement| Point {
        seconds: taken.due.as_secs_f64(),
        value: taken.value.clone(),
        mark: match taken.outcome {
            Counted::Successful => Mark::Pass,
            Counted::Failed => Mark::Fail,
            Counted::Inconclusive | Counted::Error => Mark::Neither,
        },
        says: format!("{:.0} s: {} {}", taken.due.as_secs_f64(), value(taken), text::word(taken.outcome)),
    };
    Plot {
        name: run.metric.name.clone(),
        status: status(run.status).to_owned(),
        stops: run.stops(),
        wants: bound(&run.metric),
        bound: run.metric.threshold.as_ref().map(|threshold| threshold.value),
        points: run.measurements.iter().map(point).collect(),
        texts: vec![("query".to_owned(), run.metric.query.trim().to_owned())],
        links: Vec::new(),
    }
}
