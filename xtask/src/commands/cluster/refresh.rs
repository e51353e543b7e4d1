//! `refresh`: Argo CD looks into git now, not at its next turn.

use super::reach::{Reach, reach};
use super::which::{chosen, deployed, ours, run, said};
use crate::args::ClusterArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::{ArgoCd, Cluster};
use delivery::{Name, Release};
use futures_util::stream::{FuturesUnordered, StreamExt};

/// Runs `refresh`.
pub(crate) fn cmd_refresh(ui: &Ui, args: &ClusterArgs) -> Result<Exit, CommandError> {
    run(async {
        let (reach, all) = reach(ui, &args.access).await?;
        let found = chosen(all, &args.apps)?;
        let found = if args.apps.is_empty() { ours(found) } else { found };
        ui.status(&reach.to_string());
        let release = deployed(&found);
        match &reach {
            Reach::Cluster(cluster) => ask(ui, cluster, &release).await?,
            Reach::ArgoCd(argocd) => compare(ui, argocd, &release).await?,
        }
        Ok(Exit::Done)
    })
}

/// Annotates what Argo CD's controllers look at.
async fn ask(ui: &Ui, cluster: &Cluster, release: &Release) -> Result<(), CommandError> {
    for set in &release.sets {
        cluster.refresh_set(set).await.map_err(said)?;
        ui.line(&format!("ApplicationSet {} is asked to run its generators", set.name))?;
    }
    for application in &release.applications {
        cluster.refresh(application).await.map_err(said)?;
        ui.line(&format!("Application {} is asked to compare with git", application.name))?;
    }
    Ok(())
}

/// Waits until Argo CD has compared each of them.
async fn compare(ui: &Ui, argocd: &ArgoCd, release: &Release) -> Result<(), CommandError> {
    for set in &release.sets {
        ui.status(&format!("ApplicationSet {} waits for its own turn: Argo CD's API cannot ask it", set.name));
    }
    let refresh = |name: &Name| {
        let name = name.clone();
        async move { (argocd.refresh(&name).await, name) }
    };
    let mut asked: FuturesUnordered<_> = release.applications.iter().map(refresh).collect();
    while let Some((view, name)) = asked.next().await {
        let view = view.map_err(said)?;
        let Some(now) = view.application(&name) else { continue };
        let at = now.revisions.iter().map(|commit| delivery::short(commit)).collect::<Vec<_>>().join(", ");
        let (sync, health) = (&now.sync, &now.health);
        ui.line(&report::visible(&format!(
            "Application {} was compared with git: {sync} at {at}, {health}",
            name.name
        )))?;
    }
    Ok(())
}
