//! `lab build`: the real programs that the tests use as judges, and those of the cluster.

use crate::args::BuildArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::{self, Ui};
use lab::{BuildError, Program, Progress};
use std::time::Duration;

/// Builds them into the cache that the tests use, and prints where each is.
pub(super) fn build(ui: &Ui, args: &BuildArgs) -> Result<Exit, CommandError> {
    let cluster = if args.cluster { Program::CLUSTER.as_slice() } else { &[] };
    let programs: Vec<_> = Program::ALL.iter().chain(cluster).copied().collect();
    let count = programs.len();
    let mut built = 0;
    for (index, program) in programs.into_iter().enumerate() {
        let bar = ui.progress();
        let who = format!("{} ({} of {count})", program.name(), index + 1);
        let path = lab::ensure(program, &mut |progress| {
            if let Progress::Built { .. } = progress {
                built += 1;
            }
            show(&bar, &who, progress);
        });
        bar.done();
        ui.line(&format!("{:24} {}", program.name(), path.map_err(|error| failed(&error))?.display()))?;
    }
    if built == 0 {
        ui.status(&format!("nothing to do: all {count} programs are built"));
    }
    Ok(Exit::Done)
}

/// Shows a build's progress.
pub(crate) fn show(bar: &ui::Progress, who: &str, progress: Progress) {
    match progress {
        Progress::Waiting => bar.step(&format!("{who}: another process builds it")),
        Progress::Building => bar.step(&format!("{who}: building")),
        Progress::Line(line) => bar.detail(&format!("{who}: {line}")),
        Progress::Package { name, number, of, left } => {
            let text = package(who, &name, number, of, left);
            // Where nothing is rewritten a line now and then is enough.
            if number % 100 == 0 { bar.step(&text) } else { bar.detail(&text) }
        }
        Progress::Built { took } => bar.step(&format!("{who}: built in {:.0} s", took.as_secs_f32())),
    }
}

fn package(who: &str, name: &str, number: usize, of: Option<usize>, left: Option<Duration>) -> String {
    let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
    let left = match left.map(|left| left.as_secs()) {
        None => String::new(),
        Some(seconds) if seconds < 90 => format!(", about {seconds} s left"),
        Some(seconds) => format!(", about {} min left", (seconds + 30) / 60),
    };
    format!("{who}: package {number}{of}{left}: {name}")
}

pub(super) fn failed(error: &BuildError) -> CommandError {
    let hint = match error {
        BuildError::NoGo => Some("install Go 1.26 or later, or put it on PATH"),
        BuildError::NoCache => Some("set XDG_CACHE_HOME"),
        _ => None,
    };
    CommandError::user("cannot build the programs").because(error).maybe_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_what_how_far_and_how_long() {
        let text = |of, left: Option<u64>| package("hotrod", "net/http", 7, of, left.map(Duration::from_secs));
        assert_eq!(text(Some(90), Some(200)), "hotrod: package 7 of 90, about 3 min left: net/http");
        assert_eq!(text(None, None), "hotrod: package 7: net/http");
    }
}
