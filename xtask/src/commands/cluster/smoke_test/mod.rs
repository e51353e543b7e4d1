//! `smoke-test`: what the mission asks, on the running system.

mod ask;
mod here;

use super::measured;
use super::trail::second;
use super::which::{Scope, run};
use crate::args::{EndpointArgs, ListFormat, SmokeTestArgs, Target};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::Ui;
use ask::Ask;
use cluster::{Cluster, Found};
use here::Here;
use serde_json::json;
use smoke::{Certificate, Check, Facts, Measure, commit_url, judge, owner, passed, proof};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at what is still on its way.
const AGAIN: Duration = Duration::from_secs(2);

/// What is tested, and where.
pub(crate) struct Question<'a> {
    pub(crate) cluster: &'a Cluster,
    /// All Applications that may be meant.
    pub(crate) found: &'a [Found],
    /// Whether they were named one by one: then all of them are meant.
    pub(crate) named: bool,
    pub(crate) target: &'a Target,
    pub(crate) endpoints: &'a EndpointArgs,
    pub(crate) remote: Option<&'a str>,
    pub(crate) branch: Option<&'a str>,
    /// How long to wait for what may still come.
    pub(crate) wait: Duration,
    /// Where the certificate goes; `None` for git's folder.
    pub(crate) certificate: Option<&'a Path>,
}

/// How it went.
pub(crate) struct Tested {
    pub(crate) commit: String,
    pub(crate) checks: Vec<Check>,
    /// With the file that it was written to; only where everything passed.
    pub(crate) certificate: Option<(Certificate, PathBuf)>,
}

impl Tested {
    pub(crate) fn passed(&self) -> bool {
        passed(&self.checks)
    }
}

/// Runs `smoke-test`.
pub(crate) fn cmd_smoke_test(ui: &Ui, args: &SmokeTestArgs) -> Result<Exit, CommandError> {
    // Before the cluster is asked.
    args.endpoints.open()?;
    run(async {
        let scope = Scope::all(ui, &args.cluster).await?;
        let question = Question {
            cluster: &scope.cluster,
            found: &scope.found,
            named: !args.cluster.apps.is_empty(),
            target: &args.target,
            endpoints: &args.endpoints,
            remote: args.remote.as_deref(),
            branch: args.branch.as_deref(),
            wait: Duration::from_secs(args.wait),
            certificate: args.certificate.as_deref(),
        };
        let tested = smoke_test(ui, &question).await?;
        tell(ui, args.format, scope.cluster.context(), &tested)?;
        Ok(if tested.passed() { Exit::Done } else { Exit::Faults })
    })
}

/// Tests the release of the commit that is checked out, and writes the certificate where it passes. What may still come
/// true is waited for; what cannot ends the test at once.
pub(crate) async fn smoke_test(ui: &Ui, question: &Question<'_>) -> Result<Tested, CommandError> {
    let here = Here::look(question)?;
    let ask = Ask::new(question.cluster, question.endpoints)?;
    let contract = contract::Contract::derive(&here.repository, &here.context);
    let deadline = Instant::now() + question.wait;
    let progress = ui.progress();
    loop {
        let facts = ask.everything(&here, &contract).await?;
        let checks = judge(&facts);
        let open: Vec<&Check> = checks.iter().filter(|check| !check.ok).collect();
        let worth_it = open.iter().all(|check| check.may_pass) && Instant::now() < deadline;
        if open.is_empty() || !worth_it {
            progress.done();
            let certificate = if passed(&checks) {
                let certificate = certify(&here, &facts);
                let file = question.certificate.map_or_else(|| here.folder.join("certificate.txt"), Path::to_path_buf);
                write(&file, &certificate)?;
                Some((certificate, file))
            } else {
                None
            };
            return Ok(Tested { commit: here.git.commit.clone(), checks, certificate });
        }
        let names: Vec<&str> = open.iter().map(|check| check.name.as_str()).collect();
        progress.detail(&format!("waiting for: {}", names.join(", ")));
        sleep(AGAIN).await;
    }
}

fn certify(here: &Here, facts: &Facts) -> Certificate {
    let mut runs = Vec::new();
    let mut gates = Vec::new();
    let mut traces = Vec::new();
    for seen in &facts.releases {
        let promoting: Vec<_> = facts.view.rollout(&seen.wanted.rollout).map_or_else(Vec::new, |rollout| {
            let runs = facts.view.runs_of(&seen.wanted.rollout, rollout).into_iter();
            runs.filter(|(_, run)| run.phase == "Successful").collect()
        });
        runs.extend(promoting.iter().map(|(name, _)| name.to_string()));
        for (gate, now) in seen.wanted.gates.iter().zip(&seen.measured) {
            let (Ok(gate), Ok(now)) = (gate, now) else { continue };
            let metrics = promoting.iter().flat_map(|(_, run)| &run.metrics).filter(|metric| metric.name == gate.name);
            let measured: Vec<String> =
                metrics.flat_map(|metric| &metric.measurements).map(|m| measured::shown(&m.value)).collect();
            let values = if measured.is_empty() { String::new() } else { format!("{}; ", measured.join(", ")) };
            gates.push(Measure { gate: gate.name.clone(), values: format!("{values}now {now}"), wants: gate.wants() });
        }
        traces.extend(proof(seen).map(str::to_owned));
    }
    Certificate {
        user: here.user.clone().or_else(|| owner(&here.git.url)).unwrap_or_else(|| "unknown".to_owned()),
        repo: here.git.url.clone(),
        date: second(jiff::Timestamp::now()),
        url: commit_url(&here.git.url, &here.git.commit),
        runs,
        gates,
        traces,
    }
}

fn write(file: &Path, certificate: &Certificate) -> Result<(), CommandError> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).doing(format!("create {}", folder.display()))?;
    }
    files::replace(file, certificate.to_string().as_bytes()).doing(format!("write {}", file.display()))
}

/// Tells it: a line a check, and the certificate.
pub(crate) fn tell(ui: &Ui, format: ListFormat, context: &str, tested: &Tested) -> Result<(), CommandError> {
    match format {
        ListFormat::Human => ui.out(&text(tested)),
        ListFormat::Json => {
            let certificate = tested.certificate.as_ref();
            ui.line(
                &json!({
                    "event": "smoke-test",
                    "schema": 1,
                    "context": context,
                    "commit": tested.commit,
                    "passed": tested.passed(),
                    "checks": tested.checks,
                    "certificate": certificate.map(|(certificate, _)| certificate),
                    "written": certificate.map(|(_, file)| file),
                })
                .to_string(),
            )
        }
    }
}

fn text(tested: &Tested) -> String {
    let width = tested.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for check in &tested.checks {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        text.push_str(&format!("{mark}  {:width$}  {}\n", check.name, check.found));
        if !check.ok {
            text.push_str(&format!("      {:width$}  to do: {}\n", "", check.todo));
        }
    }
    let failed = tested.checks.iter().filter(|check| !check.ok).count();
    let mut text: String = text.lines().map(|line| format!("{}\n", report::visible(line))).collect();
    match &tested.certificate {
        Some((certificate, file)) => {
            text.push_str(&format!("\n{certificate}\nwritten to {}\n", file.display()));
        }
        None => text.push_str(&format!("\n{failed} of {} checks failed\n", tested.checks.len())),
    }
    text
}
