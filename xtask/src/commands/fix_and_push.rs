//! `fix_and_push`.

use crate::args::FixAndPushArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_fix_and_push(_: &Ui, _: &FixAndPushArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
