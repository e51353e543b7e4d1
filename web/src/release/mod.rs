//! The Release page: what became of a rollout, what a person can do, and how it got there.

mod next;
pub(crate) mod outlook;
pub(crate) mod overview;
mod progress;
mod revisions;
mod sides;

use crate::html::{Sentence, shown};
use crate::live::Stream;
use crate::live::{Live, Sources, State};
use crate::page::Frame;
use crate::serve::Shared;
use crate::time;
use askama::Template;
use delivery::Name;
use next::Command;
use outlook::Outlook;
use progress::Stop;
use revisions::Revision;
pub(crate) use revisions::number;

use sides::Side;

#[derive(Template)]
#[template(path = "release.html", blocks = ["live"])]
pub(crate) struct ReleasePage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    sources: Sources,
    crumbs: Crumbs,
    /// None where it is not there.
    release: Option<Release>,
}

/// Applications on the page: a fleet's others belong elsewhere.
const MOST: usize = 12;

/// Where a rollout's pages are.
pub(crate) struct Crumbs {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) here: &'static str,
}

impl Crumbs {
    pub(crate) fn of(name: &Name, here: &'static str) -> Crumbs {
        Crumbs { name: shown(&name.to_string()), address: crate::live::address(name), here }
    }
}

struct Release {
    outlook: Outlook,
    commands: Vec<Command>,
    stops: Vec<Stop>,
    next: Option<Sentence>,
    sides: Vec<Side>,
    applications: Vec<Deployment>,
    revisions: Vec<Revision>,
}

/// An Application's state.
struct Deployment {
    name: String,
    sync: String,
    health: String,
    revision: String,
    finished: Option<String>,
    /// Of its sync and of its health.
    tones: (&'static str, &'static str),
    troubles: Vec<String>,
    /// Whether it deploys this rollout.
    ours: bool,
}

impl<'a> ReleasePage<'a> {
    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }

    pub(crate) fn of(shared: &'a Shared, live: &Live, state: &State, name: &Name) -> ReleasePage<'a> {
        ReleasePage {
            frame: shared.frame("/rollouts/"),
            stream: None,
            sources: Sources::of(live, state),
            crumbs: Crumbs::of(name, "release"),
            release: Release::of(shared, state, name),
        }
    }
}

impl Release {
    fn of(shared: &Shared, state: &State, name: &Name) -> Option<Release> {
        let rollout = state.view.rollout(name)?;
        let outlook = Outlook::of(state, name);
        let (stops, next) = progress::progress(shared, state, name, rollout);
        Some(Release {
            commands: next::commands(&shared.program, name, &outlook),
            outlook,
            stops,
            next,
            sides: sides::sides(state, name, rollout),
            applications: deployments(state, name),
            revisions: revisions::revisions(state, name, rollout),
        })
    }
}

fn deployments(state: &State, rollout: &Name) -> Vec<Deployment> {
    let mut found: Vec<Deployment> = Vec::new();
    for (name, application) in &state.view.applications {
        let Some(application) = &application.object else { continue };
        let operation = application.operation.as_ref();
        let failed = operation.is_some_and(|operation| matches!(operation.phase.as_str(), "Failed" | "Error"));
        let mut troubles: Vec<String> = application
            .conditions
            .iter()
            .filter(|(kind, _)| kind.ends_with("Error"))
            .map(|(kind, message)| shown(&format!("{kind}: {message}")))
            .collect();
        if let Some(operation) = operation.filter(|_| failed) {
            troubles.push(shown(&operation.message));
        }
        found.push(Deployment {
            name: shown(&name.name),
            sync: shown(&application.sync),
            health: shown(&application.health),
            revision: application
                .revisions
                .first()
                .map(|revision| shown(delivery::short(revision)))
                .unwrap_or_default(),
            finished: operation.and_then(|operation| time::said(operation.finished.as_deref()?)),
            tones: (
                match application.sync.as_str() {
                    _ if failed || !troubles.is_empty() => "bad",
                    "Synced" => "good",
                    _ => "doubtful",
                },
                match application.health.as_str() {
                    "Healthy" => "good",
                    "Degraded" | "Missing" => "bad",
                    "Progressing" => "going",
                    _ => "doubtful",
                },
            ),
            troubles,
            ours: application.deploys_rollout(rollout),
        });
    }
    // Its own first, then what is in trouble.
    found.sort_by_key(|deployment| (!deployment.ours, deployment.tones == ("good", "good")));
    found.truncate(MOST);
    found
}
