//! Kubernetes' own workloads.

use super::{Object, resource};
use kube::core::ObjectMeta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

pub(crate) type DaemonSet = Object<DaemonSetSpec, DaemonSetStatus>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DaemonSetSpec {
    pub(crate) template: PodTemplate,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PodTemplate {
    pub(crate) metadata: ObjectMeta,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DaemonSetStatus {
    pub(crate) observed_generation: i64,
    pub(crate) desired_number_scheduled: u32,
    pub(crate) updated_number_scheduled: u32,
    pub(crate) number_available: u32,
}

resource!(DaemonSet, "apps", "v1", "DaemonSet", "daemonsets");

pub(crate) type ReplicaSet = Object<ReplicaSetSpec, IgnoredAny>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReplicaSetSpec {
    pub(crate) template: Value,
}

resource!(ReplicaSet, "apps", "v1", "ReplicaSet", "replicasets");
