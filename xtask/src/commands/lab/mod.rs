//! `lab`: the real programs, built or run.

mod build;
mod cluster;

pub(crate) use build::show;

use crate::args::{LabArgs, LabCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `lab`.
pub(crate) fn cmd_lab(ui: &Ui, args: &LabArgs) -> Result<Exit, CommandError> {
    match &args.command {
        LabCommand::Build(args) => build::build(ui, args),
        LabCommand::Up(args) => cluster::up(ui, args),
        LabCommand::Status => cluster::status(ui),
        LabCommand::Down => cluster::down(ui),
        LabCommand::Logs(args) => cluster::logs(ui, args),
        LabCommand::Env => cluster::env(ui),
    }
}
