//! `bench`.

use crate::args::BenchArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs it.
pub(crate) fn cmd_bench(_: &Ui, _: &BenchArgs) -> Result<Exit, CommandError> {
    Err(CommandError::internal("not there yet"))
}
