//! Results as one page that needs nothing else: no script, no fonts, no pictures from elsewhere.

use super::{bound, number, status, text, value};
use crate::analysis::MetricRun;
use crate::plan::Plan;
use crate::proof::{Fit, fit, stopping};
use crate::run::{CanaryRun, Outcome};
use askama::Template;
use gate::analysis::Outcome as Counted;
use gate::condition::Measured;

/// Plot size in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 120.0;
/// Room for labels.
const LEFT: f64 = 52.0;
const BELOW: f64 = 18.0;

#[derive(Template)]
#[template(path = "result.html")]
struct Page {
    title: String,
    verdict: String,
    good: bool,
    summary: String,
    canaries: Vec<Canary>,
}

struct Canary {
    name: String,
    what: String,
    verdict: &'static str,
    good: bool,
    plots: Vec<Plot>,
}

struct Plot {
    name: String,
    query: String,
    wants: String,
    status: String,
    stops: bool,
    /// Height of the bound's line, and its label.
    bound: Option<(String, String)>,
    top: String,
    dots: Vec<Dot>,
    line: String,
    ticks: Vec<(String, String)>,
}

struct Dot {
    x: String,
    y: String,
    class: &'static str,
    title: String,
}

/// A rehearsal's page.
///
/// # Errors
/// Where the template cannot be filled, which no input brings about.
pub fn page(plan: &Plan, outcomes: &[Outcome]) -> Result<String, askama::Error> {
    let verdict = outcomes.first().and_then(|o| o.canaries.first()).map(CanaryRun::verdict);
    let good = verdict == Some(crate::analysis::Verdict::Promoted);
    let summary = outcomes.first().map(|o| text::rehearsal(plan, o)).unwrap_or_default();
    let verdict = verdict.map_or("not run", crate::analysis::Verdict::as_str).to_owned();
    Page { title: format!("Rehearsal of {}", plan.rollout), verdict, good, summary, canaries: canaries(outcomes) }
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
    Page { title, verdict, good: wrong == 0, summary, canaries: canaries(outcomes) }.render()
}

fn canaries(outcomes: &[Outcome]) -> Vec<Canary> {
    let many = outcomes.len() > 1;
    let mut found = Vec::new();
    for (number, outcome) in outcomes.iter().enumerate() {
        for run in &outcome.canaries {
            let round = if many { format!(", run {}", number + 1) } else { String::new() };
            let by: Vec<&str> = stopping(run).iter().map(|m| m.metric.name.as_str()).collect();
            let by = if by.is_empty() { String::new() } else { format!("; stopped by {}", by.join(", ")) };
            found.push(Canary {
                name: format!("{}{round}", run.fault.name()),
                what: format!("{}{by}", run.fault.what()),
                verdict: run.verdict().as_str(),
                good: fit(run) == Fit::Expected,
                plots: run.metrics.iter().map(plot).collect(),
            });
        }
    }
    found
}

fn plot(run: &MetricRun) -> Plot {
    let ends = run.measurements.iter().map(|m| m.due.as_secs_f64()).fold(1.0, f64::max);
    let values = |taken: &crate::analysis::Measurement| -> Vec<f64> {
        match &taken.value {
            None => Vec::new(),
            Some(Measured::Scalar(value)) => vec![*value],
            Some(Measured::Vector(values)) => values.clone(),
        }
    };
    let bounded = run.metric.threshold.as_ref().map(|t| t.value);
    let finite = run.measurements.iter().flat_map(values).chain(bounded).filter(|v| v.is_finite());
    let top = finite.fold(0.0, f64::max) * 1.1;
    let top = if top > 0.0 { top } else { 1.0 };
    let x = |seconds: f64| LEFT + (WIDTH - LEFT - 8.0) * seconds / ends;
    let y = |value: f64| (HEIGHT - BELOW) - (HEIGHT - BELOW - 8.0) * (value / top).clamp(0.0, 1.0);
    let at = |value: f64| format!("{value:.1}");
    let mut dots = Vec::new();
    for taken in &run.measurements {
        let all = values(taken);
        // What has no height stands on the ground.
        let heights: Vec<f64> = if all.is_empty() { vec![0.0] } else { all };
        for height in heights {
            dots.push(Dot {
                x: at(x(taken.due.as_secs_f64())),
                y: at(y(if height.is_finite() { height } else { 0.0 })),
                class: match taken.outcome {
                    Counted::Successful => "pass",
                    Counted::Failed => "fail",
                    Counted::Inconclusive | Counted::Error => "none",
                },
                title: format!("{:.0} s: {} {}", taken.due.as_secs_f64(), value(taken), text::word(taken.outcome)),
            });
        }
    }
    let line: Vec<String> = dots.iter().map(|d| format!("{},{}", d.x, d.y)).collect();
    let first = run.measurements.first().map_or(0.0, |m| m.due.as_secs_f64());
    Plot {
        name: run.metric.name.clone(),
        query: run.metric.query.trim().to_owned(),
        wants: bound(&run.metric),
        status: status(run.status).to_owned(),
        stops: run.stops(),
        bound: bounded.map(|value| (at(y(value)), number(value))),
        top: number(top),
        line: line.join(" "),
        dots,
        ticks: [0.0, first, ends].iter().map(|s| (at(x(*s)), format!("{s:.0} s"))).collect(),
    }
}
