//! The time that a run, or one of its gates, is about.

use super::words;
use crate::time;
use crate::upstream;
use delivery::{Metric, Run};
use gate::promql;
use jiff::{SignedDuration, Timestamp};

/// From when to when; without an end it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
}

impl Period {
    /// Of a run: its queries look back from their first measurements, so traces from before it began may count.
    pub(crate) fn of(run: &Run) -> Option<Period> {
        let began = time::parse(run.started.as_deref().unwrap_or(&run.created))?;
        let first = run.metrics.iter().filter_map(|metric| Some(Period::of_gate(metric, run)?.start)).min();
        let last = run.metrics.iter().filter_map(last).max();
        let end = run.completed.as_deref().and_then(time::parse).or(last.filter(|_| words::is_over(&run.phase)));
        Some(Period { start: first.map_or(began, |first| first.min(began)), end: end.map(|end| end.max(began)) })
    }

    /// What the measurements of a gate saw; none where nothing was measured yet.
    pub(crate) fn of_gate(metric: &Metric, run: &Run) -> Option<Period> {
        let first = metric.measurements.iter().find_map(|taken| time::parse(taken.finished.as_deref()?))?;
        let back = metric.query.as_deref().map(lookback).unwrap_or_default();
        let start = first.checked_sub(back).ok()?;
        Some(Period { start, end: end(metric, run) })
    }

    /// As traces are asked for.
    pub(crate) fn asked(self) -> upstream::Period {
        let start = self.start.as_microsecond();
        // Times in Kubernetes are whole seconds.
        self.end.map_or(upstream::Period::Since(start), |end| {
            upstream::Period::Between(start, end.as_microsecond().saturating_add(1_000_000))
        })
    }

    /// Whether a trace that began then, in microseconds, is of this time.
    pub(crate) fn holds(self, at: i64) -> bool {
        let end = self.end.map_or(i64::MAX, |end| end.as_microsecond().saturating_add(1_000_000));
        (self.start.as_microsecond()..=end).contains(&at)
    }
}

/// When a gate was measured for the last time; none while it goes on.
pub(super) fn end(metric: &Metric, run: &Run) -> Option<Timestamp> {
    last(metric).filter(|_| words::is_over(&metric.phase) || run.completed.is_some())
}

fn last(metric: &Metric) -> Option<Timestamp> {
    metric.measurements.iter().filter_map(|taken| time::parse(taken.finished.as_deref()?)).max()
}

/// How far a query looks back.
fn lookback(query: &str) -> SignedDuration {
    let parsed = promql::parse(query).ok();
    let ranges = parsed.iter().flat_map(|query| query.selectors()).filter_map(|selector| selector.range);
    // Without a range, the last sample in Prometheus' five minutes counts; a day is nobody's gate.
    let longest =
        ranges.max().unwrap_or(std::time::Duration::from_secs(300)).min(std::time::Duration::from_secs(86_400));
    SignedDuration::try_from(longest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::Measurement;

    #[test]
    fn a_gate_is_about_what_its_query_looks_back_on() {
        let measured = |at: &str| Measurement { finished: Some(at.to_owned()), ..Measurement::default() };
        let metric = Metric {
            phase: "Failed".to_owned(),
            query: Some("sum(rate(a[30s])) / sum(rate(b[2m]))".to_owned()),
            measurements: vec![measured("2026-01-01T00:01:30Z"), measured("2026-01-01T00:01:50Z")],
            ..Metric::default()
        };
        let run = Run {
            created: "2026-01-01T00:00:00Z".to_owned(),
            phase: "Running".to_owned(),
            metrics: vec![metric],
            ..Run::default()
        };
        let at = |text: &str| time::parse(text);
        let gate = Period::of_gate(&run.metrics[0], &run).expect("a period");
        assert_eq!((Some(gate.start), gate.end), (at("2025-12-31T23:59:30Z"), at("2026-01-01T00:01:50Z")));
        let whole = Period::of(&run).expect("a period");
        assert_eq!((whole.start, whole.end), (gate.start, None));
        assert!(matches!(whole.asked(), upstream::Period::Since(_)));
        assert!(gate.holds(gate.start.as_microsecond()) && !gate.holds(gate.start.as_microsecond() - 1));
    }
}
