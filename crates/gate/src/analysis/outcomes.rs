//! What a metric's conditions make of each kind of sample.

use super::{Outcome, Outcomes};
use crate::condition::{Condition, Measured, ResultType, phase};

/// Evaluates the conditions on values around their own constants: a good value is one with which the metric succeeds, a bad
/// one is one with which it fails; where there is none, the next best and the next worst.
pub(super) fn outcomes(success: Option<&Condition>, failure: Option<&Condition>, ty: ResultType) -> Outcomes {
    let judge = |m: &Measured| phase(success, failure, m);
    let conditions: Vec<&Condition> = success.into_iter().chain(failure).collect();
    let mut found = Found::default();
    // Nearly always half and twice of what is written settle it.
    let constants = conditions.iter().flat_map(|c| c.constants());
    let near = constants.flat_map(|c| [c / 2.0, c * 2.0, c - 0.01, c + 1.0]).chain([0.0, 1.0]);
    found.take(near.map(|v| judge(&Measured::one(ty, v))));
    if !found.settled() {
        let mut probes: Vec<f64> = conditions.iter().flat_map(|c| c.probes()).collect();
        probes.sort_by(f64::total_cmp);
        let between: Vec<f64> = probes.iter().zip(probes.iter().skip(1)).map(|(a, b)| a / 2.0 + b / 2.0).collect();
        found.take(probes.into_iter().chain(between).map(|v| judge(&Measured::one(ty, v))));
    }
    let nan = judge(&Measured::one(ty, f64::NAN));
    let none = match ty {
        ResultType::Vector => judge(&Measured::Vector(Vec::new())),
        ResultType::Scalar => nan,
    };
    let Found { best, worst } = found;
    Outcomes {
        good: best.unwrap_or(Outcome::Error),
        bad: worst.unwrap_or(Outcome::Error),
        nan,
        none,
        error: Outcome::Error,
    }
}

#[derive(Default)]
struct Found {
    best: Option<Outcome>,
    worst: Option<Outcome>,
}

/// Errors on a single finite value say nothing about it, and come last on either side.
fn merit(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Successful => 3,
        Outcome::Inconclusive => 2,
        Outcome::Failed => 1,
        Outcome::Error => 0,
    }
}

fn demerit(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Failed => 3,
        Outcome::Inconclusive => 2,
        Outcome::Error => 1,
        Outcome::Successful => 0,
    }
}

impl Found {
    fn settled(&self) -> bool {
        self.best == Some(Outcome::Successful) && self.worst == Some(Outcome::Failed)
    }

    fn take(&mut self, outcomes: impl Iterator<Item = Outcome>) {
        for outcome in outcomes {
            if self.settled() {
                return;
            }
            if self.best.is_none_or(|best| merit(outcome) > merit(best)) {
                self.best = Some(outcome);
            }
            if self.worst.is_none_or(|worst| demerit(outcome) > demerit(worst)) {
                self.worst = Some(outcome);
            }
        }
    }
}
