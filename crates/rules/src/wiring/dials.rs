//! Every address that something in the repository calls.

use contract::endpoint::{Endpoint, is_cluster_name, parse};
use contract::{Contract, Target, resolve};
use model::{Provider, Text};
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
        found.push(Dial {
            text: &sender.at,
            range: 0..sender.at.value.len(),
            endpoint: sender.endpoint.clone(),
            target: sender.target.clone(),
            who: format!("{} `{}` sends its traces", workload.kind, workload.name),
            grpc: sender.grpc,
        });
    }
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
    for collector in &contract.repository.collectors {
        for exporter in collector.config.of_class(catalogue::Class::Exporter) {
            let Some(grpc) = speaks(&exporter.kind) else { continue };
            for text in &exporter.endpoints {
                let Some(endpoint) = parse(&text.value) else { continue };
                let namespace = collector.namespace.as_deref();
                let target = resolve(
                    contract.repository,
                    contract.context,
                    namespace,
                    text.at.file,
                    &endpoint,
                    contract.described(),
                );
                let who = format!("exporter `{}` sends", exporter.id);
                found.push(Dial { text, range: 0..text.value.len(), endpoint, target, who, grpc });
            }
        }
    }
}

fn providers<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    for template in &contract.repository.templates {
        for metric in &template.metrics {
            let Provider::Prometheus { address: Some(text), .. } = &metric.provider else { continue };
            let Some(endpoint) = parse(&text.value) else { continue };
            // The controller asks, from its own namespace: a name without one can't be told.
            let target =
                resolve(contract.repository, contract.context, None, text.at.file, &endpoint, contract.described());
            let who = format!("gate `{}` sends its query", metric.name);
            found.push(Dial { text, range: 0..text.value.len(), endpoint, target, who, grpc: None });
        }
    }
}

fn scripts<'a>(contract: &'a Contract<'_>, found: &mut Vec<Dial<'a>>) {
    for workload in &contract.repository.workloads {
        for container in &workload.containers {
            let sent: Vec<&Text> = contract.senders.iter().map(|s| &s.at).collect();
            let values = container.env.iter().filter_map(|e| e.value.as_ref());
            for text in container.args.iter().chain(values).filter(|t| !sent.iter().any(|s| s.at == t.at)) {
                for range in cluster_urls(&text.value) {
                    let Some(endpoint) = text.value.get(range.clone()).and_then(parse) else { continue };
                    let namespace = workload.namespace.as_deref();
                    let target = resolve(
                        contract.repository,
                        contract.context,
                        namespace,
                        text.at.file,
                        &endpoint,
                        contract.described(),
                    );
                    let who = format!("{} `{}` sends requests", workload.kind, workload.name);
                    found.push(Dial { text, range, endpoint, target, who, grpc: None });
                }
            }
        }
    }
}

/// `scheme://service.namespace.svc…:port` in a text, without what follows the port.
fn cluster_urls(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |i| i + 1);
        let host = at + 3;
        let end = text[host..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || ".-:".contains(c)))
            .map_or(text.len(), |i| host + i);
        let authority = text.get(host..end).unwrap_or_default();
        let end = host + authority.trim_end_matches([':', '.']).len();
        let name = authority.split(':').next().unwrap_or_default();
        if start < at && is_cluster_name(name) {
            found.push(start..end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::cluster_urls;

    #[test]
    fn finds_urls_in_scripts() {
        let text = "curl \"http://hotrod.hotrod.svc.cluster.local:8080${ENDPOINT}\" https://example.org";
        let found: Vec<&str> = cluster_urls(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, ["http://hotrod.hotrod.svc.cluster.local:8080"]);
    }
}
