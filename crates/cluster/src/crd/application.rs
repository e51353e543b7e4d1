//! Argo CD.

use super::{Object, resource};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) type Application = Object<Spec, Status>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    pub(crate) source: Option<Source>,
    pub(crate) sources: Vec<Source>,
    pub(crate) destination: Destination,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Destination {
    pub(crate) namespace: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Source {
    #[serde(rename = "repoURL")]
    pub(crate) repo_url: String,
    pub(crate) target_revision: String,
    pub(crate) path: String,
    pub(crate) chart: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) sync: Sync,
    pub(crate) health: Health,
    pub(crate) operation_state: Option<OperationState>,
    pub(crate) history: Vec<History>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) resources: Vec<Resource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sync {
    pub(crate) status: String,
    pub(crate) revision: String,
    pub(crate) revisions: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    pub(crate) status: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OperationState {
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) operation: Operation,
    pub(crate) sync_result: Option<SyncResult>,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Operation {
    pub(crate) sync: Option<SyncResult>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SyncResult {
    pub(crate) revision: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct History {
    pub(crate) deployed_at: String,
    pub(crate) revision: String,
    pub(crate) revisions: Vec<String>,
}

impl History {
    /// Its commits: one, or one for each source.
    pub(crate) fn all(&self) -> Vec<String> {
        all(&self.revision, &self.revisions)
    }
}

/// The commits of one source or of several; a field that is not in use is empty.
pub(crate) fn all(one: &String, more: &[String]) -> Vec<String> {
    std::iter::once(one).chain(more).filter(|revision| !revision.is_empty()).cloned().collect()
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

resource!(Application, "argoproj.io", "v1alpha1", "Application", "applications");

/// Only annotated, and applied from a file.
pub(crate) type ApplicationSet = Object<IgnoredAny, IgnoredAny>;

resource!(ApplicationSet, "argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets");
