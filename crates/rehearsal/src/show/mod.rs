//! Results for people, programs and browsers.

mod json;
mod page;
mod text;

pub use json::{json, proof_json};
pub use page::{page, proof_page};
pub use text::{addresses, proof, rehearsal};

use crate::analysis::Measurement;
use crate::plan::Metric;
use gate::analysis::{MetricStatus, Outcome};
pub(crate) use gate::condition::short as number;

/// The value alone.
#[must_use]
pub fn value(measurement: &Measurement) -> String {
    measurement.value.as_ref().map_or_else(|| "error".to_owned(), ToString::to_string)
}

/// The value and what it counts as.
#[must_use]
pub fn measured(measurement: &Measurement) -> String {
    let why = measurement.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
    format!("{}, {}{why}", value(measurement), outcome(measurement.outcome))
}

/// The bound that a measurement must keep.
#[must_use]
pub fn bound(metric: &Metric) -> String {
    metric.wants()
}

pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Successful => "passes",
        Outcome::Failed => "fails",
        Outcome::Inconclusive => "is inconclusive",
        Outcome::Error => "is an error",
    }
}

/// A metric's status in a word.
#[must_use]
pub fn status(status: MetricStatus) -> &'static str {
    match status {
        MetricStatus::Pending => "not measured",
        MetricStatus::Running => "cut short",
        MetricStatus::Successful => "passed",
        MetricStatus::Failed => "failed",
        MetricStatus::Error => "error",
        MetricStatus::Inconclusive => "inconclusive",
    }
}

/// Rows of cells, each column as wide as its widest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
