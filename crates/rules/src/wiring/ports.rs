//! Which ports the processes behind a Service listen on, as far as anybody described them.

use contract::{Contract, selects};
use model::{Service, Workload, compatible};

/// The workloads whose pods a Service selects.
pub(crate) fn behind<'r>(contract: &Contract<'r>, service: &Service) -> Vec<(usize, &'r Workload)> {
    let repository = contract.repository;
    let all = repository.workloads.iter().enumerate();
    all.filter(|(_, w)| compatible(&service.namespace, &w.namespace) && selects(&service.selector, &w.labels)).collect()
}

/// The workload and container port that a Service's port leads to.
pub(crate) fn pod_port(contract: &Contract<'_>, service: usize, port: u16) -> Option<(usize, u16)> {
    let service = contract.repository.services.get(service)?;
    let target = &service.ports.iter().find(|p| p.port == port)?.target;
    behind(contract, service).into_iter().find_map(|(index, w)| Some((index, w.port_number(target)?)))
}

/// Ports that a workload's processes listen on; `None` where nobody described them.
pub(crate) fn listening(contract: &Contract<'_>, index: usize, workload: &Workload) -> Option<Vec<u16>> {
    if let Some(description) = contract.description_of(workload).filter(|d| !d.ports.is_empty()) {
        return Some(description.ports.keys().copied().collect());
    }
    let collector = contract.repository.collectors.iter().position(|c| c.workload == Some(index))?;
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
