//! The machine.

use crate::judge::{self, Outlook};
use crate::pace::{Pace, pace};
use crate::{Name, Release, Verdict, View, Waiting, Workload};
use std::collections::BTreeMap;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The release begins, or is picked up again.
    Begin,
    /// Objects as a watch or an answer showed them.
    Seen(View),
    /// What an [`Effect::Look`] found: everything that the release is about, Applications read first, then what they deploy.
    Looked {
        /// Which look.
        round: u64,
        /// What there is.
        view: View,
    },
    /// The look could not be had, for now.
    LookFailed {
        /// Which look.
        round: u64,
    },
    /// The cluster has taken a restart or a retry.
    Acted {
        /// The object's kind.
        kind: &'static str,
        /// The object.
        name: Name,
        /// Its version since then.
        version: u64,
    },
    /// Some seconds went by.
    Tick,
    /// The time is over.
    Deadline,
    /// Something failed for good: a right is missing, an object refuses.
    Broken {
        /// In words.
        message: String,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Ask the ApplicationSet's controller to look into git.
    RefreshSet {
        /// The ApplicationSet.
        name: Name,
    },
    /// Ask Argo CD to look into git.
    Refresh {
        /// The Application.
        name: Name,
    },
    /// Read everything anew, and answer with [`Event::Looked`].
    Look {
        /// To be given back.
        round: u64,
    },
    /// Restart the collector's pods, and answer with [`Event::Acted`].
    Restart {
        /// Its workload.
        workload: Workload,
        /// For which commit; kept beside the restart, so that it happens once.
        commit: String,
    },
    /// Take an aborted rollout up again, and answer with [`Event::Acted`].
    Retry {
        /// The rollout.
        name: Name,
    },
}

impl Effect {
    /// Kind and name of the object that it is about; a look is about all.
    pub fn about(&self) -> Option<(&'static str, &Name)> {
        match self {
            Effect::Look { .. } => None,
            Effect::RefreshSet { name } => Some(("ApplicationSet", name)),
            Effect::Refresh { name } => Some(("Application", name)),
            Effect::Restart { workload, .. } => Some((workload.kind.as_str(), &workload.name)),
            Effect::Retry { name } => Some((ROLLOUT, name)),
        }
    }

    /// The answer to it: the cluster has taken it, and the object has had that version since.
    pub fn acted(&self, version: u64) -> Option<Event> {
        self.about().map(|(kind, name)| Event::Acted { kind, name: name.clone(), version })
    }
}

/// What a rollout's kind is called.
pub(crate) const ROLLOUT: &str = "Rollout";

/// What was done to objects of a kind, and the version that they have had since: `None` while the answer is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acted(BTreeMap<(&'static str, Name), Option<u64>>);

impl Acted {
    /// Whether something was done to it.
    pub(crate) fn has(&self, kind: &'static str, name: &Name) -> bool {
        self.0.contains_key(&(kind, name.clone()))
    }

    /// Whether an observation at `version` shows what was done, if anything was.
    pub(crate) fn arrived(&self, kind: &'static str, name: &Name, version: u64) -> bool {
        self.0.get(&(kind, name.clone())).is_none_or(|since| since.is_some_and(|since| version >= since))
    }
}

/// A release under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    release: Release,
    view: View,
    acted: Acted,
    rounds: u64,
    look: Option<u64>,
    waiting: Waiting,
    verdict: Option<Verdict>,
}

impl State {
    /// A release of which nothing is known yet.
    pub fn new(release: Release) -> State {
        State {
            release,
            view: View::default(),
            acted: Acted::default(),
            rounds: 0,
            look: None,
            waiting: Waiting::Look,
            verdict: None,
        }
    }

    /// The end, once there is one; nothing changes it.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// What it waits for until then.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// The newest observation of everything.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What it is about.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// How long a rollout still takes, by its steps; `None` where that cannot be told.
    pub fn pace(&self, name: &Name) -> Option<Pace> {
        let analyses = self.release.rollouts.iter().find(|target| target.name == *name).map(|target| &target.analyses);
        pace(name, self.view.rollout(name)?, &self.view, analyses?)
    }

    /// Where a rollout is, in words: step, pods, measurements.
    pub fn progress(&self, name: &Name) -> Option<String> {
        Some(judge::progress(name, self.view.rollout(name)?, &self.view))
    }
}

/// Takes an event in; gives the next state, and what to do.
#[must_use]
pub fn step(mut state: State, event: Event) -> (State, Vec<Effect>) {
    if state.verdict.is_some() {
        return (state, Vec::new());
    }
    let mut effects = Vec::new();
    match event {
        Event::Begin => {
            if state.release.commit.is_some() {
                effects.extend(state.release.sets.iter().map(|name| Effect::RefreshSet { name: name.clone() }));
                effects.extend(state.release.applications.iter().map(|name| Effect::Refresh { name: name.clone() }));
            }
            look(&mut state, &mut effects);
        }
        Event::Seen(view) => {
            state.view.merge(&view);
            consider(&mut state, &mut effects);
        }
        Event::Looked { round, view } => looked(&mut state, round, &view, &mut effects),
        Event::LookFailed { round } => {
            if state.look == Some(round) {
                state.look = None;
            }
        }
        Event::Acted { kind, name, version } => {
            if let Some(since) = state.acted.0.get_mut(&(kind, name)) {
                *since = Some(since.unwrap_or(0).max(version));
            }
            consider(&mut state, &mut effects);
        }
        Event::Tick => {
            again(&state, &mut effects);
            // Also without a candidate: a watch may have gone silent.
            look(&mut state, &mut effects);
        }
        Event::Deadline => state.verdict = Some(Verdict::TimedOut { waiting: state.waiting.to_string() }),
        Event::Broken { message } => state.verdict = Some(Verdict::Broken { message }),
    }
    (state, effects)
}

/// The watched view is no more than a reason to look.
fn consider(state: &mut State, effects: &mut Vec<Effect>) {
    match judge::judge(&state.release, &state.view, &state.acted, false) {
        Outlook::Wait(waiting) => state.waiting = waiting,
        Outlook::Act(_) | Outlook::End(_) => {
            state.waiting = Waiting::Look;
            look(state, effects);
        }
    }
}

fn look(state: &mut State, effects: &mut Vec<Effect>) {
    if state.look.is_none() {
        state.rounds += 1;
        state.look = Some(state.rounds);
        effects.push(Effect::Look { round: state.rounds });
    }
}

fn looked(state: &mut State, round: u64, view: &View, effects: &mut Vec<Effect>) {
    if state.look != Some(round) {
        return;
    }
    state.look = None;
    let stale = state.view.is_newer_than(view);
    state.view.merge(view);
    if stale {
        consider(state, effects);
        return;
    }
    match judge::judge(&state.release, view, &state.acted, true) {
        Outlook::Wait(waiting) => state.waiting = waiting,
        Outlook::End(verdict) => state.verdict = Some(verdict),
        Outlook::Act(effect) => {
            if let Some((kind, name)) = effect.about() {
                state.acted.0.insert((kind, name.clone()), None);
            }
            effects.push(effect);
        }
    }
}

/// A refresh that came too early for the commit is asked for again.
fn again(state: &State, effects: &mut Vec<Effect>) {
    let Some(commit) = &state.release.commit else { return };
    let mut missing = false;
    for name in &state.release.applications {
        match state.view.applications.get(name).and_then(|seen| seen.object.as_ref()) {
            Some(at) if at.revisions.contains(commit) || at.refreshing => {}
            Some(_) => effects.push(Effect::Refresh { name: name.clone() }),
            None => missing = true,
        }
    }
    if missing {
        effects.extend(state.release.sets.iter().map(|name| Effect::RefreshSet { name: name.clone() }));
    }
}
