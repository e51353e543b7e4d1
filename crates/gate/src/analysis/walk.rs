//! The weakest evidence that still promotes and the strongest that still aborts.
//!
//! The counting looks at totals and at runs of equal outcomes only, so the extreme sequences can be written down: as many bad
//! samples as the limits bear, then good ones; or good ones, then as many bad ones as it takes. A test holds both against a
//! walk of every sequence.

use super::{Counts, Gate, Limits, MetricStatus, Outcome, Outcomes, Sample};
use crate::condition::{Condition, Measured, Op, ResultType, phase};
use std::fmt;

/// A sequence of samples, as runs of equal ones, and what it ends in. Displays as `1 good sample of 3, 2 NaN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Samples in the order in which they are taken, with how many of each.
    pub runs: Vec<(Sample, i64)>,
    /// Where they lead.
    pub status: MetricStatus,
}

impl Evidence {
    /// How many samples of this kind there are.
    pub fn count(&self, sample: Sample) -> i64 {
        self.runs.iter().filter(|(s, _)| *s == sample).map(|(_, n)| *n).fold(0, i64::saturating_add)
    }

    /// How many there are at all.
    pub fn len(&self) -> i64 {
        self.runs.iter().map(|(_, n)| *n).fold(0, i64::saturating_add)
    }

    /// Whether there are none: a run that ends before any measurement.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn of(gate: &Gate, runs: Vec<(Sample, i64)>) -> Option<Evidence> {
        let runs: Vec<(Sample, i64)> = runs.into_iter().filter(|(_, n)| *n > 0).collect();
        let mut counts = Counts::default();
        let mut status = MetricStatus::Pending;
        for (sample, times) in &runs {
            let outcome = gate.outcomes.get(*sample);
            // Totals of long runs are added at once; the last is added singly, as the end is decided there.
            let bulk = times - 1;
            for _ in 0..bulk.min(2) {
                counts.add(outcome);
            }
            let rest = (bulk - 2).max(0);
            counts.count = counts.count.saturating_add(if outcome == Outcome::Error { 0 } else { rest });
            counts.failed += if outcome == Outcome::Failed { rest } else { 0 };
            counts.inconclusive += if outcome == Outcome::Inconclusive { rest } else { 0 };
            counts.consecutive_error += if outcome == Outcome::Error { rest } else { 0 };
            counts.consecutive_success += if outcome == Outcome::Successful { rest } else { 0 };
            counts.add(outcome);
            status = counts.status(&gate.limits);
        }
        Some(Evidence { runs, status })
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good = self.count(Sample::Good);
        let plural = if good == 1 { "" } else { "s" };
        write!(f, "{good} good sample{plural} of {}", self.len())?;
        for (sample, word) in
            [(Sample::Bad, "bad"), (Sample::NaN, "NaN"), (Sample::None, "without data"), (Sample::Error, "in error")]
        {
            match self.count(sample) {
                0 => {}
                n => write!(f, ", {n} {word}")?,
            }
        }
        Ok(())
    }
}

/// What the conditions make of each kind of sample.
pub(super) fn outcomes(success: Option<&Condition>, failure: Option<&Condition>, ty: ResultType) -> Outcomes {
    let measured = |value: f64| match ty {
        ResultType::Vector => Measured::Vector(vec![value]),
        ResultType::Scalar => Measured::Scalar(value),
    };
    let judge = |m: &Measured| phase(success, failure, m);
    let bound = success.and_then(|c| c.threshold()).map(|t| (t.op, t.value, true));
    let bound = bound.or_else(|| failure.and_then(|c| c.threshold()).map(|t| (t.op, t.value, false)));
    let (good, bad) = match bound {
        Some((op, value, passes)) => {
            let step = value.abs().max(1.0);
            let (low, high) = (value - step, value + step);
            let below = matches!(op, Op::Lt | Op::Le) == passes;
            if below { (low, high) } else { (high, low) }
        }
        None => (1.0, 0.0),
    };
    // Without a bound, whichever probe passes is the good one.
    let (mut good, mut bad) = (judge(&measured(good)), judge(&measured(bad)));
    if bound.is_none() && good != Outcome::Successful && bad == Outcome::Successful {
        std::mem::swap(&mut good, &mut bad);
    }
    let nan = judge(&measured(f64::NAN));
    let none = match ty {
        ResultType::Vector => judge(&Measured::Vector(Vec::new())),
        ResultType::Scalar => nan,
    };
    Outcomes { good, bad, nan, none, error: Outcome::Error }
}

/// Kinds of sample that are no evidence for the canary, the emptiest first.
const POOR: [Sample; 3] = [Sample::None, Sample::NaN, Sample::Bad];

fn poor(gate: &Gate, outcome: Outcome) -> Option<Sample> {
    POOR.into_iter().find(|s| gate.outcomes.get(*s) == outcome)
}

/// The sequence with the fewest good samples that still ends Successful; `None` where no sequence does.
pub fn weakest_promotion(gate: &Gate) -> Option<Evidence> {
    let limits = &gate.limits;
    let count = limits.effective_count().map(|c| c.max(1));
    let streak = limits.consecutive_success_limit.filter(|l| *l > 0);
    // What counts as a success without being one needs no good sample at all.
    let success =
        poor(gate, Outcome::Successful).or((gate.outcomes.good == Outcome::Successful).then_some(Sample::Good))?;
    let needed = match (streak, count) {
        (Some(streak), _) => streak,
        (None, Some(_)) => 0,
        (None, None) => return None,
    };
    let mut left = count.unwrap_or(i64::MAX).checked_sub(needed)?;
    if left < 0 {
        return None;
    }
    let mut runs = Vec::new();
    let mut bear = |sample: Option<Sample>, limit: i64| {
        let Some(sample) = sample else { return };
        let unlimited = if count.is_some() { left } else { 0 };
        let take = if limit < 0 { unlimited } else { limit.min(left) };
        runs.push((sample, take));
        left -= take;
    };
    bear(poor(gate, Outcome::Failed), limits.failure_limit);
    bear(poor(gate, Outcome::Inconclusive), limits.inconclusive_limit.max(0));
    let rest = match streak {
        Some(streak) => streak,
        None => left,
    };
    runs.push((success, rest));
    Evidence::of(gate, runs).filter(|e| e.status == MetricStatus::Successful)
}

/// The sequence with the most good samples that still aborts; `None` where no sequence does. Failed queries are left out:
/// they say nothing about the canary. With a `consecutiveSuccessLimit` it is one such sequence, perhaps not the strongest.
pub fn strongest_abort(gate: &Gate) -> Option<Evidence> {
    if gate.limits.dry_run {
        return None;
    }
    let limits = &gate.limits;
    let count = limits.effective_count().map(|c| c.max(1));
    // A streak longer than the run: no run of good samples is enough.
    let streak = limits.consecutive_success_limit.filter(|l| *l > 0);
    if let (Some(streak), Some(count)) = (streak, count)
        && streak > count
        && gate.outcomes.good == Outcome::Successful
    {
        return Evidence::of(gate, vec![(Sample::Good, count)]);
    }
    let mut best: Option<Evidence> = None;
    let breaking = [
        (Outcome::Failed, limits.failure_limit),
        (Outcome::Inconclusive, limits.inconclusive_limit),
        (Outcome::Error, limits.consecutive_error_limit),
    ];
    for (outcome, limit) in breaking {
        let Some(sample) = POOR.into_iter().rev().find(|s| gate.outcomes.get(*s) == outcome) else { continue };
        if outcome == Outcome::Failed && limit < 0 {
            continue;
        }
        let bad = limit.max(0).saturating_add(1);
        // Errors take no place of the count, but the last counting sample must not have ended the run.
        let room = if outcome == Outcome::Error { count.map(|c| c - 1) } else { count.map(|c| c.saturating_sub(bad)) };
        let good = match room {
            Some(room) if room < 0 => continue,
            Some(room) => room,
            None => 0,
        };
        let good = match streak {
            Some(streak) => good.min(streak - 1),
            None => good,
        };
        let good = if gate.outcomes.good == Outcome::Successful { good } else { 0 };
        let found = Evidence::of(gate, vec![(Sample::Good, good), (sample, bad)]);
        let found = found
            .filter(|e| matches!(e.status, MetricStatus::Failed | MetricStatus::Error | MetricStatus::Inconclusive));
        let better = |e: &Evidence| {
            best.as_ref().is_none_or(|b| (e.count(Sample::Good), -e.len()) > (b.count(Sample::Good), -b.len()))
        };
        if found.as_ref().is_some_and(better) {
            best = found;
        }
    }
    best
}

/// Whether any measured value, NaN or lack of data can end the run other than Successful. Errors of the query itself are left
/// out: they can always end it, and say nothing about the canary.
pub fn can_fail(gate: &Gate) -> bool {
    if gate.limits.dry_run {
        return false;
    }
    let count = gate.limits.effective_count().map_or(i64::MAX, |c| c.max(1));
    let has = |outcome: Outcome| poor(gate, outcome).is_some() || gate.outcomes.good == outcome;
    let failed = has(Outcome::Failed) && gate.limits.failure_limit >= 0 && gate.limits.failure_limit < count;
    let inconclusive = has(Outcome::Inconclusive) && gate.limits.inconclusive_limit < count;
    let streak = gate.limits.consecutive_success_limit.is_some_and(|l| l > 0) && has(Outcome::Failed);
    failed || inconclusive || streak
}

/// The lowest `failureLimit` with which one lost sample does not abort a healthy canary; 0 where there is but one sample.
pub fn lowest_failure_limit_keeping_one_lost_sample_harmless(limits: &Limits) -> i64 {
    match limits.effective_count() {
        Some(count) if count < 2 => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::assess;
    use std::time::Duration;

    const KINDS: [Sample; 4] = [Sample::Good, Sample::Bad, Sample::NaN, Sample::None];

    /// Every sequence of up to `most` samples, walked through the counting.
    fn walk(gate: &Gate, most: usize) -> (Option<i64>, Option<i64>) {
        let (mut weakest, mut strongest): (Option<i64>, Option<i64>) = (None, None);
        let mut stack: Vec<Vec<Sample>> = vec![Vec::new()];
        while let Some(samples) = stack.pop() {
            let outcomes: Vec<Outcome> = samples.iter().map(|s| gate.outcomes.get(*s)).collect();
            let good = samples.iter().filter(|s| **s == Sample::Good).count() as i64;
            match assess(&gate.limits, &outcomes) {
                MetricStatus::Successful => weakest = Some(weakest.map_or(good, |w| w.min(good))),
                MetricStatus::Failed | MetricStatus::Error | MetricStatus::Inconclusive => {
                    strongest = Some(strongest.map_or(good, |s| s.max(good)));
                }
                _ if samples.len() < most => stack.extend(KINDS.iter().map(|k| [samples.as_slice(), &[*k]].concat())),
                _ => {}
            }
        }
        (weakest, strongest)
    }

    #[test]
    fn agrees_with_a_walk_of_every_sequence() {
        let outcomes = [
            Outcomes {
                good: Outcome::Successful,
                bad: Outcome::Failed,
                nan: Outcome::Failed,
                none: Outcome::Failed,
                error: Outcome::Error,
            },
            Outcomes {
                good: Outcome::Successful,
                bad: Outcome::Failed,
                nan: Outcome::Failed,
                none: Outcome::Error,
                error: Outcome::Error,
            },
            Outcomes {
                good: Outcome::Successful,
                bad: Outcome::Failed,
                nan: Outcome::Successful,
                none: Outcome::Error,
                error: Outcome::Error,
            },
            Outcomes {
                good: Outcome::Successful,
                bad: Outcome::Failed,
                nan: Outcome::Inconclusive,
                none: Outcome::Inconclusive,
                error: Outcome::Error,
            },
        ];
        for outcomes in outcomes {
            for count in 1..=4 {
                for failure_limit in -1..=4 {
                    for (inconclusive_limit, streak) in [(0, None), (1, None), (0, Some(2)), (1, Some(2))] {
                        let limits = Limits {
                            count: Some(count),
                            interval: Some(Duration::from_secs(10)),
                            failure_limit,
                            inconclusive_limit,
                            consecutive_error_limit: 1,
                            consecutive_success_limit: streak,
                            ..Limits::default()
                        };
                        let gate = Gate { limits, outcomes };
                        let (weakest, strongest) = walk(&gate, 7);
                        let found = weakest_promotion(&gate).map(|e| e.count(Sample::Good));
                        assert_eq!(found, weakest, "weakest of {gate:?}");
                        let found = strongest_abort(&gate).map(|e| e.count(Sample::Good));
                        if streak.is_none_or(|s| s > count) {
                            assert_eq!(found, strongest, "strongest of {gate:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn ends_on_huge_and_odd_numbers() {
        let outcomes = Outcomes {
            good: Outcome::Successful,
            bad: Outcome::Failed,
            nan: Outcome::Failed,
            none: Outcome::Error,
            error: Outcome::Error,
        };
        for count in [None, Some(0), Some(-3), Some(1_000_000_000), Some(i64::MAX)] {
            for failure_limit in [-5, 0, i64::MAX] {
                let limits =
                    Limits { count, interval: Some(Duration::from_secs(1)), failure_limit, ..Limits::default() };
                let gate = Gate { limits, outcomes };
                let _ = (weakest_promotion(&gate), strongest_abort(&gate), can_fail(&gate));
            }
        }
    }

    #[test]
    fn says_it_for_people() {
        let outcomes = Outcomes {
            good: Outcome::Successful,
            bad: Outcome::Failed,
            nan: Outcome::Failed,
            none: Outcome::Error,
            error: Outcome::Error,
        };
        let limits =
            Limits { count: Some(3), interval: Some(Duration::from_secs(10)), failure_limit: 2, ..Limits::default() };
        let gate = Gate { limits, outcomes };
        assert_eq!(weakest_promotion(&gate).unwrap().to_string(), "1 good sample of 3, 2 NaN");
        assert!(!can_fail(&Gate { limits: Limits { failure_limit: 3, ..gate.limits.clone() }, outcomes }));
    }
}
