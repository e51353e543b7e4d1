//! What was seen of the cluster: of each object what a release is judged by, with the version it was seen at.

use crate::Name;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// An Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Application {
    /// `status.sync.status`.
    pub sync: String,
    /// The commits that were compared with: one, or one for each source.
    pub revisions: Vec<String>,
    /// `status.health.status`.
    pub health: String,
    /// The last operation.
    pub operation: Option<Operation>,
    /// Commits deployed before, oldest first.
    pub history: Vec<String>,
    /// What Argo CD complains about: type and message.
    pub conditions: Vec<(String, String)>,
    /// Whether a refresh is asked for and not yet done.
    pub refreshing: bool,
    /// What it deploys: rollouts, and what may be a collector.
    pub deploys: Vec<Deployed>,
}

impl Application {
    /// Whether it deploys that rollout.
    pub fn deploys_rollout(&self, name: &Name) -> bool {
        self.deploys.iter().any(|deployed| deployed.kind == "Rollout" && deployed.name == *name)
    }
}

/// An object that an Application deploys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployed {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: Name,
}

/// A sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// `Running`, `Succeeded`, `Failed`, `Error`, `Terminating`.
    pub phase: String,
    /// Argo CD's words.
    pub message: String,
    /// The commit that it applies.
    pub revision: Option<String>,
    /// When it began, as Kubernetes writes times.
    pub started: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
}

/// A step of a canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `setWeight`.
    Weight(u32),
    /// `pause`, with its duration; without one, until a person promotes.
    Pause(Option<String>),
    /// `analysis`.
    Analysis,
    /// Any other.
    Other(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Weight(weight) => write!(f, "to {weight} %"),
            Step::Pause(Some(time)) => write!(f, "pause of {time}"),
            Step::Pause(None) => f.write_str("pause until promoted"),
            Step::Analysis => f.write_str("analysis"),
            Step::Other(other) => f.write_str(other),
        }
    }
}

/// Whether the pods of the rollout's current hash come from its present pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// The ReplicaSet was not looked at.
    #[default]
    Unknown,
    /// It has everything that the template asks for.
    Same,
    /// It differs, first at this place.
    Differs(String),
}

/// An Argo Rollout with a canary strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rollout {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// The generation that the status is about.
    pub observed: Option<i64>,
    /// The revision annotation.
    pub revision: Option<String>,
    /// Images of the pod template.
    pub images: Vec<String>,
    /// The canary's steps.
    pub steps: Vec<Step>,
    /// Whether an analysis runs in the background.
    pub background: bool,
    /// `spec.paused`.
    pub paused: bool,
    /// `status.phase`.
    pub phase: String,
    /// `status.message`.
    pub message: String,
    /// `status.abort`.
    pub abort: bool,
    /// `status.abortedAt` is set: the controller has acted on an abort.
    pub aborted: bool,
    /// Reasons of `status.pauseConditions`.
    pub pauses: Vec<String>,
    /// When the first of them began, as Kubernetes writes times.
    pub paused_since: Option<String>,
    /// `status.abortedAt`.
    pub aborted_at: Option<String>,
    /// `status.currentPodHash`.
    pub hash: String,
    /// `status.stableRS`.
    pub stable: String,
    /// `status.currentStepIndex`.
    pub step: Option<usize>,
    /// `spec.replicas`.
    pub replicas: u32,
    /// Pods of the current template.
    pub updated: u32,
    /// Pods that are available.
    pub available: u32,
    /// Whether the current hash is the present template's.
    pub template: Template,
}

/// One measurement of a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// `Successful`, `Failed`, `Inconclusive`, `Error`.
    pub phase: String,
    /// What the query gave.
    pub value: String,
    /// What went wrong.
    pub message: String,
    /// When it was taken, as Kubernetes writes times.
    pub finished: Option<String>,
}

/// A metric of an analysis run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// The controller's words.
    pub message: String,
    /// Measured, but not counted.
    pub dry_run: bool,
    /// Measurements without an error.
    pub count: u32,
    /// How many there are to be; `None` where it measures until it is stopped.
    pub of: Option<u32>,
    /// The last measurements.
    pub measurements: Vec<Measurement>,
    /// The query with its arguments filled in.
    pub query: Option<String>,
    /// What it asks of a measurement, and how many may fall short.
    pub requires: Requires,
    /// Failed measurements.
    pub failed: u32,
    /// Inconclusive ones.
    pub inconclusive: u32,
    /// Errors in a row, up to the last measurement.
    pub errors_in_a_row: u32,
}

impl Metric {
    /// Whether it stops the release: it came to another end than success, and counts.
    pub fn stops(&self) -> bool {
        !self.dry_run && matches!(self.phase.as_str(), "Failed" | "Error" | "Inconclusive")
    }
}

/// What a metric asks of its measurements; numbers as they stand, `None` where Argo Rollouts' default counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requires {
    /// `successCondition`.
    pub success: String,
    /// `failureCondition`.
    pub failure: String,
    /// `interval`.
    pub interval: Option<String>,
    /// `initialDelay`.
    pub initial_delay: Option<String>,
    /// `failureLimit`.
    pub failure_limit: Option<String>,
    /// `inconclusiveLimit`.
    pub inconclusive_limit: Option<String>,
    /// `consecutiveErrorLimit`.
    pub error_limit: Option<String>,
}

/// An AnalysisRun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When it was made, as Kubernetes writes times: they sort as text.
    pub created: String,
    /// `metadata.uid` of the rollout.
    pub owner: String,
    /// The pod hash that it judges.
    pub hash: String,
    /// The rollout's revision that it belongs to.
    pub revision: Option<String>,
    /// The canary step; `None` for one in the background.
    pub step: Option<usize>,
    /// Its phase.
    pub phase: String,
    /// The controller's words.
    pub message: String,
    /// Somebody ended it: then Successful says nothing.
    pub terminated: bool,
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// When it began.
    pub started: Option<String>,
    /// When it ended.
    pub completed: Option<String>,
}

/// A ReplicaSet of a rollout: one revision's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplicaSet {
    /// `metadata.uid` of the rollout.
    pub owner: String,
    /// The rollout's revision; of those that it had, the last one.
    pub revision: Option<String>,
    /// The pod hash.
    pub hash: String,
    /// When it was made, as Kubernetes writes times.
    pub created: String,
    /// Images of its pod template.
    pub images: Vec<String>,
    /// Pods that there should be.
    pub desired: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that are available.
    pub available: u32,
}

/// A pod of a rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pod {
    /// The ReplicaSet's name.
    pub set: String,
    /// When it was made, as Kubernetes writes times.
    pub created: String,
    /// `status.phase`; `Terminating` once it is being deleted.
    pub phase: String,
    /// Whether it takes requests.
    pub ready: bool,
    /// Restarts of its containers.
    pub restarts: u32,
    /// Why a container waits or has ended, in Kubernetes' word.
    pub reason: String,
}

/// A collector's workload: how far an update of its pods is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collector {
    /// `metadata.generation`.
    pub generation: i64,
    /// The generation that the status is about.
    pub observed: i64,
    /// Pods that there should be.
    pub desired: u32,
    /// Pods of the present template.
    pub updated: u32,
    /// Pods that are available.
    pub available: u32,
    /// Pods of an older template that are still there beside those.
    pub old: u32,
    /// Annotations of the pod template.
    pub annotations: BTreeMap<String, String>,
    /// Images of the pod template's containers.
    pub images: Vec<String>,
}

/// An object as it was seen, or its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed<T> {
    /// Its `resourceVersion`: of two observations of one object the greater one is the newer.
    pub version: u64,
    /// What it was; `None` after it was deleted.
    pub object: Option<T>,
}

impl<T> Observed<T> {
    /// Whether the other one is overtaken by this. Who lists anew knows of what is gone no more than its last version.
    pub(crate) fn is_newer_than(&self, other: &Observed<T>) -> bool {
        self.version > other.version
            || (self.version == other.version && self.object.is_none() && other.object.is_some())
    }
}
