//! Bad canaries: commits that look good and do not fly.

use super::super::cluster::failed;
use super::client::Client;
use super::eyes::{self, Eyes};
use super::outcome::{Outcome, Times, measured};
use super::stage::{Stage, fork, git, run as ran};
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use delivery::{Rollout, View};
use lab::cluster::Start;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// For a verdict.
const LIMIT: Duration = Duration::from_secs(600);

/// The client goes on for so long after the canary's last pod.
const AFTER: Duration = Duration::from_secs(5);

const ROLLOUT: &str = "manifests/hotrod/rollout.yaml";
const RIDERS: &str = "manifests/traffic-generator/deployment.yaml";
const NEW: &str = "jaegertracing/example-hotrod:1.76.0";
const OLD: &str = "jaegertracing/example-hotrod:1.75.0";

/// A canary that must not get through.
pub(super) struct Bad {
    pub(super) name: &'static str,
    /// What else the commit with the new version changes: file, what stands there, what then stands there.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// The gate that is meant for it: a part of its name.
    gate: &'static str,
}

pub(super) const BAD: [Bad; 4] = [
    Bad { name: "idle", edits: &[(RIDERS, "replicas: 1\n", "replicas: 0\n")], gate: "traffic" },
    Bad {
        name: "failing",
        edits: &[
            (RIDERS, "customer=123", "customer=999"),
            (RIDERS, "customer=392", "customer=999"),
            (RIDERS, "customer=567", "customer=999"),
            (RIDERS, "customer=731", "customer=999"),
        ],
        gate: "error",
    },
    Bad { name: "slow", edits: &[(ROLLOUT, "args: [all]", "args: [all, --fix-db-query-delay=3s]")], gate: "latency" },
    Bad { name: "silent", edits: &[(ROLLOUT, "http://collector.otel", "http://nowhere.otel")], gate: "traffic" },
];

/// The repository's own release with the old version, as it is when nothing is wrong.
pub(super) fn healthy(repository: &Path) -> Result<Start, CommandError> {
    let mut start = Start::read(repository).map_err(|error| failed("read the repository", error))?;
    start.files.retain(|(name, _)| name.starts_with("manifests/") || name.starts_with("appset/"));
    for (name, text) in &mut start.files {
        if name == ROLLOUT {
            *text = String::from_utf8_lossy(text).replace(NEW, OLD).into_bytes();
        }
    }
    Ok(start)
}

/// Waits until the old version is healthy, and gives its hash.
pub(super) fn calm(eyes: &Eyes) -> Result<String, CommandError> {
    let calm = |view: &View| {
        let (rollout, _) = eyes::judged(view)?;
        (rollout.phase == "Healthy" && rollout.available == rollout.replicas).then(|| rollout.stable.clone())
    };
    let stable = eyes.wait(LIMIT, calm).map(|(stable, _)| stable);
    stable.ok_or_else(|| CommandError::user("HotROD's old version does not get healthy"))
}

/// Pushes the commit, and watches whether its gate stops it while the stable version serves.
pub(super) fn run(ui: &Ui, stage: &Stage, healthy: &Start, bad: &Bad) -> Result<Outcome, CommandError> {
    let scratch = stage.clone_of(ui, healthy)?;
    let fork = fork(&scratch);
    let eyes = Eyes::open(stage.kubeconfig());
    let stable = calm(&eyes)?;
    for (file, from, to) in bad.edits.iter().chain(&[(ROLLOUT, OLD, NEW)]) {
        let path = fork.join(file);
        let text = fs::read_to_string(&path).doing(format!("read {file}"))?;
        if !text.contains(from) {
            return Err(CommandError::user(format!("{file} has no {from:?} for canary {} to change", bad.name)));
        }
        fs::write(&path, text.replace(from, to)).doing(format!("write {file}"))?;
    }
    ran(git(&fork).args(["commit", "--quiet", "--all", "--message", "Release HotROD 1.76.0"]))?;
    let Some(client) = Client::start(stage.service_of(&stable)?) else {
        return Err(CommandError::user("HotROD's old version does not serve `/`"));
    };
    let bar = ui.progress();
    bar.step(&format!("canary {}: pushing", bad.name));
    ran(git(&fork).args(["push", "--quiet", "origin", "HEAD:main"]))?;
    let Some((commit, pushed)) = stage.served() else {
        return Err(CommandError::internal("the served branch is gone"));
    };
    let since = || SystemTime::now().duration_since(pushed).ok();
    let applied = eyes.wait(Duration::from_secs(240), |view| eyes::applied(view, &commit).then_some(()));
    let applied = applied.and_then(|_| since());
    let decided = eyes.wait(LIMIT, |view| {
        let (rollout, _) = eyes::judged(view)?;
        let new = rollout.hash != stable;
        (new && (rollout.aborted || rollout.stable == rollout.hash)).then(|| view.clone())
    });
    let ended = decided.as_ref().and_then(|_| since());
    // The canary's pods go, and the stable version's come back.
    let settled = eyes.wait(Duration::from_secs(120), |view| {
        let (rollout, _) = eyes::judged(view)?;
        (rollout.updated == 0 && rollout.available == rollout.replicas).then_some(())
    });
    std::thread::sleep(AFTER);
    let tally = client.end();
    bar.done();
    drop(stage.kubectl(&["delete", "service", "lab-e2e-stable", "-n", "hotrod"])?);
    let view = decided.map_or_else(|| eyes.look(), |(view, _)| view);
    let gates = failed_gates(&view);
    let mut problems = Vec::new();
    match eyes::judged(&view) {
        Some((rollout, _)) => problems.extend(judge(rollout, &stable)),
        None => problems.push("there is no rollout".to_owned()),
    }
    if !gates.iter().any(|gate| gate.contains(bad.gate)) {
        problems.push(format!("no {} gate failed", bad.gate));
    }
    if settled.is_none() {
        problems.push("the stable version is not back to all of its pods".to_owned());
    }
    if !tally.failures.is_empty() {
        problems.push(format!("the client saw {}", tally.failures.join("; ")));
    }
    let (values, analysis) = measured(&view);
    Ok(Outcome {
        what: bad.name.to_owned(),
        verdict: if problems.iter().any(|text| text.starts_with("promoted")) { "promoted" } else { "aborted" }
            .to_owned(),
        gates,
        values,
        times: Times { applied, ended, analysis, all: None },
        tally: Some(tally),
        problems,
    })
}

fn judge(rollout: &Rollout, stable: &str) -> Option<String> {
    if rollout.stable != stable {
        return Some("promoted: the stable version is another one".to_owned());
    }
    (!rollout.aborted).then(|| format!("not aborted: {} {}", rollout.phase, rollout.message))
}

/// Names of the gates that failed.
fn failed_gates(view: &View) -> Vec<String> {
    let run = eyes::judged(view).and_then(|(_, run)| run);
    let metrics = run.map(|run| run.metrics.as_slice()).unwrap_or_default();
    metrics.iter().filter(|metric| metric.phase == "Failed").map(|metric| metric.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_finds_its_place() {
        let start = healthy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("our own release");
        let text = |name: &str| {
            let file = start.files.iter().find(|(file, _)| file == name).expect("a file");
            String::from_utf8(file.1.clone()).expect("text")
        };
        for bad in &BAD {
            for (file, from, to) in bad.edits {
                assert!(text(file).contains(from) && !text(file).contains(to), "{}: {from}", bad.name);
            }
        }
        assert!(text(ROLLOUT).contains(OLD) && !text(ROLLOUT).contains(NEW));
    }
}
