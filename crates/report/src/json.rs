//! The machine-readable report, schema 1; `report.schema.json` beside this crate's manifest describes it.

use rules::{Judged, Report, Reported};
use serde::Serialize;
use yaml::{Position, Step};

#[derive(Serialize)]
struct Root<'a> {
    schema: u32,
    findings: Vec<Entry<'a>>,
    summary: Summary,
    judged: Look<'a>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    consequence: &'a str,
    file: &'a str,
    path: Vec<Part<'a>>,
    span: Span,
    caused_by: Option<usize>,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

#[derive(Serialize)]
struct Span {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    files: usize,
}

#[derive(Serialize)]
struct Look<'a> {
    collectors: usize,
    gates: usize,
    rollouts: usize,
    evidence: Vec<Weighed<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Weighed<'a> {
    gate: &'a str,
    file: &'a str,
    rollout: Option<&'a str>,
    weakest_promotion: Option<&'a str>,
    strongest_abort: Option<&'a str>,
}

/// The report as one JSON object, one line, without a line end. `schema` is raised when a field changes its meaning;
/// fields may be added within one.
///
/// # Errors
/// None that a report can cause: serde_json fails on maps with keys that are no strings, and there are none.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Root {
        schema: 1,
        findings: report.findings.iter().map(entry).collect(),
        summary: Summary { errors: report.errors(), warnings: report.warnings(), files: report.judged.files },
        judged: look(&report.judged),
    })
}

fn entry(reported: &Reported) -> Entry<'_> {
    let finding = &reported.finding;
    Entry {
        rule: finding.rule,
        severity: finding.severity.as_str(),
        message: &finding.message,
        consequence: &finding.consequence,
        file: &reported.file,
        path: reported.path.iter().filter_map(part).collect(),
        span: Span { start: point(reported.start), end: point(reported.end) },
        caused_by: finding.caused_by,
        fix: finding.fix.as_ref().map(|fix| Fix { title: &fix.title, safety: fix.safety.as_str() }),
    }
}

/// The contract knows keys and indices; which document of a stream it is, the span says.
fn part(step: &Step) -> Option<Part<'_>> {
    match step {
        Step::Key(key) => Some(Part::Key(key)),
        Step::Index(index) => Some(Part::Index(*index)),
        Step::Document(_) => None,
    }
}

fn point(position: Position) -> Point {
    Point { line: position.line, column: position.column }
}

fn look(judged: &Judged) -> Look<'_> {
    let weighed = judged.evidence.iter().map(|e| Weighed {
        gate: &e.gate,
        file: &e.file,
        rollout: e.rollout.as_deref(),
        weakest_promotion: e.promotes.as_deref(),
        strongest_abort: e.aborts.as_deref(),
    });
    Look {
        collectors: judged.collectors,
        gates: judged.gates,
        rollouts: judged.rollouts,
        evidence: weighed.collect(),
        notes: &judged.notes,
    }
}
