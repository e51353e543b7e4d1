//! A rehearsal from start to end: the stack up, riders on, every canary's analysis at once.

use crate::analysis::{Event, MetricRun, Stop, Verdict, run as analyse, verdict};
use crate::canary::Fault;
use crate::live::{
    Act, Binaries, Driver, Live, LiveError, Replayed, Seat, Tally, Version, client, probe, replay_resource,
};
use crate::plan::{Address, Metric, Plan};
use futures_util::future::join_all;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use telemetry::{Prometheus, QueryError};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

/// How long a collector is down, at most a third of the run.
const DOWN: Duration = Duration::from_secs(30);

/// How long a crashing pod lives, and the kubelet's first wait before it starts it again.
const LIVES: Duration = Duration::from_secs(1);
const BACK_OFF: Duration = Duration::from_secs(10);

/// Between two looks at the processes.
const LOOK: Duration = Duration::from_millis(250);

/// Why a rehearsal has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The stack does not stand.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// No client for HTTP.
    #[error("no client for HTTP")]
    Client(#[from] reqwest::Error),
    /// No client for Prometheus.
    #[error(transparent)]
    Prometheus(#[from] QueryError),
    /// Files or the run-time's threads.
    #[error("{0}")]
    Io(&'static str, #[source] std::io::Error),
    /// Somebody ended it.
    #[error("interrupted")]
    Interrupted,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Order<'o> {
    /// What the repository says.
    pub plan: &'o Plan,
    /// The programs.
    pub binaries: &'o Binaries,
    /// The canaries with the metrics that judge each.
    pub canaries: Vec<(Fault, Vec<Metric>)>,
    /// When measurements end.
    pub stop: Stop,
    /// Waited before the analysis starts, so that it meets the clocks of scrapes and flushes anywhere.
    pub offset: Duration,
}

/// What happens while it runs.
#[derive(Debug)]
pub enum Progress<'p> {
    /// Programs start.
    Starting {
        /// How many.
        programs: usize,
    },
    /// All of them are ready.
    Ready {
        /// How long that took.
        took: Duration,
        /// The table of addresses.
        addresses: &'p [Address],
        /// Names and process ids.
        processes: Vec<(String, u32)>,
    },
    /// Something happened to a program.
    Told(String),
    /// A measurement.
    Measured {
        /// Index of the canary.
        canary: usize,
        /// What happened.
        event: Event<'p>,
    },
}

/// What became of one canary.
#[derive(Clone, Debug)]
pub struct CanaryRun {
    /// What was wrong with it.
    pub fault: Fault,
    /// Its metrics.
    pub metrics: Vec<MetricRun>,
    /// Its riders.
    pub riders: Tally,
    /// How long it was ridden, in seconds.
    pub seconds: f64,
    /// The share of its requests that is meant to fail.
    pub failing: f64,
}

impl CanaryRun {
    /// What its gates make of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.metrics)
    }

    /// Requests a second that reached it.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { (self.riders.good + self.riders.failed) as f64 / self.seconds } else { 0.0 }
    }
}

/// A rehearsal's result.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The canaries, as they were ordered.
    pub canaries: Vec<CanaryRun>,
    /// What happened to programs.
    pub told: Vec<String>,
    /// How long the stack took to stand.
    pub started: Duration,
    /// How long everything took.
    pub took: Duration,
    /// The riders of the stable version.
    pub stable: Tally,
}

impl Outcome {
    /// How late measurements began: the 99th percentile.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        let metrics = self.canaries.iter().flat_map(|c| &c.metrics);
        let mut all: Vec<Duration> = metrics.flat_map(|m| m.measurements.iter().map(|m| m.late)).collect();
        all.sort_unstable();
        let at = (all.len() * 99).div_ceil(100).saturating_sub(1);
        all.get(at).copied().unwrap_or_default()
    }
}

/// Runs it, with logs and data below `folder`.
///
/// # Errors
/// Where it has no result.
pub fn rehearse(order: &Order<'_>, folder: &Path, tell: &dyn Fn(Progress<'_>)) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let faults: Vec<Fault> = order.canaries.iter().map(|(fault, _)| *fault).collect();
    let own = faults.iter().filter(|f| f.own_collector()).count();
    let collectors = if order.plan.collector.is_some() { 1 + own } else { 0 };
    tell(Progress::Starting { programs: 3 + collectors + faults.len() });
    let mut live = Live::start(order.plan, order.binaries, &faults, folder)?;
    let processes = live.supervisor.processes().map(|(name, id)| (name.to_owned(), id)).collect();
    tell(Progress::Ready { took: began.elapsed(), addresses: &live.addresses, processes });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| RunError::Io("no threads to run on", error))?;
    runtime.block_on(measure(order, &mut live, began, tell))
}

async fn measure(
    order: &Order<'_>,
    live: &mut Live,
    began: Instant,
    tell: &dyn Fn(Progress<'_>),
) -> Result<Outcome, RunError> {
    let started = began.elapsed();
    let prometheus = Prometheus::new(&live.prometheus)?;
    let start = Instant::now() + order.offset;
    let lengths = order.canaries.iter().flat_map(|(_, metrics)| metrics.iter().filter_map(Metric::duration));
    let length = lengths.max().unwrap_or_default();
    let mut tasks = JoinSet::new();
    let tallies = riders(order, live, start, length, &mut tasks)?;
    live.supervisor.plan(timetable(&order.canaries, length));

    let runs = order.canaries.iter().enumerate().map(|(canary, (_, metrics))| {
        let prometheus = &prometheus;
        async move {
            let told = |event: Event<'_>| tell(Progress::Measured { canary, event });
            analyse(metrics, prometheus, start, order.stop, &told).await
        }
    });
    let mut told = Vec::new();
    let watched = async {
        let mut ticks = interval(LOOK);
        loop {
            ticks.tick().await;
            match live.supervisor.look(start.elapsed()) {
                Ok(lines) => {
                    for line in lines {
                        tell(Progress::Told(line.clone()));
                        told.push(line);
                    }
                }
                Err(error) => return error,
            }
        }
    };
    let ended: Result<Vec<Vec<MetricRun>>, RunError> = tokio::select! {
        runs = join_all(runs) => Ok(runs),
        error = watched => Err(LiveError::Stack(error).into()),
        () = interrupted() => Err(RunError::Interrupted),
    };
    let seconds = start.elapsed().as_secs_f64();
    tasks.abort_all();
    let read = |tally: &Arc<Mutex<Tally>>| tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (stable, versions) = tallies;
    let canaries = order.canaries.iter().zip(ended?).zip(&versions).map(|(((fault, _), metrics), tally)| {
        let riding = fault.first_ride(length).map_or(0.0, |first| seconds - first.as_secs_f64());
        let failing = fault.failing() * order.plan.riders.rides();
        CanaryRun { fault: *fault, metrics, riders: read(tally), seconds: riding.max(0.0), failing }
    });
    Ok(Outcome { canaries: canaries.collect(), told, started, took: began.elapsed(), stable: read(&stable) })
}

type Tallies = (Arc<Mutex<Tally>>, Vec<Arc<Mutex<Tally>>>);

/// Sets the riders on: each canary's own driver shares its turns with the stable version, as a Service does. One driver asks
/// the stable version really, the others let its time go by, or it would have the riders of all.
fn riders(
    order: &Order<'_>,
    live: &Live,
    start: Instant,
    length: Duration,
    tasks: &mut JoinSet<()>,
) -> Result<Tallies, RunError> {
    let client = client()?;
    let stable = Version { port: live.stable.port, stable: true, ..Version::default() };
    let last = Arc::new(AtomicU64::new(350_000));
    let mut versions = Vec::new();
    let mut stable_has_riders = false;
    for ((fault, _), front) in order.canaries.iter().zip(&live.canaries) {
        let version = Version {
            port: front.port,
            failing: fault.failing(),
            replayed: replayed(*fault, order.plan, live),
            ..Version::default()
        };
        versions.push(Arc::clone(&version.tally));
        for wanted in &order.plan.pod.probes {
            tasks.spawn(probe(client.clone(), front.clone(), wanted.clone()));
        }
        let Some(first) = fault.first_ride(length) else { continue };
        let beside = if stable_has_riders || !first.is_zero() { Seat::Pass } else { Seat::Ride(stable.clone()) };
        stable_has_riders |= first.is_zero();
        let driver = Driver {
            riders: order.plan.riders.clone(),
            seats: vec![beside, Seat::Ride(version)],
            stable: Arc::clone(&last),
            client: client.clone(),
        };
        tasks.spawn(driver.drive(start + first));
    }
    Ok((stable.tally, versions))
}

/// The slow kind of ride: spans of a second pod of the canary, so that they are series of their own.
fn replayed(fault: Fault, plan: &Plan, live: &Live) -> Option<Replayed> {
    if fault != Fault::SlowKind {
        return None;
    }
    Some(Replayed { customer: "customer=731", otlp: live.otlp?, resource: replay_resource(plan, &fault.hash()) })
}

fn timetable(canaries: &[(Fault, Vec<Metric>)], length: Duration) -> Vec<(Duration, Act)> {
    let mut all = Vec::new();
    for (fault, _) in canaries {
        match fault {
            Fault::CollectorDown => {
                let name = format!("collector-{}", fault.name());
                let at = length / 3;
                all.push((at, Act::Kill(name.clone())));
                all.push((at + DOWN.min(length / 3), Act::Start(name)));
            }
            Fault::CrashLooping => {
                let name = format!("canary-{}", fault.name());
                let (mut at, mut wait) = (Duration::ZERO, BACK_OFF);
                while at < length {
                    at += LIVES;
                    all.push((at, Act::Kill(name.clone())));
                    at += wait;
                    all.push((at, Act::Start(name.clone())));
                    wait *= 2;
                }
            }
            _ => {}
        }
    }
    all
}

/// Ctrl-c, or a polite kill.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut polite) = signal(SignalKind::terminate()) else {
        // Without a handler the signal ends this process, and the watchdog the others.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = polite.recv() => {}
    }
}
