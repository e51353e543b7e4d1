//! Every address that something in the repository calls.

use super::ports::{behind, listening, serving};
use contract::endpoint::{Endpoint, Host, is_cluster_name, parse};
use contract::{Caller, Contract, Missing, Target};
use model::{Component, Place, Provider, Text, Workload, pair};
use std::collections::HashSet;
use std::ops::Range;

/// An address, where it stands and where it leads.
pub(crate) struct Dial<'a> {
    /// The scalar.
    pub(crate) text: &'a Text,
    /// The address's bytes in the scalar.
    pub(crate) range: Range<usize>,
    /// The address.
    pub(crate) endpoint: Endpoint,
    /// Where it leads.
    pub(crate) target: Target,
    /// Who calls, for messages.
    pub(crate) who: String,
    /// What the caller speaks: gRPC or not; `None` where that can't be told.
    pub(crate) grpc: Option<bool>,
    /// Whether the caller encrypts; `None` where that can't be told.
    pub(crate) tls: Option<bool>,
    /// The exporter's mapping, where one calls.
    pub(crate) exporter: Option<&'a Place>,
    /// Whether it sends OTLP.
    pub(crate) otlp: bool,
}

/// Addresses of OTLP senders, exporters, Prometheus providers and cluster URLs in environments and scripts.
pub(crate) fn dials<'a>(contract: &'a Contract<'_>) -> Vec<Dial<'a>> {
    let mut found = Vec::new();
    senders(contract, &mut found);
    exporters(contract, &mut found);
    providers(contract, &mut found);
    scripts(contract, &mut found);
    found
}

fn senders<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    for sender in &contract.senders {
        let Some(workload) = contract.repository.workloads.get(sender.workload) else { continue };
        let described = contract.description_of(workload).is_some();
        let endpoint = sender.endpoint.clone();
        let target = match endpoint.meaning() {
            Host::Loopback if described && alone(workload) => in_the_pod(contract, sender.grpc),
            _ => sender.target.clone(),
        };
        let tls = endpoint.scheme.as_deref().map(|s| s == "https");
        found.push(Dial {
            text: &sender.at,
            range: 0..sender.at.value.len(),
            endpoint,
            target,
            who: format!("{} `{}` sends its traces", workload.kind, workload.name),
            grpc: sender.grpc,
            tls,
            exporter: None,
            otlp: true,
        });
    }
}

/// Whether nothing but its one container can answer on a pod's localhost.
fn alone(workload: &Workload) -> bool {
    let injected = ["sidecar.opentelemetry.io/inject", "sidecar.istio.io/inject"];
    workload.containers.len() == 1
        && !workload.host_network
        && !injected.iter().any(|name| pair(&workload.annotations, name).is_some())
}

/// A sender that calls its own pod, where nothing takes OTLP: the collectors that do were meant.
fn in_the_pod(contract: &Contract<'_>, grpc: Option<bool>) -> Target {
    let what = "a receiver in the pod, which is all that `localhost` reaches,".to_owned();
    Target::Missing(Missing { what, meant: serving(contract, grpc) })
}

/// Exporters whose `endpoint` is called, not listened on, and what they speak.
fn speaks(kind: &str) -> Option<Option<bool>> {
    match kind {
        "otlp" | "otlp_grpc" | "jaeger" | "opencensus" => Some(Some(true)),
        "otlphttp" | "otlp_http" | "prometheusremotewrite" | "prometheus_remote_write" | "zipkin" | "loki" => {
            Some(Some(false))
        }
        _ => None,
    }
}

fn exporters<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    let caller = Caller { policy: contract.described(), otlp: true };
    for collector in &contract.repository.collectors {
        for exporter in collector.config.of_class(catalogue::Class::Exporter) {
            let Some(grpc) = speaks(&exporter.kind) else { continue };
            let otlp = exporter.kind.starts_with("otlp");
            for text in &exporter.endpoints {
                let Some(dial) = contract.dial(collector.namespace.as_deref(), text, caller) else { continue };
                let tls = match (grpc, contract.repository.node(&exporter.at)) {
                    (Some(true), Some(node)) if otlp => {
                        let insecure = node.at(&["tls", "insecure"]);
                        // What an environment variable says is not known.
                        match insecure.map(|n| n.as_bool()) {
                            Some(None) => None,
                            known => Some(!known.flatten().unwrap_or(false)),
                        }
                    }
                    (Some(false), _) => dial.endpoint.scheme.as_deref().map(|s| s == "https"),
                    _ => None,
                };
                let target = match dial.endpoint.meaning() {
                    Host::Any | Host::Loopback if otlp => {
                        to_itself(contract, collector, exporter, &dial.endpoint, caller)
                    }
                    _ => to_others(contract, collector, text, &dial.endpoint, dial.target),
                };
                found.push(Dial {
                    text,
                    range: 0..text.value.len(),
                    endpoint: dial.endpoint,
                    target,
                    who: format!("exporter `{}` sends", exporter.id),
                    grpc,
                    tls,
                    exporter: Some(&exporter.at),
                    otlp,
                });
            }
        }
    }
}

/// An exporter that calls an address to listen on, or its own pod, where nothing else takes what it sends. A plain host, a
/// sidecar or another container may have a backend there.
fn to_itself(
    contract: &Contract<'_>,
    from: &model::Collector,
    exporter: &Component,
    endpoint: &Endpoint,
    caller: Caller,
) -> Target {
    let pod = from.workload.and_then(|w| Some((w, contract.repository.workloads.get(w)?)));
    let Some((index, workload)) = pod.filter(|(_, w)| alone(w)) else { return Target::Unknown };
    let Some(port) = endpoint.port else { return Target::Unknown };
    let any = endpoint.meaning() == Host::Any;
    // Older span metrics were sent through a receiver of the same collector; one that feeds the exporter is a loop.
    let own = listening(contract, index, workload);
    let listeners = contract.links.collector(index).and_then(|c| contract.listeners.get(c));
    let feeds = |l: &contract::Listener| {
        let mut users = from.config.users(catalogue::Class::Exporter, &exporter.id);
        l.port == port && l.used && users.any(|p| p.receivers.iter().any(|r| r.value == l.id))
    };
    let loops = listeners.into_iter().flatten().any(feeds);
    if !any && !loops && own.is_none_or(|ports| ports.contains(&port)) {
        return Target::Unknown;
    }
    let what = match (any, loops) {
        (true, _) => format!("a backend behind `{}`, which is an address to listen on,", endpoint.host),
        (_, true) => "a backend behind the receiver that feeds it".to_owned(),
        _ => "a receiver in the pod, which is all that `localhost` reaches,".to_owned(),
    };
    let others = contract.repository.services.iter().enumerate().filter(|(number, s)| {
        s.ports.iter().any(|p| p.port == port) && behind(contract, *number).iter().all(|(pod, _)| *pod != index)
    });
    let mut meant: Vec<(String, u16)> = others.map(|(_, s)| (s.host(), port)).collect();
    if caller.policy {
        // Several names in one namespace are one backend.
        let known = |e: &model::Elsewhere| {
            let takes = |s: &&model::ElsewhereService| s.ports.get(&port).is_some_and(|p| p.starts_with("otlp"));
            e.services.iter().find(takes).map(|s| model::service_host(&s.name, &e.namespace))
        };
        meant.extend(contract.context.policy.elsewhere.iter().filter_map(known).map(|host| (host, port)));
    }
    Target::Missing(Missing { what, meant })
}

/// What is missing, without the readings by which the collector would send to itself: nobody means that. Where no other is
/// left, the Service may be somebody else's.
fn to_others(
    contract: &Contract<'_>,
    from: &model::Collector,
    at: &Text,
    written: &Endpoint,
    target: Target,
) -> Target {
    let Target::Missing(mut missing) = target else { return target };
    let several = missing.meant.len();
    missing.meant.retain(|(host, port)| {
        let Some(endpoint) = parse(&written.with(host, Some(*port))) else { return true };
        let there = contract.world().resolve(from.namespace.as_deref(), at.at.file, &endpoint, Caller::default());
        let Target::Service(service, _) = there else { return true };
        from.workload.is_none_or(|own| behind(contract, service).iter().all(|(pod, _)| *pod != own))
    });
    if missing.meant.is_empty() && several > 0 && !contract.described() {
        return Target::Unknown;
    }
    Target::Missing(missing)
}

fn providers<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    let caller = Caller { policy: contract.described(), otlp: false };
    for template in &contract.repository.templates {
        for metric in &template.metrics {
            let Provider::Prometheus { address: Some(text), .. } = &metric.provider else { continue };
            // The controller asks, from its own namespace: a name without one can't be told, but by the policy.
            let Some(dial) = contract.dial(None, text, caller) else { continue };
            let target = match dial.target {
                Target::Unknown if caller.policy => of_the_controller(contract, &dial.endpoint),
                target => target,
            };
            found.push(Dial {
                text,
                range: 0..text.value.len(),
                endpoint: dial.endpoint,
                target,
                who: format!("gate `{}` sends its query", metric.name),
                grpc: Some(false),
                tls: None,
                exporter: None,
                otlp: false,
            });
        }
    }
}

/// A Service's name without a namespace means one beside the Argo Rollouts controller, where the policy knows none.
fn of_the_controller(contract: &Contract<'_>, endpoint: &Endpoint) -> Target {
    let (Host::Service(name, None), Some(port)) = (endpoint.meaning(), endpoint.effective_port()) else {
        return Target::Unknown;
    };
    let elsewhere = &contract.context.policy.elsewhere;
    let has =
        |services: &[model::ElsewhereService]| services.iter().any(|s| s.name == name && s.ports.contains_key(&port));
    let homes: Vec<&str> = elsewhere.iter().filter(|e| has(&e.services)).map(|e| e.namespace.as_str()).collect();
    if homes.is_empty() {
        return Target::Unknown;
    }
    let meant = homes.into_iter().map(|home| (model::service_host(&name, home), port)).collect();
    let what = format!("Service `{name}` in the namespace of the Argo Rollouts controller, which asks,");
    Target::Missing(Missing { what, meant })
}

fn scripts<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    let sent: HashSet<&Place> = contract.senders.iter().map(|s| &s.at.at).collect();
    let caller = Caller { policy: contract.described(), otlp: false };
    for workload in &contract.repository.workloads {
        for container in &workload.containers {
            let values = container.env.iter().filter_map(|e| e.value.as_ref());
            for text in container.args.iter().chain(values).filter(|t| !sent.contains(&t.at)) {
                for range in addresses(&text.value, caller.policy) {
                    let Some(endpoint) = text.value.get(range.clone()).and_then(parse) else { continue };
                    let namespace = workload.namespace.as_deref();
                    let target = contract.world().resolve(namespace, text.at.file, &endpoint, caller);
                    let http = endpoint.scheme.as_deref().is_some_and(|s| s == "http" || s == "https");
                    found.push(Dial {
                        text,
                        range,
                        endpoint,
                        target,
                        who: format!("{} `{}` sends requests", workload.kind, workload.name),
                        grpc: http.then_some(false),
                        tls: None,
                        exporter: None,
                        otlp: false,
                    });
                }
            }
        }
    }
}

/// `service.namespace.svc…:port` in a text, with the scheme in front and without what follows the port. With `short`, after
/// a scheme of HTTP also `service:port`. Comments of a script call nobody.
fn addresses(text: &str, short: bool) -> Vec<Range<usize>> {
    let part = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let base = line_start;
        line_start += line.len();
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut at = 0;
        while let Some(start) = line[at..].find(part).map(|i| at + i) {
            let end = line[start..].find(|c| !part(c)).map_or(line.len(), |i| start + i);
            at = end;
            // A scheme's colon and slashes stand between two words.
            let word = line[start..end].trim_end_matches([':', '.', '-']);
            let scheme = line[..start].strip_suffix("//").map(|before| {
                let from =
                    before.trim_end_matches(':').rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |i| i + 1);
                (from, before[from..].trim_end_matches(':'))
            });
            let host = word.split(':').next().unwrap_or_default();
            let http = matches!(scheme, Some((_, "http" | "https")));
            let varies = line[..start].ends_with('$');
            let open = varies || line[end..].starts_with(['$', '{', '(']) && !word.contains(':');
            if open || !(is_cluster_name(host) || (short && http && is_name(host))) {
                continue;
            }
            let from = scheme.filter(|(_, s)| !s.is_empty()).map_or(start, |(from, _)| from);
            found.push(base + from..base + start + word.len());
        }
    }
    found
}

/// A Service's name as a URL has it, without a namespace.
fn is_name(host: &str) -> bool {
    host.starts_with(|c: char| c.is_ascii_lowercase()) && !host.contains('.') && host != "localhost"
}

#[cfg(test)]
mod tests {
    use super::addresses;

    fn found(text: &str, short: bool) -> Vec<&str> {
        addresses(text, short).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn finds_addresses_in_scripts() {
        let text = "curl \"http://hotrod.hotrod.svc.cluster.local:8080${ENDPOINT}\" https://example.org";
        assert_eq!(found(text, false), ["http://hotrod.hotrod.svc.cluster.local:8080"]);
        assert_eq!(found("nc -z db.shop.svc 5432; x=api.shop.svc:80", false), ["db.shop.svc", "api.shop.svc:80"]);
        assert_eq!(found("# http://a.b.svc\nredis://:p@c.d.svc:6379/0", false), ["c.d.svc:6379"]);
        assert_eq!(found("http://hotrod:8080/$P http://${HOST}:80 http://localhost:1", true), ["http://hotrod:8080"]);
        assert!(found("http://hotrod:8080", false).is_empty());
        assert!(found("http://$x.y.svc http://a.b.svc${DOMAIN}:80", false).is_empty());
    }
}
