//! A release told as it goes on: by `watch`, and by `fix-and-push` after its push.

use super::show;
use crate::args::ListFormat;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::{Progress, Ui};
use cluster::{Cluster, Heard, Patience};
use delivery::{Effect, Release, Verdict};
use serde_json::json;
use std::time::Duration;

/// Follows a release to its verdict and tells it; Ctrl-C detaches.
pub(crate) async fn follow(
    ui: &Ui,
    cluster: &Cluster,
    release: Release,
    timeout: u64,
    format: ListFormat,
) -> Result<Exit, CommandError> {
    let patience = Patience { deadline: Duration::from_secs(timeout), ..Patience::default() };
    let progress = ui.progress();
    let mut last = String::new();
    let mut fault = None;
    let hear = |heard: Heard<'_>| {
        if let Err(error) = tell(ui, &progress, format, &heard, &mut last) {
            fault = Some(error);
        }
    };
    let state = tokio::select! {
        state = cluster.follow(release, patience, hear) => state,
        _ = tokio::signal::ctrl_c() => {
            progress.done();
            ui.status(&format!("detached: the release goes on, `{} watch` picks it up again", ui.program));
            return Ok(Exit::CouldNotRun);
        }
    };
    progress.done();
    if let Some(error) = fault {
        return Err(error);
    }
    let Some(verdict) = state.verdict() else { return Ok(Exit::CouldNotRun) };
    end(ui, format, verdict)
}

/// Tells what is new: a line on a terminal is rewritten, a line elsewhere follows the others.
fn tell(
    ui: &Ui,
    progress: &Progress,
    format: ListFormat,
    heard: &Heard<'_>,
    last: &mut String,
) -> Result<(), CommandError> {
    let line = match (format, heard) {
        (ListFormat::Human, Heard::State(state)) => format!("waiting for {}", state.waiting()),
        (ListFormat::Human, Heard::Trouble(error)) => format!("{error}; trying again"),
        (ListFormat::Human, Heard::Doing(effect)) => match doing(effect) {
            Some(words) => words,
            None => return Ok(()),
        },
        (ListFormat::Json, Heard::State(state)) => show::event(state).to_string(),
        (ListFormat::Json, Heard::Trouble(error)) => {
            json!({"event": "trouble", "message": error.to_string()}).to_string()
        }
        (ListFormat::Json, Heard::Doing(effect)) => match doing(effect) {
            Some(words) => json!({"event": "doing", "what": words}).to_string(),
            None => return Ok(()),
        },
    };
    if line == *last {
        return Ok(());
    }
    match format {
        ListFormat::Human => progress.step(&line),
        ListFormat::Json => ui.line(&line)?,
    }
    *last = line;
    Ok(())
}

/// What is done, in words; looking is nothing to tell.
fn doing(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Look { .. } => return None,
        Effect::RefreshSet { name } => format!("refreshing ApplicationSet {}", name.name),
        Effect::Refresh { name } => format!("refreshing {}", name.name),
        Effect::Restart { name, .. } => format!("restarting {name}"),
        Effect::Retry { name } => format!("retrying {name}"),
    })
}

/// Tells the verdict, and what it means for the exit code.
fn end(ui: &Ui, format: ListFormat, verdict: &Verdict) -> Result<Exit, CommandError> {
    let words = verdict.to_string();
    match format {
        ListFormat::Human => ui.line(&report::visible(&words))?,
        ListFormat::Json => {
            let mut event = json!({"event": "verdict", "words": words});
            event["verdict"] = serde_json::to_value(verdict)?;
            ui.line(&event.to_string())?;
        }
    }
    ui.announce(&words);
    Ok(exit(verdict))
}

fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Done { .. } => Exit::Done,
        Verdict::Stopped { .. } => Exit::Faults,
        Verdict::TimedOut { .. } => Exit::TimedOut,
        Verdict::Broken { .. } => Exit::CouldNotRun,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Name, Stop};

    #[test]
    fn exit_codes_tell_the_verdicts_apart() {
        let paused = Stop::Paused { reason: String::new() };
        let all = [
            Verdict::Done { runs: vec![] },
            Verdict::Stopped { what: Name::new("a", "b"), why: paused },
            Verdict::Broken { message: String::new() },
            Verdict::TimedOut { waiting: String::new() },
        ];
        assert_eq!(all.each_ref().map(|verdict| exit(verdict) as u8), [0, 1, 2, 4]);
    }
}
