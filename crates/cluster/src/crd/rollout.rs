//! Argo Rollouts: the rollout.

use super::{Object, resource};
use serde::Deserialize;
use serde_json::Value;

pub(crate) type Rollout = Object<Spec, Status>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    pub(crate) replicas: Option<u32>,
    pub(crate) paused: bool,
    /// As it stands: it is compared with a ReplicaSet's.
    pub(crate) template: Value,
    pub(crate) strategy: Strategy,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Strategy {
    pub(crate) canary: Option<Canary>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Canary {
    pub(crate) steps: Vec<Step>,
    pub(crate) analysis: Option<Value>,
}

/// One of its keys is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Step {
    pub(crate) set_weight: Option<u32>,
    pub(crate) pause: Option<Pause>,
    pub(crate) analysis: Option<Value>,
    #[serde(flatten)]
    pub(crate) other: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pause {
    /// `30s` or seconds.
    pub(crate) duration: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) observed_generation: String,
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) abort: bool,
    pub(crate) aborted_at: Option<String>,
    pub(crate) pause_conditions: Vec<PauseCondition>,
    pub(crate) current_pod_hash: String,
    #[serde(rename = "stableRS")]
    pub(crate) stable_rs: String,
    pub(crate) current_step_index: Option<usize>,
    pub(crate) updated_replicas: u32,
    pub(crate) available_replicas: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PauseCondition {
    pub(crate) reason: String,
    pub(crate) start_time: Option<String>,
}

resource!(Rollout, "argoproj.io", "v1alpha1", "Rollout", "rollouts");
