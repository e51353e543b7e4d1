//! What a gate reads under a scenario: series of described workloads are made up sample by sample, as scrapes and flushes
//! would leave them, and the gate's own query is evaluated over them.

mod composition;
mod flows;
mod simulated;
mod world;

pub use composition::{Composition, value_matches};
pub use flows::probe_rate;
pub(crate) use simulated::Memo;
pub use simulated::{Judged, Simulated};

use crate::Contract;
use crate::gates::{Gate, Side};
use gate::analysis::{Outcome, due_times};
use gate::condition::{Measured, phase};
use gate::promql::{self, Query, Series, Value};
use world::{Builder, World};

/// The canary's pod template hash in simulations.
pub const CANARY_HASH: &str = "77c5fb9d64";
/// The stable version's.
pub const STABLE_HASH: &str = "58d9c7f6bd";

/// What one version of the workload sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Riders' requests per second over all its pods.
    pub rides: f64,
    /// Share of rides that fail.
    pub failing: f64,
    /// Factor on every duration.
    pub slow: f64,
    /// Its pods run and send telemetry.
    pub running: bool,
    /// Seconds at which the first pod is ready and rides begin.
    pub since: f64,
    /// Scrapes and probes reach it.
    pub watched: bool,
}

impl Load {
    /// Riders, no faults, for long enough.
    pub const HEALTHY: Load = Load { rides: 0.5, failing: 0.0, slow: 1.0, running: true, since: STEADY, watched: true };
    /// Scraped and probed, no riders.
    pub const IDLE: Load = Load { rides: 0.0, ..Load::HEALTHY };
    /// Every ride fails.
    pub const FAILING: Load = Load { failing: 1.0, ..Load::HEALTHY };
    /// Every ride takes ten times as long.
    pub const SLOW: Load = Load { slow: 10.0, ..Load::HEALTHY };
    /// No pods.
    pub const ABSENT: Load = Load { rides: 0.0, running: false, watched: false, ..Load::HEALTHY };
}

const STEADY: f64 = -100_000.0;

/// Both versions, and where the clocks stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// The canary.
    pub canary: Load,
    /// The stable version.
    pub stable: Load,
    /// Share of a scrape interval between time 0 and the first scrape.
    pub scrape_phase: f64,
    /// Share of a flush interval between time 0 and the first flush.
    pub flush_phase: f64,
}

impl Scenario {
    /// A canary beside a healthy stable version.
    pub fn of(canary: Load) -> Scenario {
        Scenario { canary, stable: Load::HEALTHY, scrape_phase: 0.5, flush_phase: 0.5 }
    }
}

/// Where the flush and scrape clocks may stand when a canary's first request comes, as shares of their intervals.
pub const PHASES: &[(f64, f64)] = &[(0.02, 0.9), (0.35, 0.1), (0.68, 0.5), (0.98, 0.9)];

/// When each measurement of a run is taken, in seconds, and its outcome.
pub type Run = Vec<(f64, Outcome)>;

impl Contract<'_> {
    /// What the gate's query answers at `at` seconds; `None` where that can't be told (a metric that nobody described, an
    /// argument without a value, PromQL that is not evaluated here).
    pub fn read(&self, gate: &Gate, scenario: &Scenario, at: f64) -> Option<Measured> {
        self.answer(gate, gate.bound.as_ref()?, scenario, at)
    }

    /// What another query in the gate's place would answer.
    pub fn answer(&self, gate: &Gate, query: &promql::Query, scenario: &Scenario, at: f64) -> Option<Measured> {
        let series = self.visible(gate, query, scenario, at)?;
        measured(promql::evaluate(query, &series, at).ok()?)
    }

    /// The measurements of a whole run that starts at time 0, each with when it is due. A sample that comes later than a
    /// measurement is not in its window.
    pub fn timeline(&self, gate: &Gate, scenario: &Scenario) -> Option<Vec<(f64, Measured, Outcome)>> {
        gate.outcomes()?;
        let count = gate.limits.count.map_or(3, |c| c.clamp(1, 20)) as usize;
        let due = due_times(&gate.limits, count);
        let last = due.last()?.as_secs_f64();
        let query = gate.bound.as_ref()?;
        let series = self.visible(gate, query, scenario, last)?;
        due.iter()
            .map(|due| {
                let at = due.as_secs_f64();
                let measured = measured(promql::evaluate(query, &series, at).ok()?)?;
                let outcome = judge(gate, &measured);
                Some((at, measured, outcome))
            })
            .collect()
    }

    /// The series that the gate's selectors can see, sampled up to `end`.
    fn visible(&self, gate: &Gate, query: &Query, scenario: &Scenario, end: f64) -> Option<Vec<Series>> {
        let window = query.selectors().iter().filter_map(|s| s.range).map(|r| r.as_secs_f64()).fold(0.0, f64::max);
        // Looking back over the longest window, or over the lookback of an instant selector, and a flush more.
        let from = (if window > 0.0 { -window } else { -30.0 }) - 90.0;
        let from = if gate.limits.initial_delay.as_secs_f64() > 0.0 && end > 0.0 { from.min(-90.0) } else { from };
        let mut found = World::default();
        let mut names: Vec<&str> = Vec::new();
        for selector in query.selectors() {
            let name = selector.name.as_deref()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            let mut any = false;
            for family in self.known(name) {
                any = true;
                let mut builder = Builder { contract: self, query, family, scenario, from, end, found: &mut found };
                builder.family()?;
            }
            if !any {
                return None;
            }
        }
        Some(found.series)
    }
}

fn judge(gate: &Gate, measured: &Measured) -> Outcome {
    let (success, failure) = (gate.success.as_ref(), gate.failure.as_ref());
    phase(success.and_then(Side::condition), failure.and_then(Side::condition), measured)
}

fn measured(value: Value) -> Option<Measured> {
    match value {
        Value::Scalar(value) => Some(Measured::Scalar(value)),
        Value::Vector(samples) => Some(Measured::Vector(samples.into_iter().map(|s| s.value).collect())),
        _ => None,
    }
}

impl Contract<'_> {
    /// Runs of the gate with that index on a healthy canary whose first request comes as the run starts, one for each place
    /// where the clocks may stand; evaluated once. `None` where that can't be told.
    pub fn fresh_runs(&self, index: usize) -> Option<&[Run]> {
        let gate = self.gates.get(index)?;
        let runs = self.fresh.get(index)?.get_or_init(|| {
            let fresh = Load { since: 0.0, ..Load::HEALTHY };
            let run = |(flush_phase, scrape_phase): &(f64, f64)| {
                let scenario =
                    Scenario { flush_phase: *flush_phase, scrape_phase: *scrape_phase, ..Scenario::of(fresh) };
                let timeline = self.timeline(gate, &scenario)?;
                Some(timeline.into_iter().map(|(at, _, outcome)| (at, outcome)).collect())
            };
            PHASES.iter().map(run).collect()
        });
        runs.as_deref()
    }
}
