//! The Analysis page: each gate of a run, and why its values gave this verdict.

mod gate;
mod plot;
pub(crate) mod words;

use crate::html::shown;
use crate::live::{Live, Sources, State, Stream, encode};
use crate::page::{Frame, count};
use crate::release::Crumbs;
use crate::release::outlook::Outlook;
use crate::serve::Shared;
use crate::time;
use askama::Template;
use delivery::{Name, Run};
use gate::Gate;

/// Runs that can be chosen.
const MOST: usize = 20;

#[derive(Template)]
#[template(path = "analysis.html", blocks = ["live"])]
pub(crate) struct AnalysisPage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    sources: Sources,
    crumbs: Crumbs,
    outlook: Outlook,
    run: Option<Shown>,
    /// The others, newest first.
    runs: Vec<Choice>,
}

/// A run.
struct Shown {
    name: String,
    phase: String,
    tone: &'static str,
    what: String,
    message: String,
    gates: Vec<Gate>,
}

struct Choice {
    name: String,
    address: String,
    phase: String,
    tone: &'static str,
    what: String,
    here: bool,
}

/// A run's page.
pub(crate) fn address(rollout: &Name, run: &str) -> String {
    format!("{}/analysis?run={}", crate::live::address(rollout), encode(run))
}

impl<'a> AnalysisPage<'a> {
    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }

    pub(crate) fn of(
        shared: &'a Shared,
        live: &Live,
        state: &State,
        name: &Name,
        asked: Option<&str>,
    ) -> AnalysisPage<'a> {
        let outlook = Outlook::of(state, name);
        let mut all = state.view.rollout(name).map(|r| state.view.every_run_of(name, r)).unwrap_or_default();
        // The newest first.
        all.reverse();
        let chosen = match asked {
            Some(asked) => all.iter().find(|(at, _)| at.name == asked),
            // The one that decided, else the newest.
            None => all.iter().find(|(at, _)| outlook.run.as_ref() == Some(*at)).or(all.first()),
        };
        let choice = |(at, run): &(&Name, &Run)| Choice {
            name: shown(&at.name),
            address: address(name, &at.name),
            phase: phase(run),
            tone: gate::tone(&run.phase),
            what: what(run),
            here: chosen.is_some_and(|(chosen, _)| chosen == at),
        };
        AnalysisPage {
            frame: shared.frame("/rollouts/"),
            stream: None,
            sources: Sources::of(live, state),
            crumbs: Crumbs::of(name, "analysis"),
            run: chosen.map(|(at, run)| Shown {
                name: shown(&at.name),
                phase: phase(run),
                tone: gate::tone(&run.phase),
                what: what(run),
                message: shown(&run.message),
                gates: gate::gates(run, shared.links.prometheus.as_deref()),
            }),
            runs: all.iter().take(MOST).map(choice).collect(),
            outlook,
        }
    }
}

fn phase(run: &Run) -> String {
    if run.phase.is_empty() { "Pending".to_owned() } else { shown(&run.phase) }
}

fn what(run: &Run) -> String {
    let revision = run.revision.as_ref().map(|revision| format!("revision {revision}"));
    let step = match run.step {
        Some(step) => format!("step {}", step + 1),
        None => "in the background".to_owned(),
    };
    let began = time::said(run.started.as_deref().unwrap_or(&run.created));
    let all = [revision, Some(step), began];
    shown(&all.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
