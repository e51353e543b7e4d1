//! What a gate proved: canary by gate, over one run or many.

use crate::analysis::{MetricRun, Verdict};
use crate::canary::{Expected, Fault};
use crate::run::{CanaryRun, Outcome};
use contract::gates::GateKind;
use gate::analysis::{Power, error_gate_pass_probability};

/// A canary over all runs.
#[derive(Clone, Debug)]
pub struct Row<'o> {
    /// What was wrong with it.
    pub fault: Fault,
    /// Each of its runs.
    pub runs: Vec<&'o CanaryRun>,
    /// How often the gates' computed power lets it pass, where that can be told.
    pub predicted: Option<f64>,
}

/// Whether a run ended as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It did.
    Expected,
    /// Stopped, but not by the gate that is meant for it.
    OtherGate,
    /// Promoted and should not have been, or the other way round.
    Wrong,
}

/// A gate that proved nothing, or too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It stopped nothing that no other gate stopped as well.
    Redundant(String),
    /// It stopped the healthy canary, so many times.
    AbortsHealthy(String, usize),
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Proof<'o> {
    /// Canaries.
    pub rows: Vec<Row<'o>>,
    /// Gates, by name and kind.
    pub gates: Vec<(String, GateKind)>,
    /// What is to be said about gates.
    pub remarks: Vec<Remark>,
}

impl<'o> Proof<'o> {
    /// Reads it off the runs.
    #[must_use]
    pub fn of(outcomes: &'o [Outcome]) -> Proof<'o> {
        let Some(first) = outcomes.first() else {
            return Proof { rows: Vec::new(), gates: Vec::new(), remarks: Vec::new() };
        };
        let rows: Vec<Row<'o>> = first
            .canaries
            .iter()
            .enumerate()
            .map(|(index, canary)| {
                let runs: Vec<&CanaryRun> = outcomes.iter().filter_map(|o| o.canaries.get(index)).collect();
                Row { fault: canary.fault, predicted: predicted(&runs), runs }
            })
            .collect();
        let metrics = first.canaries.first().map(|c| c.metrics.as_slice()).unwrap_or_default();
        let gates: Vec<(String, GateKind)> = metrics.iter().map(|m| (m.metric.name.clone(), m.metric.kind)).collect();
        let remarks = remarks(&rows, &gates);
        Proof { rows, gates, remarks }
    }

    /// Runs that did not end as they should.
    #[must_use]
    pub fn wrong(&self) -> usize {
        let fits = self.rows.iter().flat_map(|row| row.runs.iter().map(|run| fit(run)));
        fits.filter(|fit| *fit != Fit::Expected).count()
    }
}

/// Whether a run ended as it should.
#[must_use]
pub fn fit(run: &CanaryRun) -> Fit {
    let verdict = run.verdict();
    match run.fault.expected() {
        Expected::Either(_) => Fit::Expected,
        Expected::Promoted if verdict == Verdict::Promoted => Fit::Expected,
        Expected::Promoted => Fit::Wrong,
        Expected::Stopped(_) if verdict == Verdict::Promoted => Fit::Wrong,
        Expected::Stopped(kind) if run.metrics.iter().any(|m| m.stops() && m.metric.kind == kind) => Fit::Expected,
        Expected::Stopped(_) => Fit::OtherGate,
    }
}

/// Gates that stopped a run, the first one first.
#[must_use]
pub fn stopping(run: &CanaryRun) -> Vec<&MetricRun> {
    let mut all: Vec<&MetricRun> = run.metrics.iter().filter(|m| m.stops()).collect();
    all.sort_by_key(|m| m.ended());
    all
}

fn remarks(rows: &[Row<'_>], gates: &[(String, GateKind)]) -> Vec<Remark> {
    let mut found = Vec::new();
    for (name, _) in gates {
        let stops = |run: &&CanaryRun| run.metrics.iter().any(|m| m.stops() && m.metric.name == *name);
        let alone = |run: &&CanaryRun| stops(run) && stopping(run).len() == 1;
        let faulty = || rows.iter().filter(|r| r.fault != Fault::Healthy).flat_map(|r| r.runs.iter().copied());
        if gates.len() > 1 && rows.len() > 1 && !faulty().any(|run| alone(&run)) {
            found.push(Remark::Redundant(name.clone()));
        }
        let healthy = rows.iter().filter(|r| r.fault == Fault::Healthy).flat_map(|r| r.runs.iter().copied());
        let aborted = healthy.filter(stops).count();
        if aborted > 0 {
            found.push(Remark::AbortsHealthy(name.clone(), aborted));
        }
    }
    found
}

/// For a canary of which a share fails: how often the error gate lets it pass by its computed power, at the rate that the
/// riders really had and the share that was meant: what happened to fail would lean to the verdict.
fn predicted(runs: &[&CanaryRun]) -> Option<f64> {
    let first = runs.first()?;
    let Fault::Failing(_) = first.fault else { return None };
    let gate = first.metrics.iter().find(|m| m.metric.kind == GateKind::ErrorRate)?;
    let (counted, bound, window) =
        (gate.metric.counted.as_ref()?, gate.metric.threshold.as_ref()?, gate.metric.window?);
    let rate = runs.iter().map(|run| run.rate()).sum::<f64>() / runs.len() as f64;
    Some(error_gate_pass_probability(counted, &Power { rate, window }, first.failing, bound.value))
}
