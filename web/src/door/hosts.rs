//! What Host headers name.

use std::net::IpAddr;

/// A Host header without its port: a port may be forwarded.
pub(super) fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

/// Whether it is this machine.
pub(super) fn is_local(name: &str) -> bool {
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

/// The address that it writes out.
pub(super) fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(six) => six.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, is_local, name};

    #[test]
    fn names_of_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:8500", "localhost:1", "LocalHost", "[::1]:8500", "[::1]"] {
            assert!(is_local(name(host)), "{host}");
        }
    }

    #[test]
    fn other_names() {
        for host in
            ["", "evil.example", "localhost.evil.example:8500", "127.0.0.1.evil.example", "evil@localhost", "::1"]
        {
            assert!(!is_local(name(host)), "{host}");
        }
    }

    #[test]
    fn only_numbers_are_addresses() {
        for host in ["10.0.0.7:8500", "[fd00::7]:8500", "[fd00::7]"] {
            assert!(address(name(host)).is_some(), "{host}");
        }
        for host in ["10.0.0.7.example", "0x7f.1", "2130706433", "10.1", "fd00::7", "[::1", ""] {
            assert!(address(name(host)).is_none(), "{host}");
        }
    }
}
