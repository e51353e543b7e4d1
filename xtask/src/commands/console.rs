//! `console`: findings and pipeline as pages.

use crate::args::{ConsoleArgs, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `console`.
pub(crate) fn cmd_console(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    serve(ui, &args.target, args.port)
}

/// Serves the console on the folder until interrupted.
#[cfg(feature = "console")]
pub(crate) fn serve(_: &Ui, _: &Target, _: u16) -> Result<Exit, CommandError> {
    Err(CommandError::internal("the console is not part of this build yet"))
}

/// Without the feature there is no console.
#[cfg(not(feature = "console"))]
pub(crate) fn serve(_: &Ui, _: &Target, _: u16) -> Result<Exit, CommandError> {
    Err(CommandError::user("this program was built without the console").hint("build it with `--features console`"))
}
