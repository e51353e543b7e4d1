//! Prometheus' text format, version 1.0.0: names may be quoted.

use std::collections::BTreeMap;

/// One line of a metrics page.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name, with `_bucket` and its like.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// Every sample of a page, in its order.
///
/// # Errors
/// The first line that is neither a comment nor a sample.
pub fn parse(page: &str) -> Result<Vec<Sample>, String> {
    let lines = page.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| sample(line).ok_or_else(|| format!("not a sample: {line}"))).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let mut name = line.get(..end)?.to_owned();
    let mut labels = BTreeMap::new();
    let mut rest = line.get(end..)?;
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (key, after) = if rest.starts_with('"') { quoted(rest)? } else { bare(rest)? };
            match after.strip_prefix('=') {
                Some(after) => {
                    let (value, after) = quoted(after)?;
                    labels.insert(key, value);
                    rest = after;
                }
                // A quoted name stands among the labels.
                None => (name, rest) = (key, after),
            }
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = match rest.split_ascii_whitespace().next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    (!name.is_empty()).then_some(Sample { name, labels, value })
}

fn bare(text: &str) -> Option<(String, &str)> {
    let end = text.find(['=', ',', '}'])?;
    (end > 0).then(|| (text[..end].trim().to_owned(), &text[end..]))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 2..)?)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_of_a_name() {
        let page = "# TYPE a counter\na{b=\"x\\\"}, \",le=\"+Inf\"} 1e3 12\na 2\n{\"a.b\",\"c.d\"=\"é\",e=\"\"} NaN\n";
        let samples = parse(page).expect("a page");
        assert_eq!(samples[0].labels["b"], "x\"}, ");
        assert_eq!((samples[0].labels["le"].as_str(), samples[0].value), ("+Inf", 1000.0));
        assert_eq!((samples[1].name.as_str(), samples[1].labels.len()), ("a", 0));
        assert_eq!((samples[2].name.as_str(), samples[2].labels["c.d"].as_str()), ("a.b", "é"));
        assert!(samples[2].value.is_nan() && samples[2].labels["e"].is_empty());
    }

    #[test]
    fn refuses_what_is_no_sample() {
        for line in ["a", "a{", "a{b}", "a{b=\"} 1", "a{b=\"c\"}", "{} 1", "a{=\"x\"} 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
