//! What a view of the cluster means for a release.

use crate::observed::{Application, Collector, Rollout, Run, Step, Template};
use crate::release::{CollectorTarget, RolloutTarget};
use crate::state::{Acted, Effect, ROLLOUT};
use crate::{Name, Release, Stop, Verdict, View, Waiting, retry};

/// The pod template's annotation that says for which commit the collector was restarted.
pub const RESTARTED_FOR: &str = "hyperspace/restarted-for";

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    Wait(Waiting),
    Act(Effect),
    End(Verdict),
}

/// What stands in the way, as the error of a check.
type Check<T> = Result<T, Box<Outlook>>;

fn wait<T>(waiting: Waiting) -> Check<T> {
    Err(Box::new(Outlook::Wait(waiting)))
}

fn stop<T>(what: &Name, why: Stop) -> Check<T> {
    Err(Box::new(Outlook::End(Verdict::Stopped { what: what.clone(), why })))
}

/// What a watched view looks like, for who looks on: no verdict, which falls on a fresh look alone.
///
/// # Errors
/// What it seems to wait for.
pub fn seems(release: &Release, view: &View) -> Result<Verdict, Waiting> {
    match judge(release, view, &Acted::default(), false) {
        Outlook::End(verdict) => Ok(verdict),
        Outlook::Wait(waiting) => Err(waiting),
        Outlook::Act(_) => Err(Waiting::Look),
    }
}

/// Judges a view. `fresh` says that the view is a look, in which everything was read.
pub(crate) fn judge(release: &Release, view: &View, acted: &Acted, fresh: bool) -> Outlook {
    match all(release, view, acted, fresh) {
        Ok(runs) => Outlook::End(Verdict::Done { runs }),
        Err(outlook) => *outlook,
    }
}

fn all(release: &Release, view: &View, acted: &Acted, fresh: bool) -> Check<Vec<Name>> {
    for name in &release.applications {
        synced(release, name, application(view, name)?)?;
    }
    if !release.unseen.is_empty() {
        return Err(Box::new(Outlook::End(Verdict::Synced { unseen: release.unseen.clone() })));
    }
    let configured: Vec<_> = release.collectors.iter().map(|target| collector(release, target, view, acted)).collect();
    let rollouts: Vec<_> = release.rollouts.iter().map(|target| rollout(release, target, view, acted, fresh)).collect();
    // What has ended has ended, whatever else is still awaited. A retry waits for the collector's new configuration.
    let (mut ends, mut rest) = (Vec::new(), Vec::new());
    for result in rollouts {
        if result.as_ref().is_err_and(|outlook| matches!(**outlook, Outlook::End(_))) { &mut ends } else { &mut rest }
            .push(result);
    }
    ends.into_iter().collect::<Check<Vec<_>>>()?;
    acts_first(configured)?;
    let promoted: Vec<Name> = acts_first(rest)?.concat();
    for name in &release.applications {
        let health = &application(view, name)?.health;
        if health != "Healthy" {
            return wait(Waiting::Health { name: name.clone(), state: said(health) });
        }
    }
    Ok(promoted)
}

/// All of them; else what is to be done, before what is to be waited for.
fn acts_first<T>(mut results: Vec<Check<T>>) -> Check<Vec<T>> {
    results.sort_by_key(|result| !result.as_ref().is_err_and(|outlook| matches!(**outlook, Outlook::Act(_))));
    results.into_iter().collect()
}

fn said(word: &str) -> String {
    if word.is_empty() { "not known yet".to_owned() } else { word.to_owned() }
}

fn application<'v>(view: &'v View, name: &Name) -> Check<&'v Application> {
    match view.application(name) {
        Some(application) => Ok(application),
        None => wait(Waiting::Appear { kind: "Application", name: name.clone() }),
    }
}

/// The first characters of a commit, as people write it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn synced(release: &Release, name: &Name, application: &Application) -> Check<()> {
    let at = |commit: &String| application.revisions.contains(commit);
    let arrived = release.commit.as_ref().is_none_or(at);
    let synced = application.sync == "Synced";
    if let Some(operation) = &application.operation
        && matches!(operation.phase.as_str(), "Failed" | "Error")
        && !(arrived && synced)
        && (release.commit.is_none() || operation.revision == release.commit)
    {
        return stop(name, Stop::SyncFailed { message: operation.message.clone() });
    }
    if let Some(commit) = &release.commit
        && !arrived
    {
        if synced && application.history.contains(commit) {
            let by = application.revisions.first().map(|by| short(by).to_owned()).unwrap_or_default();
            return stop(name, Stop::Superseded { by });
        }
        return wait(Waiting::Sync { name: name.clone(), state: elsewhere(application, commit) });
    }
    if !synced {
        return wait(Waiting::Sync { name: name.clone(), state: trouble(application, &said(&application.sync)) });
    }
    match &application.operation {
        Some(operation) if operation.phase == "Running" => {
            wait(Waiting::Sync { name: name.clone(), state: format!("running: {}", operation.message) })
        }
        _ => Ok(()),
    }
}

fn elsewhere(application: &Application, commit: &str) -> String {
    let at = match application.revisions.first() {
        Some(at) => format!("it is at {}, not at {}", short(at), short(commit)),
        None => format!("it has compared nothing with {} yet", short(commit)),
    };
    trouble(application, &at)
}

/// The state, and what Argo CD complains about.
fn trouble(application: &Application, state: &str) -> String {
    let errors = application.conditions.iter().filter(|(kind, _)| kind.ends_with("Error"));
    errors.fold(state.to_owned(), |text, (kind, message)| format!("{text}; {kind}: {message}"))
}

fn collector(release: &Release, target: &CollectorTarget, view: &View, acted: &Acted) -> Check<()> {
    let name = &target.workload.name;
    let seen = view.collectors.get(&target.workload).filter(|seen| seen.object.is_some());
    let Some(Some(collector)) = seen.map(|seen| &seen.object) else {
        return wait(Waiting::Appear { kind: target.workload.kind.as_str(), name: name.clone() });
    };
    match &target.hash {
        Some((key, value)) if collector.annotations.get(key) != Some(value) => {
            let what = format!("the configuration's hash {value} in its pod template");
            return wait(Waiting::Controller { name: name.clone(), what });
        }
        Some(_) => {}
        None => restarted(release, target, collector)?,
    }
    let version = seen.map_or(0, |seen| seen.version);
    if collector.observed < collector.generation || !acted.arrived(target.workload.kind.as_str(), name, version) {
        return wait(Waiting::Controller { name: name.clone(), what: "its new pod template".to_owned() });
    }
    if collector.updated < collector.desired || collector.available < collector.desired || collector.old > 0 {
        let old = if collector.old > 0 { format!(", {} with the old one", collector.old) } else { String::new() };
        let state = format!(
            "{} of {} run the new configuration, {} available{old}",
            collector.updated, collector.desired, collector.available
        );
        return wait(Waiting::Pods { name: name.clone(), state });
    }
    Ok(())
}

fn restarted(release: &Release, target: &CollectorTarget, collector: &Collector) -> Check<()> {
    match &release.commit {
        Some(commit) if target.changed && collector.annotations.get(RESTARTED_FOR) != Some(commit) => {
            let effect = Effect::Restart { workload: target.workload.clone(), commit: commit.clone() };
            Err(Box::new(Outlook::Act(effect)))
        }
        _ => Ok(()),
    }
}

fn rollout(release: &Release, target: &RolloutTarget, view: &View, acted: &Acted, fresh: bool) -> Check<Vec<Name>> {
    let name = &target.name;
    let Some(rollout) = view.rollout(name) else {
        return wait(Waiting::Appear { kind: ROLLOUT, name: name.clone() });
    };
    let unseen = |what: &str| wait(Waiting::Controller { name: name.clone(), what: what.to_owned() });
    if rollout.observed != Some(rollout.generation) {
        return unseen("its new spec");
    }
    if let Some(image) = &target.image
        && !rollout.images.contains(image)
    {
        let state = format!("its template names {}, not {image}", rollout.images.join(", "));
        return wait(Waiting::Pods { name: name.clone(), state });
    }
    match &rollout.template {
        // A watch does not read ReplicaSets; a look does.
        Template::Unknown if !fresh => {}
        Template::Unknown => return unseen("a ReplicaSet of its pod template"),
        Template::Same => {}
        Template::Differs(at) => return unseen(&format!("its new pod template ({at})")),
    }
    let version = view.rollouts.get(name).map_or(0, |seen| seen.version);
    let said_aborted = rollout.phase == "Degraded" && rollout.message.starts_with("RolloutAborted");
    if !acted.arrived(ROLLOUT, name, version) || (!rollout.abort && (rollout.aborted || said_aborted)) {
        return unseen("the retry");
    }
    if rollout.abort {
        return if rollout.aborted && said_aborted {
            aborted(release, name, rollout, view, acted)
        } else {
            unseen("the abort")
        };
    }
    if rollout.paused {
        return stop(name, Stop::Paused { reason: "`spec.paused` is set".to_owned() });
    }
    match rollout.phase.as_str() {
        "Healthy" if promoted(rollout) => gates(target, rollout, view),
        "Degraded" => stop(name, Stop::Degraded { message: rollout.message.clone() }),
        "Paused" => paused(name, rollout, view),
        "" => unseen("it at all"),
        _ => wait(Waiting::Canary { name: name.clone(), state: progress(name, rollout, view) }),
    }
}

fn promoted(rollout: &Rollout) -> bool {
    !rollout.hash.is_empty()
        && rollout.hash == rollout.stable
        && rollout.updated >= rollout.replicas
        && rollout.available >= rollout.updated
}

fn aborted(release: &Release, name: &Name, rollout: &Rollout, view: &View, acted: &Acted) -> Check<Vec<Name>> {
    let failed = retry::failed(view, name, rollout);
    if !acted.has(ROLLOUT, name) && retry::allowed(&release.retry, failed.as_ref()) {
        return Err(Box::new(Outlook::Act(Effect::Retry { name: name.clone() })));
    }
    let message = rollout.message.clone();
    let why = match failed {
        Some((run, gates)) => Stop::GateFailed { run, gates, message },
        None => Stop::Aborted { message },
    };
    stop(name, why)
}

fn paused(name: &Name, rollout: &Rollout, view: &View) -> Check<Vec<Name>> {
    let reason = match rollout.pauses.first().map(String::as_str) {
        Some("CanaryPauseStep") => match rollout.step.and_then(|at| Some((at, rollout.steps.get(at)?))) {
            Some((at, Step::Pause(None))) => format!("step {} waits until a person promotes it", at + 1),
            _ => return wait(Waiting::Canary { name: name.clone(), state: progress(name, rollout, view) }),
        },
        Some("InconclusiveAnalysisRun") => "its analysis came to no conclusion; promote or abort it".to_owned(),
        Some(other) => other.to_owned(),
        None => rollout.message.clone(),
    };
    stop(name, Stop::Paused { reason })
}

/// The runs that let the present template through, one for each step with an analysis.
fn gates(target: &RolloutTarget, rollout: &Rollout, view: &View) -> Check<Vec<Name>> {
    let name = &target.name;
    let not = |missing: String| stop(name, Stop::NotByGates { missing });
    let runs = view.runs_of(name, rollout);
    let analyses = rollout.steps.iter().enumerate().filter(|(_, step)| matches!(step, Step::Analysis));
    let mut through = Vec::new();
    let mut measured = 0;
    for (at, _) in analyses {
        let Some((run, it)) = runs.iter().rev().find(|(_, run)| run.step == Some(at) && !run.terminated && passed(run))
        else {
            return not(match runs.iter().rev().find(|(_, run)| run.step == Some(at)) {
                Some((run, it)) => format!("{} of step {} {}", run.name, at + 1, how(it)),
                None => format!(
                    "step {} has no analysis run (a first deploy, a skip or a full promotion leaves it out)",
                    at + 1
                ),
            });
        };
        measured += counted(it);
        through.push((*run).clone());
    }
    // The controller itself ends the one in the background when all steps are through.
    if rollout.background {
        match runs.iter().rev().find(|(_, run)| run.step.is_none()) {
            Some((run, it)) if passed(it) => {
                measured += counted(it);
                through.push((*run).clone());
            }
            Some((run, it)) => return not(format!("{} in the background {}", run.name, how(it))),
            None => return not("the analysis in the background has no run".to_owned()),
        }
    }
    if measured < target.gates {
        return not(format!("{measured} of {} gates were measured", target.gates));
    }
    Ok(through)
}

fn gating(run: &Run) -> impl Iterator<Item = &crate::Metric> {
    run.metrics.iter().filter(|metric| !metric.dry_run)
}

fn counted(run: &Run) -> usize {
    gating(run).count()
}

/// Successful, and on measurements: a run that was ended early, or had only dry metrics, is Successful too.
fn passed(run: &Run) -> bool {
    run.phase == "Successful"
        && counted(run) > 0
        && gating(run).all(|metric| metric.count > 0 && metric.phase == "Successful")
}

fn how(run: &Run) -> String {
    if run.phase != "Successful" {
        format!("is {}", said(&run.phase))
    } else if run.terminated {
        "was ended before it had decided".to_owned()
    } else {
        "is Successful without a measurement of every gate".to_owned()
    }
}

/// The step that a canary is at, in words.
pub fn step_of(rollout: &Rollout) -> String {
    match rollout.step {
        Some(at) if at < rollout.steps.len() => {
            format!("step {} of {}, {}", at + 1, rollout.steps.len(), rollout.steps[at])
        }
        _ => "all steps done".to_owned(),
    }
}

/// Step, pods and measurements of a canary on its way, in words.
pub fn progress(name: &Name, rollout: &Rollout, view: &View) -> String {
    let mut text = step_of(rollout);
    text.push_str(&format!("; {} of {} pods new, {} available", rollout.updated, rollout.replicas, rollout.available));
    if let Some((_, run)) = view.runs_of(name, rollout).last() {
        for metric in &run.metrics {
            let of = metric.of.map(|of| format!("/{of}")).unwrap_or_default();
            let last = metric.measurements.last().map(|last| format!(" ({})", last.value)).unwrap_or_default();
            text.push_str(&format!("; {} {}{of}{last}", metric.name, metric.count));
        }
    } else if !rollout.message.is_empty() {
        text.push_str(&format!("; {}", rollout.message));
    }
    text
}
