//! Configurations that a component needs at least, where the contract or the component's documentation leaves one reading.

use super::announce::{Who, announced, scrape_port};
use super::edit::otlp_receiver;
use super::view::View;
use catalogue::{Class, Signal};
use contract::CONNECTOR;
use model::{ElsewhereService, type_of};
use yaml::Value;

/// What a component of that ID needs; `None` where only a person knows.
pub(crate) fn shape(view: &View<'_>, class: Class, id: &str, signal: Option<Signal>) -> Option<Value> {
    let empty = || Value::map::<String>([]);
    let endpoint = |text: String| Value::map([("endpoint", Value::from(text))]);
    match (class, type_of(id)) {
        (Class::Receiver, "otlp") => Some(otlp_receiver(view)),
        (Class::Receiver, "zipkin") => Some(endpoint("0.0.0.0:9411".to_owned())),
        (Class::Receiver, "jaeger") => {
            let protocol = |name: &str, port: u16| (name.to_owned(), endpoint(format!("0.0.0.0:{port}")));
            let ports = [("grpc", 14250), ("thrift_http", 14268)];
            Some(Value::map([("protocols", Value::map(ports.map(|(name, port)| protocol(name, port))))]))
        }
        (Class::Processor, "batch") | (Class::Exporter | Class::Receiver, "nop") => Some(empty()),
        (Class::Processor, "memory_limiter") => Some(memory_limiter()),
        (Class::Exporter, "debug") => Some(Value::map([("verbosity", Value::from("basic"))])),
        (Class::Exporter, "prometheus") => Some(endpoint(format!("0.0.0.0:{}", scrape_port(view)?.port))),
        (Class::Exporter, "otlp" | "otlp_grpc") => {
            let (host, port) = backend(view, signal?, "otlp-grpc")?;
            Some(Value::map([
                ("endpoint", Value::from(format!("{host}:{port}"))),
                ("tls", Value::map([("insecure", Value::Bool(true))])),
            ]))
        }
        (Class::Exporter, "otlphttp" | "otlp_http") => {
            let (host, port) = backend(view, signal?, "otlp-http")?;
            Some(endpoint(format!("http://{host}:{port}")))
        }
        (Class::Extension, "health_check") => {
            let all = announced(view);
            let probed = all.iter().find(|a| a.who == Who::Probe && a.grpc == Some(false)).map_or(13133, |a| a.port);
            Some(endpoint(format!("0.0.0.0:{probed}")))
        }
        (Class::Extension, "zpages" | "pprof") => Some(empty()),
        (Class::Connector, kind) if CONNECTOR.contains(&kind) => Some(span_metrics(view)),
        (Class::Connector, "forward") => Some(empty()),
        _ => None,
    }
}

/// A memory limiter in terms of the container's limit.
pub(crate) fn memory_limiter() -> Value {
    Value::map([
        ("check_interval", Value::from("1s")),
        ("limit_percentage", Value::Int(80)),
        ("spike_limit_percentage", Value::Int(20)),
    ])
}

/// The backend that the policy names for a signal: host and port. Of several names in one namespace the first counts, as they
/// are one backend under different names.
fn backend(view: &View<'_>, signal: Signal, speaks: &str) -> Option<(String, u16)> {
    if !view.described() {
        return None;
    }
    let word = super::view::word(signal);
    let takes = |s: &ElsewhereService| s.signals.iter().any(|x| x == word);
    let mut found = view.contract.context.policy.elsewhere.iter().filter_map(|there| {
        there.services.iter().filter(|s| takes(s)).find_map(|s| {
            let (port, _) = s.ports.iter().find(|(_, what)| *what == speaks)?;
            Some((format!("{}.{}.svc.cluster.local", s.name, there.namespace), *port))
        })
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A span metrics connector with the dimensions that the gates ask for and the senders have.
fn span_metrics(view: &View<'_>) -> Value {
    let mut dimensions: Vec<String> = Vec::new();
    for sender in view.contract.senders.iter().filter(|s| s.collector == Some(view.index)) {
        let Some(workload) = view.contract.repository.workloads.get(sender.workload) else { continue };
        for container in &workload.containers {
            let Some(text) = container.expanded("OTEL_RESOURCE_ATTRIBUTES") else { continue };
            for (name, _) in text.split(',').filter_map(|pair| pair.split_once('=')) {
                let name = name.trim().to_owned();
                if !dimensions.contains(&name) && asked(view, &contract::sanitize(&name)) {
                    dimensions.push(name);
                }
            }
        }
    }
    if dimensions.is_empty() {
        return Value::map::<String>([]);
    }
    let entry = |name: String| Value::map([("name", Value::from(name))]);
    Value::map([("dimensions", Value::seq(dimensions.into_iter().map(entry)))])
}

/// Whether a gate's query matches on, or groups by, a label.
fn asked(view: &View<'_>, label: &str) -> bool {
    let queries = view.contract.gates.iter().filter_map(|g| g.query.as_ref());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    queries.into_iter().any(|q| q.value.split(|c| !word(c)).any(|w| w == label))
}
