//! What the collector's distributions hold: components, signals, keys, and when each came and went.
//!
//! `data/components.jsonl` is generated (`generate/generate.py` says from what); one line a component, read when it is asked
//! for. No IO: the data is part of the program.

mod distribution;
mod schema;

pub use distribution::{Distribution, Version};
pub use schema::Schema;

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A class of component: the section of the configuration that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `receivers`.
    Receiver,
    /// `processors`.
    Processor,
    /// `exporters`.
    Exporter,
    /// `connectors`.
    Connector,
    /// `extensions`.
    Extension,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 5] =
        [Class::Receiver, Class::Processor, Class::Exporter, Class::Connector, Class::Extension];

    /// The word: `receiver`.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Receiver => "receiver",
            Class::Processor => "processor",
            Class::Exporter => "exporter",
            Class::Connector => "connector",
            Class::Extension => "extension",
        }
    }
}

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Traces.
    Traces,
    /// Metrics.
    Metrics,
    /// Logs.
    Logs,
    /// Profiles, behind a feature gate.
    Profiles,
}

impl Signal {
    fn parse(text: &str) -> Option<Signal> {
        match text {
            "traces" => Some(Signal::Traces),
            "metrics" => Some(Signal::Metrics),
            "logs" => Some(Signal::Logs),
            "profiles" => Some(Signal::Profiles),
            _ => None,
        }
    }
}

/// A component type.
#[derive(Debug)]
pub struct Component {
    /// Its class.
    pub class: Class,
    /// Its type, as configurations write it.
    pub name: &'static str,
    /// Signals that it takes; `None` where they are not known. For a connector see [`Component::joins`].
    pub signals: Option<Vec<Signal>>,
    /// From the side where a connector is an exporter to the side where it is a receiver; `None` where not known.
    pub joins: Option<Vec<(Signal, Signal)>>,
    /// Distributions that hold it, `contrib`, `core`, `k8s`…; empty where that is not known.
    pub distributions: Vec<&'static str>,
    /// The version that it came with, where the changelog says one.
    pub added: Option<Version>,
    /// The first version without it.
    pub removed: Option<Version>,
    /// What took its place.
    pub successor: Option<(Class, &'static str)>,
    /// The older (or other) name of the same component.
    pub alias: Option<&'static str>,
    /// The keys of its configuration, where they are known: those of 0.145.0 and those that came later.
    pub keys: Option<Schema>,
    /// The keys come from the compiled component, types and all.
    pub reflected: bool,
}

struct Slot {
    class: Class,
    name: &'static str,
    line: &'static str,
    parsed: OnceLock<Option<Component>>,
}

const DATA: &str = include_str!("../data/components.jsonl");

struct Index {
    slots: Vec<Slot>,
    by_name: HashMap<(Class, &'static str), usize>,
    service: Option<&'static str>,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index { slots: Vec::new(), by_name: HashMap::new(), service: None };
        for line in DATA.lines() {
            let mut parts = line.splitn(3, ' ');
            let (Some(class), Some(name), Some(line)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let Some(class) = Class::ALL.into_iter().find(|c| c.as_str() == class) else {
                index.service = Some(line);
                continue;
            };
            index.by_name.insert((class, name), index.slots.len());
            index.slots.push(Slot { class, name, line, parsed: OnceLock::new() });
        }
        index
    })
}

/// The component of that class and type, in whatever version.
pub fn component(class: Class, name: &str) -> Option<&'static Component> {
    let index = index();
    // The key's lifetime is the data's; a lookup by a shorter one needs the entry's own name.
    let slot = index.by_name.get(&(class, name)).and_then(|i| index.slots.get(*i))?;
    slot.parsed.get_or_init(|| parse(slot)).as_ref()
}

/// Every type of a class.
pub fn names(class: Class) -> impl Iterator<Item = &'static str> {
    index().slots.iter().filter(move |s| s.class == class).map(|s| s.name)
}

/// The keys of `service:`.
pub fn service() -> Option<&'static Schema> {
    static SERVICE: OnceLock<Option<Schema>> = OnceLock::new();
    SERVICE.get_or_init(|| serde_json::from_str::<Line>(index().service?).ok()?.keys).as_ref()
}

/// What a line of the data says beside class and type.
#[derive(Deserialize)]
struct Line {
    signals: Option<Vec<&'static str>>,
    joins: Option<Vec<(&'static str, &'static str)>>,
    #[serde(default)]
    distributions: Vec<&'static str>,
    added: Option<&'static str>,
    removed: Option<&'static str>,
    successor: Option<(&'static str, &'static str)>,
    alias: Option<&'static str>,
    keys: Option<Schema>,
    later: Option<Schema>,
    #[serde(default)]
    reflected: bool,
}

fn parse(slot: &Slot) -> Option<Component> {
    let line: Line = serde_json::from_str(slot.line).ok()?;
    let signals = |list: Vec<&str>| list.into_iter().filter_map(Signal::parse).collect();
    let joins = |list: Vec<(&str, &str)>| {
        list.into_iter().filter_map(|(from, to)| Some((Signal::parse(from)?, Signal::parse(to)?))).collect()
    };
    let successor = line.successor.and_then(|(class, name)| {
        let class = Class::ALL.into_iter().find(|c| c.as_str() == class)?;
        known_name(class, name).map(|name| (class, name))
    });
    let keys = line.keys.map(|mut keys| {
        if let Some(later) = line.later {
            keys.extend(later);
        }
        keys
    });
    Some(Component {
        class: slot.class,
        name: slot.name,
        signals: line.signals.map(signals),
        joins: line.joins.map(joins),
        distributions: line.distributions,
        added: line.added.and_then(Version::parse),
        removed: line.removed.and_then(Version::parse),
        successor,
        alias: line.alias.and_then(|alias| known_name(slot.class, alias)),
        keys,
        reflected: line.reflected,
    })
}

fn known_name(class: Class, name: &str) -> Option<&'static str> {
    let index = index();
    index.by_name.get(&(class, name)).and_then(|i| index.slots.get(*i)).map(|s| s.name)
}

/// What a type is to a distribution and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Known,
    /// It came with a later version; the name that it had before, where it had one.
    NotYet(Version, Option<&'static str>),
    /// It is gone since that version; what took its place.
    Removed(Version, Option<(Class, &'static str)>),
    /// It is a type of these other classes.
    OtherClass(Vec<Class>),
    /// Nobody knows it.
    Unknown,
    /// Can't be told: a distribution that the catalogue does not describe, or a version newer than it.
    Untold,
}

/// The newest version that the catalogue has seen a changelog of.
pub const NEWEST: Version = Version(0, 160, 0);

/// What a type is to a distribution; a version that is not known is read as the newest known.
pub fn verdict(class: Class, name: &str, distribution: Distribution, version: Option<Version>) -> Verdict {
    if distribution == Distribution::Other {
        return Verdict::Untold;
    }
    let at = version.unwrap_or(Version(u16::MAX, 0, 0));
    if let Some(found) = component(class, name) {
        if let Some(removed) = found.removed.filter(|r| at >= *r) {
            return Verdict::Removed(removed, found.successor);
        }
        if let Some(added) = found.added.filter(|a| at < *a) {
            return Verdict::NotYet(added, found.alias);
        }
        let word = match distribution {
            Distribution::Core => "core",
            Distribution::K8s => "k8s",
            _ => return Verdict::Known,
        };
        let listed = &found.distributions;
        return if listed.is_empty() || listed.contains(&word) { Verdict::Known } else { Verdict::Untold };
    }
    let elsewhere: Vec<Class> =
        Class::ALL.into_iter().filter(|c| *c != class && component(*c, name).is_some()).collect();
    match elsewhere.as_slice() {
        [] if version.is_some_and(|v| v > NEWEST) => Verdict::Untold,
        [] => Verdict::Unknown,
        _ => Verdict::OtherClass(elsewhere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        for class in Class::ALL {
            for name in names(class) {
                assert!(component(class, name).is_some(), "{class:?} {name}");
            }
        }
        assert!(service().is_some_and(|s| s.field("pipelines").is_some()));
        assert!(names(Class::Receiver).count() > 90 && names(Class::Exporter).count() > 40);
    }

    #[test]
    fn knows_the_history() {
        let at = |v: &str| Version::parse(v);
        let contrib = |class, name, v| verdict(class, name, Distribution::Contrib, v);
        assert_eq!(contrib(Class::Exporter, "jaeger", at("0.85.0")), Verdict::Known);
        let otlp = Some((Class::Exporter, "otlp"));
        assert_eq!(contrib(Class::Exporter, "jaeger", at("0.142.0")), Verdict::Removed(Version(0, 86, 0), otlp));
        assert_eq!(contrib(Class::Exporter, "logging", at("0.91.0")), Verdict::Known);
        assert!(matches!(contrib(Class::Exporter, "logging", None), Verdict::Removed(..)));
        assert_eq!(
            contrib(Class::Exporter, "spanmetrics", None),
            Verdict::OtherClass(vec![Class::Processor, Class::Connector])
        );
        assert!(matches!(
            contrib(Class::Connector, "span_metrics", at("0.145.0")),
            Verdict::NotYet(_, Some("spanmetrics"))
        ));
        assert_eq!(contrib(Class::Connector, "spanmetrics", None), Verdict::Known);
        assert_eq!(contrib(Class::Receiver, "oltp", None), Verdict::Unknown);
        assert_eq!(verdict(Class::Receiver, "mine", Distribution::Other, None), Verdict::Untold);
        for (class, name) in [
            (Class::Processor, "k8sattributes"),
            (Class::Processor, "tail_sampling"),
            (Class::Processor, "span"),
            (Class::Processor, "resourcedetection"),
            (Class::Receiver, "filelog"),
            (Class::Receiver, "hostmetrics"),
            (Class::Receiver, "kubeletstats"),
            (Class::Receiver, "k8s_cluster"),
            (Class::Receiver, "httpcheck"),
            (Class::Receiver, "docker_stats"),
            (Class::Exporter, "loadbalancing"),
            (Class::Exporter, "otlphttp"),
            (Class::Extension, "health_check"),
            (Class::Extension, "zpages"),
            (Class::Extension, "file_storage"),
        ] {
            assert_eq!(contrib(class, name, None), Verdict::Known, "{name}");
            assert_eq!(contrib(class, name, at("0.142.0")), Verdict::Known, "{name}");
        }
    }

    #[test]
    fn knows_the_newest_names_and_what_they_replaced() {
        let contrib = |class, name, v| verdict(class, name, Distribution::Contrib, Version::parse(v));
        for (class, old, new) in [
            (Class::Exporter, "azureblob", "azure_blob"),
            (Class::Exporter, "otlphttp", "otlp_http"),
            (Class::Receiver, "azuremonitor", "azure_monitor"),
            (Class::Receiver, "prometheusremotewrite", "prometheus_remote_write"),
            (Class::Receiver, "filelog", "file_log"),
            (Class::Processor, "metricstarttime", "metric_start_time"),
            (Class::Extension, "azureauth", "azure_auth"),
        ] {
            assert_eq!(contrib(class, old, "0.160.0"), Verdict::Known, "{old}");
            assert_eq!(contrib(class, new, "0.160.0"), Verdict::Known, "{new}");
            assert!(matches!(contrib(class, new, "0.142.0"), Verdict::NotYet(_, Some(name)) if name == old), "{new}");
        }
        // Always written so: no rename behind them.
        for (class, name) in [
            (Class::Exporter, "alibabacloud_logservice"),
            (Class::Extension, "jaeger_encoding"),
            (Class::Extension, "redis_storage"),
        ] {
            assert_eq!(contrib(class, name, "0.142.0"), Verdict::Known, "{name}");
        }
        let connector = Some((Class::Connector, "datadog"));
        assert_eq!(contrib(Class::Processor, "datadog", "0.142.0"), Verdict::Removed(Version(0, 94, 0), connector));
        let remotetap = Some((Class::Processor, "remotetap"));
        assert_eq!(
            contrib(Class::Processor, "remoteobserver", "0.90.0"),
            Verdict::Removed(Version(0, 89, 0), remotetap)
        );
    }

    #[test]
    fn knows_signals_and_keys() {
        let spanmetrics = component(Class::Connector, "spanmetrics").unwrap();
        assert_eq!(spanmetrics.joins.as_deref(), Some(&[(Signal::Traces, Signal::Metrics)][..]));
        let keys = component(Class::Exporter, "otlp").unwrap().keys.as_ref().unwrap();
        assert!(keys.field("tls").is_some_and(|t| t.field("insecure").is_some()));
        // Keys that came after the compiled version.
        assert!(spanmetrics.keys.as_ref().is_some_and(|k| k.field("series_expiration").is_some()));
        let debug = component(Class::Exporter, "debug").unwrap().keys.as_ref().unwrap();
        let batch = debug.field("sending_queue").and_then(|q| q.field("batch")).unwrap();
        assert!(batch.field("partition").is_some() && batch.field("min_size").is_some());
        // Keys that the generated schemas of these modules leave out.
        for (class, name, key) in [
            (Class::Exporter, "splunk_hec", "retry_on_failure"),
            (Class::Receiver, "hostmetrics", "scrapers"),
            (Class::Receiver, "receiver_creator", "receivers"),
            (Class::Processor, "geoip", "providers"),
        ] {
            let keys = component(class, name).unwrap().keys.as_ref().unwrap();
            let open = matches!(keys, Schema::Fields { open: true, .. });
            assert!(open || keys.field(key).is_some(), "{name} {key}");
        }
        assert_eq!(component(Class::Exporter, "prometheus").unwrap().signals.as_deref(), Some(&[Signal::Metrics][..]));
    }
}
