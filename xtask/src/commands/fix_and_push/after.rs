//! What follows a verdict: the smoke test where the gates have promoted.

use super::followed::Followed;
use crate::args::FixAndPushArgs;
use crate::commands::cluster::smoke_test::{self, Question};
use crate::commands::cluster::tell::exit;
use crate::commands::cluster::which::patiently;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::{Cluster, Found};
use delivery::{Name, Release, Verdict};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long to wait for what is still on its way when the gates have promoted: the last pods' series.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a verdict means for the run.
pub(super) async fn after(
    ui: &Ui,
    followed: &Followed,
    args: &FixAndPushArgs,
    release: &Release,
    verdict: Option<&Verdict>,
) -> Result<Exit, CommandError> {
    match verdict {
        Some(Verdict::Done { .. }) if gated(release) && !args.no_smoke_test => match followed.reach.cluster() {
            Some(cluster) => smoke(ui, cluster, followed, args).await,
            None => Ok(exit(verdict)),
        },
        other => Ok(exit(other)),
    }
}

/// Whether gates decide it.
pub(super) fn gated(release: &Release) -> bool {
    release.rollouts.iter().any(|target| target.gates > 0)
}

async fn smoke(ui: &Ui, cluster: &Cluster, followed: &Followed, args: &FixAndPushArgs) -> Result<Exit, CommandError> {
    let ours: BTreeSet<&Name> = followed.found.iter().map(|found| &found.name).collect();
    // As they are now: before its first sync an Application deploys nothing.
    let now = patiently(ui, || cluster.applications()).await?;
    let found: Vec<Found> = now.into_iter().filter(|found| ours.contains(&found.name)).collect();
    let question = Question {
        cluster,
        found: &found,
        named: true,
        target: &args.target,
        endpoints: &args.endpoints,
        remote: args.remote.as_deref(),
        branch: args.branch.as_deref(),
        wait: PATIENCE,
        certificate: None,
    };
    let tested = smoke_test::smoke_test(ui, &question).await?;
    smoke_test::tell(ui, args.format, cluster.context(), &tested)?;
    Ok(if tested.passed() { Exit::Done } else { Exit::Faults })
}
