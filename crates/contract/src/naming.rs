//! How the collector's Prometheus exporter names metrics and labels. Read from contrib's pkg/translator/prometheus and
//! prometheus/otlptranslator (v0.145.0); held to the real exporter by a test.

/// How an exporter turns OTLP names into Prometheus names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// `namespace`, put in front.
    pub namespace: String,
    /// Whether unit and type suffixes are added.
    pub suffixes: bool,
    /// Whether other characters than `[a-zA-Z0-9_:]` become underscores.
    pub escape: bool,
}

/// What kind of metric it is, for its suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A monotonic sum: `_total`.
    Counter,
    /// A histogram; its series add `_bucket`, `_sum`, `_count`.
    Histogram,
    /// A gauge.
    Gauge,
}

impl Naming {
    /// The family's name in Prometheus, histograms without `_bucket` and its like.
    pub fn metric(&self, name: &str, unit: &str, shape: Shape) -> String {
        if !self.escape {
            let mut full =
                if self.namespace.is_empty() { name.to_owned() } else { format!("{}_{name}", self.namespace) };
            if self.suffixes {
                for suffix in self.suffixes_of(unit, shape) {
                    if !full.ends_with(&suffix) {
                        full = format!("{full}_{suffix}");
                    }
                }
            }
            return full;
        }
        if !self.suffixes {
            let name = clean(name);
            let full = if self.namespace.is_empty() { name } else { format!("{}_{name}", clean(&self.namespace)) };
            return if full.starts_with(|c: char| c.is_ascii_digit()) { format!("_{full}") } else { full };
        }
        let mut tokens: Vec<String> = tokens(name);
        for suffix in self.suffixes_of(unit, shape) {
            // A unit that is in the name already is not repeated; `total` goes last.
            if suffix == "total" {
                tokens.retain(|t| t != "total");
                tokens.push(suffix);
            } else if !tokens.contains(&suffix) {
                tokens.push(suffix);
            }
        }
        if !self.namespace.is_empty() {
            tokens.insert(0, clean(&self.namespace));
        }
        let full = tokens.join("_");
        if full.starts_with(|c: char| c.is_ascii_digit()) { format!("_{full}") } else { full }
    }

    fn suffixes_of(&self, unit: &str, shape: Shape) -> Vec<String> {
        let unit = match unit {
            "ms" => Some("milliseconds"),
            "s" => Some("seconds"),
            "By" => Some("bytes"),
            "us" => Some("microseconds"),
            "ns" => Some("nanoseconds"),
            _ => None,
        };
        let total = (shape == Shape::Counter).then_some("total");
        unit.into_iter().chain(total).map(str::to_owned).collect()
    }

    /// The label that an attribute becomes.
    pub fn label(&self, attribute: &str) -> String {
        if !self.escape {
            return attribute.to_owned();
        }
        let cleaned: String =
            attribute.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        match cleaned.chars().next() {
            Some(first) if first.is_ascii_digit() => format!("key_{cleaned}"),
            Some('_') if !cleaned.starts_with("__") => format!("key{cleaned}"),
            _ => cleaned,
        }
    }
}

/// Runs of invalid characters split a name into tokens that `_` joins again.
fn tokens(name: &str) -> Vec<String> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect()
}

fn clean(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let c = if c.is_ascii_alphanumeric() || c == ':' || c == '_' { c } else { '_' };
        if c == '_' && out.ends_with('_') {
            continue;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(namespace: &str, suffixes: bool) -> Naming {
        Naming { namespace: namespace.to_owned(), suffixes, escape: true }
    }

    #[test]
    fn names_span_metrics() {
        assert_eq!(
            naming("", true).metric("traces.span.metrics.calls", "", Shape::Counter),
            "traces_span_metrics_calls_total"
        );
        let duration = naming("x", true).metric("traces.span.metrics.duration", "ms", Shape::Histogram);
        assert_eq!(duration, "x_traces_span_metrics_duration_milliseconds");
        assert_eq!(naming("", false).metric("a..calls", "", Shape::Counter), "a_calls");
        assert_eq!(naming("", true).label("hotrod.pod.hash"), "hotrod_pod_hash");
    }
}
