//! The riders' driver: one request after the other, a connection each, as the generator's curl does.

use super::Front;
use crate::plan::{Probe, Riders};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// `curl --max-time`.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ride that HotROD answers with 500: no customer has this number.
const FAILS: &str = "/dispatch?customer=999";

/// What became of the requests to one version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Answered, not with a 5xx.
    pub good: u64,
    /// Answered with a 5xx.
    pub failed: u64,
    /// Not answered.
    pub lost: u64,
    /// Seconds that all answers took together.
    pub seconds: f64,
}

impl Tally {
    /// All of them.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.good + self.failed + self.lost
    }
}

/// A turn of the riders.
#[derive(Clone, Debug)]
pub(crate) enum Seat {
    /// Asks this version.
    Ride(Version),
    /// Waits as long as the stable version took last: another driver asks it.
    Pass,
}

/// A version that riders ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct Version {
    pub(crate) port: u16,
    pub(crate) tally: Arc<Mutex<Tally>>,
    /// The share of rides that fail.
    pub(crate) failing: f64,
    pub(crate) replayed: Option<Replayed>,
    pub(crate) stable: bool,
}

/// Rides for one customer that are replayed as spans instead.
#[derive(Clone, Debug)]
pub(crate) struct Replayed {
    pub(crate) customer: &'static str,
    pub(crate) otlp: u16,
    pub(crate) resource: Vec<(String, String)>,
}

/// One loop of riders.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    pub(crate) riders: Riders,
    pub(crate) seats: Vec<Seat>,
    /// Microseconds that the stable version took last.
    pub(crate) stable: Arc<AtomicU64>,
    pub(crate) client: reqwest::Client,
}

/// A client like curl: a connection a request, ten seconds.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).pool_max_idle_per_host(0);
    client.user_agent("hyperspace-riders").build()
}

impl Driver {
    /// Rides until it is dropped.
    pub(crate) async fn drive(self, first: Instant) {
        tokio::time::sleep_until(first).await;
        // Not all drivers at once.
        sleep(self.riders.pause.mul_f64(fastrand::f64() * 2.0)).await;
        // Each version gets every kind of ride in turn.
        let mut turns = vec![0_usize; self.seats.len()];
        loop {
            for (seat, turn) in self.seats.iter().zip(&mut turns) {
                match seat {
                    Seat::Pass => sleep(Duration::from_micros(self.stable.load(Ordering::Relaxed))).await,
                    Seat::Ride(version) => {
                        let Some(path) = self.riders.paths.get(*turn % self.riders.paths.len().max(1)) else { return };
                        *turn += 1;
                        let began = Instant::now();
                        self.ride(version, path).await;
                        if version.stable {
                            let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                            self.stable.store(took, Ordering::Relaxed);
                        }
                    }
                }
                sleep(self.riders.pause).await;
            }
        }
    }

    async fn ride(&self, version: &Version, path: &str) {
        let Version { port, tally, failing, replayed, .. } = version;
        let is_ride = path != "/";
        if let Some(replayed) = replayed.as_ref().filter(|r| path.ends_with(r.customer)) {
            let took = super::replay(&self.client, replayed).await;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            match took {
                Some(seconds) => {
                    tally.good += 1;
                    tally.seconds += seconds;
                }
                None => tally.lost += 1,
            }
            return;
        }
        let path = if is_ride && fastrand::f64() < *failing { FAILS } else { path };
        let began = Instant::now();
        let answer = self.client.get(format!("http://127.0.0.1:{port}{path}")).send().await;
        let answered = match answer {
            // The whole body, as curl reads it.
            Ok(answer) => {
                let status = answer.status();
                answer.bytes().await.map(|_| status)
            }
            Err(error) => Err(error),
        };
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        match answered {
            Ok(status) => {
                tally.seconds += began.elapsed().as_secs_f64();
                if status.is_server_error() { tally.failed += 1 } else { tally.good += 1 }
            }
            Err(_) => tally.lost += 1,
        }
    }
}

/// Sends the kubelet's HTTP probes until it is dropped.
pub(crate) async fn probe(client: reqwest::Client, front: Front, probe: Probe) {
    let Some((_, port)) = front.ports.iter().find(|(number, _)| *number == probe.port) else { return };
    let period = Duration::from_secs_f64(probe.period.max(1.0));
    loop {
        // What it answers does not matter: it is a request.
        drop(client.get(format!("http://127.0.0.1:{port}{}", probe.path)).send().await);
        sleep(period).await;
    }
}
