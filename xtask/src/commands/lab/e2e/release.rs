//! A release from a broken start, by this program alone.

use super::eyes::{self, Eyes};
use super::record::{Outcome, Times};
use super::stage::{Stage, fork};
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use delivery::{Rollout, Run, View};
use lab::cluster::Start;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// For one release.
const LIMIT: Duration = Duration::from_secs(900);

/// What the mission asks for.
const IMAGE: &str = "jaegertracing/example-hotrod:1.76.0";

/// Takes the lab to the start, and runs `fix-and-push` in a clone of it, with no other help.
pub(super) fn run(ui: &Ui, stage: &Stage, broken: &Start) -> Result<Outcome, CommandError> {
    let scratch = stage.clone_of(ui, broken)?;
    let fork = fork(&scratch);
    let began = stage.served().map(|(commit, _)| commit).unwrap_or_default();
    let eyes = Eyes::open(stage.kubeconfig());
    let stable =
        eyes.wait(Duration::from_secs(20), |view| eyes::judged(view).map(|(rollout, _)| rollout.stable.clone()));
    let stable = stable.map(|(hash, _)| hash).unwrap_or_default();
    let log = scratch.path().join("log");
    let file = File::create(&log).doing("write a log")?;
    let program = std::env::current_exe().doing("find this program")?;
    let mut command = Command::new(&program);
    command.arg("fix-and-push").current_dir(&fork).env_remove("KUBECONFIG").stdin(Stdio::null());
    command.stdout(file.try_clone().doing("write a log")?).stderr(file);
    let bar = ui.progress();
    bar.step("fix-and-push in a fresh clone");
    let mut child = command.spawn().doing("start fix-and-push")?;
    let mut seen = Seen::default();
    let started = Instant::now();
    let status = lab::poll(LIMIT, || {
        seen.take(stage, &eyes.look(), &began);
        child.try_wait().ok().flatten()
    });
    let took = started.elapsed();
    if status.is_none() {
        // It would push into the next run.
        drop(child.kill());
        drop(child.wait());
    }
    bar.done();
    seen.take(stage, &eyes.look(), &began);
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    let view = eyes.look();
    let mut problems = match status {
        Some(status) if status.success() => Vec::new(),
        Some(status) => vec![format!("{status}: {}", last_words(&log))],
        None => vec![format!("not done after {} s", LIMIT.as_secs())],
    };
    problems.extend(judge(&view, &stable, &seen));
    if !certified(&fork, &log) {
        problems.push("no certificate".to_owned());
    }
    let (values, analysis) = super::record::measured(&view);
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
struct Seen {
    commit: Option<(String, SystemTime)>,
    applied: Option<Duration>,
    healthy: Option<Duration>,
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

fn promoted(rollout: &Rollout) -> bool {
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
fn certified(fork: &Path, log: &str) -> bool {
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

fn last_words(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" / ")
}
