//! Times as Kubernetes writes them, for people: always UTC, so that a page says the same to everybody.

use jiff::{SignedDuration, Timestamp};

/// `26 Nov 03:07:30 UTC`
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %H:%M:%S UTC").to_string()
}

/// The same of Kubernetes' text.
pub(crate) fn said(text: &str) -> Option<String> {
    parse(text).map(moment)
}

/// `03:07:30`
pub(crate) fn clock(text: &str) -> Option<String> {
    parse(text).map(|at| at.strftime("%H:%M:%S").to_string())
}

pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `10s`, `1m30s`: as Go writes durations.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_times_and_gos_durations() {
        assert_eq!(said("2026-11-06T03:07:30Z").as_deref(), Some("6 Nov 03:07:30 UTC"));
        assert_eq!(clock("2026-11-06T03:07:30Z").as_deref(), Some("03:07:30"));
        assert_eq!(said("soon"), None);
        assert_eq!(duration("1m30s"), Some(SignedDuration::from_secs(90)));
        assert_eq!(duration("10s"), Some(SignedDuration::from_secs(10)));
    }
}
