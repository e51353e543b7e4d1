//! Durations and quantities as Go and Kubernetes write them.

/// Seconds of a Go duration (`1m30s`, `1.5h`, `0`); `None` where Go's `time.ParseDuration` refuses it.
pub fn go_duration(text: &str) -> Option<f64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, tail) = rest.split_at(end);
        total += value
            * match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = tail;
    }
    Some(if negative { -total } else { total })
}

/// Seconds as a Go duration of whole seconds: `90s`.
pub fn seconds(value: f64) -> String {
    format!("{}s", value.ceil().max(0.0) as u64)
}

/// Bytes of a Kubernetes memory quantity (`128Mi`, `100M`, `1e9`).
pub fn memory(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".+-".contains(c))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "m" => 1e-3,
        _ => return text.parse().ok(),
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// Bytes of a Go memory limit as `GOMEMLIMIT` takes it (`128MiB`, `1GiB`, `134217728`); `None` for `off` and nonsense.
pub fn go_memory(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit {
        "" | "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, seconds) in [
            ("1m30s", Some(90.0)),
            ("0", Some(0.0)),
            ("1.5h", Some(5400.0)),
            ("10", None),
            ("", None),
            ("s", None),
            ("-5s", Some(-5.0)),
        ] {
            assert_eq!(go_duration(text), seconds, "{text}");
        }
        assert_eq!(memory("128Mi"), Some(134_217_728.0));
        assert_eq!(memory("100M"), Some(1e8));
        assert_eq!(go_memory("128MiB"), Some(134_217_728.0));
        assert_eq!(go_memory("off"), None);
    }
}
