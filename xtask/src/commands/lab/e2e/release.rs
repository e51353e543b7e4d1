//! A release from a broken start, by this program alone.

use super::eyes::{self, Eyes};
use super::outcome::{Outcome, Times, measured};
use super::stage::{Stage, fork};
use super::tool::{Tool, last_words};
use crate::error::CommandError;
use crate::ui::Ui;
use delivery::{Rollout, Run, View};
use lab::cluster::Start;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// For one release.
pub(super) const LIMIT: Duration = Duration::from_secs(900);

/// What the mission asks for.
const IMAGE: &str = "jaegertracing/example-hotrod:1.76.0";

/// The lab at its broken start, and who looks at it.
pub(super) struct Begun {
    pub(super) scratch: TempDir,
    pub(super) eyes: Eyes,
    /// The served commit.
    commit: String,
    /// The stable version.
    stable: String,
}

impl Begun {
    pub(super) fn new(ui: &Ui, stage: &Stage, broken: &Start) -> Result<Begun, CommandError> {
        let scratch = stage.clone_of(ui, broken)?;
        let commit = stage.served().map(|(commit, _)| commit).unwrap_or_default();
        let eyes = Eyes::open(stage.kubeconfig());
        let stable =
            eyes.wait(Duration::from_secs(20), |view| eyes::judged(view).map(|(rollout, _)| rollout.stable.clone()));
        let stable = stable.map(|(hash, _)| hash).unwrap_or_default();
        Ok(Begun { scratch, eyes, commit, stable })
    }

    pub(super) fn fork(&self) -> PathBuf {
        fork(&self.scratch)
    }

    /// What has happened by now.
    pub(super) fn look(&self, stage: &Stage, seen: &mut Seen) -> View {
        let view = self.eyes.look();
        seen.take(stage, &view, &self.commit);
        view
    }

    /// What is not as the mission asks, in the cluster.
    pub(super) fn judge(&self, seen: &Seen) -> Vec<String> {
        judge(&self.eyes.look(), &self.stable, seen)
    }
}

/// Takes the lab to the start, and runs `fix-and-push` in a clone of it, with no other help.
pub(super) fn run(ui: &Ui, stage: &Stage, broken: &Start) -> Result<Outcome, CommandError> {
    let begun = Begun::new(ui, stage, broken)?;
    let bar = ui.progress();
    bar.step("fix-and-push in a fresh clone");
    let mut tool = Tool::start(&begun.fork(), begun.scratch.path().join("log"), &["fix-and-push"], &[])?;
    let mut seen = Seen::default();
    let started = Instant::now();
    let status = lab::poll(LIMIT, || {
        begun.look(stage, &mut seen);
        tool.ended()
    });
    let took = started.elapsed();
    let log = tool.said();
    drop(tool);
    bar.done();
    let view = begun.look(stage, &mut seen);
    let mut problems = match status {
        Some(status) if status.success() => Vec::new(),
        Some(status) => vec![format!("{status}: {}", last_words(&log, 3))],
        None => vec![format!("not done after {} s", LIMIT.as_secs())],
    };
    problems.extend(begun.judge(&seen));
    if !certified(&begun.fork(), &log) {
        problems.push("no certificate".to_owned());
    }
    let (values, analysis) = measured(&view);
    Ok(Outcome {
        what: "release".to_owned(),
        verdict: eyes::judged(&view).map(|(rollout, _)| rollout.phase.clone()).unwrap_or_default(),
        gates: Vec::new(),
        values,
        times: Times { applied: seen.applied, ended: seen.healthy, analysis, all: Some(took) },
        tally: None,
        problems,
    })
}

/// What happened when, counted from the push.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) commit: Option<(String, SystemTime)>,
    pub(super) applied: Option<Duration>,
    pub(super) healthy: Option<Duration>,
}

impl Seen {
    fn take(&mut self, stage: &Stage, view: &View, began: &str) {
        if self.commit.is_none() {
            self.commit = stage.served().filter(|(commit, _)| commit != began);
        }
        let Some((commit, pushed)) = &self.commit else { return };
        let since = || SystemTime::now().duration_since(*pushed).ok();
        if self.applied.is_none() && eyes::applied(view, commit) {
            self.applied = since();
        }
        if self.applied.is_some() && self.healthy.is_none() && eyes::judged(view).is_some_and(|(it, _)| promoted(it)) {
            self.healthy = since();
        }
    }
}

pub(super) fn promoted(rollout: &Rollout) -> bool {
    rollout.phase == "Healthy" && rollout.stable == rollout.hash && rollout.images.iter().any(|image| image == IMAGE)
}

/// What is not as the mission asks.
fn judge(view: &View, stable: &str, seen: &Seen) -> Vec<String> {
    let mut problems = Vec::new();
    let Some((rollout, run)) = eyes::judged(view) else { return vec!["there is no rollout".to_owned()] };
    if !promoted(rollout) {
        problems.push(format!(
            "the rollout is {} on {}: {}",
            rollout.phase,
            rollout.images.join(", "),
            rollout.message
        ));
    }
    if rollout.stable == stable {
        problems.push("the stable version is the one from before".to_owned());
    }
    match run {
        None => problems.push("no analysis judged it".to_owned()),
        Some(run) if !measured_well(run) => problems.push(format!("its analysis is {}: {}", run.phase, run.message)),
        Some(_) => {}
    }
    match &seen.commit {
        None => problems.push("nothing was pushed".to_owned()),
        Some((commit, _)) if !eyes::applied(view, commit) => problems.push(format!("{commit} is not synced")),
        Some(_) => {}
    }
    problems
}

fn measured_well(run: &Run) -> bool {
    let good = |phase: &str| phase == "Successful";
    run.metrics.len() >= 3
        && good(&run.phase)
        && !run.terminated
        && run.metrics.iter().all(|metric| good(&metric.phase) && metric.count > 0)
}

/// Whether the certificate was written, or printed.
pub(super) fn certified(fork: &Path, log: &str) -> bool {
    let mut folders = vec![fork.join(".git")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.file_name().is_some_and(|name| name == "certificate.txt") {
                return true;
            }
            if path.is_dir() && !path.ends_with("objects") {
                folders.push(path);
            }
        }
    }
    log.to_lowercase().contains("certificate of completion")
}
