//! From the cluster's objects to what a release is judged by.

use crate::crd::{AnalysisRun, Application, History, IntOrString, MetricResult, Pod, ReplicaSet, Rollout, Step, all};
use crate::template;
use delivery::{Deployed, Name, Observed, View};
use kube::Resource;
use kube::core::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;

/// Asks Argo CD to look into git; it takes the annotation away when it has.
pub(crate) const REFRESH: &str = "argocd.argoproj.io/refresh";
const REVISION: &str = "rollout.argoproj.io/revision";
pub(crate) const HASH: &str = "rollouts-pod-template-hash";
const STEP: &str = "step-index";
/// What is judged of what an Application deploys: rollouts, and what runs collectors.
const DEPLOYED: [&str; 5] = ["Rollout", "DaemonSet", "Deployment", "StatefulSet", "OpenTelemetryCollector"];

/// What a kind becomes.
pub(crate) trait Read {
    type As;
    fn read(&self) -> Self::As;
    /// Puts an observation where a view keeps those of its kind.
    fn put(view: &mut View, name: Name, seen: Observed<Self::As>);
}

pub(crate) fn name(meta: &ObjectMeta) -> Name {
    Name::new(meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

/// The version, as a number that grows; the apiserver counts all objects with one counter.
pub(crate) fn version(meta: &ObjectMeta) -> u64 {
    meta.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(crate) fn observed<K: Read + Resource>(object: &K) -> Observed<K::As> {
    Observed { version: version(object.meta()), object: Some(object.read()) }
}

fn annotation(meta: &ObjectMeta, key: &str) -> Option<String> {
    meta.annotations.as_ref()?.get(key).cloned()
}

impl Read for Application {
    type As = delivery::Application;

    fn put(view: &mut View, name: Name, seen: Observed<delivery::Application>) {
        view.applications.insert(name, seen);
    }

    fn read(&self) -> delivery::Application {
        let sync = &self.status.sync;
        delivery::Application {
            sync: sync.status.clone(),
            revisions: all(&sync.revision, &sync.revisions),
            health: self.status.health.status.clone(),
            operation: self.status.operation_state.as_ref().map(|state| {
                let revision = state.sync_result.as_ref().or(state.operation.sync.as_ref());
                delivery::Operation {
                    phase: state.phase.clone(),
                    message: state.message.clone(),
                    revision: revision.map(|sync| sync.revision.clone()).filter(|revision| !revision.is_empty()),
                    started: state.started_at.clone(),
                    finished: state.finished_at.clone(),
                }
            }),
            history: self.status.history.iter().flat_map(History::all).collect(),
            conditions: self.status.conditions.iter().map(|c| (c.kind.clone(), c.message.clone())).collect(),
            refreshing: annotation(&self.metadata, REFRESH).is_some(),
            deploys: self
                .status
                .resources
                .iter()
                .filter(|resource| DEPLOYED.contains(&resource.kind.as_str()))
                .map(|resource| Deployed {
                    kind: resource.kind.clone(),
                    name: Name::new(&resource.namespace, &resource.name),
                })
                .collect(),
        }
    }
}

impl Read for Rollout {
    type As = delivery::Rollout;

    fn put(view: &mut View, name: Name, seen: Observed<delivery::Rollout>) {
        view.rollouts.insert(name, seen);
    }

    fn read(&self) -> delivery::Rollout {
        let (spec, status) = (&self.spec, &self.status);
        let canary = spec.strategy.canary.as_ref();
        delivery::Rollout {
            uid: self.metadata.uid.clone().unwrap_or_default(),
            generation: self.metadata.generation.unwrap_or(0),
            observed: status.observed_generation.parse().ok(),
            revision: annotation(&self.metadata, REVISION),
            images: images(&spec.template),
            steps: canary.map(|canary| canary.steps.iter().map(step).collect()).unwrap_or_default(),
            background: canary.is_some_and(|canary| canary.analysis.is_some()),
            paused: spec.paused,
            phase: status.phase.clone(),
            message: status.message.clone(),
            abort: status.abort,
            aborted: status.aborted_at.is_some(),
            pauses: status.pause_conditions.iter().map(|pause| pause.reason.clone()).collect(),
            paused_since: status.pause_conditions.first().and_then(|pause| pause.start_time.clone()),
            aborted_at: status.aborted_at.clone(),
            hash: status.current_pod_hash.clone(),
            stable: status.stable_rs.clone(),
            step: status.current_step_index,
            replicas: spec.replicas.unwrap_or(1),
            updated: status.updated_replicas,
            available: status.available_replicas,
            template: delivery::Template::Unknown,
        }
    }
}

impl Rollout {
    /// Whether the ReplicaSet of the current hash is of the present template.
    pub(crate) fn compare(&self, current: Option<&crate::crd::ReplicaSet>) -> delivery::Template {
        match current {
            Some(set) => template::compare(&self.spec.template, &set.spec.template),
            None => delivery::Template::Unknown,
        }
    }
}

fn images(template: &Value) -> Vec<String> {
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    let images = containers.into_iter().flatten().filter_map(|container| container.get("image")?.as_str());
    images.map(str::to_owned).collect()
}

fn created(meta: &ObjectMeta) -> String {
    meta.creation_timestamp.as_ref().map(|time| time.0.to_string()).unwrap_or_default()
}

/// `metadata.uid` of the rollout that it belongs to.
fn owner(meta: &ObjectMeta) -> String {
    let owners = meta.owner_references.iter().flatten();
    owners.filter(|owner| owner.kind == "Rollout").map(|owner| owner.uid.clone()).next().unwrap_or_default()
}

fn label(meta: &ObjectMeta, key: &str) -> String {
    meta.labels.as_ref().and_then(|labels| labels.get(key)).cloned().unwrap_or_default()
}

fn step(step: &Step) -> delivery::Step {
    if let Some(weight) = step.set_weight {
        delivery::Step::Weight(weight)
    } else if let Some(pause) = &step.pause {
        delivery::Step::Pause(pause.duration.as_ref().map(|time| match time {
            Value::String(text) => text.clone(),
            other => format!("{other}s"),
        }))
    } else if step.analysis.is_some() {
        delivery::Step::Analysis
    } else {
        delivery::Step::Other(step.other.keys().next().cloned().unwrap_or_default())
    }
}

impl Read for AnalysisRun {
    type As = delivery::Run;

    fn put(view: &mut View, name: Name, seen: Observed<delivery::Run>) {
        view.runs.insert(name, seen);
    }

    fn read(&self) -> delivery::Run {
        let empty = BTreeMap::new();
        let labels = self.metadata.labels.as_ref().unwrap_or(&empty);
        delivery::Run {
            created: created(&self.metadata),
            owner: owner(&self.metadata),
            hash: labels.get(HASH).cloned().unwrap_or_default(),
            revision: annotation(&self.metadata, REVISION),
            step: labels.get(STEP).and_then(|step| step.parse().ok()),
            phase: self.status.phase.clone(),
            message: self.status.message.clone(),
            terminated: self.spec.terminate,
            metrics: self.spec.metrics.iter().map(|metric| self.metric(metric)).collect(),
            started: self.status.started_at.clone(),
            completed: self.status.completed_at.clone(),
        }
    }
}

impl AnalysisRun {
    /// A metric with its result; before the first measurement there is none.
    fn metric(&self, metric: &crate::crd::Metric) -> delivery::Metric {
        let none = MetricResult::default();
        let result = self.status.metric_results.iter().find(|result| result.name == metric.name).unwrap_or(&none);
        let query = result.metadata.get("ResolvedPrometheusQuery").filter(|query| !query.is_empty());
        delivery::Metric {
            name: metric.name.clone(),
            phase: result.phase.clone(),
            message: result.message.clone(),
            dry_run: result.dry_run,
            count: result.count,
            of: match &metric.count {
                Some(IntOrString::Int(count)) => u32::try_from(*count).ok(),
                Some(IntOrString::String(text)) => text.parse().ok(),
                // Once, where no interval says that it goes on.
                None => metric.interval.is_none().then_some(1),
            },
            measurements: result
                .measurements
                .iter()
                .map(|measurement| delivery::Measurement {
                    phase: measurement.phase.clone(),
                    value: measurement.value.clone(),
                    message: measurement.message.clone(),
                    finished: measurement.finished_at.clone(),
                })
                .collect(),
            query: query.cloned(),
            requires: delivery::Requires {
                success: metric.success_condition.clone(),
                failure: metric.failure_condition.clone(),
                interval: metric.interval.clone(),
                initial_delay: metric.initial_delay.clone(),
                failure_limit: metric.failure_limit.as_ref().map(ToString::to_string),
                inconclusive_limit: metric.inconclusive_limit.as_ref().map(ToString::to_string),
                error_limit: metric.consecutive_error_limit.as_ref().map(ToString::to_string),
            },
            failed: result.failed,
            inconclusive: result.inconclusive,
            errors_in_a_row: result.consecutive_error,
        }
    }
}

impl Read for ReplicaSet {
    type As = delivery::ReplicaSet;

    fn put(view: &mut View, name: Name, seen: Observed<delivery::ReplicaSet>) {
        view.sets.insert(name, seen);
    }

    fn read(&self) -> delivery::ReplicaSet {
        delivery::ReplicaSet {
            owner: owner(&self.metadata),
            revision: annotation(&self.metadata, REVISION),
            hash: label(&self.metadata, HASH),
            created: created(&self.metadata),
            images: images(&self.spec.template),
            desired: self.spec.replicas.unwrap_or(1),
            ready: self.status.ready_replicas,
            available: self.status.available_replicas,
        }
    }
}

impl Read for Pod {
    type As = delivery::Pod;

    fn put(view: &mut View, name: Name, seen: Observed<delivery::Pod>) {
        view.pods.insert(name, seen);
    }

    fn read(&self) -> delivery::Pod {
        let mut owners = self.metadata.owner_references.iter().flatten();
        let containers = &self.status.container_statuses;
        let states = containers.iter().flat_map(|container| [&container.state.waiting, &container.state.terminated]);
        delivery::Pod {
            set: owners.find(|owner| owner.kind == "ReplicaSet").map(|owner| owner.name.clone()).unwrap_or_default(),
            created: created(&self.metadata),
            phase: match self.metadata.deletion_timestamp {
                Some(_) => "Terminating".to_owned(),
                None => self.status.phase.clone(),
            },
            ready: self
                .status
                .conditions
                .iter()
                .any(|condition| condition.kind == "Ready" && condition.status == "True"),
            restarts: containers.iter().map(|container| container.restart_count).sum(),
            reason: states
                .flatten()
                .map(|state| state.reason.clone())
                .find(|reason| !reason.is_empty())
                .unwrap_or_default(),
        }
    }
}
