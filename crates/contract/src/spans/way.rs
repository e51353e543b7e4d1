//! How a connector's metrics get to Prometheus, and what the exporter on that way does to names and labels.

use crate::Contract;
use crate::endpoint::Host;
use crate::naming::Naming;
use crate::series::scraped;
use catalogue::Class;
use model::{Collector, Component};

pub(super) struct Way {
    pub(super) naming: Naming,
    /// Labels that the exporter adds to every series.
    pub(super) consts: Vec<(String, String)>,
    /// Resource attributes become labels too (`resource_to_telemetry_conversion`).
    pub(super) attributes: bool,
    /// …those that make up `job` and `instance` excepted.
    pub(super) without_service: bool,
    /// Labels for the instrumentation scope (`without_scope_info`).
    pub(super) scope: bool,
    pub(super) scraped_from: Option<usize>,
    /// Metrics are pushed: more labels may exist.
    pub(super) open: bool,
}

impl Way {
    /// What a chain would give once its metrics have a way out: the exporter as nobody configured it.
    pub(super) fn plain(collector: &Collector) -> Way {
        Way { scraped_from: collector.workload, ..Way::pushed(false) }
    }

    fn pushed(open: bool) -> Way {
        Way {
            naming: Naming::DEFAULT,
            consts: Vec::new(),
            attributes: false,
            without_service: false,
            scope: true,
            scraped_from: None,
            open,
        }
    }

    /// The way through an exporter; `None` where it leads nowhere near Prometheus.
    pub(super) fn out(contract: &Contract<'_>, index: usize, exporter: &Component) -> Option<Way> {
        Way::through(contract, index, exporter, true)
    }

    /// The way through a metrics page that Prometheus does not reach yet.
    pub(super) fn meant(contract: &Contract<'_>, index: usize, exporter: &Component) -> Option<Way> {
        Way::through(contract, index, exporter, false)
    }

    fn through(contract: &Contract<'_>, index: usize, exporter: &Component, reached: bool) -> Option<Way> {
        let collector = contract.repository.collectors.get(index)?;
        let node = contract.repository.node(&exporter.at)?;
        let text = |keys: &[&str]| node.at(keys).and_then(|n| n.as_str());
        let flag = |keys: &[&str], default: bool| node.at(keys).and_then(|n| n.as_bool()).unwrap_or(default);
        // The strategy decides alone where it is given (collector.go, `getTranslationConfiguration`).
        let (suffixes, escape) = match text(&["translation_strategy"]) {
            Some("UnderscoreEscapingWithoutSuffixes") => (false, true),
            Some("NoUTF8EscapingWithSuffixes") => (true, false),
            Some("NoTranslation") => (false, false),
            Some(strategy) if !strategy.is_empty() => (true, true),
            _ => (flag(&["add_metric_suffixes"], true), true),
        };
        let naming = Naming { namespace: text(&["namespace"]).unwrap_or_default().to_owned(), suffixes, escape };
        let consts = |key: &str| -> Vec<(String, String)> {
            let pairs = node
                .get(key)
                .map(|n| n.entries().filter_map(|(k, v)| Some((k.to_owned(), v.as_str()?.to_owned()))).collect());
            pairs.unwrap_or_default()
        };
        let attributes = flag(&["resource_to_telemetry_conversion", "enabled"], false);
        let without_service = flag(&["resource_to_telemetry_conversion", "exclude_service_attributes"], false);
        match exporter.kind.as_str() {
            "prometheus" => {
                let workload = collector.workload;
                let open = || {
                    let listeners = contract.listeners.get(index)?;
                    let listener = listeners.iter().find(|l| l.class == Class::Exporter && l.id == exporter.id)?;
                    let asked = match workload {
                        Some(workload) => scraped(contract, workload, listener.port) || !contract.described(),
                        None => true,
                    };
                    Some(asked && matches!(listener.host, Host::Any | Host::Private(_)))
                };
                (!reached || open()?).then(|| Way {
                    naming,
                    consts: consts("const_labels"),
                    attributes,
                    without_service,
                    scope: !flag(&["without_scope_info"], false),
                    scraped_from: workload,
                    open: workload.is_none(),
                })
            }
            "prometheusremotewrite" => Some(Way {
                naming,
                consts: consts("external_labels"),
                attributes,
                without_service,
                ..Way::pushed(false)
            }),
            "otlphttp" | "otlp_http" => {
                let endpoint = text(&["metrics_endpoint"]).or_else(|| text(&["endpoint"]))?;
                let prometheus = endpoint.contains("/api/v1/otlp") || endpoint.contains("prometheus");
                prometheus.then(|| Way::pushed(true))
            }
            _ => None,
        }
    }
}
