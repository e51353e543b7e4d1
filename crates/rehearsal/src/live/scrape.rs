//! Prometheus' configuration: the cluster's job for annotated pods, with its discovery's outcome written down.

use crate::plan::Plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The job's name in the chart, which is the label `job`.
const JOB: &str = "kubernetes-pods";

/// A pod's page.
pub(super) struct Target {
    pub(super) address: String,
    pub(super) path: String,
    pub(super) labels: BTreeMap<String, String>,
}

/// As JSON, which is YAML.
pub(super) fn config(plan: &Plan, targets: &[Target]) -> Value {
    let interval = format!("{}ms", (plan.prometheus.scrape_interval * 1000.0).round());
    // No longer than the interval, or Prometheus refuses the file.
    let timeout = format!("{}ms", (plan.prometheus.scrape_interval.min(10.0) * 1000.0).round());
    let targets: Vec<Value> = targets
        .iter()
        .map(|target| {
            let mut labels = target.labels.clone();
            labels.insert("__metrics_path__".to_owned(), target.path.clone());
            json!({ "targets": [target.address], "labels": labels })
        })
        .collect();
    json!({
        "global": { "scrape_interval": interval, "scrape_timeout": timeout, "evaluation_interval": "1m" },
        "scrape_configs": [{
            "job_name": JOB,
            "honor_labels": plan.prometheus.honor_labels,
            "static_configs": targets,
        }],
    })
}
