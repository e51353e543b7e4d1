//! A release told as it goes on: by `watch`, and by `fix-and-push` after its push.

use super::chain::Telemetry;
use super::{evidence, show};
use crate::args::ListFormat;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::tracing::Tracer;
use crate::ui::{Lines, Ui};
use cluster::{Heard, Patience, Way};
use delivery::{Effect, Measurement, Name, Release, State, Stop, Verdict, Waiting};
use serde_json::json;
use smoke::Link;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What goes on beside a followed release.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Tells whether its telemetry chain delivers, and in the end what there is to a gate that failed.
    pub(crate) telemetry: Option<&'a Telemetry>,
    /// Records it.
    pub(crate) trace: Option<&'a Tracer>,
}

/// Follows a release to its verdict and tells it; Ctrl-C detaches, and gives none.
pub(crate) async fn follow(
    ui: &Ui,
    way: Way<'_>,
    release: Release,
    timeout: u64,
    format: ListFormat,
    beside: Beside<'_>,
) -> Result<Option<Verdict>, CommandError> {
    let patience = Patience { deadline: Duration::from_secs(timeout), ..Patience::of(way) };
    let teller = RefCell::new(Teller::new(ui, format, &release));
    let fault = RefCell::new(None);
    let told = |result: Result<(), CommandError>| {
        if let Err(error) = result {
            fault.replace(Some(error));
        }
    };
    let (canaries, seen) = watch::channel(Vec::new());
    let hear = |heard: Heard<'_>| {
        if let Some(trace) = beside.trace {
            trace.heard(&heard);
        }
        if let Heard::State(state) = &heard {
            canaries.send_replace(smoke::canaries(state.release(), state.view()));
        }
        told(teller.borrow_mut().tell(&heard));
    };
    let chain = async {
        match beside.telemetry {
            Some(telemetry) => telemetry.announce(seen, |link| told(teller.borrow_mut().link(link))).await,
            None => std::future::pending().await,
        }
    };
    let state = tokio::select! {
        state = way.follow(release, patience, hear) => Some(state),
        never = chain => match never {},
        _ = tokio::signal::ctrl_c() => None,
    };
    teller.borrow().block.done();
    if let Some(error) = fault.take() {
        return Err(error);
    }
    let Some(state) = state else {
        ui.status(&format!("detached: the release goes on, `{} watch` picks it up again", ui.program));
        return Ok(None);
    };
    if let Some(trace) = beside.trace {
        trace.ended(&state);
    }
    let verdict = state.verdict().cloned();
    if let Some(verdict) = &verdict {
        end(ui, format, verdict)?;
        if let Some(telemetry) = beside.telemetry {
            let found = telemetry.evidence(verdict, state.view()).await?;
            match format {
                ListFormat::Human => ui.out(&evidence::text(&found))?,
                ListFormat::Json if found.is_empty() => {}
                ListFormat::Json => ui.line(&json!({"event": "evidence", "gates": found}).to_string())?,
            }
        }
    }
    Ok(verdict)
}

/// What was told last, and where.
struct Teller<'u> {
    ui: &'u Ui,
    format: ListFormat,
    /// What is awaited, then two lines a rollout, then one a gate: rewritten on a terminal.
    block: Lines,
    last: String,
    /// When a rollout's present step was seen first.
    steps: BTreeMap<Name, (usize, Instant)>,
}

impl<'u> Teller<'u> {
    fn new(ui: &'u Ui, format: ListFormat, release: &Release) -> Teller<'u> {
        let lines = release.rollouts.iter().map(|target| 1 + target.gates.max(3)).sum::<usize>();
        Teller { ui, format, block: ui.lines(1 + lines), last: String::new(), steps: BTreeMap::new() }
    }

    /// Tells what is new.
    fn tell(&mut self, heard: &Heard<'_>) -> Result<(), CommandError> {
        match (self.format, heard) {
            (_, Heard::Doing(effect)) => match (self.format, doing(effect)) {
                (_, None) => Ok(()),
                (ListFormat::Human, Some(words)) => {
                    self.block.say(&words);
                    Ok(())
                }
                (ListFormat::Json, Some(words)) => self.line(json!({"event": "doing", "what": words})),
            },
            (ListFormat::Human, Heard::Trouble(error)) => {
                self.once(&format!("{error}; trying again"));
                Ok(())
            }
            (ListFormat::Json, Heard::Trouble(error)) => {
                self.line(json!({"event": "trouble", "message": error.to_string()}))
            }
            (ListFormat::Json, Heard::State(state)) => {
                let mut event = show::event(state);
                let text = event.to_string();
                if text == self.last {
                    return Ok(());
                }
                self.last = text;
                // It changes by itself, which is no news.
                for (index, target) in state.release().rollouts.iter().enumerate() {
                    event["rollouts"][index]["seconds_left"] = json!(self.left(state, &target.name));
                }
                self.ui.line(&event.to_string())
            }
            (ListFormat::Human, Heard::State(state)) => {
                self.state(state);
                Ok(())
            }
        }
    }

    /// A change of the telemetry chain.
    fn link(&mut self, link: &Link) -> Result<(), CommandError> {
        match self.format {
            ListFormat::Human => {
                self.block.say(&link.to_string());
                Ok(())
            }
            ListFormat::Json => {
                let mut event = json!({"event": "chain", "words": link.to_string()});
                event["change"] = serde_json::to_value(link)?;
                self.ui.line(&event.to_string())
            }
        }
    }

    fn line(&mut self, event: serde_json::Value) -> Result<(), CommandError> {
        let text = event.to_string();
        if text == self.last {
            return Ok(());
        }
        self.last.clone_from(&text);
        self.ui.line(&text)
    }

    /// Above the block, where it was not the last that was said.
    fn once(&mut self, words: &str) {
        if words != self.last {
            self.block.say(words);
            words.clone_into(&mut self.last);
        }
    }

    fn state(&mut self, state: &State) {
        let waiting = format!("waiting for {}", state.waiting());
        if !self.block.rewrites() {
            if waiting != self.last {
                let left = state.release().rollouts.iter().filter_map(|target| self.left(state, &target.name)).max();
                let left = left.map(|seconds| format!("; {}", time(seconds))).unwrap_or_default();
                self.block.say(&format!("{waiting}{left}"));
                self.last = waiting;
            }
            return;
        }
        let mut lines = vec![match state.waiting() {
            // The rollout's own line says where it is.
            Waiting::Canary { name, .. } => format!("waiting for the canary {name}"),
            _ => waiting,
        }];
        for target in &state.release().rollouts {
            let left = self.left(state, &target.name).map(|seconds| format!("; {}", time(seconds)));
            lines.extend(show::canary(state, &target.name, &left.unwrap_or_default()));
        }
        for (index, line) in lines.iter().enumerate() {
            self.block.set(index, line, "");
        }
    }

    /// Seconds that the steps of a rollout still take.
    fn left(&mut self, state: &State, name: &Name) -> Option<u64> {
        let pace = state.pace(name)?;
        let seen = self.steps.entry(name.clone()).or_insert((pace.at, Instant::now()));
        if seen.0 != pace.at {
            *seen = (pace.at, Instant::now());
        }
        let spent = pace.since.as_deref().and_then(cluster::age).unwrap_or_else(|| seen.1.elapsed());
        Some((pace.step.saturating_sub(spent) + pace.ahead).as_secs())
    }
}

fn time(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("about {seconds} s left"),
        (minutes, seconds) => format!("about {minutes} min {seconds} s left"),
    }
}

/// What is done, in words; looking is nothing to tell.
fn doing(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Look { .. } => return None,
        Effect::RefreshSet { name } => format!("refreshing ApplicationSet {}", name.name),
        Effect::Refresh { name } => format!("refreshing {}", name.name),
        Effect::Restart { workload, .. } => format!("restarting {workload}"),
        Effect::Retry { name } => format!("retrying {name}"),
    })
}

fn end(ui: &Ui, format: ListFormat, verdict: &Verdict) -> Result<(), CommandError> {
    let words = verdict.to_string();
    match format {
        ListFormat::Human => ui.line(&report::visible(&words))?,
        ListFormat::Json => {
            let mut event = json!({"event": "verdict", "words": words});
            event["verdict"] = serde_json::to_value(verdict)?;
            ui.line(&event.to_string())?;
        }
    }
    if matches!(verdict, Verdict::Synced { .. }) {
        ui.status(&format!(
            "Argo CD's API says no more: with access to the cluster `{0} watch` follows it, and `{0} smoke-test` ends it",
            ui.program
        ));
    }
    if let Some(advice) = advice(verdict) {
        ui.status(&format!("{advice}, `{} fix-and-push --retry` takes it up again", ui.program));
    }
    ui.announce(&words);
    Ok(())
}

/// When it makes sense to try again what gates have stopped.
fn advice(verdict: &Verdict) -> Option<&'static str> {
    if unmeasured(verdict) {
        return Some(
            "the gates could not measure, which says nothing of the canary: once Prometheus has answered for a minute",
        );
    }
    let by_gates = matches!(verdict, Verdict::Stopped { why: Stop::GateFailed { .. }, .. });
    by_gates.then_some("where that was not the canary's doing")
}

/// Whether no gate that stopped it has a bad value: Prometheus was not there, or had just come back with nothing in it.
fn unmeasured(verdict: &Verdict) -> bool {
    let Verdict::Stopped { why: Stop::GateFailed { gates, .. }, .. } = verdict else { return false };
    let all = || gates.iter().flat_map(|gate| &gate.measurements);
    let bad =
        |it: &Measurement| it.phase != "Successful" && it.phase != "Error" && !matches!(it.value.as_str(), "" | "[]");
    all().any(|it| it.phase == "Error") && !all().any(bad)
}

/// What a verdict means for the exit code; who detached has none.
pub(crate) fn exit(verdict: Option<&Verdict>) -> Exit {
    match verdict {
        Some(Verdict::Done { .. }) => Exit::Done,
        Some(Verdict::Stopped { .. }) => Exit::Faults,
        // Whether its gates let it through nobody here can say.
        Some(Verdict::Synced { .. }) => Exit::CouldNotRun,
        Some(Verdict::TimedOut { .. }) => Exit::TimedOut,
        Some(Verdict::Broken { .. }) | None => Exit::CouldNotRun,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::FailedGate;

    #[test]
    fn times_read_well() {
        assert_eq!((time(59), time(125)), ("about 59 s left".to_owned(), "about 2 min 5 s left".to_owned()));
    }

    #[test]
    fn only_gates_without_a_value_are_tried_again() {
        let gate = |taken: &[(&str, &str)]| FailedGate {
            name: "errors".to_owned(),
            message: String::new(),
            measurements: taken
                .iter()
                .map(|(phase, value)| Measurement {
                    phase: (*phase).to_owned(),
                    value: (*value).to_owned(),
                    ..Measurement::default()
                })
                .collect(),
            query: None,
        };
        let of = |gates: Vec<FailedGate>| {
            let why = Stop::GateFailed { run: Name::new("a", "r"), gates, message: String::new() };
            unmeasured(&Verdict::Stopped { what: Name::new("a", "b"), why })
        };
        let (error, good) = (("Error", ""), ("Successful", "[0.2]"));
        assert!(of(vec![gate(&[good, error, error]), gate(&[error, ("Failed", "[]")])]));
        assert!(!of(vec![gate(&[error]), gate(&[error, ("Failed", "[0.9]")])]), "a bad value");
        assert!(!of(vec![gate(&[("Failed", "[]")])]), "an idle canary");
        assert!(!of(vec![gate(&[])]) && !of(vec![]));
        assert_eq!(advice(&Verdict::Broken { message: String::new() }), None);
    }

    #[test]
    fn exit_codes_tell_the_verdicts_apart() {
        let paused = Stop::Paused { reason: String::new() };
        let all = [
            Verdict::Done { runs: vec![] },
            Verdict::Synced { unseen: vec![] },
            Verdict::Stopped { what: Name::new("a", "b"), why: paused },
            Verdict::Broken { message: String::new() },
            Verdict::TimedOut { waiting: String::new() },
        ];
        assert_eq!(all.each_ref().map(|verdict| exit(Some(verdict)) as u8), [0, 2, 1, 2, 4]);
        assert_eq!(exit(None), Exit::CouldNotRun);
    }
}
