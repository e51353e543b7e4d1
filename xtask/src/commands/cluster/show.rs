//! How a cluster's state is told.

use delivery::{Metric, Name, Release, State, View};
use report::visible;
use serde_json::{Value, json};

/// A line an Application, a rollout, a metric.
pub(super) fn text(release: &Release, view: &View) -> String {
    let mut lines = Vec::new();
    for name in &release.applications {
        lines.push(match view.application(name) {
            Some(application) => {
                let at = application.revisions.first().map_or("", |revision| delivery::short(revision));
                let mut line = format!("application {:24} {} {at} {}", name.name, application.sync, application.health);
                for (kind, message) in &application.conditions {
                    line.push_str(&format!("\n            {kind}: {message}"));
                }
                line
            }
            None => format!("application {:24} not there", name.name),
        });
    }
    for target in &release.rollouts {
        rollout(&target.name, view, &mut lines);
    }
    // A message of the cluster's may have several lines.
    lines.iter().flat_map(|line| line.lines()).map(|line| format!("{}\n", visible(line))).collect()
}

fn rollout(name: &Name, view: &View, lines: &mut Vec<String>) {
    let Some(rollout) = view.rollout(name) else {
        lines.push(format!("rollout     {:24} not there", name.to_string()));
        return;
    };
    let images = rollout.images.join(", ");
    lines.push(format!("rollout     {:24} {} {images}", name.to_string(), rollout.phase));
    if !rollout.message.is_empty() {
        lines.push(format!("            {}", rollout.message));
    }
    lines.push(format!("            {}", delivery::progress(name, rollout, view)));
    if let Some((run, it)) = view.runs_of(name, rollout).pop() {
        lines.push(format!("analysis    {:24} {}", run.name, it.phase));
        lines.extend(it.metrics.iter().map(gate));
    }
}

/// A canary on its way, for lines that are rewritten: where it is, and a line a gate of its newest run.
pub(super) fn canary(state: &State, name: &Name, left: &str) -> Vec<String> {
    let view = state.view();
    let Some(rollout) = view.rollout(name) else { return Vec::new() };
    let run = view.runs_of(name, rollout).pop();
    let at = delivery::step_of(rollout);
    let pods = format!("{} of {} pods new, {} available", rollout.updated, rollout.replicas, rollout.available);
    let mut lines = vec![format!("{name}  {} {at}; {pods}{left}", rollout.phase)];
    lines.extend(run.into_iter().flat_map(|(_, run)| &run.metrics).map(gate));
    lines
}

/// A gate with what it measured.
fn gate(metric: &Metric) -> String {
    let values: Vec<&str> = metric.measurements.iter().map(|measurement| measurement.value.as_str()).collect();
    let of = metric.of.map(|of| format!(" of {of}")).unwrap_or_default();
    format!("  {:20} {:12} {}{of}  {}", metric.name, metric.phase, metric.count, values.join(" "))
}

/// The same for programs.
pub(super) fn json(context: &str, release: &Release, view: &View) -> Value {
    let applications: Vec<Value> =
        release.applications.iter().map(|name| json!({"name": name, "state": view.application(name)})).collect();
    let rollouts: Vec<Value> = release
        .rollouts
        .iter()
        .map(|target| {
            let state = view.rollout(&target.name);
            let runs = state.map(|rollout| view.runs_of(&target.name, rollout)).unwrap_or_default();
            let runs: Vec<Value> = runs.iter().map(|(name, run)| json!({"name": name, "state": run})).collect();
            json!({"name": target.name, "state": state, "runs": runs})
        })
        .collect();
    json!({"schema": 1, "context": context, "applications": applications, "rollouts": rollouts})
}

/// What a release waits for, with its rollouts: one event of the JSON Lines.
pub(super) fn event(state: &State) -> Value {
    let rollouts: Vec<Value> = state
        .release()
        .rollouts
        .iter()
        .map(|target| json!({"name": target.name, "progress": state.progress(&target.name)}))
        .collect();
    json!({"event": "waiting", "for": state.waiting().to_string(), "rollouts": rollouts})
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Application, Observed, RolloutTarget};

    #[test]
    fn a_line_an_object_and_no_control_characters() {
        let application = Name::new("argocd", "hotrod");
        let rollout = Name::new("hotrod", "hotrod");
        let release = Release {
            applications: vec![application.clone()],
            rollouts: vec![RolloutTarget { name: rollout, ..RolloutTarget::default() }],
            ..Release::default()
        };
        let seen = Application {
            sync: "Unknown".to_owned(),
            conditions: vec![("ComparisonError".to_owned(), "no\u{1b}[2J\nrepository".to_owned())],
            ..Application::default()
        };
        let mut view = View::default();
        view.applications.insert(application, Observed { version: 1, object: Some(seen) });
        let text = text(&release, &view);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("ComparisonError: no") && text.contains("hotrod/hotrod            not there"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
