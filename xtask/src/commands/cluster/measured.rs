//! Measured values and times as Argo Rollouts and Kubernetes write them.

use gate::condition::Measured;
use jiff::Timestamp;

/// The value with four digits that matter, or as it stands.
pub(super) fn shown(text: &str) -> String {
    Measured::read(text).map_or_else(|| text.to_owned(), |value| value.to_string())
}

/// A time as Kubernetes writes it.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        let all = ["[0.23456789]", "[772.123456]", "[]", "[NaN]", "[1,2]", "0.5", "odd", ""].map(shown);
        assert_eq!(all, ["0.2346", "772.1", "no data", "NaN", "[1 2]", "0.5", "odd", ""]);
    }
}
