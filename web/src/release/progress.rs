//! From the commit to the last step, as one line, and what happens next.

use crate::analysis::words::is_over;
use crate::html::{Sentence, shown};
use crate::live::State;
use crate::serve::Shared;
use crate::time;
use delivery::{Application, Collector, Controller, Name, Rollout, Run, Step, Workload};
use jiff::Timestamp;

/// Where `kubectl rollout restart` says when.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A station on the way.
pub(crate) struct Stop {
    pub(crate) label: String,
    /// `done`, `now`, `failed`, `todo`, `skipped`.
    pub(crate) state: &'static str,
    pub(crate) time: Option<String>,
    pub(crate) detail: String,
}

impl Stop {
    fn new(label: &str, state: &'static str, time: Option<String>, detail: impl AsRef<str>) -> Stop {
        Stop { label: label.to_owned(), state, time, detail: shown(detail.as_ref()) }
    }

    /// For who does not see the colours.
    pub(crate) fn word(&self) -> &'static str {
        match self.state {
            "done" => "done",
            "now" => "under way",
            "failed" => "failed",
            "skipped" => "left out",
            _ => "not yet",
        }
    }
}

pub(crate) fn progress(
    shared: &Shared,
    state: &State,
    name: &Name,
    rollout: &Rollout,
) -> (Vec<Stop>, Option<Sentence>) {
    let mut stops = Vec::new();
    let applications = || state.view.applications.values().filter_map(|seen| seen.object.as_ref());
    if let Some(application) = applications().find(|application| application.deploys_rollout(name)) {
        stops.push(commit(shared, application));
        stops.push(sync(application));
    }
    let daemons = applications().flat_map(|application| &application.deploys).filter(|d| d.kind == "DaemonSet");
    for deployed in daemons {
        let workload = Workload { kind: Controller::DaemonSet, name: deployed.name.clone() };
        let seen = state.view.collectors.get(&workload);
        if let Some(daemon) = seen.and_then(|seen| seen.object.as_ref()) {
            stops.push(collector(&deployed.name, daemon));
        }
    }
    let runs = state.view.runs_of(name, rollout);
    stops.extend(steps(rollout, &runs));
    (stops, next(rollout, &runs))
}

fn commit(shared: &Shared, application: &Application) -> Stop {
    let Some(id) = application.revisions.first() else { return Stop::new("Commit", "todo", None, "none compared yet") };
    match shared.commit(id) {
        Some(commit) => {
            let detail = format!("{} {}", delivery::short(id), commit.subject);
            Stop::new("Commit", "done", Some(shown(&commit.when)), detail)
        }
        None => Stop::new("Commit", "done", None, delivery::short(id)),
    }
}

fn sync(application: &Application) -> Stop {
    let operation = application.operation.as_ref();
    let phase = operation.map_or("", |operation| operation.phase.as_str());
    let ended = operation.and_then(|operation| time::said(operation.finished.as_deref()?));
    let message = operation.map_or("", |operation| operation.message.as_str());
    match (application.sync.as_str(), phase) {
        (_, "Running") => Stop::new("Sync", "now", None, message),
        (_, "Failed" | "Error") => Stop::new("Sync", "failed", ended, message),
        ("Synced", _) => Stop::new("Sync", "done", ended, "Synced"),
        (sync, _) => Stop::new("Sync", "now", None, sync),
    }
}

fn collector(name: &Name, daemon: &Collector) -> Stop {
    let restarted = daemon.annotations.get(RESTARTED_AT).and_then(|at| time::said(at));
    let done =
        daemon.observed >= daemon.generation && daemon.updated >= daemon.desired && daemon.available >= daemon.desired;
    let detail = format!("{} of {} pods up to date, {} available", daemon.updated, daemon.desired, daemon.available);
    let label =
        if restarted.is_some() { format!("Restart of {}", name.name) } else { format!("Pods of {}", name.name) };
    Stop::new(&shown(&label), if done { "done" } else { "now" }, restarted, detail)
}

fn steps(rollout: &Rollout, runs: &[(&Name, &Run)]) -> Vec<Stop> {
    let promoted = rollout.hash == rollout.stable && !rollout.hash.is_empty();
    let failed = runs.iter().rev().find(|(_, run)| matches!(run.phase.as_str(), "Failed" | "Error"));
    // After an abort the controller's index is back at the beginning: the run says how far it came.
    let (at, halted) = match (promoted, rollout.abort, failed.and_then(|(_, run)| run.step)) {
        (true, _, _) => (rollout.steps.len(), false),
        (false, true, Some(step)) => (step, true),
        (false, true, None) => (0, true),
        (false, false, _) => (rollout.step.unwrap_or(0), false),
    };
    let mut stops: Vec<Stop> = rollout
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let run = runs.iter().rev().find(|(_, run)| run.step == Some(index)).map(|(_, run)| *run);
            let mut state = match index {
                index if index < at => "done",
                index if index > at => "todo",
                _ if halted => "failed",
                _ if rollout.pauses.is_empty() || matches!(step, Step::Pause(_)) => "now",
                _ => "todo",
            };
            // A first deploy goes through no step.
            if state == "done" && matches!(step, Step::Analysis) && run.is_none() {
                state = "skipped";
            }
            let (label, detail) = match step {
                Step::Weight(weight) => (format!("{weight} %"), String::new()),
                Step::Pause(Some(time)) => (format!("Pause {time}"), String::new()),
                Step::Pause(None) => ("Pause".to_owned(), "until a person promotes".to_owned()),
                Step::Analysis => ("Analysis".to_owned(), run.map(measured).unwrap_or_default()),
                Step::Other(other) => (other.clone(), String::new()),
            };
            let time = match step {
                Step::Analysis => run.and_then(|run| time::said(run.completed.as_deref().or(run.started.as_deref())?)),
                Step::Pause(_) if state == "now" => rollout.paused_since.as_deref().and_then(time::said),
                _ => None,
            };
            Stop::new(&shown(&label), state, time, detail)
        })
        .collect();
    let (state, detail) = match (promoted, rollout.abort) {
        (true, _) => ("done", "all requests"),
        (false, true) => ("todo", "aborted before"),
        (false, false) => ("todo", ""),
    };
    stops.push(Stop::new("Promoted", state, None, detail));
    stops
}

fn measured(run: &Run) -> String {
    let all: Vec<&delivery::Metric> = run.metrics.iter().filter(|metric| !metric.dry_run).collect();
    let ended = all.iter().filter(|metric| is_over(&metric.phase)).count();
    match run.phase.as_str() {
        "Successful" => format!("all {} gates passed", all.len()),
        phase if !is_over(phase) => format!("{ended} of {} gates decided", all.len()),
        phase => phase.to_owned(),
    }
}

/// The next thing that happens by itself.
fn next(rollout: &Rollout, runs: &[(&Name, &Run)]) -> Option<Sentence> {
    if rollout.abort || rollout.hash == rollout.stable {
        return None;
    }
    let (_, run) = runs.last().filter(|(_, run)| !is_over(&run.phase))?;
    let due = run.metrics.iter().filter_map(|metric| Some((due(run, metric)?, metric)));
    let (at, metric) = due.min_by_key(|(at, _)| *at)?;
    let of = metric.of.map(|of| format!(" of {of}")).unwrap_or_default();
    let gate = shown(&metric.name).replace('`', "'");
    Some(Sentence::new(&format!(
        "measurement {}{of} of gate `{gate}`, due {}",
        u64::from(metric.count) + 1,
        time::moment(at)
    )))
}

/// When a gate is measured next.
fn due(run: &Run, metric: &delivery::Metric) -> Option<Timestamp> {
    if is_over(&metric.phase) {
        return None;
    }
    let wait = |text: &Option<String>| text.as_deref().and_then(time::duration).unwrap_or_default();
    let (from, wait) = match metric.measurements.last() {
        Some(last) => (time::parse(last.finished.as_deref()?)?, wait(&metric.requires.interval)),
        None => (time::parse(run.started.as_deref().unwrap_or(&run.created))?, wait(&metric.requires.initial_delay)),
    };
    from.checked_add(wait).ok()
}
