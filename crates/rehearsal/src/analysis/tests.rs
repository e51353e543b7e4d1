//! The runner on a paused clock, against the counting that agrees with Argo Rollouts.

use super::*;
use crate::plan::Metric;
use contract::gates::GateKind;
use gate::analysis::{ERROR_RETRY, Limits, assess};
use gate::condition::{ResultType, compile};
use std::cell::RefCell;
use std::collections::VecDeque;
use tokio::time::{Instant, sleep};

/// Answers in turn, the last one for ever, each after a while.
struct Answers {
    given: RefCell<VecDeque<Result<Measured, String>>>,
    after: Duration,
}

impl Asks for Answers {
    async fn ask(&self, _: &str) -> Result<Measured, String> {
        sleep(self.after).await;
        let mut given = self.given.borrow_mut();
        if given.len() > 1 { given.pop_front().unwrap() } else { given.front().cloned().unwrap() }
    }
}

fn answers(values: &[Option<f64>]) -> Answers {
    let one = |v: &Option<f64>| v.map(|v| Measured::Vector(vec![v])).ok_or_else(|| "Connection refused".to_owned());
    Answers { given: RefCell::new(values.iter().map(one).collect()), after: Duration::ZERO }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn metric(name: &str, limits: Limits) -> Metric {
    Metric {
        name: name.to_owned(),
        kind: GateKind::Other,
        limits,
        query: "up".to_owned(),
        success: Some(compile("result[0] < 5", ResultType::Vector).map_err(|e| e.to_string())),
        failure: None,
        threshold: None,
        window: None,
        counted: None,
    }
}

fn limits(count: Option<i64>, delay: u64, failure_limit: i64) -> Limits {
    Limits { count, interval: Some(seconds(10)), initial_delay: seconds(delay), failure_limit, ..Limits::default() }
}

async fn of(metrics: &[Metric], answers: &Answers, stop: Stop) -> Vec<MetricRun> {
    run(metrics, answers, Instant::now(), stop, &|_| {}).await
}

fn due(run: &MetricRun) -> Vec<u64> {
    run.measurements.iter().map(|m| m.due.as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn measurements_come_when_they_are_due() {
    let all = of(&[metric("a", limits(Some(3), 90, 0))], &answers(&[Some(1.0)]), Stop::AtFirst).await;
    assert_eq!(due(&all[0]), [90, 100, 110]);
    assert_eq!((all[0].status, verdict(&all)), (MetricStatus::Successful, Verdict::Promoted));
}

#[tokio::test(start_paused = true)]
async fn an_interval_counts_from_the_end_of_a_measurement() {
    let slow = Answers { after: seconds(4), ..answers(&[Some(1.0)]) };
    let all = of(&[metric("a", limits(Some(3), 0, 0))], &slow, Stop::AtFirst).await;
    assert_eq!(due(&all[0]), [0, 14, 28]);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_tried_again_and_does_not_count() {
    let limits = Limits { interval: Some(seconds(60)), ..limits(Some(2), 0, 0) };
    let all = of(&[metric("a", limits)], &answers(&[None, Some(1.0), Some(1.0)]), Stop::AtFirst).await;
    assert_eq!(due(&all[0]), [0, ERROR_RETRY.as_secs(), ERROR_RETRY.as_secs() + 60]);
    assert_eq!(all[0].status, MetricStatus::Successful);
    assert_eq!(all[0].measurements[0].error.as_deref(), Some("Connection refused"));
}

#[tokio::test(start_paused = true)]
async fn the_fifth_error_in_a_row_ends_it() {
    let all = of(&[metric("a", limits(Some(3), 0, 0))], &answers(&[None]), Stop::AtFirst).await;
    assert_eq!((all[0].measurements.len(), all[0].status), (5, MetricStatus::Error));
    assert_eq!(verdict(&all), Verdict::Aborted);
}

#[tokio::test(start_paused = true)]
async fn the_first_that_fails_ends_the_others_or_lets_them_be() {
    let both = [metric("quick", limits(Some(2), 0, 0)), metric("late", limits(Some(2), 90, 0))];
    let ended = of(&both, &answers(&[Some(9.0)]), Stop::AtFirst).await;
    assert_eq!((ended[1].measurements.len(), ended[1].phase()), (0, MetricStatus::Successful));
    assert_eq!((verdict(&ended), ended[1].stops()), (Verdict::Aborted, false));
    let whole = of(&both, &answers(&[Some(9.0)]), Stop::Never).await;
    assert_eq!((due(&whole[1]), whole[1].status), (vec![90], MetricStatus::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_has_no_say() {
    let dry = Limits { dry_run: true, ..limits(Some(1), 0, 0) };
    let both = [metric("dry", dry), metric("a", limits(Some(2), 0, 0))];
    let all = of(&both, &answers(&[Some(9.0), Some(1.0)]), Stop::AtFirst).await;
    assert_eq!((all[0].status, all[1].status), (MetricStatus::Failed, MetricStatus::Successful));
    assert_eq!(verdict(&all), Verdict::Promoted);
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_by_itself_ends_with_the_others() {
    let both = [metric("a", limits(Some(3), 0, 0)), metric("endless", limits(None, 0, 0))];
    let all = of(&both, &answers(&[Some(1.0)]), Stop::Never).await;
    assert_eq!((all[1].status, all[1].phase()), (MetricStatus::Running, MetricStatus::Successful));
    assert!((2..=3).contains(&all[1].measurements.len()));
}

#[tokio::test(start_paused = true)]
async fn the_counting_is_that_of_the_gate_crate() {
    let values = [Some(1.0), Some(9.0), None, Some(1.0), Some(9.0), Some(9.0), Some(1.0)];
    for failure_limit in 0..4 {
        for count in 1..6 {
            let limits = limits(Some(count.max(failure_limit)), 0, failure_limit);
            let all = of(&[metric("a", limits.clone())], &answers(&values), Stop::AtFirst).await;
            let outcomes: Vec<Outcome> = all[0].measurements.iter().map(|m| m.outcome).collect();
            assert_eq!(all[0].status, assess(&limits, &outcomes), "{limits:?}");
            let fewer = &outcomes[..outcomes.len() - 1];
            assert!(!assess(&limits, fewer).is_completed() || fewer.is_empty(), "{limits:?}");
        }
    }
}
