//! The extreme sequences written down, for numbers too large to walk: the counting looks at totals and at streaks only, so
//! the weakest promotion is as many bad samples as the limits bear, then good ones, and the strongest abort is good ones, then
//! as many bad ones as it takes. A test holds both to the walk where that can be done.

use super::{Evidence, Gate, MetricStatus, Outcome, Sample};

/// Kinds of sample that are no evidence for the canary, the emptiest first.
const POOR: [Sample; 3] = [Sample::None, Sample::NaN, Sample::Bad];

fn poor(gate: &Gate, outcome: Outcome) -> Option<Sample> {
    POOR.into_iter().find(|sample| gate.outcomes.get(*sample) == outcome)
}

/// See [`super::weakest_promotion`]. A dry run ends with what makes it succeed.
pub(super) fn weakest(gate: &Gate) -> Option<Evidence> {
    let limits = &gate.limits;
    let good = (gate.outcomes.good == Outcome::Successful).then_some(Sample::Good);
    // What counts as a success without being one needs no good sample at all.
    let success = poor(gate, Outcome::Successful).or(good)?;
    let runs = match (limits.streak(), limits.effective_count()) {
        (Some(streak), _) => vec![(success, streak)],
        (None, None) => return None,
        (None, Some(count)) => {
            let mut left = count.max(1);
            let mut runs = Vec::new();
            let limits = [(Outcome::Failed, limits.failure_limit), (Outcome::Inconclusive, limits.inconclusive_limit)];
            for (outcome, limit) in limits {
                if let Some(sample) = poor(gate, outcome) {
                    let borne = if limit < 0 { left } else { limit.min(left) };
                    runs.push((sample, borne));
                    left -= borne;
                }
            }
            runs.push((success, left));
            runs
        }
    };
    Some(Evidence::of(gate, runs)).filter(|found| found.status == MetricStatus::Successful)
}

/// See [`super::strongest_abort`]. With a `consecutiveSuccessLimit` it is one sequence that aborts, perhaps not the strongest.
pub(super) fn strongest(gate: &Gate) -> Option<Evidence> {
    let limits = &gate.limits;
    let count = limits.effective_count().map(|count| count.max(1));
    let healthy = gate.outcomes.good == Outcome::Successful;
    let breaking = [(Outcome::Failed, limits.failure_limit), (Outcome::Error, limits.consecutive_error_limit)];
    let found = breaking.into_iter().filter_map(|(outcome, limit)| {
        let sample = [Sample::NaN, Sample::None, Sample::Bad].into_iter().find(|s| gate.outcomes.get(*s) == outcome)?;
        let bad = limit.checked_add(1).filter(|bad| *bad > 0)?;
        // Errors take no place of the count, but the last counting sample must not have ended the run.
        let taken = if outcome == Outcome::Error { 1 } else { bad };
        let room = count.map_or(Some(0), |count| count.checked_sub(taken).filter(|room| *room >= 0))?;
        let room = limits.streak().map_or(room, |streak| room.min(streak - 1));
        let good = if healthy { room } else { 0 };
        let mut evidence = Evidence::of(gate, [(Sample::Good, good), (sample, bad)]);
        evidence.after_any_good = healthy && count.is_none() && limits.streak().is_none();
        matches!(evidence.status, MetricStatus::Failed | MetricStatus::Error).then_some(evidence)
    });
    found.max_by_key(|evidence| (evidence.count(Sample::Good), -evidence.len()))
}
