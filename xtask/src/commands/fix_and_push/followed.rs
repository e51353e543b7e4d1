//! The cluster's half: which Applications follow what is pushed, found out before anything is written.

use super::after::{after, gated};
use super::destination::{Destination, Surroundings, destination};
use super::plan::Plan;
use super::say::short;
use super::{Joined, release, sets};
use crate::args::{AccessArgs, FixAndPushArgs, ListFormat};
use crate::commands::cluster::chain::Telemetry;
use crate::commands::cluster::tell::{self, Beside};
use crate::commands::cluster::which::{access, applications, deployed, is_repository, runtime, said};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::policy;
use crate::tracing::Tracer;
use crate::ui::Ui;
use cluster::{Cluster, Found, Source};
use delivery::View;
use model::{Policy, Repository, RepositoryPair};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use tokio::runtime::Runtime;

/// A cluster whose Applications follow what is pushed.
pub(super) struct Followed {
    /// The connection lives in it.
    runtime: Runtime,
    access: AccessArgs,
    pub(super) cluster: Cluster,
    /// Those Applications.
    pub(super) found: Vec<Found>,
    /// The repository's URL as they name it.
    seen: String,
    /// The remote's commit on the branch, before the push.
    pub(super) tip: Option<git::Oid>,
    /// What they deploy, before the push.
    pub(super) before: View,
}

/// Finds out which cluster the push has to do with. Where one is configured that does not follow it, that is an error: a
/// release that goes nowhere looks like one that went well.
pub(super) fn join(ui: &Ui, repository: &git::Repository, args: &FixAndPushArgs) -> Result<Joined, CommandError> {
    // What is wrong with the target, preflight says.
    let branch = repository.head()?.branch;
    let target =
        branch.and_then(|branch| repository.target(&branch, args.remote.as_deref(), args.branch.as_deref()).ok());
    let pairs = policy(repository, args)?.repositories;
    let lab = target.as_ref().is_some_and(|target| is_repository(lab::cluster::git_url(), &target.url, &pairs));
    let kubeconfig = match destination(args, &Surroundings::here(lab)) {
        Destination::Without(why) => return Ok(Joined::Without(why)),
        Destination::Cluster(kubeconfig) => kubeconfig,
    };
    args.endpoints.open()?;
    let Some(target) = target else { return Ok(Joined::Without("there is nowhere to push to")) };
    let access = AccessArgs { kubeconfig, ..args.access.clone() };
    let runtime = runtime()?;
    let refused = |mut error: CommandError| {
        let own = error.hint.take().map(|hint| format!("; {hint}")).unwrap_or_default();
        error.hint(format!(
            "nothing was written; --no-cluster pushes without a cluster, --context names another one{own}"
        ))
    };
    let (cluster, all) = runtime.block_on(applications(&access)).map_err(refused)?;
    let environment = git::Environment::from_process();
    let remote = repository.ask(&target, &environment)?;
    let wanted =
        Wanted { url: &target.url, branch: &target.branch, default: remote.default_branch.as_deref(), pairs: &pairs };
    let (found, others): (Vec<Found>, Vec<Found>) = all.into_iter().partition(|found| wanted.source(found).is_some());
    let Some(seen) = found.iter().find_map(|found| Some(wanted.source(found)?.url.clone())) else {
        return Err(refused(none(cluster.context(), &wanted, &others)));
    };
    // What is missing is better known before the push.
    let all = deployed(&found);
    let before = runtime.block_on(async {
        match cluster.missing_right(&all).await? {
            Some(right) => Err(cluster::Error::Forbidden(right)),
            None => cluster.look(&all).await,
        }
    });
    let before = before.map_err(said).map_err(refused)?;
    let names: Vec<&str> = found.iter().map(|found| found.name.name.as_str()).collect();
    ui.status(&format!("context {}: {} follow {} on {seen}", cluster.context(), names.join(", "), target.branch));
    if args.format == ListFormat::Json {
        let event = json!({"event": "cluster", "schema": 1, "context": cluster.context(), "repository": seen,
            "branch": target.branch, "applications": names});
        ui.line(&event.to_string())?;
    }
    Ok(Joined::With(Box::new(Followed { runtime, access, cluster, found, seen, tip: remote.tip, before })))
}

fn policy(repository: &git::Repository, args: &FixAndPushArgs) -> Result<Policy, CommandError> {
    let folder: &Path = if args.target.path.is_dir() { &args.target.path } else { repository.root() };
    policy::load(args.target.policy.as_deref(), folder, Some(repository.root()))
}

/// What an Application must follow.
struct Wanted<'a> {
    url: &'a str,
    branch: &'a str,
    /// The remote's default branch, which HEAD means.
    default: Option<&'a str>,
    pairs: &'a [RepositoryPair],
}

impl Wanted<'_> {
    /// The source that follows it.
    fn source<'f>(&self, found: &'f Found) -> Option<&'f Source> {
        found.sources.iter().find(|source| is_repository(&source.url, self.url, self.pairs) && self.revision(source))
    }

    fn revision(&self, source: &Source) -> bool {
        match source.revision.as_str() {
            "" | "HEAD" => self.default == Some(self.branch),
            other => other.strip_prefix("refs/heads/").unwrap_or(other) == self.branch,
        }
    }
}

fn none(context: &str, wanted: &Wanted<'_>, others: &[Found]) -> CommandError {
    let follows = |found: &Found| -> Vec<String> {
        let revision = |source: &Source| match (source.revision.as_str(), wanted.default) {
            ("" | "HEAD", Some(branch)) => format!("HEAD ({branch})"),
            ("" | "HEAD", None) => "HEAD".to_owned(),
            (other, _) => other.to_owned(),
        };
        found
            .sources
            .iter()
            .map(|source| format!("{} of {}", revision(source), model::url::without_credentials(&source.url)))
            .collect()
    };
    let followed: BTreeSet<String> = others.iter().flat_map(follows).collect();
    let mut followed: Vec<String> = followed.into_iter().collect();
    if followed.len() > 5 {
        let more = followed.len() - 5;
        followed.truncate(5);
        followed.push(format!("{more} more"));
    }
    CommandError::user(format!(
        "no Application of context {context} follows branch {} of {}: they follow {}",
        wanted.branch,
        wanted.url,
        followed.join(", ")
    ))
    .hint(
        "--branch names another branch; where the cluster sees the repository at another URL, the policy pairs them \
         (`repositories: [{push, cluster}]`)",
    )
}

impl Followed {
    /// The repository's URL as the cluster sees it.
    pub(super) fn seen(&self) -> &str {
        &self.seen
    }

    /// Whether the remote has another commit than this one.
    pub(super) fn is_elsewhere(&self, commit: &git::Oid) -> bool {
        self.tip.as_ref() != Some(commit)
    }

    /// Says what is released from where, and that this cluster's collector takes the trace.
    pub(super) fn trace(&self, trace: &Tracer, plan: &Plan) {
        trace.set("vcs.ref.head.name", plan.prepared.branch.as_str());
        trace.set("vcs.repository.url.full", git::redact(&self.seen));
        trace.set("hyperspace.fixes", i64::try_from(plan.fixed.applied.len()).unwrap_or(i64::MAX));
        trace.to(access(&self.access), &plan.fixed.repository, &plan.input.context);
    }

    /// Where there is nothing to commit on top of it, a remote that has moved on deploys what is not here.
    pub(super) fn refuse_behind(&self, plan: &Plan) -> Result<(), CommandError> {
        let Some(tip) = &self.tip else { return Ok(()) };
        let head = &plan.prepared.head;
        if !plan.prepared.edits.is_empty() || tip == head || !plan.git.is_ancestor(*head, *tip) {
            return Ok(());
        }
        let there = format!("the remote is at {}, which this folder lacks: the cluster deploys that", short(tip));
        Err(CommandError::user(there).hint("`git pull` brings it here; nothing was written"))
    }

    /// Who tells of the release's telemetry.
    fn telemetry(&self, plan: &Plan, args: &FixAndPushArgs) -> Result<Telemetry, CommandError> {
        let repository = Repository::read(&plan.fixed.files, &plan.input.context);
        Telemetry::of(&args.endpoints, repository, plan.input.context.clone())
    }

    /// Follows the pushed commit to its verdict.
    pub(super) fn release(
        &self,
        ui: &Ui,
        plan: &Plan,
        commit: &git::Oid,
        args: &FixAndPushArgs,
        trace: &Tracer,
    ) -> Result<Exit, CommandError> {
        trace.set("vcs.ref.head.revision", commit.to_string());
        let release = release::of(self, plan, commit, args)?;
        self.runtime.block_on(async {
            sets::apply(ui, self, plan, commit).await?;
            let telemetry = gated(&release).then(|| self.telemetry(plan, args)).transpose()?;
            let beside = Beside { telemetry: telemetry.as_ref(), trace: Some(trace) };
            let verdict = tell::follow(ui, &self.cluster, release.clone(), args.timeout, args.format, beside).await?;
            after(ui, self, args, &release, verdict.as_ref()).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &str, revision: &str) -> Source {
        Source { url: url.to_owned(), revision: revision.to_owned(), path: String::new() }
    }

    #[test]
    fn head_is_the_remotes_default_branch() {
        let wanted = |branch, default| Wanted { url: "https://g/r", branch, default, pairs: &[] };
        let follows = |wanted: Wanted<'_>, revision: &str| wanted.revision(&source("https://g/r", revision));
        assert!(follows(wanted("main", Some("main")), "HEAD") && follows(wanted("main", Some("main")), ""));
        assert!(!follows(wanted("main", Some("trunk")), "HEAD") && !follows(wanted("main", None), "HEAD"));
        assert!(follows(wanted("rescue", Some("main")), "rescue") && follows(wanted("a/b", None), "refs/heads/a/b"));
        assert!(!follows(wanted("main", Some("main")), "v1") && !follows(wanted("main", Some("main")), "rescue"));
    }
}
