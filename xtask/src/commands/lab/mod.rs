//! `lab`: the real programs, built or run.

mod build;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "cluster")]
mod e2e;
#[cfg(feature = "cluster")]
mod reset;

pub(crate) use build::show;

use crate::args::{LabArgs, LabCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `lab`.
pub(crate) fn cmd_lab(ui: &Ui, args: &LabArgs) -> Result<Exit, CommandError> {
    match &args.command {
        LabCommand::Build(args) => build::build(ui, args),
        #[cfg(feature = "cluster")]
        LabCommand::Up(args) => cluster::up(ui, args),
        #[cfg(feature = "cluster")]
        LabCommand::Status => cluster::status(ui),
        #[cfg(feature = "cluster")]
        LabCommand::Reset(args) => reset::reset(ui, args),
        #[cfg(feature = "cluster")]
        LabCommand::E2e(args) => e2e::e2e(ui, args),
        #[cfg(feature = "cluster")]
        LabCommand::Down => cluster::down(ui),
        #[cfg(feature = "cluster")]
        LabCommand::Logs(args) => cluster::logs(ui, args),
        #[cfg(feature = "cluster")]
        LabCommand::Env => cluster::env(ui),
        #[cfg(not(feature = "cluster"))]
        _ => super::whole::hand_over(ui),
    }
}
