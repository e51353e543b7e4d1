//! `refresh`: Argo CD looks into git now, not at its next turn.

use super::which::{Scope, run, said};
use crate::args::ClusterArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `refresh`.
pub(crate) fn cmd_refresh(ui: &Ui, args: &ClusterArgs) -> Result<Exit, CommandError> {
    run(async {
        let scope = Scope::of(ui, args).await?;
        let release = scope.release(None);
        for set in &release.sets {
            scope.cluster.refresh_set(set).await.map_err(said)?;
            ui.line(&format!("ApplicationSet {} is asked to run its generators", set.name))?;
        }
        for application in &release.applications {
            scope.cluster.refresh(application).await.map_err(said)?;
            ui.line(&format!("Application {} is asked to compare with git", application.name))?;
        }
        Ok(Exit::Done)
    })
}
