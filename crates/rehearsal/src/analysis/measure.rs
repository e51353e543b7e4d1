//! The clock: when each measurement is taken, and when a run ends.

use super::{Measurement, MetricRun};
use crate::plan::Metric;
use futures_util::future::join_all;
use gate::analysis::{Counts, ERROR_RETRY, MetricStatus, Outcome};
use gate::condition::Measured;
use std::time::Duration;
use telemetry::Prometheus;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Who answers a query.
pub trait Asks {
    /// The values, or why there are none.
    fn ask(&self, query: &str) -> impl Future<Output = Result<Measured, String>>;
}

impl Asks for Prometheus {
    async fn ask(&self, query: &str) -> Result<Measured, String> {
        let answer = self.query(query).await.map_err(|error| error.to_string())?;
        answer.measured().ok_or_else(|| "Prometheus metric type not supported".to_owned())
    }
}

/// When the measurements of a run end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// As Argo Rollouts: with the first metric that fails.
    AtFirst,
    /// Each metric goes on to its own end, so that every gate says what it thinks.
    Never,
}

/// What happens in a run.
#[derive(Debug)]
pub enum Event<'e> {
    /// A measurement was taken.
    Measured {
        /// Index of the metric.
        metric: usize,
        /// The measurement.
        measurement: &'e Measurement,
        /// Where the metric stands.
        status: MetricStatus,
    },
}

/// Who is told of it.
pub(crate) type Tell<'t> = &'t dyn Fn(Event<'_>);

/// Runs the metrics of one canary from `start` on.
pub(crate) async fn run(
    metrics: &[Metric],
    prometheus: &impl Asks,
    start: Instant,
    stop: Stop,
    tell: Tell<'_>,
) -> Vec<MetricRun> {
    let (ended, over) = watch::channel(false);
    let finite = metrics.iter().filter(|m| m.duration().is_some()).count();
    let (left, finished) = watch::channel(finite);
    let each = metrics.iter().enumerate().map(|(index, metric)| {
        let (mut over, mut finished) = (over.clone(), finished.clone());
        let (ended, left) = (&ended, &left);
        async move {
            let endless = metric.duration().is_none();
            let told = |measurement: &Measurement, status| tell(Event::Measured { metric: index, measurement, status });
            let run = async {
                let over = async {
                    // The sender outlives every metric.
                    let _ = over.wait_for(|over| *over).await;
                };
                let done = async {
                    if !endless {
                        std::future::pending::<()>().await;
                    }
                    // What never ends by itself is ended with the others, as a background analysis with the steps.
                    let _ = finished.wait_for(|left| *left == 0).await;
                };
                one(
                    metric,
                    prometheus,
                    start,
                    async {
                        tokio::select! { () = over => {}, () = done => {} }
                    },
                    told,
                )
                .await
            }
            .await;
            if !endless {
                left.send_modify(|left| *left -= 1);
            }
            if stop == Stop::AtFirst && run.stops() {
                ended.send_replace(true);
            }
            run
        }
    });
    join_all(each).await
}

async fn one(
    metric: &Metric,
    prometheus: &impl Asks,
    start: Instant,
    over: impl Future<Output = ()>,
    tell: impl Fn(&Measurement, MetricStatus),
) -> MetricRun {
    let mut run = MetricRun { metric: metric.clone(), measurements: Vec::new(), status: MetricStatus::Pending };
    if metric.limits.fault().is_some() {
        run.status = MetricStatus::Error;
        return run;
    }
    let mut counts = Counts::default();
    let mut due = start + metric.limits.initial_delay;
    tokio::pin!(over);
    loop {
        tokio::select! {
            biased;
            () = &mut over => return run,
            () = sleep_until(due) => {}
        }
        let began = Instant::now();
        let answer = prometheus.ask(&metric.query).await;
        let (value, (outcome, error)) = match answer {
            Ok(value) => {
                let judged = metric.judge(&value);
                (Some(value), judged)
            }
            Err(error) => (None, (Outcome::Error, Some(error))),
        };
        let measurement = Measurement {
            due: due.saturating_duration_since(start),
            late: began.saturating_duration_since(due),
            took: began.elapsed(),
            value,
            outcome,
            error,
        };
        counts.add(outcome);
        run.status = counts.status(&metric.limits);
        tell(&measurement, run.status);
        run.measurements.push(measurement);
        if run.status.is_completed() {
            return run;
        }
        let interval = metric.limits.interval.unwrap_or(Duration::ZERO);
        due = Instant::now() + if outcome == Outcome::Error { ERROR_RETRY } else { interval };
    }
}
