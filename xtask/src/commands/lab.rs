//! `lab`.

use crate::args::LabArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_lab(_: &Ui, _: &LabArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
