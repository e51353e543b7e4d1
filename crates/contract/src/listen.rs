//! On which ports a collector listens, and for what. Defaults are the receivers' own (their config.go and README).

use crate::endpoint::{self, Host};
use catalogue::{Class, Version};
use model::{Collector, Component, Place, Repository};
use yaml::Node;

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// OTLP over gRPC.
    OtlpGrpc,
    /// OTLP over HTTP.
    OtlpHttp,
    /// A metrics page for Prometheus.
    Scrape,
    /// Other gRPC.
    Grpc,
    /// Other HTTP.
    Http,
    /// Something else.
    Other,
}

impl Speaks {
    /// Whether a gRPC client gets on with it.
    pub fn grpc(self) -> bool {
        matches!(self, Speaks::OtlpGrpc | Speaks::Grpc)
    }
}

/// A port that a collector listens on.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Class of the component that opens it.
    pub class: Class,
    /// The component's ID.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// The interface.
    pub host: Host,
    /// What it speaks.
    pub speaks: Speaks,
    /// The endpoint scalar, or the protocol's mapping where the default applies.
    pub at: Place,
    /// Whether the endpoint is written.
    pub written: bool,
    /// The key path of the endpoint below the component, for a fix that has to write it.
    pub keys: &'static [&'static str],
    /// Whether a pipeline (or `service.extensions`) uses the component: only then it opens the port.
    pub used: bool,
}

struct Kind {
    class: Class,
    kind: &'static str,
    keys: &'static [&'static str],
    port: Option<u16>,
    speaks: Speaks,
}

const fn kind(class: Class, kind: &'static str, keys: &'static [&'static str], port: u16, speaks: Speaks) -> Kind {
    Kind { class, kind, keys, port: Some(port), speaks }
}

/// Components that listen, with the key of their endpoint and its default port.
const KINDS: &[Kind] = &[
    kind(Class::Receiver, "otlp", &["protocols", "grpc", "endpoint"], 4317, Speaks::OtlpGrpc),
    kind(Class::Receiver, "otlp", &["protocols", "http", "endpoint"], 4318, Speaks::OtlpHttp),
    kind(Class::Receiver, "jaeger", &["protocols", "grpc", "endpoint"], 14250, Speaks::Grpc),
    kind(Class::Receiver, "jaeger", &["protocols", "thrift_http", "endpoint"], 14268, Speaks::Http),
    kind(Class::Receiver, "jaeger", &["protocols", "thrift_compact", "endpoint"], 6831, Speaks::Other),
    kind(Class::Receiver, "jaeger", &["protocols", "thrift_binary", "endpoint"], 6832, Speaks::Other),
    kind(Class::Receiver, "zipkin", &["endpoint"], 9411, Speaks::Http),
    kind(Class::Receiver, "opencensus", &["endpoint"], 55678, Speaks::Grpc),
    Kind { class: Class::Exporter, kind: "prometheus", keys: &["endpoint"], port: None, speaks: Speaks::Scrape },
    kind(Class::Extension, "health_check", &["endpoint"], 13133, Speaks::Http),
    kind(Class::Extension, "zpages", &["endpoint"], 55679, Speaks::Http),
    kind(Class::Extension, "pprof", &["endpoint"], 1777, Speaks::Http),
];

/// The default interface since 0.104 is localhost (core changelog v0.104.0, `component.UseLocalHostAsDefaultHost`).
const LOCALHOST_SINCE: Version = Version(0, 104, 0);

/// Key paths of the addresses that a component of that type listens on; empty for one that we don't know.
pub fn addresses(class: Class, kind: &str) -> impl Iterator<Item = &'static [&'static str]> {
    KINDS.iter().filter(move |k| k.class == class && k.kind == kind).map(|k| k.keys)
}

/// Every listener of a collector, in the order of its configuration.
pub fn listeners(repository: &Repository, collector: &Collector) -> Vec<Listener> {
    let mut found = Vec::new();
    for component in &collector.config.components {
        for kind in KINDS.iter().filter(|k| k.class == component.class && k.kind == component.kind) {
            found.extend(listener(repository, collector, component, kind));
        }
    }
    found.extend(own_metrics(repository, collector));
    found
}

fn listener(repository: &Repository, collector: &Collector, component: &Component, kind: &Kind) -> Option<Listener> {
    let node = repository.node(&component.at);
    // A protocol that is not named is not served.
    if let [first, protocol, _] = kind.keys {
        node?.get(first)?.get(protocol)?;
    }
    let written = node.and_then(|n| n.at(kind.keys)).filter(|n| !n.is_null());
    let (endpoint, at) = match written {
        Some(node) => (address(node.as_str()?, kind.port)?, Place::of(component.at.file, node)),
        None => {
            let old = collector.version.is_some_and(|v| v < LOCALHOST_SINCE);
            let host = if old { "0.0.0.0" } else { "localhost" };
            let parent = kind.keys.split_last().map_or(&[][..], |(_, rest)| rest);
            let at = parent.iter().fold(component.at.clone(), |place, key| place.key(key));
            (endpoint::Endpoint { scheme: None, host: host.to_owned(), port: kind.port, path: String::new() }, at)
        }
    };
    let side = component.class;
    let used = match side {
        Class::Extension => collector.config.extensions.iter().any(|e| e.value == component.id),
        _ => collector.config.users(side, &component.id).next().is_some(),
    };
    Some(Listener {
        class: component.class,
        id: component.id.clone(),
        port: endpoint.port.or(kind.port).or(endpoint.effective_port())?,
        host: endpoint.meaning(),
        speaks: kind.speaks,
        at,
        written: written.is_some(),
        keys: kind.keys,
        used,
    })
}

/// A listen address. An environment variable in place of the host (`${env:MY_POD_IP}:4317`) is the pod's own address; one
/// that can't be read leaves the default port.
fn address(text: &str, default: Option<u16>) -> Option<endpoint::Endpoint> {
    if !text.contains("${") {
        return endpoint::parse(text);
    }
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).or(default);
    Some(endpoint::Endpoint { scheme: None, host: String::new(), port, path: String::new() })
}

/// The collector's own metrics: 8888 unless telemetry is turned off or moved.
fn own_metrics(repository: &Repository, collector: &Collector) -> Option<Listener> {
    let root = collector.config.at.as_ref()?;
    let metrics = root.key("service").key("telemetry").key("metrics");
    let node = repository.node(&metrics);
    let text = |keys: &[&str]| node.and_then(|n| n.at(keys)).and_then(|n| n.as_str()).map(str::to_owned);
    if text(&["level"]).as_deref() == Some("none") {
        return None;
    }
    let pull = node
        .and_then(|n| n.get("readers"))
        .map(|r| r.items().find_map(|r| r.at(&["pull", "exporter", "prometheus"])).and_then(own_reader));
    let (host, port) = match (pull, text(&["address"])) {
        (Some(Some(reader)), _) => reader,
        (Some(None), _) => return None,
        (None, Some(address)) => {
            let endpoint = endpoint::parse(&address)?;
            (endpoint.meaning(), endpoint.port?)
        }
        (None, None) => {
            // The default became localhost in 0.111 (core changelog); before, every interface.
            let any = collector.version.is_some_and(|v| v < Version(0, 111, 0));
            (if any { Host::Any } else { Host::Loopback }, 8888)
        }
    };
    Some(Listener {
        class: Class::Extension,
        id: "telemetry".to_owned(),
        port,
        host,
        speaks: Speaks::Scrape,
        at: metrics,
        written: node.is_some(),
        keys: &[],
        used: true,
    })
}

fn own_reader(node: Node<'_>) -> Option<(Host, u16)> {
    let host = node.get("host").and_then(|n| n.as_str()).unwrap_or("localhost");
    Some((endpoint::host(host), node.get("port")?.as_str()?.parse().ok()?))
}
