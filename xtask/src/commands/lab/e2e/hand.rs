//! A release as the adventure has it typed by hand.

use super::eyes;
use super::outcome::{Outcome, Times, measured};
use super::release::{Begun, LIMIT, Seen};
use super::stage::{Stage, git, run as ran};
use super::tool::{Tool, last_words};
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use lab::cluster::Start;
use std::process::Command;
use std::time::{Duration, Instant};

/// As the adventure gives them, in a shell with `lab env`.
const TYPED: [&str; 3] = [
    "argocd app get hotrod --refresh",
    "kubectl argo rollouts retry rollout hotrod -n hotrod",
    "kubectl rollout restart daemonset/collector -n otel",
];

/// Once before: the account that the lab's first page tells of.
const LOGIN: &str = "argocd login localhost:30100 --plaintext --username readonly --password a-super-secure-password";

/// What is aborted for so long stays so.
const SETTLED: Duration = Duration::from_secs(15);

/// Takes the lab to the start, mends the clone with `fix`, and does the rest by hand; nothing waits for a typist.
pub(super) fn run(ui: &Ui, stage: &Stage, broken: &Start) -> Result<Outcome, CommandError> {
    let begun = Begun::new(ui, stage, broken)?;
    let (fork, scratch) = (begun.fork(), begun.scratch.path());
    let bar = ui.progress();
    bar.step("by hand: mending");
    let mut fix = Tool::start(&fork, scratch.join("log"), &["fix"], &[])?;
    if !lab::poll(Duration::from_secs(60), || fix.ended()).is_some_and(|status| status.success()) {
        return Err(CommandError::user(format!("`fix` does not mend the start: {}", last_words(&fix.said(), 3))));
    }
    ran(git(&fork).args(["commit", "--quiet", "--all", "--message", "Mend the release by hand"]))?;
    let program = std::env::current_exe().doing("find this program")?;
    let shell = |typed: &str| -> Result<String, CommandError> {
        let mut command = Command::new("bash");
        command.current_dir(&fork).env_remove("KUBECONFIG").env("SCRATCH", scratch).env("PROGRAM", &program);
        // The lab is the person's; what argocd keeps of a login is not.
        let line = r#"exports=$("$PROGRAM" lab env) && eval "$exports" && HOME=$SCRATCH && eval "$0""#;
        ran(command.args(["-c", line, typed]))
    };
    shell(LOGIN)?;
    bar.step("by hand: pushing");
    let began = Instant::now();
    ran(git(&fork).args(["push", "--quiet", "origin", "HEAD:main"]))?;
    let mut problems = Vec::new();
    for typed in TYPED {
        bar.step(typed);
        if let Err(error) = shell(typed) {
            problems.push(error.to_string());
        }
    }
    let (mut seen, mut stopped) = (Seen::default(), None);
    bar.step("by hand: following");
    lab::poll(LIMIT, || {
        let view = begun.look(stage, &mut seen);
        match seen.applied.is_some() && eyes::judged(&view).is_some_and(|(rollout, _)| rollout.aborted) {
            true => drop(stopped.get_or_insert_with(Instant::now)),
            false => stopped = None,
        }
        // The controller needs a moment to take a retry up.
        let stopped = stopped.is_some_and(|since: Instant| since.elapsed() > SETTLED);
        (seen.healthy.is_some() || stopped).then_some(())
    });
    let took = began.elapsed();
    bar.done();
    problems.extend(begun.judge(&seen));
    let view = begun.look(stage, &mut seen);
    let (values, analysis) = measured(&view);
    Ok(Outcome {
        what: "by hand".to_owned(),
        verdict: eyes::judged(&view).map(|(rollout, _)| rollout.phase.clone()).unwrap_or_default(),
        values,
        times: Times { applied: seen.applied, ended: seen.healthy, analysis, all: Some(took) },
        problems,
        ..Outcome::default()
    })
}
