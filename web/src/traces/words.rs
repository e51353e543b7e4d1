//! Durations, for people.

/// `812 µs`, `12.3 ms`, `1.24 s`, `2 min 5 s`; of microseconds.
pub(crate) fn took(micros: i64) -> String {
    let value = micros.max(0) as f64;
    match micros {
        i64::MIN..1_000 => format!("{} µs", micros.max(0)),
        1_000..100_000 => format!("{:.1} ms", value / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", value / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", value / 1e6),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// `200ms`, `1.5s`, `300us`, `2m`, or a number of milliseconds; as microseconds.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let text = text.trim().replace(' ', "");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit {
        "us" | "µs" => 1.0,
        "" | "ms" => 1e3,
        "s" => 1e6,
        "m" | "min" => 6e7,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * factor;
    (value.is_finite() && value < 1e15).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_digits_that_tell_something() {
        let all = [-5, 812, 12_345, 743_210, 1_240_000, 125_000_000].map(took);
        assert_eq!(all, ["0 µs", "812 µs", "12.3 ms", "743 ms", "1.24 s", "2 min 5 s"]);
    }

    #[test]
    fn durations_as_people_type_them() {
        for (text, micros) in
            [("200ms", 200_000), ("1.5 s", 1_500_000), ("300us", 300), ("250", 250_000), ("2m", 120_000_000)]
        {
            assert_eq!(super::micros(text), Some(micros), "{text}");
        }
        for text in ["", "fast", "1h", "-3ms", "1e9999s", "1.2.3s", "99999999999999999s"] {
            assert_eq!(super::micros(text), None, "{text}");
        }
    }
}
