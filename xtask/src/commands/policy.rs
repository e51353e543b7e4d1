//! `policy`: the mission's policy, every key explained.

use crate::args::PolicyArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use model::Policy;

/// Runs `policy`.
pub(crate) fn cmd_policy(ui: &Ui, _: &PolicyArgs) -> Result<Exit, CommandError> {
    ui.out(Policy::mission_text())?;
    Ok(Exit::Done)
}
