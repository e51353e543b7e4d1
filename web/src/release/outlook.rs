//! The verdict as a sentence.

use crate::analysis::words;
use crate::html::{Sentence, shown};
use crate::live::State;
use crate::time;
use delivery::{Name, Release, Rollout, RolloutTarget, Run, Stop, Verdict, Waiting, seems};

/// How a rollout stands.
pub(crate) struct Outlook {
    /// The worst first.
    pub(crate) rank: u8,
    /// `bad`, `doubtful`, `good`, or nothing while it goes on.
    pub(crate) tone: &'static str,
    /// One word.
    pub(crate) word: &'static str,
    /// The whole verdict.
    pub(crate) sentence: Sentence,
    /// What the controller or Argo CD adds in its own words.
    pub(crate) detail: Option<String>,
    pub(crate) kind: Kind,
    /// Who measured it.
    pub(crate) run: Option<Name>,
}

/// What can be done depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A gate or a person aborted it.
    Aborted,
    /// It waits for a person.
    Paused,
    /// The target runs, no gate let it through.
    Unproven,
    /// Broken otherwise.
    Degraded,
    /// On its way.
    Going,
    /// Where it should be.
    Done,
}

impl Outlook {
    pub(crate) fn of(state: &State, name: &Name) -> Outlook {
        let target = RolloutTarget { name: name.clone(), ..RolloutTarget::default() };
        let release = Release { rollouts: vec![target], ..Release::default() };
        let Some(rollout) = state.view.rollout(name) else {
            return Outlook::new(Kind::Degraded, "gone", "gone: the rollout is not there".to_owned());
        };
        match seems(&release, &state.view) {
            Ok(Verdict::Done { runs }) => done(state, rollout, &runs),
            Ok(Verdict::Stopped { why, .. }) => stopped(state, name, rollout, why),
            Ok(verdict) => Outlook::new(Kind::Degraded, "unclear", verdict.to_string()),
            Err(waiting) => going(state, name, rollout, &waiting),
        }
    }

    fn new(kind: Kind, word: &'static str, sentence: String) -> Outlook {
        let (rank, tone) = match kind {
            Kind::Aborted | Kind::Degraded => (0, "bad"),
            Kind::Paused => (1, "doubtful"),
            Kind::Going => (2, "going"),
            Kind::Unproven => (3, "doubtful"),
            Kind::Done => (4, "good"),
        };
        Outlook { rank, tone, word, sentence: Sentence::new(&shown(&sentence)), detail: None, kind, run: None }
    }
}

fn revision(rollout: &Rollout) -> String {
    rollout.revision.as_ref().map_or_else(|| "its version".to_owned(), |number| format!("revision {number}"))
}

fn run<'s>(state: &'s State, name: &Name) -> Option<&'s Run> {
    state.view.runs.get(name)?.object.as_ref()
}

fn ended(run: &Run) -> Option<String> {
    let last = run.metrics.iter().flat_map(|metric| &metric.measurements).filter_map(|m| m.finished.as_deref()).max();
    time::said(run.completed.as_deref().or(last)?)
}

fn done(state: &State, rollout: &Rollout, runs: &[Name]) -> Outlook {
    let which = revision(rollout);
    let Some(last) = runs.last() else {
        let sentence = format!("serving: {which}; the rollout has no analysis that could say more");
        return Outlook::new(Kind::Done, "serving", sentence);
    };
    let at = run(state, last).and_then(ended).map(|at| format!(", {at}")).unwrap_or_default();
    let gates: usize = runs
        .iter()
        .filter_map(|name| run(state, name))
        .map(|run| run.metrics.iter().filter(|m| !m.dry_run).count())
        .sum();
    let gates = if gates == 1 { "its gate has".to_owned() } else { format!("all {gates} gates have") };
    let mut outlook = Outlook::new(Kind::Done, "promoted", format!("promoted: {gates} let {which} through{at}"));
    outlook.run = Some(last.clone());
    outlook
}

fn stopped(state: &State, name: &Name, rollout: &Rollout, why: Stop) -> Outlook {
    match why {
        Stop::GateFailed { run: at, message, .. } => {
            let run = run(state, &at);
            let gate = run.and_then(words::failure).unwrap_or_else(|| format!("by {}", at.name));
            let when = run.and_then(ended).map(|at| format!(", {at}")).unwrap_or_default();
            let sentence = format!("aborted: {gate}{when}; {}", serves(state, name, rollout));
            Outlook { detail: Some(shown(&message)), run: Some(at), ..Outlook::new(Kind::Aborted, "aborted", sentence) }
        }
        Stop::Aborted { message } => {
            let at = rollout.aborted_at.as_deref().and_then(time::said).map(|at| format!(", {at}")).unwrap_or_default();
            let sentence =
                format!("aborted by a person or program, not by a gate{at}; {}", serves(state, name, rollout));
            Outlook { detail: Some(shown(&message)), ..Outlook::new(Kind::Aborted, "aborted", sentence) }
        }
        Stop::Paused { reason } => {
            let since = rollout.paused_since.as_deref().and_then(time::said);
            let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
            Outlook::new(Kind::Paused, "paused", format!("paused{since}: {reason}"))
        }
        Stop::NotByGates { missing } => {
            let sentence = format!("serving {}, but no gate has let it through: {missing}", revision(rollout));
            Outlook::new(Kind::Unproven, "unproven", sentence)
        }
        Stop::Degraded { message } | Stop::SyncFailed { message } => {
            Outlook::new(Kind::Degraded, "degraded", format!("degraded: {message}"))
        }
        Stop::Superseded { by } => Outlook::new(Kind::Going, "superseded", format!("superseded by {by}")),
    }
}

/// Who takes the requests after an abort.
fn serves(state: &State, name: &Name, rollout: &Rollout) -> String {
    let stable = state.view.sets_of(name, rollout).find(|(_, set)| set.hash == rollout.stable);
    match stable {
        Some((_, set)) if set.available == 0 => "the stable version has no available pod".to_owned(),
        _ => "the stable version serves".to_owned(),
    }
}

fn going(state: &State, name: &Name, rollout: &Rollout, waiting: &Waiting) -> Outlook {
    let which = revision(rollout);
    match waiting {
        Waiting::Canary { .. } => {
            // Step and pods; the measurements stand on the page.
            let state = delivery::progress(name, rollout, &state.view);
            let state = state.split("; ").take(2).collect::<Vec<_>>().join("; ");
            Outlook::new(Kind::Going, "in progress", format!("in progress: {which}, {state}"))
        }
        Waiting::Pods { state, .. } => {
            Outlook::new(Kind::Going, "in progress", format!("in progress: {which}, {state}"))
        }
        Waiting::Controller { what, .. } => {
            Outlook::new(Kind::Going, "waiting", format!("waiting for the controller to see {what}"))
        }
        other => Outlook::new(Kind::Going, "waiting", format!("waiting for {other}")),
    }
}
