//! `abort`: the stable version takes over.

use super::which::{Scope, run, said};
use crate::args::RolloutArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `abort`.
pub(crate) fn cmd_abort(ui: &Ui, args: &RolloutArgs) -> Result<Exit, CommandError> {
    run(async {
        let (scope, name, view) = Scope::aimed(ui, args).await?;
        if view.rollout(&name).is_some_and(|rollout| rollout.hash == rollout.stable) {
            ui.line(&format!("{name} has no canary: nothing to abort"))?;
            return Ok(Exit::Done);
        }
        scope.cluster.abort(&name).await.map_err(said)?;
        ui.line(&format!("{name} is aborted; its stable version serves"))?;
        Ok(Exit::Done)
    })
}
