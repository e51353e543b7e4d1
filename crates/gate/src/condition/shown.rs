//! Values as people read them.

use super::Measured;
use std::fmt;

/// A number with four digits that matter.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = value.abs().log10().floor() as i32;
    let places = usize::try_from((3 - digits).clamp(0, 9)).unwrap_or_default();
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Measured {
    /// Reads what Argo Rollouts writes down: `[0.25]`, `[1,2]`, `0.5`; `None` for what holds no numbers.
    pub fn read(text: &str) -> Option<Measured> {
        let text = text.trim();
        let number = |part: &str| part.trim().parse::<f64>().ok();
        match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => {
                let parts = inner.split([',', ' ']).filter(|part| !part.is_empty());
                parts.map(number).collect::<Option<Vec<f64>>>().map(Measured::Vector)
            }
            None => number(text).map(Measured::Scalar),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Measured::Scalar(value) => f.write_str(&short(*value)),
            Measured::Vector(values) => match values.as_slice() {
                [] => f.write_str("no data"),
                [one] => f.write_str(&short(*one)),
                many => write!(f, "[{}]", many.iter().map(|v| short(*v)).collect::<Vec<_>>().join(" ")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Measured, short};

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.06573, 772.4512, 12345.6, 0.000_012_34, f64::NAN, 1.0, 0.1 + 0.2].map(short);
        assert_eq!(all, ["0", "0.06573", "772.5", "12346", "0.00001234", "NaN", "1", "0.3"]);
    }

    #[test]
    fn no_data_is_no_number() {
        let all = [vec![], vec![0.5], vec![0.5, f64::NAN]].map(|values| Measured::Vector(values).to_string());
        assert_eq!(all, ["no data", "0.5", "[0.5 NaN]"]);
    }
}
