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
use gate::condition::Measured;

/// A number with four digits that matter.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = value.abs().log10().floor() as i32;
    let places = usize::try_from((3 - digits).clamp(0, 9)).unwrap_or_default();
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The value alone.
#[must_use]
pub fn value(measurement: &Measurement) -> String {
    match &measurement.value {
        None => "error".to_owned(),
        Some(Measured::Scalar(value)) => number(*value),
        Some(Measured::Vector(values)) => match values.as_slice() {
            [] => "no data".to_owned(),
            [one] => number(*one),
            many => format!("[{}]", many.iter().map(|v| number(*v)).collect::<Vec<_>>().join(" ")),
        },
    }
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
    match &metric.threshold {
        Some(threshold) => format!("{} {}", threshold.op.text(), number(threshold.value)),
        None => "no bound".to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.06573, 772.4512, 12345.6, 0.000_012_34, f64::NAN, 1.0, 0.1 + 0.2].map(number);
        assert_eq!(all, ["0", "0.06573", "772.5", "12346", "0.00001234", "NaN", "1", "0.3"]);
    }
}
