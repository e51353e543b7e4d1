//! `lab`: the real programs that the tests use as judges.

use crate::args::{LabArgs, LabCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use lab::{BuildError, Program, Progress};

/// Runs `lab`.
pub(crate) fn cmd_lab(ui: &Ui, args: &LabArgs) -> Result<Exit, CommandError> {
    match args.command {
        LabCommand::Build => build(ui),
    }
}

/// Builds all of them into the cache that the tests use, and prints where each is.
fn build(ui: &Ui) -> Result<Exit, CommandError> {
    for program in Program::ALL {
        let name = program.name();
        let bar = ui.progress();
        let built = lab::ensure(program, &mut |progress| match progress {
            Progress::Waiting => bar.step(&format!("{name}: another process builds it")),
            Progress::Building => bar.step(&format!("{name}: building")),
            Progress::Line(line) => bar.detail(&format!("{name}: {line}")),
            Progress::Built { took } => bar.step(&format!("{name}: built in {:.0} s", took.as_secs_f32())),
        });
        bar.done();
        ui.line(&format!("{name:14} {}", built.map_err(failed)?.display()))?;
    }
    Ok(Exit::Done)
}

fn failed(error: BuildError) -> CommandError {
    let hint = match &error {
        BuildError::NoGo => Some("install Go 1.26 or later, or put it on PATH"),
        BuildError::NoCache => Some("set XDG_CACHE_HOME"),
        _ => None,
    };
    let command = CommandError::user("cannot build the judges").because(&error);
    match hint {
        Some(hint) => command.hint(hint),
        None => command,
    }
}
