//! Results as text.

use super::{bound, number, outcome, status, table, value};
use crate::analysis::MetricRun;
use crate::canary::Expected;
use crate::plan::{Address, Plan};
use crate::proof::{Fit, Proof, Remark, Row, fit, stopping};
use crate::run::{CanaryRun, Outcome};

/// The table of addresses.
#[must_use]
pub fn addresses(addresses: &[Address]) -> String {
    let rows = addresses.iter().map(|a| vec![a.who.clone(), a.written.clone(), a.here.clone()]);
    table(&rows.collect::<Vec<_>>())
}

/// A rehearsal's result.
#[must_use]
pub fn rehearsal(plan: &Plan, outcome: &Outcome) -> String {
    let mut text = String::new();
    for canary in &outcome.canaries {
        let by: Vec<&str> = stopping(canary).iter().map(|m| m.metric.name.as_str()).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
        text.push_str(&format!("{}: {}{by}\n\n", plan.rollout, canary.verdict().as_str()));
        text.push_str(&table(&metrics(canary)));
        text.push_str(&format!("\ncanary: {}\n", riders(canary)));
    }
    text.push_str(&closing(plan, std::slice::from_ref(outcome)));
    text
}

fn metrics(canary: &CanaryRun) -> Vec<Vec<String>> {
    let mut rows = vec![["gate", "wants", "measured", "result"].map(str::to_owned).to_vec()];
    for run in &canary.metrics {
        let dry = if run.metric.limits.dry_run { " (dry run)" } else { "" };
        rows.push(vec![
            run.metric.name.clone(),
            bound(&run.metric),
            values(run),
            format!("{}{dry}{}", status(run.status), why(run)),
        ]);
    }
    rows
}

/// All measured values; those that did not pass say so.
fn values(run: &MetricRun) -> String {
    let all = run.measurements.iter().map(|m| {
        let mark = match m.outcome {
            gate::analysis::Outcome::Successful => "",
            gate::analysis::Outcome::Failed => "✗",
            _ => "?",
        };
        format!("{}{mark}", value(m))
    });
    all.collect::<Vec<_>>().join(" ")
}

/// The first error's text: values alone do not say it.
fn why(run: &MetricRun) -> String {
    let error = run.measurements.iter().find_map(|m| m.error.as_ref());
    error.map(|error| format!(" ({error})")).unwrap_or_default()
}

fn riders(canary: &CanaryRun) -> String {
    let tally = &canary.riders;
    let answered = (tally.good + tally.failed).max(1);
    format!(
        "{} requests ({:.2}/s), {} answered 5xx, {} lost, {:.0} ms on average",
        tally.sent(),
        canary.rate(),
        tally.failed,
        tally.lost,
        tally.seconds / answered as f64 * 1000.0
    )
}

fn closing(plan: &Plan, outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        for line in &outcome.told {
            text.push_str(&format!("note: {line}\n"));
        }
    }
    for note in &plan.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    let late = outcomes.iter().map(Outcome::lateness).max().unwrap_or_default();
    let took: Vec<String> = outcomes.iter().map(|o| format!("{:.0}", o.took.as_secs_f32())).collect();
    text.push_str(&format!(
        "took {} s, of which {:.1} s to start; 99 % of the measurements began within {} ms of their time\n",
        took.join(", "),
        outcomes.first().map_or(0.0, |o| o.started.as_secs_f32()),
        late.as_millis()
    ));
    text
}

/// The matrix of canaries and gates.
#[must_use]
pub fn proof(plan: &Plan, outcomes: &[Outcome]) -> String {
    let proof = Proof::of(outcomes);
    let mut rows = vec![vec!["canary".to_owned(), "expected".to_owned(), "happened".to_owned()]];
    if let Some(head) = rows.first_mut() {
        head.extend(proof.gates.iter().map(|(name, _)| name.clone()));
    }
    for row in &proof.rows {
        let mut cells = vec![row.fault.name(), expected(row), happened(row)];
        for (index, _) in proof.gates.iter().enumerate() {
            cells.push(cell(row, index));
        }
        rows.push(cells);
    }
    let mut text = table(&rows);
    text.push('\n');
    for row in &proof.rows {
        for run in &row.runs {
            match fit(run) {
                Fit::Expected => {}
                Fit::OtherGate => text.push_str(&format!(
                    "wrong: {} was stopped, but not by the gate that is meant for it ({})\n",
                    row.fault.name(),
                    row.fault.what()
                )),
                Fit::Wrong => text.push_str(&format!(
                    "wrong: {} was {} ({})\n",
                    row.fault.name(),
                    run.verdict().as_str(),
                    row.fault.what()
                )),
            }
        }
        if let Expected::Either(why) = row.fault.expected() {
            text.push_str(&format!("{} may end either way: {why}\n", row.fault.name()));
        }
        if let Some(predicted) = row.predicted {
            let passed = row.runs.iter().filter(|r| stopping(r).is_empty()).count();
            text.push_str(&format!(
                "{}: passed {passed} of {}; an error gate on the riders' requests alone lets it pass with {:.1} %, by its computed power\n",
                row.fault.name(),
                row.runs.len(),
                predicted * 100.0
            ));
        }
    }
    for remark in &proof.remarks {
        text.push_str(&match remark {
            Remark::Redundant(name) => format!("{name} stops nothing that another gate does not also stop\n"),
            Remark::AbortsHealthy(name, times) => {
                format!("{name} aborts the healthy canary ({times} of {} runs)\n", outcomes.len())
            }
        });
    }
    let runs: usize = proof.rows.iter().map(|r| r.runs.len()).sum();
    text.push_str(&format!("{} of {runs} canaries ended as they should\n", runs - proof.wrong()));
    text.push_str(&closing(plan, outcomes));
    text
}

fn expected(row: &Row<'_>) -> String {
    match row.fault.expected() {
        Expected::Promoted => "promoted".to_owned(),
        Expected::Stopped(kind) => format!("stopped by {}", kind.as_str()),
        Expected::Either(_) => "either".to_owned(),
    }
}

fn happened(row: &Row<'_>) -> String {
    let runs = row.runs.len();
    let mut words: Vec<(String, usize)> = Vec::new();
    for run in &row.runs {
        let word = run.verdict().as_str().to_owned();
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, times)) => *times += 1,
            None => words.push((word, 1)),
        }
    }
    let all = words.into_iter().map(|(word, times)| if runs == 1 { word } else { format!("{word} {times}/{runs}") });
    all.collect::<Vec<_>>().join(", ")
}

/// What a gate made of a canary: how often it stopped it, and the values that it read.
fn cell(row: &Row<'_>, gate: usize) -> String {
    let runs: Vec<&MetricRun> = row.runs.iter().filter_map(|run| run.metrics.get(gate)).collect();
    let stopped = runs.iter().filter(|m| m.stops()).count();
    let mut values: Vec<f64> = Vec::new();
    let (mut nan, mut empty, mut errors) = (0, 0, 0);
    for measurement in runs.iter().flat_map(|m| &m.measurements) {
        match &measurement.value {
            None => errors += 1,
            Some(gate::condition::Measured::Vector(v)) if v.is_empty() => empty += 1,
            Some(gate::condition::Measured::Vector(v)) => {
                nan += usize::from(v.iter().any(|x| x.is_nan()));
                values.extend(v.iter().filter(|x| !x.is_nan()));
            }
            Some(gate::condition::Measured::Scalar(v)) if v.is_nan() => nan += 1,
            Some(gate::condition::Measured::Scalar(v)) => values.push(*v),
        }
    }
    let mut parts = Vec::new();
    let least = values.iter().copied().min_by(f64::total_cmp);
    let most = values.iter().copied().max_by(f64::total_cmp);
    if let Some((least, most)) = least.zip(most) {
        let (least, most) = (number(least), number(most));
        parts.push(if least == most { least } else { format!("{least}…{most}") });
    }
    for (count, word) in [(nan, "NaN"), (empty, "no data"), (errors, "error")] {
        if count > 0 {
            parts.push(if count == 1 { word.to_owned() } else { format!("{count}× {word}") });
        }
    }
    let mark = match (stopped, runs.len()) {
        (0, _) => String::new(),
        (_, 1) => "✗ ".to_owned(),
        (stopped, runs) => format!("✗{stopped}/{runs} "),
    };
    format!("{mark}{}", if parts.is_empty() { "not measured".to_owned() } else { parts.join(", ") })
}

/// What a measurement counts as, for a page.
pub(crate) fn word(of: gate::analysis::Outcome) -> &'static str {
    outcome(of)
}
