//! Which ports the processes behind a Service listen on, as far as anybody described them.

use contract::{Contract, Listener, Speaks};
use model::{Service, Workload};

/// The workloads whose pods a Service selects.
pub(crate) fn behind<'r>(contract: &Contract<'r>, service: usize) -> Vec<(usize, &'r Workload)> {
    let workloads = &contract.repository.workloads;
    contract.links.pods(service).iter().filter_map(|i| Some((*i, workloads.get(*i)?))).collect()
}

/// The Services that lead to a workload's pods.
pub(crate) fn before<'r>(contract: &Contract<'r>, workload: usize) -> Vec<&'r Service> {
    contract.links.services(workload).iter().filter_map(|i| contract.repository.services.get(*i)).collect()
}

/// The workload and container port that a Service's port leads to.
pub(crate) fn pod_port(contract: &Contract<'_>, service: usize, port: u16) -> Option<(usize, u16)> {
    let target = &contract.repository.services.get(service)?.ports.iter().find(|p| p.port == port)?.target;
    behind(contract, service).into_iter().find_map(|(index, w)| Some((index, w.port_number(target)?)))
}

/// Host and port of every Service that leads to a collector's OTLP receiver; of the one protocol where it is told.
pub(crate) fn serving(contract: &Contract<'_>, grpc: Option<bool>) -> Vec<(String, u16)> {
    let takes = |l: &&Listener| match l.speaks {
        Speaks::OtlpGrpc => l.used && grpc != Some(false),
        Speaks::OtlpHttp => l.used && grpc != Some(true),
        _ => false,
    };
    let mut found = Vec::new();
    for (index, collector) in contract.repository.collectors.iter().enumerate() {
        let Some((number, workload)) =
            collector.workload.and_then(|w| Some((w, contract.repository.workloads.get(w)?)))
        else {
            continue;
        };
        for listener in contract.listeners.get(index).into_iter().flatten().filter(takes) {
            for service in before(contract, number) {
                let ports = service.ports.iter().filter(|p| workload.port_number(&p.target) == Some(listener.port));
                found.extend(ports.map(|p| (service.host(), p.port)));
            }
        }
    }
    found
}

/// Ports that a workload's processes listen on; `None` where nobody described them.
pub(crate) fn listening(contract: &Contract<'_>, index: usize, workload: &Workload) -> Option<Vec<u16>> {
    if let Some(description) = contract.description_of(workload).filter(|d| !d.ports.is_empty()) {
        return Some(description.ports.keys().copied().collect());
    }
    let collector = contract.links.collector(index)?;
    let found = contract.repository.collectors.get(collector)?;
    // Other processes in the pod, merged configurations and receivers that this tool does not know may listen too.
    let alone = workload.containers.iter().filter(|c| !c.init).count() == 1;
    let known = |kind: &str| {
        matches!(
            kind,
            "otlp"
                | "prometheus"
                | "hostmetrics"
                | "filelog"
                | "jaeger"
                | "zipkin"
                | "kubeletstats"
                | "k8s_cluster"
                | "nop"
        )
    };
    let transparent = found.config.of_class(catalogue::Class::Receiver).all(|r| known(&r.kind));
    (alone && transparent && !found.partial)
        .then(|| contract.listeners.get(collector).map(|l| l.iter().map(|l| l.port).collect()).unwrap_or_default())
}

/// The nearest of several ports, by spelling; the only one where there is but one.
pub(crate) fn nearest(wrong: u16, ports: &[u16]) -> Option<u16> {
    if let [only] = ports {
        return Some(*only);
    }
    let names: Vec<String> = ports.iter().map(u16::to_string).collect();
    contract::endpoint::nearest_word(&wrong.to_string(), names.iter().map(String::as_str))?.parse().ok()
}
