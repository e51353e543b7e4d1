//! `retry`: takes an aborted rollout up again.

use super::which::{Scope, run, said};
use crate::args::RolloutArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `retry`.
pub(crate) fn cmd_retry(ui: &Ui, args: &RolloutArgs) -> Result<Exit, CommandError> {
    run(async {
        let (scope, name, view) = Scope::aimed(ui, args).await?;
        if view.rollout(&name).is_some_and(|rollout| !rollout.abort) {
            ui.line(&format!("{name} is not aborted: nothing to retry"))?;
            return Ok(Exit::Done);
        }
        scope.cluster.retry(&name).await.map_err(said)?;
        ui.line(&format!("{name} is taken up again; `{} watch` follows it", ui.program))?;
        Ok(Exit::Done)
    })
}
