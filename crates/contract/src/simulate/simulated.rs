//! What one gate answers under loads that several rules ask about: each evaluated once.

use super::{Load, Scenario, judge, measured};
use crate::Contract;
use crate::gates::Gate;
use gate::analysis::Outcome;
use gate::condition::Measured;
use gate::promql;
use std::sync::{Mutex, PoisonError};

/// Answers at time 0 by load, beside a healthy stable version.
#[derive(Default)]
pub(crate) struct Memo(Mutex<Vec<(Load, Option<Measured>)>>);

/// One gate of a contract.
#[derive(Clone, Copy)]
pub struct Simulated<'c, 'r> {
    contract: &'c Contract<'r>,
    index: usize,
}

/// A measurement with its outcome; `None` where it can't be told.
pub type Judged = Option<(Measured, Outcome)>;

impl<'r> Contract<'r> {
    /// The gate with that index, to be asked what it answers under a load.
    pub fn simulated(&self, index: usize) -> Simulated<'_, 'r> {
        Simulated { contract: self, index }
    }
}

impl<'c> Simulated<'c, '_> {
    /// Riders, no faults.
    pub fn healthy(self) -> Judged {
        self.under(Load::HEALTHY)
    }

    /// Scraped and probed, no riders.
    pub fn idle(self) -> Judged {
        self.under(Load::IDLE)
    }

    /// Running, but nobody sends or scrapes anything.
    pub fn quiet(self) -> Judged {
        self.under(Load { watched: false, ..Load::IDLE })
    }

    /// No canary pods beside a healthy stable version.
    pub fn stable_only(self) -> Judged {
        self.under(Load::ABSENT)
    }

    /// No series at all, whatever the arguments are.
    pub fn nothing(self) -> Judged {
        let gate = self.judging()?;
        let measured = measured(promql::evaluate(&gate.anyhow()?, &[], 0.0).ok()?)?;
        let outcome = judge(gate, &measured);
        Some((measured, outcome))
    }

    /// What one measurement of a canary under that load is, and counts as, beside a healthy stable version.
    pub fn under(self, load: Load) -> Judged {
        let gate = self.judging()?;
        let measured = self.read(load)?;
        let outcome = judge(gate, &measured);
        Some((measured, outcome))
    }

    /// What the query answers there, whatever the conditions are.
    pub fn read(self, load: Load) -> Option<Measured> {
        let (gate, Memo(memo)) = (self.gate()?, self.contract.memos.get(self.index)?);
        let known =
            |memo: &Vec<(Load, Option<Measured>)>| memo.iter().find(|(l, _)| *l == load).map(|(_, m)| m.clone());
        if let Some(found) = known(&memo.lock().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        // Not under the lock: who comes second computes the same.
        let found = self.contract.read(gate, &Scenario::of(load), 0.0);
        memo.lock().unwrap_or_else(PoisonError::into_inner).push((load, found.clone()));
        found
    }

    fn gate(self) -> Option<&'c Gate> {
        self.contract.gates.get(self.index)
    }

    fn judging(self) -> Option<&'c Gate> {
        self.gate().filter(|gate| gate.outcomes().is_some())
    }
}
