//! Results for programs.

use super::status;
use crate::analysis::{Measurement, MetricRun};
use crate::canary::Expected;
use crate::plan::Plan;
use crate::proof::{Fit, Proof, Remark, fit, stopping};
use crate::run::{CanaryRun, Outcome};
use gate::analysis::Outcome as Counted;
use gate::condition::Measured;
use serde_json::{Value, json};

/// The version of the objects below.
const SCHEMA: u32 = 1;

/// A rehearsal. Times are seconds after the start of the analysis; NaN and infinities are strings, as in Prometheus' API.
#[must_use]
pub fn json(plan: &Plan, outcomes: &[Outcome]) -> Value {
    json!({
        "schema": SCHEMA,
        "rollout": plan.rollout,
        "image": plan.pod.image,
        "notes": plan.notes,
        "runs": outcomes.iter().map(run).collect::<Vec<_>>(),
    })
}

/// The same with what it proves.
#[must_use]
pub fn proof_json(plan: &Plan, outcomes: &[Outcome]) -> Value {
    let proof = Proof::of(outcomes);
    let mut value = json(plan, outcomes);
    let canaries = proof.rows.iter().map(|row| {
        let fits = row.runs.iter().map(|run| fit(run));
        json!({
            "canary": row.fault.name(),
            "what": row.fault.what(),
            "expected": match row.fault.expected() {
                Expected::Promoted => json!("promoted"),
                Expected::Stopped(kind) => json!({ "stopped_by": kind.as_str() }),
                Expected::Either(why) => json!({ "either": why }),
            },
            "as_expected": fits.clone().filter(|f| *f == Fit::Expected).count(),
            "runs": fits.count(),
            "predicted_pass_probability": row.predicted,
        })
    });
    value["proof"] = json!({
        "canaries": canaries.collect::<Vec<_>>(),
        "wrong": proof.wrong(),
        "remarks": proof.remarks.iter().map(|remark| match remark {
            Remark::Redundant(gate) => json!({ "gate": gate, "stops": "nothing that another gate does not also stop" }),
            Remark::AbortsHealthy(gate, times) => json!({ "gate": gate, "aborts_healthy": times }),
        }).collect::<Vec<_>>(),
    });
    value
}

fn run(outcome: &Outcome) -> Value {
    json!({
        "started_s": seconds(outcome.started.as_secs_f64()),
        "took_s": seconds(outcome.took.as_secs_f64()),
        "lateness_p99_ms": outcome.lateness().as_secs_f64() * 1000.0,
        "told": outcome.told,
        "canaries": outcome.canaries.iter().map(canary).collect::<Vec<_>>(),
    })
}

fn canary(run: &CanaryRun) -> Value {
    let tally = &run.riders;
    json!({
        "canary": run.fault.name(),
        "verdict": run.verdict().as_str(),
        "stopped_by": stopping(run).iter().map(|m| m.metric.name.as_str()).collect::<Vec<_>>(),
        "riders": {
            "good": tally.good, "failed": tally.failed, "lost": tally.lost, "rate": seconds(run.rate()),
        },
        "gates": run.metrics.iter().map(metric).collect::<Vec<_>>(),
    })
}

fn metric(run: &MetricRun) -> Value {
    json!({
        "gate": run.metric.name,
        "kind": run.metric.kind.as_str(),
        "query": run.metric.query,
        "wants": run.metric.threshold.as_ref().map(|t| json!({ "op": t.op.text(), "value": t.value })),
        "dry_run": run.metric.limits.dry_run,
        "status": status(run.status),
        "measurements": run.measurements.iter().map(measurement).collect::<Vec<_>>(),
    })
}

fn measurement(taken: &Measurement) -> Value {
    json!({
        "due_s": seconds(taken.due.as_secs_f64()),
        "late_ms": taken.late.as_secs_f64() * 1000.0,
        "took_ms": taken.took.as_secs_f64() * 1000.0,
        "value": match &taken.value {
            None => Value::Null,
            Some(Measured::Scalar(value)) => number(*value),
            Some(Measured::Vector(values)) => values.iter().map(|v| number(*v)).collect(),
        },
        "outcome": match taken.outcome {
            Counted::Successful => "successful",
            Counted::Failed => "failed",
            Counted::Inconclusive => "inconclusive",
            Counted::Error => "error",
        },
        "error": taken.error,
    })
}

fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(super::number(value)) }
}

/// Milliseconds are enough.
fn seconds(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
