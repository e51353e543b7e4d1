//! The Analysis page: each gate of a run, and why its values gave this verdict.

mod beside;
mod gate;
mod period;
mod plot;
mod traces;
pub(crate) mod words;

pub(crate) use period::Period;

use self::traces::RunTraces;
use crate::html::shown;
use crate::live::{Live, Sources, State, Stream, encode};
use crate::page::{Frame, count};
use crate::release::Crumbs;
use crate::release::outlook::Outlook;
use crate::serve::Shared;
use crate::time;
use crate::traces::{Absent, Origin, no_jaeger, no_origin, untold, versions};
use crate::upstream::{Question, Reply, TraceSearch, Who};
use askama::Template;
use beside::{Beside, Other};
use delivery::{Metric, Name, Rollout, Run};
use gate::{Extra, Gate};

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
    /// Why there are no traces to its gates.
    no_traces: Option<Absent>,
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
        let (all, chosen) = runs(state, name, asked);
        let choice = |(at, run): &(&Name, &Run)| Choice {
            name: shown(&at.name),
            address: address(name, &at.name),
            phase: phase(run),
            tone: gate::tone(&run.phase),
            what: what(run),
            here: chosen.is_some_and(|(chosen, _)| chosen == *at),
        };
        let mut sources = Sources::of(live, state);
        let (gates, no_traces) = match state.view.rollout(name).zip(chosen) {
            Some((rollout, chosen)) => gates(&Asked { shared, state, name, rollout }, chosen, &mut sources),
            None => (Vec::new(), None),
        };
        AnalysisPage {
            frame: shared.frame("/rollouts/"),
            stream: None,
            sources,
            no_traces,
            crumbs: Crumbs::of(name, "analysis"),
            run: chosen.map(|(at, run)| Shown {
                name: shown(&at.name),
                phase: phase(run),
                tone: gate::tone(&run.phase),
                what: what(run),
                message: shown(&run.message),
                gates,
            }),
            runs: all.iter().take(MOST).map(choice).collect(),
            outlook,
        }
    }
}

/// What a run's page is drawn from.
struct Asked<'a> {
    shared: &'a Shared,
    state: &'a State,
    name: &'a Name,
    rollout: &'a Rollout,
}

/// A run with its name.
type Named<'s> = (&'s Name, &'s Run);

/// All runs, the newest first, and the one that is shown.
fn runs<'s>(state: &'s State, name: &Name, asked: Option<&str>) -> (Vec<Named<'s>>, Option<Named<'s>>) {
    let mut all = state.view.rollout(name).map(|r| state.view.every_run_of(name, r)).unwrap_or_default();
    all.reverse();
    let chosen = match asked {
        Some(asked) => all.iter().find(|(at, _)| at.name == asked),
        // The one that decided, else the newest.
        None => {
            let outlook = Outlook::of(state, name);
            all.iter().find(|(at, _)| outlook.run.as_ref() == Some(*at)).or(all.first())
        }
    };
    let chosen = chosen.copied();
    (all, chosen)
}

/// What the page asks Jaeger, Prometheus and the repository.
pub(crate) fn questions(shared: &Shared, state: &State, name: &Name, run: Option<&str>) -> Vec<Question> {
    let mut all = vec![Question::Pages(Who::Prometheus), Question::Pages(Who::Jaeger), Question::Folder];
    let (_, chosen) = runs(state, name, run);
    if let Some((rollout, (_, run))) = state.view.rollout(name).zip(chosen) {
        let asked = Asked { shared, state, name, rollout };
        if let Some(Ok((_, search))) = asked.search(run) {
            all.push(Question::Traces(search));
        }
        let values = run.metrics.iter().filter_map(|metric| asked.values(metric, run)?.ok());
        all.extend(values.map(|(_, query)| Question::Values(query)));
    }
    all
}

/// Series that a gate's values stand beside, and what they are asked by; or why there are none.
type Values = Result<(Other, crate::upstream::ValueQuery), &'static str>;

impl Asked<'_> {
    /// The search for the run's traces, and whether it asks for the canary alone; none before the repository has answered.
    fn search(&self, run: &Run) -> Option<Result<(bool, TraceSearch), Absent>> {
        if self.shared.shelf.upstream().jaeger.is_none() {
            return Some(Err(no_jaeger()));
        }
        let known = self.shared.shelf.look(&Question::Folder);
        let Some(Reply::Folder(folder)) = &known.reply else { return None };
        let Some(origin) = Origin::of(&folder.origins, self.name) else {
            return Some(Err(no_origin(self.shared, self.name)));
        };
        let period = Period::of(run)?;
        let search = origin.search(self.name, Some(&run.hash), period.asked());
        Some(search.map(|search| (origin.tells_versions(), search)).map_err(|why| untold(&why)))
    }

    /// None without a Prometheus or another version.
    fn values(&self, metric: &Metric, run: &Run) -> Option<Values> {
        self.shared.shelf.upstream().prometheus.as_ref()?;
        let other = beside::other(self.state, self.name, self.rollout, run)?;
        Some(beside::asked(metric, run, &other).map(|query| (other, query)))
    }
}

/// The gates of a run with all that there is to them; or why there are no traces.
fn gates(asked: &Asked<'_>, chosen: Named<'_>, sources: &mut Sources) -> (Vec<Gate>, Option<Absent>) {
    let (at, run) = chosen;
    let shelf = &asked.shared.shelf;
    let (mut told, mut found, mut absent) = (false, None, None);
    match asked.search(run) {
        None => sources.upstream(&Question::Folder, &shelf.look(&Question::Folder)),
        Some(Err(why)) => absent = Some(why),
        Some(Ok((by_hash, search))) => {
            let question = Question::Traces(search);
            let known = shelf.look(&question);
            sources.upstream(&question, &known);
            told = by_hash;
            found = match known.reply {
                Some(Reply::Traces(found)) => Some(found),
                _ => None,
            };
        }
    }
    let versions = versions(asked.state, asked.name);
    let traces = found.as_deref().map(|found| RunTraces {
        shared: asked.shared,
        name: asked.name,
        run_name: &at.name,
        versions: &versions,
        told,
        found,
    });
    let mut extra = |metric: &Metric| {
        let (mut beside, mut no_beside) = (None, None);
        match asked.values(metric, run) {
            None => {}
            Some(Err(why)) => no_beside = Some(why.to_owned()),
            Some(Ok((other, query))) => {
                let question = Question::Values(query.clone());
                let known = shelf.look(&question);
                sources.upstream(&question, &known);
                match Beside::of(&other, &query, &known) {
                    Some(Ok(values)) => beside = Some(values),
                    Some(Err(why)) => no_beside = Some(why),
                    None => {}
                }
            }
        }
        let traces = traces.as_ref().and_then(|traces| traces.of_gate(metric, run));
        Extra { beside, no_beside, traces }
    };
    (gate::gates(run, asked.shared.prometheus_pages(), &mut extra), absent)
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
