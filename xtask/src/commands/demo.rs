//! `demo`.

use crate::args::DemoArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_demo(_: &Ui, _: &DemoArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
