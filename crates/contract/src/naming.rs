//! How the collector's Prometheus exporter names metrics and labels: prometheus/otlptranslator v1.0.0 as contrib's
//! prometheusexporter calls it (collector.go, v0.145.0). Held to the real exporter by tests/real_collector, from which
//! every oddity below comes.

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
    /// An exporter that nobody configured.
    pub const DEFAULT: Naming = Naming { namespace: String::new(), suffixes: true, escape: true };

    /// The family's name in Prometheus, histograms without `_bucket` and its like.
    pub fn metric(&self, name: &str, unit: &str, shape: Shape) -> String {
        match (self.escape, self.suffixes) {
            (true, true) => self.normalized(name, unit, shape),
            (true, false) => self.escaped(name),
            (false, _) => self.verbatim(name, unit, shape),
        }
    }

    /// `normalizeName`: tokens of valid characters joined by `_`, so that runs of others, underscores among them, collapse.
    fn normalized(&self, name: &str, unit: &str, shape: Shape) -> String {
        let mut tokens: Vec<&str> = name.split(|c| !plain(c)).filter(|t| !t.is_empty()).collect();
        // A unit that is anywhere in the name is not repeated.
        tokens.extend(unit_suffix(unit).filter(|unit| !name.split(|c| !plain(c)).any(|t| t == *unit)));
        if shape == Shape::Counter {
            tokens.retain(|t| *t != "total");
            tokens.push("total");
        }
        if !self.namespace.is_empty() {
            // As it is: `my-team` makes a name that only quotes can hold.
            tokens.insert(0, &self.namespace);
        }
        let full = tokens.join("_");
        if digit_first(&full) { format!("_{full}") } else { full }
    }

    /// `buildCompliantMetricName` without suffixes: underscores that were written stay, and a digit gets its underscore only
    /// where no namespace is in front, not even one that starts with a digit itself.
    fn escaped(&self, name: &str) -> String {
        let escape = |text: &str| {
            let parts: Vec<&str> = text.split(|c| !plain(c) && c != '_').filter(|t| !t.is_empty()).collect();
            parts.join("_")
        };
        let name = escape(name);
        if !self.namespace.is_empty() {
            return format!("{}_{name}", escape(&self.namespace));
        }
        if digit_first(&name) { format!("_{name}") } else { name }
    }

    /// `buildMetricName`: the name as it is; `total` is cut off, with whatever stands before it, to be put last.
    fn verbatim(&self, name: &str, unit: &str, shape: Shape) -> String {
        let mut full = if self.namespace.is_empty() { name.to_owned() } else { format!("{}_{name}", self.namespace) };
        if !self.suffixes {
            return full;
        }
        if shape == Shape::Counter && full.len() > "_total".len() && full.ends_with("total") {
            full.truncate(full.len() - "total".len());
            full.pop();
        }
        if let Some(unit) = unit_suffix(unit).filter(|unit| !full.ends_with(unit)) {
            full = format!("{full}_{unit}");
        }
        if shape == Shape::Counter { format!("{full}_total") } else { full }
    }

    /// The label that an attribute becomes: here runs do not collapse, and a leading underscore stays.
    pub fn label(&self, attribute: &str) -> String {
        if !self.escape {
            return attribute.to_owned();
        }
        let cleaned: String = attribute.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if digit_first(&cleaned) { format!("key_{cleaned}") } else { cleaned }
    }
}

/// The `le` of a bucket as Prometheus 3 keeps it, whatever the page says: `1000.0`, not `1000` (prometheus v0.307.3,
/// model/textparse/openmetricsparse.go, `normalizeFloatsInLabelValues`).
pub(crate) fn le(bound: f64) -> String {
    if bound.is_infinite() {
        return "+Inf".to_owned();
    }
    let text = format!("{bound}");
    if bound != 0.0 && bound.abs() < 1e-4 {
        // Go's %g: an exponent of two digits at least.
        let text = format!("{bound:e}");
        let (digits, exponent) = text.split_once("e-").unwrap_or((&text, ""));
        return format!("{digits}e-{exponent:0>2}");
    }
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Whether the exporter drops every series that would have the label: one of nothing but underscores (otlptranslator,
/// label_namer.go), or one that Prometheus keeps for itself (client_golang, prometheus/labels.go `checkLabelName`).
pub(crate) fn refused(label: &str) -> bool {
    label.starts_with("__") || label.chars().all(|c| c == '_')
}

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ':'
}

fn digit_first(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn unit_suffix(unit: &str) -> Option<&'static str> {
    match unit {
        "ms" => Some("milliseconds"),
        "s" => Some("seconds"),
        "By" => Some("bytes"),
        "us" => Some("microseconds"),
        "ns" => Some("nanoseconds"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(namespace: &str, suffixes: bool, escape: bool) -> Naming {
        Naming { namespace: namespace.to_owned(), suffixes, escape }
    }

    #[test]
    fn names_span_metrics() {
        let default = Naming::DEFAULT;
        assert_eq!(default.metric("traces.span.metrics.calls", "", Shape::Counter), "traces_span_metrics_calls_total");
        let duration = naming("x", true, true).metric("traces.span.metrics.duration", "ms", Shape::Histogram);
        assert_eq!(duration, "x_traces_span_metrics_duration_milliseconds");
        assert_eq!(naming("", false, true).metric("a..calls", "", Shape::Counter), "a_calls");
        assert_eq!(default.label("hotrod.pod.hash"), "hotrod_pod_hash");
    }

    #[test]
    fn buckets_are_written_as_prometheus_3_keeps_them() {
        let written = [1000.0, 0.002, 2.5, 5e-6, f64::INFINITY].map(le);
        assert_eq!(written, ["1000.0", "0.002", "2.5", "5e-06", "+Inf"]);
    }

    #[test]
    fn suffixes_go_last_and_once() {
        let counter = |naming: Naming, name: &str| naming.metric(name, "", Shape::Counter);
        assert_eq!(counter(Naming::DEFAULT, "total.calls"), "calls_total");
        assert_eq!(counter(naming("", true, false), "a.total"), "a_total");
        assert_eq!(counter(naming("", true, false), "total"), "total_total");
        let timed = naming("", true, false).metric("a.milliseconds", "ms", Shape::Histogram);
        assert_eq!(timed, "a.milliseconds");
    }
}
