//! What the catalogue says to a collector's distribution and version, and what it can't tell.

use catalogue::{Class, Signal};
use model::Collector;

/// What a type is in its section.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// The distribution and version have it.
    Exists,
    /// Can't be told.
    Unknown,
    /// It is a type of other classes only.
    Elsewhere(Vec<Class>),
    /// It was there; `successor` took its place.
    Removed { since: String, successor: Option<&'static str> },
    /// It came with a later version; `older` is its name before.
    NotYet { since: String, older: Option<&'static str> },
    /// Nobody knows it; the known type that was most likely meant.
    Nothing { near: Option<&'static str> },
}

/// What a type is to a collector.
pub(crate) fn standing(collector: &Collector, class: Class, kind: &str) -> Standing {
    let _ = collector;
    let known = |class: Class| -> &'static [&'static str] {
        match class {
            Class::Receiver => &["otlp", "prometheus", "zipkin", "jaeger", "filelog", "hostmetrics"],
            Class::Processor => &[
                "memory_limiter",
                "batch",
                "resource",
                "attributes",
                "filter",
                "transform",
                "tail_sampling",
                "k8sattributes",
            ],
            Class::Exporter => &[
                "debug",
                "otlp",
                "otlp_grpc",
                "otlp_http",
                "otlphttp",
                "prometheus",
                "prometheusremotewrite",
                "file",
                "zipkin",
            ],
            Class::Connector => &["spanmetrics", "count", "forward", "routing"],
            Class::Extension => &["health_check", "zpages", "pprof"],
        }
    };
    if known(class).contains(&kind) {
        return Standing::Exists;
    }
    match (class, kind) {
        (Class::Exporter, "jaeger") => return Standing::Removed { since: "0.86.0".into(), successor: Some("otlp") },
        (Class::Exporter, "logging") => return Standing::Removed { since: "0.111.0".into(), successor: Some("debug") },
        _ => {}
    }
    let all = [Class::Receiver, Class::Processor, Class::Exporter, Class::Connector, Class::Extension];
    let elsewhere: Vec<Class> = all.into_iter().filter(|c| *c != class && known(*c).contains(&kind)).collect();
    if !elsewhere.is_empty() {
        return Standing::Elsewhere(elsewhere);
    }
    Standing::Nothing { near: contract::endpoint::nearest_word(kind, known(class).iter().copied()) }
}

/// Signals that a type takes; `None` where that can't be told. A connector's are in [`joins`].
pub(crate) fn signals(collector: &Collector, class: Class, kind: &str) -> Option<Vec<Signal>> {
    let _ = collector;
    match (class, kind) {
        (Class::Exporter, "prometheus" | "prometheusremotewrite") | (Class::Receiver, "prometheus" | "hostmetrics") => {
            Some(vec![Signal::Metrics])
        }
        (Class::Receiver, "jaeger" | "zipkin") | (Class::Processor, "tail_sampling") | (Class::Exporter, "zipkin") => {
            Some(vec![Signal::Traces])
        }
        (Class::Receiver, "otlp")
        | (Class::Exporter, "otlp" | "debug" | "otlphttp")
        | (Class::Processor, "batch" | "memory_limiter") => Some(vec![Signal::Traces, Signal::Metrics, Signal::Logs]),
        _ => None,
    }
}

/// The pairs of signals that a connector joins, from the side where it is an exporter to the side where it is a receiver.
pub(crate) fn joins(collector: &Collector, kind: &str) -> Option<Vec<(Signal, Signal)>> {
    let _ = collector;
    match kind {
        "spanmetrics" => Some(vec![(Signal::Traces, Signal::Metrics)]),
        "forward" => Some(vec![
            (Signal::Traces, Signal::Traces),
            (Signal::Metrics, Signal::Metrics),
            (Signal::Logs, Signal::Logs),
        ]),
        _ => None,
    }
}

/// Whether the distribution and version have the type.
pub(crate) fn exists(collector: &Collector, class: Class, kind: &str) -> bool {
    standing(collector, class, kind) == Standing::Exists
}
