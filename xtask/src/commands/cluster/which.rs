//! Which cluster, and which of its Applications and rollouts.

use super::branch::follows;
use crate::args::{AccessArgs, ClusterArgs, RolloutArgs};
use crate::error::CommandError;
use crate::policy;
use crate::ui::Ui;
use cluster::{Access, Cluster, Found};
use delivery::{Name, Release, RolloutTarget, View};
use model::RepositoryPair;
use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the command is about.
pub(super) struct Scope {
    pub(super) cluster: Cluster,
    pub(super) found: Vec<Found>,
}

impl Scope {
    /// Connects and finds it.
    pub(super) async fn of(ui: &Ui, args: &ClusterArgs) -> Result<Scope, CommandError> {
        let scope = Scope::all(ui, args).await?;
        let found = if args.apps.is_empty() { ours(scope.found) } else { scope.found };
        Ok(Scope { found, ..scope })
    }

    /// Connects and finds all that there is, or all that was named.
    pub(super) async fn all(ui: &Ui, args: &ClusterArgs) -> Result<Scope, CommandError> {
        let (cluster, all) = applications(&args.access).await?;
        let found = chosen(all, &args.apps)?;
        ui.status(&format!("context {}", cluster.context()));
        Ok(Scope { cluster, found })
    }

    /// The one rollout that a command is about, as it is now.
    pub(super) async fn aimed(ui: &Ui, args: &RolloutArgs) -> Result<(Scope, Name, View), CommandError> {
        let scope = Scope::of(ui, &args.cluster).await?;
        let name = scope.rollout(args.rollout.as_deref())?;
        let view = scope.cluster.look(&scope.release(None)).await.map_err(said)?;
        Ok((scope, name, view))
    }

    /// The rollouts that the Applications deploy.
    pub(super) fn rollouts(&self) -> BTreeSet<Name> {
        rollouts(&self.found)
    }

    /// A release of what is deployed, by whatever gates there are.
    pub(super) fn release(&self, commit: Option<String>) -> Release {
        Release { commit, ..deployed(&self.found) }
    }

    /// The rollout that was named, or the only one.
    fn rollout(&self, named: Option<&str>) -> Result<Name, CommandError> {
        let all = self.rollouts();
        let list = || all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let matching: Vec<&Name> = match named {
            Some(text) => all.iter().filter(|name| name.to_string() == text || name.name == text).collect(),
            None => all.iter().collect(),
        };
        match (matching.as_slice(), named) {
            ([one], _) => Ok((*one).clone()),
            ([], Some(text)) => {
                Err(CommandError::user(format!("no Application deploys a rollout {text}")).hint(list()))
            }
            ([], None) => Err(CommandError::user("no Application deploys a rollout")),
            _ => Err(CommandError::user("several rollouts are meant").hint(format!("name one of {}", list()))),
        }
    }
}

fn rollouts(found: &[Found]) -> BTreeSet<Name> {
    found.iter().flat_map(|found| found.of_kind("Rollout")).cloned().collect()
}

/// What Applications deploy, as a release that changes nothing.
pub(crate) fn deployed(found: &[Found]) -> Release {
    let target = |name: Name| RolloutTarget { name, ..RolloutTarget::default() };
    let sets: BTreeSet<Name> = found.iter().filter_map(|found| found.set.clone()).collect();
    Release {
        sets: sets.into_iter().collect(),
        applications: found.iter().map(|found| found.name.clone()).collect(),
        rollouts: rollouts(found).into_iter().map(target).collect(),
        ..Release::default()
    }
}

/// How to get at the cluster that the arguments name.
pub(crate) fn access(args: &AccessArgs) -> Access {
    Access { kubeconfig: args.kubeconfig.clone(), context: args.context.clone(), argocd: args.argocd.clone() }
}

/// Connects and lists all Applications; where there is none, that is an error.
pub(crate) async fn applications(args: &AccessArgs) -> Result<(Cluster, Vec<Found>), CommandError> {
    let cluster = Cluster::connect(&access(args)).await.map_err(said)?;
    let all = cluster.applications().await.map_err(said)?;
    if all.is_empty() {
        return Err(CommandError::user(format!("there is no Application in namespace {}", args.argocd))
            .hint("--argocd names another namespace, --context another cluster"));
    }
    Ok((cluster, all))
}

/// Those that were named; all where none was.
pub(super) fn chosen(all: Vec<Found>, named: &[String]) -> Result<Vec<Found>, CommandError> {
    let there: Vec<&str> = all.iter().map(|found| found.name.name.as_str()).collect();
    if let Some(missing) = named.iter().find(|name| !there.contains(&name.as_str())) {
        return Err(CommandError::user(format!("there is no Application {missing}"))
            .hint(format!("there are {}", there.join(", "))));
    }
    Ok(all.into_iter().filter(|found| named.is_empty() || named.contains(&found.name.name)).collect())
}

/// Those that follow this folder's repository; else all.
pub(super) fn ours(all: Vec<Found>) -> Vec<Found> {
    let Some((url, pairs)) = here() else { return all };
    let (ours, others): (Vec<Found>, Vec<Found>) = all.into_iter().partition(|found| follows(found, &url, &pairs));
    if ours.is_empty() { others } else { ours }
}

/// Where this folder's branch is pushed to, and the policy's pairs.
fn here() -> Option<(String, Vec<RepositoryPair>)> {
    let folder = Path::new(".");
    let repository = git::Repository::discover(folder).ok()??;
    let branch = repository.head().ok()?.branch?;
    let target = repository.target(&branch, None, None).ok()?;
    let policy = policy::load(None, folder, Some(repository.root())).ok()?;
    Some((target.url, policy.repositories))
}

/// Runs what waits for a cluster.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    runtime()?.block_on(work)
}

/// What a connection lives in: dropped, it ends.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CommandError::internal("cannot wait for anything").because(&error))
}

/// How long what may pass is asked for again.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again where the reason may pass: an apiserver that is restarted is back within a minute.
pub(crate) async fn patiently<T, F>(ui: &Ui, mut ask: impl FnMut() -> F) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, cluster::Error>>,
{
    let (began, mut told) = (Instant::now(), false);
    loop {
        match ask().await {
            Err(error) if error.may_pass() && began.elapsed() < PATIENCE => {
                if !std::mem::replace(&mut told, true) {
                    ui.status(&format!("{error}; trying again"));
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other.map_err(said),
        }
    }
}

/// The cluster's error as the command's.
pub(crate) fn said(error: cluster::Error) -> CommandError {
    CommandError::user(error.to_string()).maybe_hint(error.hint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::Source;

    fn application(name: &str, url: &str) -> Found {
        Found {
            name: Name::new("argocd", name),
            set: None,
            sources: vec![Source { url: url.to_owned(), revision: "main".to_owned(), path: "x".to_owned() }],
            namespace: String::new(),
            history: vec![],
            state: delivery::Application::default(),
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_said() {
        let error = chosen(vec![application("a", "x")], &["b".to_owned()]).map(|_| ()).expect_err("none");
        assert_eq!(error.hint.as_deref(), Some("there are a"));
    }
}
