//! What a release on a cluster says, as steps and spans.

use crate::run::{CANARY, HEALTH, RESTART, SYNC};
use crate::{Outcome, Recorder, SpanId, Value};
use delivery::{Metric, Name, Rollout, Run, State, Waiting};
use jiff::Timestamp;

/// The step that a release is in by what it waits for; `None` where that says nothing.
pub(crate) fn step_of(state: &State) -> Option<&'static str> {
    let collectors = &state.release().collectors;
    let of = |name: &Name| if collectors.iter().any(|target| target.workload.name == *name) { RESTART } else { CANARY };
    Some(match state.waiting() {
        Waiting::Look => return None,
        Waiting::Appear { kind: "Application", .. } | Waiting::Sync { .. } => SYNC,
        Waiting::Appear { name, .. } | Waiting::Controller { name, .. } | Waiting::Pods { name, .. } => of(name),
        Waiting::Canary { .. } => CANARY,
        Waiting::Health { .. } => HEALTH,
    })
}

/// Where a canary is, in words.
pub(crate) fn canary_step(rollout: &Rollout) -> Option<String> {
    let at = rollout.step?;
    Some(format!("{} of {}, {}", at + 1, rollout.steps.len(), rollout.steps.get(at)?))
}

/// A span a run of the present templates, below it one a gate, in it an event a measurement. Their times are the cluster's.
pub(crate) fn analyses(recorder: &mut Recorder, below: SpanId, state: &State) {
    for target in &state.release().rollouts {
        let Some(rollout) = state.view().rollout(&target.name) else { continue };
        for (name, run) in state.view().runs_of(&target.name, rollout) {
            analysis(recorder, below, name, run);
        }
    }
}

fn analysis(recorder: &mut Recorder, below: SpanId, name: &Name, run: &Run) {
    let Some(began) = nanoseconds(&run.created) else { return };
    let last = |metric: &Metric| metric.measurements.iter().filter_map(|m| nanoseconds(m.finished.as_deref()?)).max();
    let ended = run.metrics.iter().filter_map(last).max().unwrap_or(began);
    let span = recorder.child(below, "analysis", began);
    recorder.set(span, "k8s.analysisrun", name.to_string());
    recorder.set(span, "rollouts.pod_template_hash", run.hash.clone());
    recorder.set(span, "analysis.phase", run.phase.clone());
    for metric in &run.metrics {
        let gate = recorder.child(span, &format!("gate {}", metric.name), began);
        recorder.set(gate, "analysis.phase", metric.phase.clone());
        recorder.set(gate, "analysis.dry_run", metric.dry_run);
        if let Some(query) = &metric.query {
            recorder.set(gate, "db.query.text", query.clone());
        }
        for measured in &metric.measurements {
            let Some(at) = measured.finished.as_deref().and_then(nanoseconds) else { continue };
            let mut said: Vec<(&str, Value)> =
                vec![("value", measured.value.clone().into()), ("phase", measured.phase.clone().into())];
            if !measured.message.is_empty() {
                said.push(("message", measured.message.clone().into()));
            }
            recorder.event(gate, "measured", at, said);
        }
        recorder.end(gate, last(metric).unwrap_or(began), &outcome(&metric.phase, &metric.message));
    }
    recorder.end(span, ended, &outcome(&run.phase, &run.message));
}

fn outcome(phase: &str, message: &str) -> Outcome {
    match phase {
        "Successful" => Outcome::Ok,
        "Failed" | "Error" | "Inconclusive" => Outcome::Error(format!("{phase}: {message}")),
        _ => Outcome::Unset,
    }
}

/// A time as Kubernetes writes it.
fn nanoseconds(time: &str) -> Option<u64> {
    u64::try_from(time.parse::<Timestamp>().ok()?.as_nanosecond()).ok()
}
