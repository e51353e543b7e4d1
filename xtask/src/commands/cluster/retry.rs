//! `retry`: takes an aborted rollout up again.

use super::which::{Scope, run, said};
use crate::args::RolloutArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `retry`.
pub(crate) fn cmd_retry(ui: &Ui, args: &RolloutArgs) -> Result<Exit, CommandError> {
    run(async {
        let scope = Scope::of(ui, &args.cluster).await?;
        let name = scope.rollout(args.rollout.as_deref())?;
        let view = scope.cluster.look(&scope.release(None)).await.map_err(said)?;
        if view.rollout(&name).is_some_and(|rollout| !rollout.abort) {
            ui.line(&format!("{name} is not aborted: nothing to retry"))?;
            return Ok(Exit::Done);
        }
        scope.cluster.retry(&name).await.map_err(said)?;
        ui.line(&format!("{name} is taken up again; `{} watch` follows it", ui.program))?;
        Ok(Exit::Done)
    })
}
