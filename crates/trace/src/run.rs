//! A run: its steps one after the other, then what the cluster says of its analyses.

use crate::release::{self, step_of};
use crate::{Outcome, Recorder, SpanId, Trace, Value};
use delivery::{Effect, Name, State};
use std::collections::BTreeMap;

/// The step in which a canary is judged: what its analyses measured lies below it.
pub(crate) const CANARY: &str = "canary";
/// The step in which the collector comes to its new configuration.
pub(crate) const RESTART: &str = "restart";
/// The step in which Argo CD applies the commit.
pub(crate) const SYNC: &str = "sync";
/// The last step of a release.
pub(crate) const HEALTH: &str = "health";

/// A run under way. Every time is handed in, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub struct Run {
    recorder: Recorder,
    root: SpanId,
    step: Option<(String, SpanId)>,
    canary: Option<SpanId>,
    at: BTreeMap<Name, String>,
}

impl Run {
    /// Begins. `id` is the trace's, and random.
    #[must_use]
    pub fn begin(id: u128, name: &str, at: u64) -> Run {
        let (recorder, root) = Recorder::begin(id, name, at);
        Run { recorder, root, step: None, canary: None, at: BTreeMap::new() }
    }

    /// The next step begins, and the one before it has ended. The same one again goes on.
    pub fn step(&mut self, name: &str, at: u64) {
        if self.step.as_ref().is_some_and(|(now, _)| now == name) {
            return;
        }
        self.end_step(at, &Outcome::Ok);
        let span = self.recorder.child(self.root, name, at);
        if name == CANARY {
            self.canary = Some(span);
        }
        self.step = Some((name.to_owned(), span));
    }

    fn end_step(&mut self, at: u64, outcome: &Outcome) {
        if let Some((_, span)) = self.step.take() {
            self.recorder.end(span, at, outcome);
        }
    }

    /// Says more about the run.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.recorder.set(self.root, key, value);
    }

    /// Notes something within the present step.
    pub fn event(&mut self, name: &str, at: u64, attributes: Vec<(&str, Value)>) {
        let span = self.step.as_ref().map_or(self.root, |(_, span)| *span);
        self.recorder.event(span, name, at, attributes);
    }

    /// Takes in where a release is: sync, restart, canary or health, and the steps of its canaries.
    pub fn follow(&mut self, state: &State, at: u64) {
        if let Some(step) = step_of(state) {
            self.step(step, at);
        }
        for target in &state.release().rollouts {
            let Some(rollout) = state.view().rollout(&target.name) else { continue };
            let Some(words) = release::canary_step(rollout) else { continue };
            if self.at.get(&target.name) != Some(&words) {
                let attributes = vec![("k8s.rollout", target.name.to_string().into()), ("step", words.clone().into())];
                self.event("canary step", at, attributes);
                self.at.insert(target.name.clone(), words);
            }
        }
    }

    /// Takes in what is done to the cluster; looking is nothing to tell.
    pub fn act(&mut self, effect: &Effect, at: u64) {
        let Some((kind, name)) = effect.about() else { return };
        let (what, step) = match effect {
            Effect::Restart { .. } => ("restart", RESTART),
            Effect::Retry { .. } => ("retry", CANARY),
            _ => ("refresh", SYNC),
        };
        self.step(step, at);
        self.event(&format!("{what} {kind}"), at, vec![("k8s.object", name.to_string().into())]);
    }

    /// Takes in how a release ended: its verdict, and every measurement of its analyses.
    pub fn ended(&mut self, state: &State) {
        if let Some(verdict) = state.verdict() {
            self.set("hyperspace.verdict", verdict.to_string());
        }
        let below = self.canary.unwrap_or(self.root);
        release::analyses(&mut self.recorder, below, state);
    }

    /// The trace, of the service `hyperspace`. A step that was under way shares the run's outcome.
    #[must_use]
    pub fn finish(mut self, at: u64, outcome: &Outcome) -> Trace {
        self.end_step(at, outcome);
        self.recorder.end(self.root, at, outcome);
        let version = env!("CARGO_PKG_VERSION");
        self.recorder.finish(at, vec![("service.name", "hyperspace".into()), ("service.version", version.into())])
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
