//! A sequence of samples, and saying it to people.

use super::{Counts, Gate, MetricStatus, Outcome, Sample};
use std::fmt;

/// A sequence of samples, as runs of equal ones, and what it ends in. Displays as `1 good sample of 3, two NaN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Samples in the order in which they are taken, with how many of each.
    pub runs: Vec<(Sample, i64)>,
    /// Any number of good samples may come before these: the metric has no count.
    pub after_any_good: bool,
    /// Where they lead.
    pub status: MetricStatus,
}

impl Evidence {
    /// How many samples of this kind there are.
    pub fn count(&self, sample: Sample) -> i64 {
        self.runs.iter().filter(|(s, _)| *s == sample).map(|(_, n)| *n).fold(0, i64::saturating_add)
    }

    /// How many there are at all, those in error included, although these are not counted toward the metric's `count`.
    pub fn len(&self) -> i64 {
        self.runs.iter().map(|(_, n)| *n).fold(0, i64::saturating_add)
    }

    /// Whether there are none: a run that ends before any measurement.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether it consists of lack of data alone.
    pub fn is_without_data(&self) -> bool {
        !self.is_empty() && self.runs.iter().all(|(sample, _)| matches!(sample, Sample::None | Sample::Error))
    }

    /// Puts runs of equal samples together and finds out where they lead; runs of none are dropped. Long runs are counted at
    /// once, so the samples must not end the metric before the last.
    pub(super) fn of(gate: &Gate, runs: impl IntoIterator<Item = (Sample, i64)>) -> Evidence {
        let mut merged: Vec<(Sample, i64)> = Vec::new();
        for (sample, times) in runs.into_iter().filter(|(_, times)| *times > 0) {
            match merged.last_mut() {
                Some((last, n)) if *last == sample => *n = n.saturating_add(times),
                _ => merged.push((sample, times)),
            }
        }
        let mut counts = Counts::default();
        let mut status = MetricStatus::Pending;
        for (sample, times) in &merged {
            let outcome = gate.outcomes.get(*sample);
            counts.add(outcome);
            let more = times - 1;
            let add = |counter: &mut i64, when: bool| *counter = counter.saturating_add(if when { more } else { 0 });
            add(&mut counts.count, outcome != Outcome::Error);
            add(&mut counts.failed, outcome == Outcome::Failed);
            add(&mut counts.inconclusive, outcome == Outcome::Inconclusive);
            add(&mut counts.consecutive_error, outcome == Outcome::Error);
            add(&mut counts.consecutive_success, outcome == Outcome::Successful);
            status = counts.status(&gate.limits);
        }
        Evidence { runs: merged, after_any_good: false, status }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (good, all) = (self.count(Sample::Good), self.len());
        let plural = if good == 1 { "" } else { "s" };
        match (good, all) {
            (_, 0) => f.write_str("no sample at all")?,
            _ if self.after_any_good => f.write_str("any number of good samples")?,
            (0, all) => write!(f, "no good sample of {all}")?,
            (good, all) => write!(f, "{good} good sample{plural} of {all}")?,
        }
        for (sample, word) in
            [(Sample::Bad, "bad"), (Sample::NaN, "NaN"), (Sample::None, "without data"), (Sample::Error, "in error")]
        {
            match self.count(sample) {
                0 => {}
                n => write!(f, ", {} {word}", number(n))?,
            }
        }
        Ok(())
    }
}

/// Small numbers as words, so that they are not read as values.
fn number(n: i64) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let word = usize::try_from(n).ok().and_then(|n| WORDS.get(n));
    word.map_or_else(|| n.to_string(), ToString::to_string)
}
