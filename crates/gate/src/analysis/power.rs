//! How often a canary of a given badness passes a gate by chance.
//!
//! Requests arrive independently at the expected rate (Poisson) and fail independently, each with the same probability. A
//! sample sees the requests of its whole window, so samples that are taken more often than the window is long share requests,
//! as they do in Prometheus; what `rate()` adds by extrapolating to the window's ends is left out.
//!
//! Where windows do not overlap the probability is computed exactly. Else runs are simulated with a fixed seed, so the answer is
//! the same every time: 20,000 of them give a standard error of at most 0.4 percentage points. Runs that need more than a
//! hundred slots of time are simulated less often, in the worst case some hundreds of times (3 points).

use super::counting::ERROR_RETRY;
use super::{Counts, Gate, MetricStatus, Outcome};
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs that a probability is counted over, and how many slots of time may be drawn for that before fewer must do.
const TRIALS: usize = 20_000;
const DRAWS: usize = 1_000_000;
const FEWEST: usize = 500;
const MOST_DRAWS: usize = 2 * DRAWS;
/// Samples of one run that are looked at; a run that goes on is counted as not passed.
const SAMPLES: usize = 1_000;

/// What the probability depends on beside the counting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Requests a second that reach the canary.
    pub rate: f64,
    /// The query's window.
    pub window: Duration,
}

/// The probability that a canary whose requests fail with probability `failing` passes a gate on `errors / requests` below
/// `threshold`. A window without any request reads NaN, as 0 / 0 does.
pub fn error_gate_pass_probability(gate: &Gate, power: &Power, failing: f64, threshold: f64) -> f64 {
    let failing = failing.clamp(0.0, 1.0);
    let judge = |good: f64, bad: f64| match good + bad {
        requests if requests <= 0.0 => gate.outcomes.nan,
        requests if bad / requests < threshold => gate.outcomes.good,
        _ => gate.outcomes.bad,
    };
    probability(gate, power, [1.0 - failing, failing], judge)
}

/// The probability that a canary that `power.rate` requests a second reach passes a gate on traffic of at least `threshold`
/// requests a second.
pub fn traffic_gate_pass_probability(gate: &Gate, power: &Power, threshold: f64) -> f64 {
    let window = power.window.as_secs_f64().max(1.0);
    let judge = |requests: f64, _| if requests / window >= threshold { gate.outcomes.good } else { gate.outcomes.bad };
    probability(gate, power, [1.0, 0.0], judge)
}

/// `shares` are those of good and bad requests; `judge` gives the outcome for so many of each in a window.
fn probability(gate: &Gate, power: &Power, shares: [f64; 2], judge: impl Fn(f64, f64) -> Outcome) -> f64 {
    let endless = gate.limits.effective_count().is_none() && gate.limits.streak().is_none();
    if endless || gate.limits.fault().is_some() {
        return 0.0;
    }
    let rate = if power.rate.is_finite() { power.rate.max(0.0) } else { 0.0 };
    let window = whole_seconds(power.window);
    let interval = gate.limits.interval.map_or(window, whole_seconds);
    if interval >= window {
        let mean = rate * window as f64;
        if let Some(outcomes) = one_sample(shares.map(|share| share * mean), &judge) {
            return independent(gate, &outcomes);
        }
    }
    simulated(gate, rate, shares, window, interval, &judge)
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs_f64().round().clamp(1.0, 86_400.0) as u64
}

/// Outcomes of one sample with their probabilities; `None` where too many requests are expected to add up every case, or
/// where errors are retried before the next window.
fn one_sample(means: [f64; 2], judge: &impl Fn(f64, f64) -> Outcome) -> Option<Vec<(Outcome, f64)>> {
    if means.iter().any(|mean| *mean > 700.0) {
        return None;
    }
    let [good, bad] = means.map(poisson_masses);
    let mut outcomes: BTreeMap<Outcome, f64> = BTreeMap::new();
    for (g, p) in good.iter().enumerate() {
        for (b, q) in bad.iter().enumerate() {
            *outcomes.entry(judge(g as f64, b as f64)).or_default() += p * q;
        }
    }
    (!outcomes.contains_key(&Outcome::Error)).then(|| outcomes.into_iter().collect())
}

/// The probabilities of 0, 1, 2… events, up to where what is left cannot be told from nothing.
fn poisson_masses(mean: f64) -> Vec<f64> {
    let last = (mean + 12.0 * mean.sqrt() + 30.0) as usize;
    let mut log_factorial = 0.0;
    (0..=last)
        .map(|n| {
            log_factorial += if n > 1 { (n as f64).ln() } else { 0.0 };
            let log_power = if n == 0 { 0.0 } else { n as f64 * mean.ln() };
            (log_power - mean - log_factorial).exp()
        })
        .collect()
}

/// The probability of ending Successful with samples that know nothing of each other: all counters, with theirs.
fn independent(gate: &Gate, outcomes: &[(Outcome, f64)]) -> f64 {
    let mut states = BTreeMap::from([(Counts::default(), 1.0)]);
    let mut passed = 0.0;
    for _ in 0..SAMPLES {
        let mut next = BTreeMap::new();
        for (counts, p) in states {
            for (outcome, q) in outcomes {
                let mut counts = counts;
                counts.add(*outcome);
                match counts.status(&gate.limits) {
                    MetricStatus::Successful => passed += p * q,
                    MetricStatus::Running => {
                        // No limit on a streak, no need to tell streaks apart.
                        if gate.limits.streak().is_none() {
                            counts.consecutive_success = 0;
                        }
                        *next.entry(counts).or_default() += p * q;
                    }
                    _ => {}
                }
            }
        }
        // What has become this unlikely changes no digit that anybody reads.
        next.retain(|_, p: &mut f64| *p > 1e-12);
        if next.is_empty() {
            break;
        }
        states = next;
    }
    passed
}

fn simulated(
    gate: &Gate,
    rate: f64,
    shares: [f64; 2],
    window: u64,
    interval: u64,
    judge: &impl Fn(f64, f64) -> Outcome,
) -> f64 {
    let retry = ERROR_RETRY.as_secs();
    // Slots divide the window and both steps between samples.
    let exact = gcd(gcd(window, interval), retry);
    let slot = exact.max(window.div_ceil(600));
    let slots = |seconds: u64| (seconds.div_ceil(slot)).max(1) as usize;
    let width = slots(window);
    let means = shares.map(|share| share * rate * slot as f64);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut passed, mut trials, mut draws) = (0, 0, 0);
    let mut seen = Seen { slots: vec![[0.0; 2]; width], next: 0, sum: [0.0; 2] };
    while trials < TRIALS && (draws < DRAWS || trials < FEWEST) && draws < MOST_DRAWS {
        trials += 1;
        seen.pass(width, means, &mut random);
        draws += width;
        let mut counts = Counts::default();
        for _ in 0..SAMPLES {
            let [good, bad] = seen.sum;
            let outcome = judge(good, bad);
            counts.add(outcome);
            let status = counts.status(&gate.limits);
            if status.is_completed() {
                passed += usize::from(status == MetricStatus::Successful);
                break;
            }
            let step = slots(if outcome == Outcome::Error { retry } else { interval }).min(width);
            seen.pass(step, means, &mut random);
            draws += step;
        }
    }
    passed as f64 / trials as f64
}

/// The requests in the slots of one window, the oldest of which are replaced in turn.
struct Seen {
    slots: Vec<[f64; 2]>,
    next: usize,
    sum: [f64; 2],
}

impl Seen {
    /// Lets time pass. Counts of requests are whole numbers, so the sum stays exact.
    fn pass(&mut self, slots: usize, means: [f64; 2], random: &mut Random) {
        for _ in 0..slots {
            if let Some(slot) = self.slots.get_mut(self.next) {
                let new = means.map(|mean| random.poisson(mean));
                self.sum = [self.sum[0] + new[0] - slot[0], self.sum[1] + new[1] - slot[1]];
                *slot = new;
            }
            self.next = (self.next + 1) % self.slots.len().max(1);
        }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Knuth's method; from 30 on the normal distribution with the same mean and variance, rounded, which is nearer than the
    /// simulation's own error.
    fn poisson(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        if mean > 30.0 {
            let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
            return (mean + mean.sqrt() * normal).round().max(0.0);
        }
        let limit = (-mean).exp();
        let mut total = 0.0;
        let mut product = self.unit();
        while product > limit {
            total += 1.0;
            product *= self.unit();
        }
        total
    }
}

#[cfg(test)]
mod tests;
