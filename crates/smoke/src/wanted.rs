//! What a rollout's telemetry must show, worked out from the repository: nothing here is a name that we know beforehand.

use contract::{BoundGate, Contract, Dimension, Domain, Hashes, Kind, Origin, SpanMetrics, Unmeasurable};
use delivery::Name;
use gate::promql::quoted;
use model::Rollout;
use std::collections::BTreeMap;

/// What is asked of one rollout, and about it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The rollout as the cluster knows it.
    pub rollout: Name,
    /// The image repository and the least tag that the policy asks for.
    pub target: Option<(String, String)>,
    /// Gates that must have been measured, at least.
    pub measured: usize,
    /// Series that the collector must have made of the current pods' spans; or why there can be none.
    pub series: Result<Vec<Series>, String>,
    /// A trace that must be there; or why there can be none.
    pub trace: Result<TraceWanted, String>,
    /// The gates with the current hashes in them.
    pub gates: Vec<Result<BoundGate, Unmeasurable>>,
}

/// Series of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The name in Prometheus.
    pub metric: String,
    /// Sums them up by pod.
    pub query: String,
    /// The label that holds the pod's name; `None` where none does.
    pub pod: Option<String>,
}

/// Which trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceWanted {
    /// The service that requests reach first.
    pub service: String,
    /// Resource attributes that tell the current pods, by name.
    pub attributes: BTreeMap<String, String>,
    /// The attribute with the hash.
    pub hash: Option<String>,
    /// The attribute with the pod's name.
    pub pod: Option<String>,
    /// The collector that the pods send to, and nowhere else.
    pub collector: String,
}

/// How Prometheus knows the collector's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorPods {
    /// The collector.
    pub name: String,
    /// Labels of its target.
    pub labels: BTreeMap<String, String>,
}

/// The rollouts that something is asked of, with their places in the repository: where the policy asks something of one, the
/// others are not the mission's.
pub fn asked<'c>(contract: &'c Contract<'_>) -> impl Iterator<Item = (usize, &'c Rollout)> {
    let all = &contract.repository.rollouts;
    let missions = all.iter().any(|rollout| contract.mission(rollout).is_some());
    let ours = move |rollout: &Rollout| match missions {
        true => contract.mission(rollout).is_some(),
        false => rollout.runs().next().is_some(),
    };
    all.iter().enumerate().filter(move |(_, rollout)| ours(rollout))
}

impl Wanted {
    /// Works it out for a rollout of the repository, whose hashes the cluster knows.
    pub fn of(contract: &Contract<'_>, index: usize, rollout: Name, hashes: &Hashes<'_>) -> Wanted {
        let found = contract.repository.rollouts.get(index);
        let mission = found.and_then(|rollout| contract.mission(rollout));
        let own = || contract.gates.iter().filter(|gate| gate.rollout == Some(index) && !gate.limits.dry_run);
        let measured = match mission.map(|mission| &mission.gates) {
            Some(gates) => {
                [gates.traffic_at_least, gates.error_rate_below, gates.latency_below_ms].iter().flatten().count()
            }
            None => own().count(),
        };
        let workload = found.and_then(|rollout| rollout.workload);
        let ours = Ours { namespace: rollout.namespace.clone(), hash: hashes.canary.to_owned() };
        Wanted {
            rollout,
            target: mission.map(|mission| (mission.image.clone(), mission.target.clone())),
            measured,
            series: workload.map_or_else(no_workload, |workload| series(contract, workload, &ours)),
            trace: workload.map_or_else(no_workload, |workload| trace(contract, workload, &ours)),
            gates: own().map(|gate| BoundGate::of(contract, gate, hashes, &BTreeMap::new())).collect(),
        }
    }
}

/// What tells the pods from all others: two namespaces may have pods of one hash.
struct Ours {
    namespace: String,
    hash: String,
}

fn no_workload<T>() -> Result<T, String> {
    Err("the repository has no pod template of it".to_owned())
}

/// The span metrics that are made of the workload's spans.
fn sources<'c>(contract: &'c Contract<'_>, workload: usize) -> impl Iterator<Item = (usize, &'c SpanMetrics)> {
    contract.span_metrics.iter().enumerate().filter(move |(_, source)| source.senders.contains(&workload))
}

/// The label of the connector's own that has that domain: the scrape's labels are about the collector's pods.
fn label(source: &SpanMetrics, domain: &Domain) -> Option<String> {
    source.labels.iter().find(|(_, has)| *has == domain).map(|(name, _)| name.clone())
}

/// The dimension that holds the pods' namespace.
fn of_namespace<'c>(contract: &Contract<'_>, source: &'c SpanMetrics, workload: usize) -> Option<&'c Dimension> {
    let found = contract.repository.workloads.get(workload)?;
    let namespace = Domain::Values(vec![contract::namespace(found.namespace.as_deref()).to_owned()]);
    source.dimensions.iter().find(|dimension| source.labels.get(&dimension.label) == Some(&namespace))
}

fn series(contract: &Contract<'_>, workload: usize, ours: &Ours) -> Result<Vec<Series>, String> {
    let mut found = Vec::new();
    for (index, source) in sources(contract, workload) {
        let by_hash = label(source, &Domain::PodHash);
        let by_pod = label(source, &Domain::PodName);
        let of = match (&by_hash, &by_pod) {
            (Some(label), _) => format!("{label}={}", quoted(&ours.hash, '"')),
            (None, Some(label)) => format!("{label}!=\"\""),
            (None, None) => {
                return Err(format!(
                    "`{}` has no dimension that tells the pods of one version from another's",
                    source.id
                ));
            }
        };
        let of = match of_namespace(contract, source, workload) {
            Some(dimension) => format!("{}={},{of}", dimension.label, quoted(&ours.namespace, '"')),
            None => of,
        };
        let ours = |origin: &Origin| matches!(origin, Origin::Spans { source, .. } if *source == index);
        let counted = |kind: Kind| matches!(kind, Kind::Counter | Kind::Bucket);
        for family in contract.families.iter().filter(|family| ours(&family.origin) && counted(family.kind)) {
            let by = by_pod.as_deref().unwrap_or_default();
            let query = format!("sum by ({by}) ({}{{{of}}})", family.name);
            found.push(Series { metric: family.name.clone(), query, pod: by_pod.clone() });
        }
    }
    if found.is_empty() {
        return Err("no collector of the repository makes span metrics of its spans".to_owned());
    }
    Ok(found)
}

fn trace(contract: &Contract<'_>, workload: usize, ours: &Ours) -> Result<TraceWanted, String> {
    let found = contract.repository.workloads.get(workload).ok_or_else(|| "it has no pod template".to_owned())?;
    let entry = contract.description_of(found).and_then(|d| d.requests.iter().find(|request| request.entry));
    let first = entry.and_then(|request| request.spans.first());
    let service =
        first.map(|span| span.service.clone()).ok_or("the policy does not say which service riders reach first")?;
    let mut senders = contract.senders.iter().filter(|sender| sender.workload == workload).peekable();
    if senders.peek().is_none() {
        return Err("no variable of its containers says where its spans go".to_owned());
    }
    let mut collector = None;
    for sender in senders {
        let behind = sender.collector.and_then(|index| contract.repository.collectors.get(index));
        let Some(behind) = behind else {
            return Err(format!(
                "`{}` sends its spans past the repository's collectors, to {}",
                sender.variable, sender.at.value
            ));
        };
        let runs = behind.workload.and_then(|index| contract.repository.workloads.get(index));
        collector = Some(runs.map_or_else(|| "the collector".to_owned(), |workload| workload.name.clone()));
    }
    let (mut by_hash, mut by_pod, mut attributes) = (None, None, BTreeMap::new());
    for (_, source) in sources(contract, workload) {
        let attribute = |domain: &Domain| {
            let label = label(source, domain)?;
            source.dimensions.iter().find(|dimension| dimension.label == label).map(|d| d.name.value.clone())
        };
        by_hash = by_hash.or_else(|| attribute(&Domain::PodHash));
        by_pod = by_pod.or_else(|| attribute(&Domain::PodName));
        if let Some(dimension) = of_namespace(contract, source, workload) {
            attributes.insert(dimension.name.value.clone(), ours.namespace.clone());
        }
    }
    if by_hash.is_none() && by_pod.is_none() {
        return Err("no resource attribute that the collector counts by tells its pods apart".to_owned());
    }
    attributes.extend(by_hash.iter().map(|name| (name.clone(), ours.hash.clone())));
    Ok(TraceWanted { service, attributes, hash: by_hash, pod: by_pod, collector: collector.unwrap_or_default() })
}

impl CollectorPods {
    /// Of every collector whose page with span metrics Prometheus scrapes.
    pub fn of(contract: &Contract<'_>) -> Vec<CollectorPods> {
        let scraped = contract.span_metrics.iter().filter_map(|source| source.scraped_from);
        let mut found: Vec<CollectorPods> = Vec::new();
        for workload in scraped.filter_map(|index| contract.repository.workloads.get(index)) {
            let pods = CollectorPods { name: workload.name.clone(), labels: contract::target_labels(workload) };
            if !found.contains(&pods) {
                found.push(pods);
            }
        }
        found
    }

    /// Whether a target with these labels is one of them.
    pub fn covers(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.labels.is_empty() && self.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
    }
}
