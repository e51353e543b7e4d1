//! Canaries with a known fault, and what a gate is there to do about each.

use contract::gates::GateKind;
use std::time::Duration;

/// What is wrong with a canary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    Healthy,
    /// Nobody rides; it is scraped and probed.
    Idle,
    /// This share of the rides is answered with 500.
    Failing(f64),
    /// Every ride takes more than three seconds: HotROD's own delay.
    Slow,
    /// Rides of one customer, a fifth of all requests, take more than two seconds.
    SlowKind,
    /// Serves, and sends no telemetry.
    Silent,
    /// Its collector listens where it does not send to.
    Deaf,
    /// Its collector is down for a while.
    CollectorDown,
    /// Starts and ends, again and again.
    CrashLooping,
    /// The first ride comes half-way through.
    Late,
}

/// What should become of a canary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// Promoted.
    Promoted,
    /// Stopped by a gate of this kind.
    Stopped(GateKind),
    /// Either way, for this reason.
    Either(&'static str),
}

impl Fault {
    /// All that `prove` runs.
    pub const ALL: [Fault; 12] = [
        Fault::Healthy,
        Fault::Idle,
        Fault::Failing(0.1),
        Fault::Failing(0.2),
        Fault::Failing(1.0),
        Fault::Slow,
        Fault::SlowKind,
        Fault::Silent,
        Fault::Deaf,
        Fault::CollectorDown,
        Fault::CrashLooping,
        Fault::Late,
    ];

    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Fault::Healthy => "healthy".to_owned(),
            Fault::Idle => "idle".to_owned(),
            Fault::Failing(share) => format!("failing-{:.0}%", share * 100.0),
            Fault::Slow => "slow".to_owned(),
            Fault::SlowKind => "slow-one-kind".to_owned(),
            Fault::Silent => "silent".to_owned(),
            Fault::Deaf => "deaf-collector".to_owned(),
            Fault::CollectorDown => "collector-down".to_owned(),
            Fault::CrashLooping => "crash-looping".to_owned(),
            Fault::Late => "late".to_owned(),
        }
    }

    /// The one with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn what(self) -> String {
        match self {
            Fault::Healthy => "nothing is wrong".to_owned(),
            Fault::Idle => "nobody rides; it is scraped and probed".to_owned(),
            Fault::Failing(share) => format!("{:.0} % of the rides answer 500", share * 100.0),
            Fault::Slow => "every ride takes over 3 s".to_owned(),
            Fault::SlowKind => "one customer's rides (a fifth of the requests) take over 2 s".to_owned(),
            Fault::Silent => "serves, sends no telemetry".to_owned(),
            Fault::Deaf => "its collector listens where nobody sends".to_owned(),
            Fault::CollectorDown => "its collector is down for 30 s".to_owned(),
            Fault::CrashLooping => "starts and ends, again and again".to_owned(),
            Fault::Late => "the first ride comes half-way through".to_owned(),
        }
    }

    /// What should become of it.
    #[must_use]
    pub fn expected(self) -> Expected {
        match self {
            Fault::Healthy | Fault::CollectorDown => Expected::Promoted,
            Fault::Idle | Fault::Silent | Fault::Deaf | Fault::CrashLooping => Expected::Stopped(GateKind::Traffic),
            Fault::Failing(share) if share < 0.15 => {
                Expected::Either("a few failures are often too few to tell, and its power says how often")
            }
            Fault::Failing(_) => Expected::Stopped(GateKind::ErrorRate),
            Fault::Slow | Fault::SlowKind => Expected::Stopped(GateKind::Latency),
            Fault::Late => {
                Expected::Either("its first samples see few rides or none, and how many of them the gates bear decides")
            }
        }
    }

    /// A hash like those that Argo Rollouts makes, different for each.
    #[must_use]
    pub fn hash(self) -> String {
        // FNV-1a over the name, in the alphabet of Kubernetes' hashes.
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut state: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in self.name().bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut hash = String::new();
        for _ in 0..10 {
            let letter = ALPHABET.get((state % ALPHABET.len() as u64) as usize).copied().unwrap_or(b'x');
            hash.push(char::from(letter));
            state /= ALPHABET.len() as u64;
        }
        hash
    }

    /// Whether it has a collector of its own.
    #[must_use]
    pub fn own_collector(self) -> bool {
        matches!(self, Fault::Deaf | Fault::CollectorDown)
    }

    /// Arguments beside the pod template's.
    #[must_use]
    pub fn args(self) -> Vec<String> {
        match self {
            Fault::Slow => vec!["--fix-db-query-delay=3s".to_owned()],
            Fault::Silent => vec!["--otel-exporter=stdout".to_owned()],
            _ => Vec::new(),
        }
    }

    /// When the first ride comes, in a run of that length; `None` for never.
    #[must_use]
    pub fn first_ride(self, length: Duration) -> Option<Duration> {
        match self {
            // A pod that never gets ready gets no rides.
            Fault::Idle | Fault::CrashLooping => None,
            Fault::Late => Some(length / 2),
            _ => Some(Duration::ZERO),
        }
    }

    /// The share of rides that fail.
    #[must_use]
    pub fn failing(self) -> f64 {
        match self {
            Fault::Failing(share) => share,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use std::collections::BTreeSet;

    #[test]
    fn every_canary_is_told_from_the_others() {
        let hashes: BTreeSet<String> = Fault::ALL.iter().map(|f| f.hash()).collect();
        assert_eq!(hashes.len(), Fault::ALL.len());
        assert!(hashes.iter().all(|h| h.len() == 10));
        assert!(Fault::ALL.iter().all(|f| Fault::by_name(&f.name()) == Some(*f)));
    }
}
