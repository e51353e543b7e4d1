//! `console`.

use crate::args::ConsoleArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_console(_: &Ui, _: &ConsoleArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
