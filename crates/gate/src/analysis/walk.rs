//! The weakest evidence that still promotes and the strongest that still aborts.
//!
//! Every sequence of samples is walked through the counting, by dynamic programming over its counters: sequences that lead to
//! the same counters share their future, so only the best of them is kept. Numbers too large to walk (a count of a billion)
//! are left to [`super::closed`], which writes the extreme sequences down.

use super::closed;
use super::{Counts, Evidence, Gate, Limits, MetricStatus, Outcome, Sample};
use std::collections::BTreeMap;

/// Counter states beyond which the numbers are too large to walk.
const STATES: i64 = 20_000;

/// The sequence with the fewest good samples that still ends Successful (of a dry run: that ends at all); `None` where no
/// sequence does. Of two, the one with fewer bad samples, and with lack of data rather than NaN: the emptiest evidence.
pub fn weakest_promotion(gate: &Gate) -> Option<Evidence> {
    if gate.limits.fault().is_some() {
        return None;
    }
    let any = gate.limits.dry_run;
    let goal = Goal {
        kinds: &[Sample::None, Sample::Error, Sample::NaN, Sample::Bad, Sample::Good],
        accepts: if any { MetricStatus::is_completed } else { |status| status == MetricStatus::Successful },
        // Errors do not count and prove nothing, so they are left out where they are not needed.
        cost: |tally, uncounted| [tally.good, uncounted, tally.bad, tally.nan, tally.error, tally.none],
    };
    match horizon(&gate.limits) {
        Some(most) => walk(gate, &goal, most),
        None => closed::weakest(gate),
    }
}

/// The sequence with the most good samples that still aborts (ends Failed or Error); `None` where no sequence does. Failed
/// queries are left out: they say nothing about the canary. Of two, the shorter one, and with NaN or lack of data rather than
/// bad values: a healthy canary may read those as well.
pub fn strongest_abort(gate: &Gate) -> Option<Evidence> {
    if gate.limits.dry_run {
        return None;
    }
    if gate.limits.fault().is_some() {
        return Some(Evidence { runs: Vec::new(), after_any_good: false, status: MetricStatus::Error });
    }
    let goal = Goal {
        kinds: &[Sample::NaN, Sample::None, Sample::Bad, Sample::Good],
        accepts: |status| matches!(status, MetricStatus::Failed | MetricStatus::Error),
        cost: |tally, _| [-tally.good, tally.bad + tally.none + tally.nan, tally.bad, tally.none, tally.nan, 0],
    };
    let Some(most) = horizon(&gate.limits) else {
        return closed::strongest(gate);
    };
    // Without a count good samples can go on for ever, unless a streak of them is the end.
    let resets = [gate.outcomes.nan, gate.outcomes.none, gate.outcomes.bad].contains(&Outcome::Error);
    let endless = gate.limits.effective_count().is_none()
        && gate.outcomes.good == Outcome::Successful
        && gate.limits.streak().is_none_or(|streak| streak > 1 && resets);
    if endless {
        let kinds = &[Sample::NaN, Sample::None, Sample::Bad];
        let goal = Goal {
            kinds,
            cost: |tally, _| [tally.bad + tally.none + tally.nan, tally.bad, tally.none, 0, 0, 0],
            ..goal
        };
        return walk(gate, &goal, most).map(|found| Evidence { after_any_good: true, ..found });
    }
    walk(gate, &goal, most)
}

/// Whether any measured value, NaN or lack of data can end the run other than Successful. Errors of the query itself are left
/// out: they can always end it, and say nothing about the canary. So is whether the numbers are valid ([`Limits::fault`]).
pub fn can_fail(gate: &Gate) -> bool {
    let limits = &gate.limits;
    if limits.dry_run {
        return false;
    }
    let outcomes = [gate.outcomes.good, gate.outcomes.bad, gate.outcomes.nan, gate.outcomes.none];
    let has = |outcome: Outcome| outcomes.contains(&outcome);
    let count = limits.effective_count().map_or(i64::MAX, |c| c.max(1));
    let failed = has(Outcome::Failed) && (0..count).contains(&limits.failure_limit);
    let inconclusive = has(Outcome::Inconclusive) && limits.inconclusive_limit < count;
    // What breaks a streak keeps the run from ending Successful; errors alone let a streak of one stand.
    let streak = limits.streak().is_some_and(|streak| {
        let errors = streak > 1 && has(Outcome::Error);
        streak > count || errors || has(Outcome::Failed) || has(Outcome::Inconclusive)
    });
    failed || inconclusive || streak
}

/// The lowest `failureLimit` with which one lost sample does not abort a healthy canary; 0 where there is but one sample.
pub fn lowest_failure_limit_keeping_one_lost_sample_harmless(limits: &Limits) -> i64 {
    match limits.effective_count() {
        // `count` must not be less than both limits together.
        Some(count) => (count - limits.streak().unwrap_or(1)).clamp(0, 1),
        None => 1,
    }
}

/// How many counted measurements need to be walked; `None` where that is too much.
fn horizon(limits: &Limits) -> Option<i64> {
    let failures = limits.failure_limit.max(0);
    let inconclusive = limits.inconclusive_limit.max(0);
    let streak = limits.streak().unwrap_or(1);
    // Without a count: every failure and every inconclusive one, each after a streak that is nearly long enough.
    let most = match limits.effective_count() {
        Some(count) => count.max(1),
        None => failures.checked_add(inconclusive)?.checked_add(2)?.checked_mul(streak)?,
    };
    let of = |limit: i64| limit.min(most).saturating_add(1);
    let states = most.checked_mul(of(failures))?.checked_mul(of(inconclusive))?.checked_mul(streak.min(most))?;
    (states <= STATES).then_some(most)
}

/// How many samples of each kind.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    good: i64,
    bad: i64,
    nan: i64,
    none: i64,
    error: i64,
}

impl Tally {
    fn with(mut self, sample: Sample, times: i64) -> Tally {
        let counter = match sample {
            Sample::Good => &mut self.good,
            Sample::Bad => &mut self.bad,
            Sample::NaN => &mut self.nan,
            Sample::None => &mut self.none,
            Sample::Error => &mut self.error,
        };
        *counter += times;
        self
    }
}

type Cost = [i64; 6];

/// What is looked for: among the sequences of these kinds that end in an accepted status, the cheapest. Costs of a sequence
/// are sums over its samples, compared from the first to the last.
struct Goal<'k> {
    kinds: &'k [Sample],
    accepts: fn(MetricStatus) -> bool,
    /// Of the samples of each kind and those among them that are not counted.
    cost: fn(&Tally, i64) -> Cost,
}

/// A sequence so far: its last step, and the sequence before.
#[derive(Debug, Clone, Copy)]
struct Path {
    tally: Tally,
    uncounted: i64,
    /// Index into the steps.
    last: Option<usize>,
}

struct Step {
    sample: Sample,
    times: i64,
    before: Option<usize>,
}

struct Search<'g> {
    gate: &'g Gate,
    goal: &'g Goal<'g>,
    steps: Vec<Step>,
    best: Option<(Cost, Path)>,
}

fn walk(gate: &Gate, goal: &Goal<'_>, most: i64) -> Option<Evidence> {
    let mut search = Search { gate, goal, steps: Vec::new(), best: None };
    let start = Path { tally: Tally::default(), uncounted: 0, last: None };
    let mut layer = BTreeMap::from([(Counts::default(), start)]);
    for _ in 0..most {
        layer = search.advance(layer);
        if layer.is_empty() {
            break;
        }
    }
    // After the last counted measurement errors can still end what runs without a count.
    search.errors(&layer);
    let (_, path) = search.best?;
    let mut runs = Vec::new();
    let mut at = path.last;
    while let Some(step) = at.and_then(|i| search.steps.get(i)) {
        runs.push((step.sample, step.times));
        at = step.before;
    }
    runs.reverse();
    Some(Evidence::of(gate, runs))
}

impl Search<'_> {
    /// Takes every next counted sample, with an error before it where that changes anything.
    fn advance(&mut self, mut layer: BTreeMap<Counts, Path>) -> BTreeMap<Counts, Path> {
        let broken = self.errors(&layer);
        for (counts, path) in broken {
            self.keep(&mut layer, counts, path);
        }
        let mut next = BTreeMap::new();
        for (counts, path) in layer {
            for sample in self.goal.kinds {
                let outcome = self.gate.outcomes.get(*sample);
                if outcome != Outcome::Error {
                    self.step(&mut next, counts, path, *sample, 1);
                }
            }
        }
        next
    }

    /// Takes errors: as many as end the metric, or one, which breaks a streak of successes (or ends it, too, where the count
    /// is negative). Any other number leads to the same counters as one.
    fn errors(&mut self, layer: &BTreeMap<Counts, Path>) -> BTreeMap<Counts, Path> {
        let mut broken = BTreeMap::new();
        let ending = self.gate.limits.consecutive_error_limit.saturating_add(1);
        for (counts, path) in layer {
            for sample in self.goal.kinds {
                if self.gate.outcomes.get(*sample) == Outcome::Error {
                    self.step(&mut broken, *counts, *path, *sample, 1);
                    self.step(&mut BTreeMap::new(), *counts, *path, *sample, ending);
                }
            }
        }
        broken
    }

    fn step(&mut self, into: &mut BTreeMap<Counts, Path>, from: Counts, path: Path, sample: Sample, times: i64) {
        let outcome = self.gate.outcomes.get(sample);
        let mut counts = from;
        counts.add(outcome);
        if outcome == Outcome::Error {
            counts.consecutive_error = times;
        }
        let status = counts.status(&self.gate.limits);
        self.steps.push(Step { sample, times, before: path.last });
        let path = Path {
            tally: path.tally.with(sample, times),
            uncounted: path.uncounted + if outcome == Outcome::Error { times } else { 0 },
            last: Some(self.steps.len() - 1),
        };
        if !status.is_completed() {
            let counts = self.relevant(counts);
            self.keep(into, counts, path);
        } else if (self.goal.accepts)(status) {
            let cost = (self.goal.cost)(&path.tally, path.uncounted);
            if self.best.as_ref().is_none_or(|(best, _)| cost < *best) {
                self.best = Some((cost, path));
            }
        }
    }

    /// Counters that no limit looks at are the same whatever they say.
    fn relevant(&self, mut counts: Counts) -> Counts {
        counts.consecutive_error = 0;
        if self.gate.limits.streak().is_none() {
            counts.consecutive_success = 0;
        }
        if self.gate.limits.failure_limit < 0 {
            counts.failed = 0;
        }
        counts
    }

    fn keep(&self, layer: &mut BTreeMap<Counts, Path>, counts: Counts, path: Path) {
        let cost = |path: &Path| (self.goal.cost)(&path.tally, path.uncounted);
        match layer.get(&counts) {
            Some(known) if cost(known) <= cost(&path) => {}
            _ => {
                layer.insert(counts, path);
            }
        }
    }
}
