use proptest::prelude::*;

use super::*;
use crate::condition::compile;

const GUARDED: Outcomes = Outcomes {
    good: Outcome::Successful,
    bad: Outcome::Failed,
    nan: Outcome::Failed,
    none: Outcome::Failed,
    error: Outcome::Error,
};
const UNGUARDED: Outcomes = Outcomes { none: Outcome::Error, ..GUARDED };

fn every(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

/// Calls `f` with every sequence of samples that ends the metric, or is `most` long.
fn sequences(gate: &Gate, kinds: &[Sample], most: usize, f: &mut dyn FnMut(&[Sample], MetricStatus)) {
    fn go(
        gate: &Gate,
        kinds: &[Sample],
        most: usize,
        counts: Counts,
        samples: &mut Vec<Sample>,
        f: &mut dyn FnMut(&[Sample], MetricStatus),
    ) {
        for kind in kinds {
            let mut counts = counts;
            counts.add(gate.outcomes.get(*kind));
            let status = counts.status(&gate.limits);
            samples.push(*kind);
            if status.is_completed() || samples.len() == most {
                f(samples, status);
            } else {
                go(gate, kinds, most, counts, samples, f);
            }
            samples.pop();
        }
    }
    go(gate, kinds, most, Counts::default(), &mut Vec::new(), f);
}

fn good(samples: &[Sample]) -> i64 {
    samples.iter().filter(|s| **s == Sample::Good).count() as i64
}

/// What a walk of every single sequence finds: the fewest good samples that promote, the most that abort.
fn brute_force(gate: &Gate, most: usize) -> (Option<i64>, Option<i64>) {
    let (mut weakest, mut strongest): (Option<i64>, Option<i64>) = (None, None);
    sequences(
        gate,
        &[Sample::Good, Sample::Bad, Sample::NaN, Sample::None],
        most,
        &mut |samples, status| match status {
            MetricStatus::Successful => weakest = weakest.min(Some(good(samples))).or(Some(good(samples))),
            MetricStatus::Failed | MetricStatus::Error => strongest = strongest.max(Some(good(samples))),
            _ => {}
        },
    );
    (weakest, strongest)
}

/// Takes the samples one by one: they end the metric with the last, and where the evidence says.
fn replay(gate: &Gate, evidence: &Evidence) {
    let samples = evidence.runs.iter().flat_map(|(s, n)| std::iter::repeat_n(*s, *n as usize));
    let outcomes: Vec<Outcome> = samples.map(|s| gate.outcomes.get(s)).collect();
    assert_eq!(assess(&gate.limits, &outcomes), evidence.status, "{gate:?} {evidence:?}");
    if let Some((_, before)) = outcomes.split_last() {
        assert!(!assess(&gate.limits, before).is_completed(), "{gate:?} {evidence:?}");
    }
}

fn agrees(gate: &Gate, most: usize) {
    let (weakest, strongest) = brute_force(gate, most);
    let found = weakest_promotion(gate);
    assert_eq!(found.as_ref().map(|e| e.count(Sample::Good)), weakest, "weakest of {gate:?}");
    found.iter().for_each(|e| replay(gate, e));
    let found = strongest_abort(gate);
    assert_eq!(found.as_ref().map(|e| e.count(Sample::Good)), strongest, "strongest of {gate:?}");
    found.iter().for_each(|e| replay(gate, e));
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![Outcome::Successful, Outcome::Failed, Outcome::Inconclusive, Outcome::Error])
}

fn outcomes() -> impl Strategy<Value = Outcomes> {
    (outcome(), outcome(), outcome(), outcome()).prop_map(|(good, bad, nan, none)| Outcomes {
        good,
        bad,
        nan,
        none,
        error: Outcome::Error,
    })
}

prop_compose! {
    fn limits(most: i64, errors: i64)(
        count in 1..=most,
        failure_limit in -1..=most,
        inconclusive_limit in 0..=1_i64,
        consecutive_error_limit in 0..=errors,
        streak in prop::option::of(0..=most + 1),
    ) -> Limits {
        Limits {
            count: Some(count),
            interval: every(10),
            failure_limit,
            inconclusive_limit,
            consecutive_error_limit,
            consecutive_success_limit: streak,
            ..Limits::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_equals_brute_force(limits in limits(5, 0), outcomes in outcomes()) {
        if limits.fault().is_some() {
            return Ok(());
        }
        agrees(&Gate { limits, outcomes }, 5);
    }

    #[test]
    fn the_walk_equals_brute_force_with_errors_between(limits in limits(3, 1), outcomes in outcomes()) {
        if limits.fault().is_some() {
            return Ok(());
        }
        agrees(&Gate { limits, outcomes }, 7);
    }

    #[test]
    fn the_closed_form_equals_the_walk(
        count in 1..30_i64, failure_limit in 0..30_i64, inconclusive_limit in 0..3_i64, outcomes in outcomes()
    ) {
        // What conditions make of values: a good one succeeds.
        let outcomes = Outcomes { good: Outcome::Successful, ..outcomes };
        let limits = Limits {
            count: Some(count), interval: every(10), failure_limit, inconclusive_limit, ..Limits::default()
        };
        if limits.fault().is_some() {
            return Ok(());
        }
        let gate = Gate { limits, outcomes };
        let goods = |e: Option<Evidence>| e.map(|e| (e.count(Sample::Good), e.len()));
        prop_assert_eq!(goods(closed::weakest(&gate)), goods(weakest_promotion(&gate)));
        prop_assert_eq!(goods(closed::strongest(&gate)), goods(strongest_abort(&gate)));
    }

    #[test]
    fn can_fail_is_what_some_sequence_does(limits in limits(4, 1), outcomes in outcomes()) {
        let gate = Gate { limits, outcomes };
        let kinds = [Sample::Good, Sample::Bad, Sample::NaN, Sample::None];
        let mut fails = false;
        sequences(&gate, &kinds, 8, &mut |_, status| {
            fails |= matches!(status, MetricStatus::Failed | MetricStatus::Inconclusive);
        });
        // A streak that errors alone break, over and over, ends nowhere: that is no failure to find, and no promotion.
        if gate.limits.streak().is_none() {
            prop_assert_eq!(can_fail(&gate), fails);
        } else {
            prop_assert!(can_fail(&gate) || !fails);
        }
    }
}

#[test]
fn evidence_reads_like_a_sentence() {
    let of = |count, failure_limit, outcomes| {
        let limits = Limits { count, interval: every(10), failure_limit, ..Limits::default() };
        let gate = Gate { limits, outcomes };
        let say = |e: Option<Evidence>| e.map_or_else(|| "never".to_owned(), |e| e.to_string());
        [say(weakest_promotion(&gate)), say(strongest_abort(&gate))]
    };
    let passing = Outcomes { nan: Outcome::Successful, none: Outcome::Successful, ..GUARDED };
    let blind = Outcomes { bad: Outcome::Successful, ..passing };
    for (count, failure_limit, outcomes, weakest, strongest) in [
        (Some(3), 2, UNGUARDED, "1 good sample of 3, two NaN", "2 good samples of 7, five without data"),
        (Some(3), 0, UNGUARDED, "3 good samples of 3", "2 good samples of 3, one NaN"),
        (Some(3), 2, GUARDED, "1 good sample of 3, two without data", "no good sample of 3, three NaN"),
        (Some(5), 3, GUARDED, "2 good samples of 5, three without data", "1 good sample of 5, four NaN"),
        (Some(3), 3, GUARDED, "no good sample of 3, three without data", "never"),
        (Some(3), 0, passing, "no good sample of 3, three without data", "2 good samples of 3, one bad"),
        (Some(3), 0, blind, "no good sample of 3, three without data", "never"),
        (None, 1, GUARDED, "never", "any number of good samples, two NaN"),
        (Some(-2), 0, UNGUARDED, "no good sample of 1, one without data", "no good sample of 1, one NaN"),
        (Some(3), 4, GUARDED, "never", "no sample at all"),
        (
            Some(1_000_000_000),
            20,
            GUARDED,
            "999999980 good samples of 1000000000, 20 without data",
            "999999979 good samples of 1000000000, 21 NaN",
        ),
    ] {
        assert_eq!(of(count, failure_limit, outcomes), [weakest, strongest], "{count:?} {failure_limit}");
    }
    let dry = Limits { count: Some(3), interval: every(10), dry_run: true, ..Limits::default() };
    let gate = Gate { limits: dry, outcomes: GUARDED };
    assert_eq!(weakest_promotion(&gate).unwrap().to_string(), "no good sample of 1, one without data");
    assert!(weakest_promotion(&gate).unwrap().is_without_data());
    assert_eq!(strongest_abort(&gate), None);
    assert!(!can_fail(&gate));
}

#[test]
fn streaks_are_walked() {
    let of = |count, failure_limit, streak| Gate {
        limits: Limits {
            count,
            interval: every(10),
            failure_limit,
            consecutive_success_limit: Some(streak),
            ..Limits::default()
        },
        outcomes: UNGUARDED,
    };
    let say = |e: Option<Evidence>| e.unwrap().to_string();
    assert_eq!(say(weakest_promotion(&of(None, -1, 3))), "3 good samples of 3");
    // No data breaks a streak without being counted: five good samples, and never three in a row.
    assert_eq!(say(strongest_abort(&of(Some(5), -1, 3))), "5 good samples of 7, two without data");
    assert_eq!(strongest_abort(&of(None, -1, 1)).unwrap().count(Sample::Good), 0);
}

#[test]
fn conditions_decide_what_samples_are() {
    let of = |success: &str, failure: &str| {
        let compiled = |text: &str| (!text.is_empty()).then(|| compile(text, ResultType::Vector).unwrap());
        Outcomes::of(compiled(success).as_ref(), compiled(failure).as_ref(), ResultType::Vector)
    };
    assert_eq!(of("result[0] < 0.05", ""), UNGUARDED);
    assert_eq!(of("result[0] >= 0 && result[0] < 0.05", ""), UNGUARDED);
    assert_eq!(of("result[0] == 0", ""), UNGUARDED);
    assert_eq!(of("result[0] > 0.95 && result[0] < 0.96", ""), UNGUARDED);
    assert_eq!(of("result[0] * 1000 > 12 && result[0] * 1000 < 13", ""), UNGUARDED);
    assert_eq!(of("len(result) > 0 && !isNaN(result[0]) && result[0] <= 1000", ""), GUARDED);
    assert_eq!(of("", "result[0] >= 0.05"), Outcomes { nan: Outcome::Successful, ..UNGUARDED });
    assert_eq!(of("result[0] < 0.05", "result[0] > 0.1"), Outcomes { nan: Outcome::Inconclusive, ..UNGUARDED });
    let all = Outcome::Successful;
    assert_eq!(of("", ""), Outcomes { good: all, bad: all, nan: all, none: all, error: Outcome::Error });
    assert_eq!(of("len(result) > 0", "").bad, Outcome::Successful);
    assert_eq!(of("result[0] < 0.05 && false", "").good, Outcome::Failed);
    let scalar = compile("result < 5", ResultType::Scalar).unwrap();
    assert_eq!(Outcomes::of(Some(&scalar), None, ResultType::Scalar).none, Outcome::Failed);
}

#[test]
fn odd_numbers_end() {
    let odd = [i64::MIN, -1, 0, 1, 7, 1_000_000_000, i64::MAX];
    for count in odd {
        for failure_limit in odd {
            for other in [0, 3, i64::MAX] {
                for interval in [None, Some(Duration::MAX)] {
                    let limits = Limits {
                        count: Some(count),
                        interval,
                        failure_limit,
                        inconclusive_limit: other,
                        consecutive_error_limit: other,
                        consecutive_success_limit: Some(other),
                        initial_delay: Duration::MAX,
                        dry_run: false,
                    };
                    let gate = Gate { limits, outcomes: UNGUARDED };
                    let _ = (weakest_promotion(&gate), strongest_abort(&gate), can_fail(&gate));
                    let _ = (due_times(&gate.limits, 5), duration(&gate.limits));
                    let _ = lowest_failure_limit_keeping_one_lost_sample_harmless(&gate.limits);
                }
            }
        }
    }
}

#[test]
fn times_follow_delay_and_interval() {
    let limits =
        Limits { count: Some(3), interval: every(10), initial_delay: Duration::from_secs(90), ..Limits::default() };
    let seconds = |n| due_times(&limits, n).iter().map(Duration::as_secs).collect::<Vec<_>>();
    assert_eq!(seconds(10), [90, 100, 110]);
    assert_eq!(seconds(2), [90, 100]);
    assert_eq!(duration(&limits), every(110));
    assert_eq!(duration(&Limits { count: None, ..limits.clone() }), None);
    assert_eq!(duration(&Limits { consecutive_success_limit: Some(2), ..limits }), every(100));
    assert_eq!(duration(&Limits::default()), Some(Duration::ZERO));
}

#[test]
fn strings_become_numbers_as_in_go() {
    for (text, value) in
        [("3", 3), ("+3", 3), ("-1", -1), ("", 0), ("many", 0), ("3.5", 0), ("99999999999999999999", i64::MAX)]
    {
        assert_eq!(int_or_string(text), value);
    }
    // int32(4294967297) is 1.
    let limits = Limits { count: Some(int_or_string("4294967297")), interval: every(1), ..Limits::default() };
    assert_eq!(limits.effective_count(), Some(1));
}

#[test]
fn the_lowest_limit_bears_one_lost_sample() {
    let of = |count, streak| {
        let limits = Limits { count, interval: every(10), consecutive_success_limit: streak, ..Limits::default() };
        lowest_failure_limit_keeping_one_lost_sample_harmless(&limits)
    };
    assert_eq!([of(Some(1), None), of(Some(2), None), of(Some(5), None), of(None, None)], [0, 1, 1, 1]);
    assert_eq!([of(Some(3), Some(3)), of(Some(4), Some(3))], [0, 1]);
}
