//! Which series Prometheus will hold, with which labels: derived from what runs, what it emits and how it is scraped.

use crate::spans::{Measures, SpanMetrics, span_metrics};
use crate::{Contract, chain};
use model::{Place, Workload, WorkloadDescription};
use std::collections::{BTreeMap, HashMap};

/// The values that a label can have.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Exactly these.
    Values(Vec<String>),
    /// The pod template hash of a rollout's pods.
    PodHash,
    /// A pod's name.
    PodName,
    /// Not known.
    Any,
}

/// What a family's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A counter.
    Counter,
    /// A gauge.
    Gauge,
    /// `…_bucket`.
    Bucket,
    /// `…_sum`.
    Sum,
    /// `…_count`.
    Count,
    /// A counter of events on spans, which nobody describes.
    Event,
}

/// Where a family comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A described workload's own metrics page (index of the workload).
    Workload(usize),
    /// A span metrics connector: index into [`Contract::span_metrics`], and whether it counts or measures durations.
    Spans {
        /// Index into [`Contract::span_metrics`].
        source: usize,
        /// `true` for durations.
        duration: bool,
    },
}

/// All series of one metric name.
#[derive(Clone, Debug)]
pub struct Family {
    /// The name in Prometheus.
    pub name: String,
    /// What its samples are.
    pub kind: Kind,
    /// Its labels.
    pub labels: BTreeMap<String, Domain>,
    /// More labels may exist.
    pub open: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it reaches Prometheus as things stand. One that does not is what a broken chain would give once mended.
    pub exists: bool,
}

/// Derives every family of described workloads and of span metrics connectors.
pub(crate) fn families(contract: &Contract<'_>) -> Vec<Family> {
    let mut found = Vec::new();
    for (index, workload) in contract.repository.workloads.iter().enumerate() {
        let image = workload.containers.iter().find_map(|c| {
            let image = c.image.as_ref()?;
            contract.context.policy.description(&image.value)
        });
        let Some(description) = image else { continue };
        found.extend(own_families(contract, index, description));
    }
    for (index, source) in contract.span_metrics.iter().enumerate() {
        found.extend(span_families(contract, index, source));
    }
    found
}

/// Labels that Prometheus' job for annotated pods puts on every series of a pod of this workload.
pub(crate) fn pod_labels(contract: &Contract<'_>, workload: usize) -> BTreeMap<String, Domain> {
    let mut labels = BTreeMap::new();
    let Some(workload) = contract.repository.workloads.get(workload) else { return labels };
    for name in &contract.context.policy.prometheus.pod_labels {
        let domain = match name.as_str() {
            "namespace" => Domain::Values(vec![namespace(workload.namespace.as_deref()).to_owned()]),
            "pod" => Domain::PodName,
            _ => Domain::Any,
        };
        labels.insert(name.clone(), domain);
    }
    for (name, value) in &workload.labels {
        labels.insert(sanitize(name), Domain::Values(vec![value.value.clone()]));
    }
    match workload.kind.as_str() {
        "Rollout" => {
            labels.insert("rollouts_pod_template_hash".to_owned(), Domain::PodHash);
        }
        "Deployment" | "ReplicaSet" => {
            labels.insert("pod_template_hash".to_owned(), Domain::Any);
        }
        "DaemonSet" | "StatefulSet" => {
            labels.insert("controller_revision_hash".to_owned(), Domain::Any);
            labels.insert("pod_template_generation".to_owned(), Domain::Any);
        }
        _ => {}
    }
    labels
}

/// The labels by which Prometheus tells the targets of a workload's pods from all others, as its job for annotated pods sets
/// them.
pub fn target_labels(workload: &Workload) -> BTreeMap<String, String> {
    let own = workload.labels.iter().map(|(name, value)| (sanitize(name), value.value.clone()));
    let mut labels: BTreeMap<String, String> = own.collect();
    if let Some(namespace) = &workload.namespace {
        labels.insert("namespace".to_owned(), namespace.clone());
    }
    labels
}

/// A namespace that can't be told still is one, and the same for a rollout and its pods.
const SOME_NAMESPACE: &str = "some-namespace";

/// The namespace, or a made-up one where it can't be told.
pub fn namespace(known: Option<&str>) -> &str {
    known.unwrap_or(SOME_NAMESPACE)
}

/// Prometheus' labelmap: every character that a label name cannot have becomes an underscore.
pub fn sanitize(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn own_families(contract: &Contract<'_>, index: usize, description: &WorkloadDescription) -> Vec<Family> {
    let scraped = chain::scrapes_to(&contract.scrapes, index).iter().any(|s| description.ports.contains_key(&s.port));
    let base = pod_labels(contract, index);
    let mut found = Vec::new();
    for metric in &description.metrics {
        let mut labels = base.clone();
        for (label, values) in &metric.labels {
            let domain = if values.is_empty() { Domain::Any } else { Domain::Values(values.clone()) };
            labels.insert(label.clone(), domain);
        }
        let mut add = |name: String, kind: Kind, labels: BTreeMap<String, Domain>| {
            found.push(Family { name, kind, labels, open: false, origin: Origin::Workload(index), exists: scraped });
        };
        match metric.kind.as_str() {
            "histogram" => {
                let mut bucket = labels.clone();
                bucket.insert("le".to_owned(), Domain::Any);
                add(format!("{}_bucket", metric.name), Kind::Bucket, bucket);
                add(format!("{}_sum", metric.name), Kind::Sum, labels.clone());
                add(format!("{}_count", metric.name), Kind::Count, labels);
            }
            "gauge" => add(metric.name.clone(), Kind::Gauge, labels),
            _ => add(metric.name.clone(), Kind::Counter, labels),
        }
    }
    found
}

fn span_families(contract: &Contract<'_>, index: usize, source: &SpanMetrics) -> Vec<Family> {
    let mut found = Vec::new();
    let base = match source.scraped_from {
        Some(workload) => pod_labels(contract, workload),
        None => BTreeMap::new(),
    };
    // Labels of the page win over the scrape's where honor_labels says so; else they move aside as `exported_…`.
    let honor = contract.context.policy.prometheus.honor_labels;
    for metric in &source.metrics {
        let mut labels = base.clone();
        for (name, domain) in &metric.labels {
            let aside = !honor && base.contains_key(name);
            labels.insert(if aside { format!("exported_{name}") } else { name.clone() }, domain.clone());
        }
        let suffixes: &[(&str, Kind)] = match metric.measures {
            Measures::Durations if source.bounds.is_empty() => &[("_sum", Kind::Sum), ("_count", Kind::Count)],
            Measures::Durations => &[("_bucket", Kind::Bucket), ("_sum", Kind::Sum), ("_count", Kind::Count)],
            Measures::Calls => &[("", Kind::Counter)],
            Measures::Events => &[("", Kind::Event)],
        };
        for (suffix, kind) in suffixes {
            let mut labels = labels.clone();
            if *kind == Kind::Bucket {
                labels.insert("le".to_owned(), Domain::Any);
            }
            found.push(Family {
                name: format!("{}{suffix}", metric.name),
                kind: *kind,
                labels,
                open: source.open || !contract.described(),
                origin: Origin::Spans { source: index, duration: metric.measures == Measures::Durations },
                exists: source.exists && metric.refused.is_none(),
            });
        }
    }
    found
}

/// The families that are known by each name, by their indexes in order: many collectors expose the same names.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, Vec<usize>>);

impl Names {
    pub(crate) fn of(families: &[Family]) -> Names {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, family) in families.iter().enumerate() {
            names.entry(family.name.clone()).or_default().push(index);
        }
        let exists = |index: &usize| families.get(*index).is_some_and(|family| family.exists);
        for indexes in names.values_mut().filter(|indexes| indexes.iter().any(exists)) {
            indexes.retain(exists);
        }
        Names(names)
    }
}

/// Families of one name.
#[derive(Clone)]
pub struct Families<'c> {
    indexes: std::slice::Iter<'c, usize>,
    families: &'c [Family],
}

impl<'c> Iterator for Families<'c> {
    type Item = &'c Family;

    fn next(&mut self) -> Option<&'c Family> {
        self.families.get(*self.indexes.next()?)
    }
}

impl Contract<'_> {
    /// The families with that name that reach Prometheus; where none does, those that a mended chain would give.
    pub fn known(&self, name: &str) -> Families<'_> {
        let indexes = self.known.0.get(name).map_or(&[][..], Vec::as_slice);
        Families { indexes: indexes.iter(), families: &self.families }
    }

    /// Whether a metric of that name reaches Prometheus.
    pub fn exists(&self, name: &str) -> bool {
        self.known(name).next().is_some_and(|family| family.exists)
    }

    /// Whether this repository is one that the policy describes: then its series are a closed world.
    pub fn described(&self) -> bool {
        *self.described.get_or_init(|| self.repository.rollouts.iter().any(|r| self.mission(r).is_some()))
    }

    /// Whether a scraped workload emits what nobody described.
    pub fn unknown_emitters(&self) -> bool {
        self.scrapes.iter().any(|s| {
            let Some(workload) = self.repository.workloads.get(s.workload) else { return false };
            let described = workload.containers.iter().any(|c| {
                c.image.as_ref().is_some_and(|i| {
                    self.context.policy.description(&i.value).is_some() || model::is_collector_image(&i.value)
                })
            });
            !described
        })
    }

    /// The place of the connector behind a span family.
    pub fn connector(&self, family: &Family) -> Option<&Place> {
        match family.origin {
            Origin::Spans { source, .. } => self.span_metrics.get(source).map(|s| &s.connector),
            Origin::Workload(_) => None,
        }
    }
}

/// Reads every span metrics connector.
pub(crate) fn all_span_metrics(contract: &Contract<'_>) -> Vec<SpanMetrics> {
    let mut found = Vec::new();
    for (index, collector) in contract.repository.collectors.iter().enumerate() {
        found.extend(span_metrics(contract, index, collector));
    }
    found
}

/// Whether a scrape reaches that port of the workload.
pub(crate) fn scraped(contract: &Contract<'_>, workload: usize, port: u16) -> bool {
    chain::scrapes_to(&contract.scrapes, workload).iter().any(|s| s.port == port)
}
