use super::*;
use crate::analysis::{Limits, Outcomes, assess};

fn gate(count: i64, interval: u64, failure_limit: i64) -> Gate {
    let outcomes = Outcomes {
        good: Outcome::Successful,
        bad: Outcome::Failed,
        nan: Outcome::Failed,
        none: Outcome::Failed,
        error: Outcome::Error,
    };
    let interval = Some(Duration::from_secs(interval));
    Gate { limits: Limits { count: Some(count), interval, failure_limit, ..Limits::default() }, outcomes }
}

fn power(rate: f64, window: u64) -> Power {
    Power { rate, window: Duration::from_secs(window) }
}

/// No failure among Poisson(24) requests of which each fails with 0.1: e^-2.4, less the empty window.
#[test]
fn one_sample_is_exact() {
    let found = error_gate_pass_probability(&gate(1, 120, 0), &power(0.2, 120), 0.1, 0.001);
    let exact = (-2.4f64).exp() - (-24.0f64).exp();
    assert!((found - exact).abs() < 1e-9, "{found} {exact}");
}

/// Samples that share nothing: all of three pass, or all but one.
#[test]
fn separate_windows_are_exact() {
    let one = (-2.4f64).exp() - (-24.0f64).exp();
    for (failure_limit, exact) in [(0, one.powi(3)), (1, one.powi(3) + 3.0 * one.powi(2) * (1.0 - one))] {
        let found = error_gate_pass_probability(&gate(3, 120, failure_limit), &power(0.2, 120), 0.1, 0.001);
        assert!((found - exact).abs() < 1e-9, "{found} {exact}");
    }
    // P(Poisson(6) >= 6) twice.
    let six = 1.0 - poisson_masses(6.0).iter().take(6).sum::<f64>();
    let found = traffic_gate_pass_probability(&gate(2, 60, 0), &power(0.1, 60), 0.1);
    assert!((found - six * six).abs() < 1e-9, "{found}");
}

/// The same model by other means: requests second by second, each thrown on its own.
#[test]
fn overlapping_windows_agree_with_a_simulation_of_every_request() {
    for (rate, window, interval, count, failure_limit, failing, threshold) in [
        (0.2, 120, 10, 5, 1, 0.1, 0.05),
        (0.5, 120, 30, 3, 0, 0.03, 0.05),
        (0.25, 60, 20, 4, 2, 0.2, 0.1),
        (1.0, 45, 10, 3, 0, 0.05, 0.05),
    ] {
        let gate = gate(count, interval as u64, failure_limit);
        let found = error_gate_pass_probability(&gate, &power(rate, window as u64), failing, threshold);
        let mut random = Random(7);
        let trials = 4_000;
        let mut passed = 0;
        for _ in 0..trials {
            let seconds = window + interval * (count as usize - 1);
            let mut requests = vec![(0.0, 0.0); seconds];
            for (all, bad) in &mut requests {
                // A thousandth of a second has one request or none.
                for _ in 0..100 {
                    if random.unit() < rate / 100.0 {
                        *all += 1.0;
                        *bad += if random.unit() < failing { 1.0 } else { 0.0 };
                    }
                }
            }
            let outcomes: Vec<Outcome> = (0..count as usize)
                .map(|k| {
                    let seen = &requests[k * interval..k * interval + window];
                    let all: f64 = seen.iter().map(|s| s.0).sum();
                    let bad: f64 = seen.iter().map(|s| s.1).sum();
                    if all > 0.0 && bad / all < threshold { Outcome::Successful } else { Outcome::Failed }
                })
                .collect();
            passed += usize::from(assess(&gate.limits, &outcomes) == MetricStatus::Successful);
        }
        let other = passed as f64 / trials as f64;
        assert!((found - other).abs() < 0.03, "{found} {other} at rate {rate}");
    }
}

#[test]
fn grows_with_health_and_is_the_same_every_time() {
    let at = |p: f64| error_gate_pass_probability(&gate(5, 10, 1), &power(0.2, 120), p, 0.05);
    assert!(at(0.0) > 0.999 && at(0.02) > at(0.1) && at(0.1) > at(0.3) && at(1.0) == 0.0);
    assert_eq!(at(0.1), at(0.1));
    assert_eq!(traffic_gate_pass_probability(&gate(5, 10, 1), &power(0.0, 120), 0.05), 0.0);
}

#[test]
fn odd_numbers_end() {
    let huge = Duration::from_secs(u64::MAX / 2);
    for rate in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e9] {
        for window in [Duration::ZERO, Duration::from_secs(7), huge] {
            for count in [Some(1_000_000_000), Some(-4)] {
                let mut gate = gate(1, 10, 0);
                gate.limits.count = count;
                gate.outcomes.nan = Outcome::Error;
                let found = error_gate_pass_probability(&gate, &Power { rate, window }, 0.5, 0.05);
                assert!((0.0..=1.0).contains(&found), "{found}");
            }
        }
    }
}
