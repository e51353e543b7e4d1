//! What runs in the cluster, and waiting for it; whichever driver made the cluster.

use std::time::Duration;

use super::addons::Workload;
use super::error::ClusterError;
use super::kubectl::Kubectl;
use super::{Event, State, Tell};

/// Waits until each is available.
pub(super) fn wait(
    kubectl: &Kubectl<'_>,
    workloads: &[Workload],
    patience: Duration,
    tell: Tell<'_>,
) -> Result<(), ClusterError> {
    for (index, (namespace, object)) in workloads.iter().enumerate() {
        tell(Event::Detail(format!("waiting for {namespace}/{object} ({} of {})", index + 1, workloads.len())));
        let limit = format!("--timeout={}s", patience.as_secs());
        if let Err(error) = kubectl.run(&["rollout", "status", object, "-n", namespace, &limit]) {
            return Err(failed(kubectl, namespace, object, &error));
        }
    }
    Ok(())
}

/// With what the pod says, and what happened to it.
fn failed(kubectl: &Kubectl<'_>, namespace: &str, object: &str, error: &ClusterError) -> ClusterError {
    let log = kubectl.run(&["logs", object, "-n", namespace, "--tail=12", "--all-containers"]);
    let events = kubectl.run(&["get", "events", "-n", namespace, "--sort-by=.lastTimestamp"]).unwrap_or_default();
    let events: Vec<_> = events.lines().collect();
    let last = events.get(events.len().saturating_sub(4)..).unwrap_or_default().join("\n");
    let log = format!("{}\n{last}", log.unwrap_or_else(|error| error.to_string()));
    ClusterError::NotReady { component: format!("{namespace}/{object}"), why: error.to_string(), log }
}

/// All of them; none where the cluster does not answer.
pub(super) fn states(kubectl: &Kubectl<'_>) -> Vec<State> {
    let format = "jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.spec.replicas} \
                  {.status.desiredNumberScheduled} {.status.availableReplicas} {.status.numberAvailable}{\"\\n\"}{end}";
    let format = format.replace("} {", "},{");
    let kinds = "deployments,statefulsets,daemonsets";
    let told = kubectl.run(&["get", kinds, "-A", "-o", &format, "--request-timeout=10s"]).unwrap_or_default();
    told.lines().filter_map(state).collect()
}

/// A workload from `KIND,NAMESPACE,NAME,` and its four numbers, of which each kind has two.
fn state(line: &str) -> Option<State> {
    let fields: Vec<_> = line.split(',').collect();
    let [_, namespace, name, counts @ ..] = fields.as_slice() else { return None };
    let number = |at: usize| counts.get(at).and_then(|text| text.parse::<u32>().ok());
    let wanted = number(0).or(number(1)).unwrap_or(0);
    let available = number(2).or(number(3)).unwrap_or(0);
    (wanted > 0).then(|| State {
        name: format!("{namespace}/{name}"),
        ready: available >= wanted,
        says: format!("{available} of {wanted} available"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_of_every_kind_are_read() {
        let read = |line| state(line).map(|state| (state.name, state.ready, state.says));
        let some = |name: &str, ready, says: &str| Some((name.to_owned(), ready, says.to_owned()));
        assert_eq!(read("Deployment,a,b,2,,1,"), some("a/b", false, "1 of 2 available"));
        assert_eq!(read("DaemonSet,a,c,,1,,1"), some("a/c", true, "1 of 1 available"));
        assert_eq!(read("Deployment,argocd,argocd-dex-server,0,,,"), None);
    }
}
