//! Argo Rollouts: the analysis run.

use super::{Object, resource};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

pub(crate) type AnalysisRun = Object<Spec, Status>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    pub(crate) terminate: bool,
    pub(crate) metrics: Vec<Metric>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) count: Option<IntOrString>,
    pub(crate) interval: Option<String>,
    pub(crate) initial_delay: Option<String>,
    pub(crate) success_condition: String,
    pub(crate) failure_condition: String,
    pub(crate) failure_limit: Option<IntOrString>,
    pub(crate) inconclusive_limit: Option<IntOrString>,
    pub(crate) consecutive_error_limit: Option<IntOrString>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum IntOrString {
    Int(i64),
    String(String),
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => number.fmt(f),
            IntOrString::String(text) => f.write_str(text),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    pub(crate) metric_results: Vec<MetricResult>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MetricResult {
    pub(crate) name: String,
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) dry_run: bool,
    pub(crate) count: u32,
    pub(crate) failed: u32,
    pub(crate) inconclusive: u32,
    pub(crate) consecutive_error: u32,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Measurement {
    pub(crate) phase: String,
    pub(crate) value: String,
    pub(crate) message: String,
    pub(crate) finished_at: Option<String>,
}

resource!(AnalysisRun, "argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns");
