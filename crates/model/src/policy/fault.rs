//! What is wrong with a policy file: that it cannot be read, or numbers that ask for nothing or for the impossible.

use super::{Mission, Policy, Request, WorkloadDescription};

/// Why a policy file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    /// For people, without the place.
    pub message: String,
    /// Line and column, from 1, where they are known.
    pub at: Option<(usize, usize)>,
}

impl From<serde_yaml::Error> for PolicyError {
    fn from(error: serde_yaml::Error) -> PolicyError {
        let place =
            |at: serde_yaml::Location| Some((usize::try_from(at.line()).ok()?, usize::try_from(at.column()).ok()?));
        let at = error.location().and_then(place);
        // The reader repeats the place and, below, the source.
        let text = error.without_snippet().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let message = match (at, first.split_once(": ")) {
            (Some(_), Some((place, rest))) if place.starts_with("line ") => rest,
            _ => first,
        };
        let message = match (at, message.rsplit_once(" at line ")) {
            (Some(_), Some((message, _))) => message,
            _ => message,
        };
        PolicyError { message: message.to_owned(), at }
    }
}

/// The first number that no policy can mean; the file's reader has taken it for a number all the same.
pub(super) fn impossible(policy: &Policy) -> Option<PolicyError> {
    let numbers = [
        ("expected-rate", policy.expected_rate, Bound::Positive),
        ("prometheus.scrape-interval", policy.prometheus.scrape_interval, Bound::Positive),
    ];
    let mut all: Vec<(String, f64, Bound)> = numbers.map(|(name, value, bound)| (name.to_owned(), value, bound)).into();
    for mission in &policy.rollouts {
        all.extend(asked(mission));
    }
    for workload in &policy.workloads {
        all.extend(workload.requests.iter().flat_map(|request| described(workload, request)));
    }
    let (name, value, bound) = all.into_iter().find(|(_, value, bound)| !bound.holds(*value))?;
    Some(PolicyError { message: format!("{name} is {value}: it must be {}", bound.text()), at: None })
}

fn asked(mission: &Mission) -> Vec<(String, f64, Bound)> {
    let gates = &mission.gates;
    let named = [
        ("traffic-at-least", gates.traffic_at_least, Bound::Positive),
        ("error-rate-below", gates.error_rate_below, Bound::Share),
        ("latency-below-ms", gates.latency_below_ms, Bound::Positive),
        ("latency-quantile", gates.latency_quantile, Bound::Share),
    ];
    let gate = |(name, value, bound): (&str, Option<f64>, Bound)| {
        Some((format!("{name} of {}", mission.image), value?, bound))
    };
    named.into_iter().filter_map(gate).collect()
}

fn described(workload: &WorkloadDescription, request: &Request) -> Vec<(String, f64, Bound)> {
    let of = |what: &str| format!("{what} of {} of {}", request.path, workload.image);
    let failing = request.failing.iter();
    let counts = request.counts.iter().chain(failing.clone().flat_map(|f| &f.counts));
    let spans = request.spans.iter().chain(failing.flat_map(|f| &f.spans));
    let mut all = vec![(of("share"), request.share, Bound::NotNegative)];
    all.extend(counts.map(|c| (of("times"), c.times, Bound::NotNegative)));
    all.extend(spans.flat_map(|s| [(of("times"), s.times, Bound::NotNegative), (of("ms"), s.ms, Bound::NotNegative)]));
    all
}

#[derive(Clone, Copy)]
enum Bound {
    NotNegative,
    Positive,
    Share,
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        let low = match self {
            Bound::NotNegative => value >= 0.0,
            Bound::Positive => value > 0.0,
            Bound::Share => value > 0.0 && value < 1.0,
        };
        low && value.is_finite()
    }

    fn text(self) -> &'static str {
        match self {
            Bound::NotNegative => "0 or more",
            Bound::Positive => "more than 0",
            Bound::Share => "between 0 and 1",
        }
    }
}
