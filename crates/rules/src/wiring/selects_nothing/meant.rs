//! Which pods a Service without any was meant to have.

use contract::{Contract, endpoint::nearest_word};
use model::{PortRef, Rollout, Service, Workload, pair};

/// Whether the Service was clearly meant for the workload beside it. Pods that another Service serves are as good as taken:
/// theirs must be a slip of the pen, or a rollout's second Service. Pods that nobody serves need a sign.
pub(super) fn is(contract: &Contract<'_>, service: &Service, index: usize) -> bool {
    let Some(workload) = contract.repository.workloads.get(index) else { return false };
    let moves = |r: &Rollout| r.workload == Some(index) && r.services.contains(&service.name);
    if contract.repository.rollouts.iter().any(moves) {
        return true;
    }
    let served = !contract.links.services(index).is_empty();
    slipped(service, workload, served) || !served && shares_a_key(service, workload) && fits(service, workload)
}

/// Every pair that is asked for is one of the labels, or nearly.
fn slipped(service: &Service, workload: &Workload, served: bool) -> bool {
    !workload.labels.is_empty()
        && service.selector.iter().all(|(key, asked)| {
            let same_value = || workload.labels.iter().any(|(_, label)| label.value == asked.value);
            pair(&workload.labels, key).map_or_else(same_value, |label| {
                label.value == asked.value
                    || nearest_word(&asked.value, [label.value.as_str()]).is_some()
                    || !served && (within(&asked.value, &label.value) || within(&label.value, &asked.value))
            })
        })
}

/// `otel-collector` says `collector`, as `hotrod-canary` says `hotrod`; `hotrods` does not.
fn within(long: &str, short: &str) -> bool {
    let ends = |next: Option<char>| next.is_none_or(|c| !c.is_alphanumeric());
    !short.is_empty()
        && long
            .match_indices(short)
            .any(|(at, found)| ends(long[..at].chars().next_back()) && ends(long[at + found.len()..].chars().next()))
}

fn shares_a_key(service: &Service, workload: &Workload) -> bool {
    service.selector.iter().any(|(key, _)| pair(&workload.labels, key).is_some())
}

/// By its name, or by all of the ports that it leads to.
fn fits(service: &Service, workload: &Workload) -> bool {
    let declared = |target: &PortRef| match target {
        PortRef::Number(number) => workload.ports().any(|port| port.number == *number),
        PortRef::Name(_) => workload.port_number(target).is_some(),
    };
    within(&service.name, &workload.name)
        || within(&workload.name, &service.name)
        || !service.ports.is_empty() && service.ports.iter().all(|port| declared(&port.target))
}
