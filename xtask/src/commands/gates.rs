//! `gates`.

use crate::args::GatesArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_gates(_: &Ui, _: &GatesArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
