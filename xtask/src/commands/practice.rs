//! `practice`.

use crate::args::PracticeArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_practice(_: &Ui, _: &PracticeArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
