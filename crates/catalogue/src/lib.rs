//! What the collector's distributions hold: components, signals, keys, and when each came and went.
//!
//! `data/components.jsonl` is generated (`generate/generate.py` says from what); one line a component, read when it is asked
//! for. No IO: the data is part of the program.

mod distribution;
mod schema;

pub use distribution::{Distribution, Version};
pub use schema::Schema;

use serde::Deserialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

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

/// Sorted by class and name, which stand in front of each line.
const DATA: &str = include_str!("../data/components.jsonl");

/// A line of the data.
#[derive(Clone, Copy)]
struct Entry {
    class: &'static str,
    name: &'static str,
    json: &'static str,
}

impl Entry {
    fn of(line: &'static str) -> Option<Entry> {
        let mut parts = line.splitn(3, ' ');
        Some(Entry { class: parts.next()?, name: parts.next()?, json: parts.next()? })
    }

    /// By halving the text: a check needs a few of its lines, and an index of all would cost more than these.
    fn find(class: &str, name: &str) -> Option<Entry> {
        let (mut low, mut high) = (0, DATA.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = DATA.get(low..middle)?.rfind('\n').map_or(low, |at| low + at + 1);
            let end = DATA.get(middle..high)?.find('\n').map_or(high, |at| middle + at);
            let entry = Entry::of(DATA.get(start..end)?)?;
            match (entry.class, entry.name).cmp(&(class, name)) {
                Ordering::Less => low = end + 1,
                Ordering::Greater => high = start,
                Ordering::Equal => return Some(entry),
            }
        }
        None
    }
}

/// The component of that class and type, in whatever version.
pub fn component(class: Class, name: &str) -> Option<&'static Component> {
    type Parsed = BTreeMap<(Class, &'static str), Option<&'static Component>>;
    static PARSED: RwLock<Parsed> = RwLock::new(BTreeMap::new());
    // Its own scope, so that the lock is not held while a line is read.
    {
        let parsed = PARSED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known(&parsed, class, name) {
            return found;
        }
    }
    let entry = Entry::find(class.as_str(), name)?;
    let found = parse(class, entry);
    let mut parsed = PARSED.write().unwrap_or_else(PoisonError::into_inner);
    // Parsed once for the whole process, so what is leaked is bounded by the data.
    *parsed.entry((class, entry.name)).or_insert_with(|| found.map(|found| &*Box::leak(Box::new(found))))
}

fn known<'m, V: Copy>(map: &'m BTreeMap<(Class, &'m str), V>, class: Class, name: &'m str) -> Option<V> {
    map.get(&(class, name)).copied()
}

/// Every type of a class.
pub fn names(class: Class) -> impl Iterator<Item = &'static str> {
    DATA.lines().filter_map(Entry::of).filter(move |entry| entry.class == class.as_str()).map(|entry| entry.name)
}

/// The keys of `service:`.
pub fn service() -> Option<&'static Schema> {
    static SERVICE: OnceLock<Option<Schema>> = OnceLock::new();
    let read = || serde_json::from_str::<Line>(Entry::find("service", "service")?.json).ok()?.keys;
    SERVICE.get_or_init(read).as_ref()
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

fn parse(class: Class, entry: Entry) -> Option<Component> {
    let line: Line = serde_json::from_str(entry.json).ok()?;
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
        class,
        name: entry.name,
        signals: line.signals.map(signals),
        joins: line.joins.map(joins),
        distributions: line.distributions,
        added: line.added.and_then(Version::parse),
        removed: line.removed.and_then(Version::parse),
        successor,
        alias: line.alias.and_then(|alias| known_name(class, alias)),
        keys,
        reflected: line.reflected,
    })
}

fn known_name(class: Class, name: &str) -> Option<&'static str> {
    Entry::find(class.as_str(), name).map(|entry| entry.name)
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
        let keys = || DATA.lines().filter_map(Entry::of).map(|entry| (entry.class, entry.name));
        assert!(keys().is_sorted() && keys().count() == DATA.lines().count());
        for (class, name) in keys() {
            assert!(Entry::find(class, name).is_some_and(|found| (found.class, found.name) == (class, name)), "{name}");
        }
        for (class, name) in [("connector", ""), ("receiver", "otl"), ("receiver", "otlpx"), ("z", "z"), ("", "")] {
            assert!(Entry::find(class, name).is_none(), "{name}");
        }
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
