//! The cluster's half: which Applications follow what is pushed, found out before anything is written.

use super::after::{after, gated};
use super::destination::{Destination, Surroundings, destination};
use super::plan::Plan;
use super::release::Content;
use super::say::short;
use super::{Joined, environment, release, sets};
use crate::args::{AccessArgs, FixAndPushArgs, ListFormat};
use crate::commands::cluster::branch::{Branch, is_repository};
use crate::commands::cluster::chain::Telemetry;
use crate::commands::cluster::reach::{Reach, by_argo_cd, reach};
use crate::commands::cluster::tell::{self, Beside};
use crate::commands::cluster::which::{access, deployed, runtime, said};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::policy;
use crate::tracing::Tracer;
use crate::ui::Ui;
use cluster::{Cluster, Found, Need, Server};
use contract::Contract;
use delivery::{Name, View};
use lab::cluster::{Layout, present};
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
    pub(super) reach: Reach,
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
    let lab = target.as_ref().is_some_and(|target| is_lab(&target.url, &pairs));
    let server = Server::here();
    let destination = destination(args, &Surroundings::here(lab, !matches!(server, Ok(None))));
    if let Destination::Without(why) = destination {
        return Ok(Joined::Without(why));
    }
    args.endpoints.open()?;
    let Some(target) = target else { return Ok(Joined::Without("there is nowhere to push to")) };
    let runtime = runtime()?;
    let mut access = args.access.clone();
    let reached = match destination {
        Destination::ArgoCd => match server.map_err(|trouble| said(trouble.into())).map_err(refused)? {
            Some(server) => runtime.block_on(by_argo_cd(server)),
            None => return Ok(Joined::Without("none is configured")),
        },
        Destination::Cluster(kubeconfig) => {
            access.kubeconfig = kubeconfig;
            runtime.block_on(reach(ui, &access))
        }
        Destination::Without(why) => return Ok(Joined::Without(why)),
    };
    let (reach, all) = reached.map_err(refused)?;
    let remote = repository.ask(&target, &environment())?;
    let branch =
        Branch { url: &target.url, name: &target.branch, default: remote.default_branch.as_deref(), pairs: &pairs };
    let (found, others): (Vec<Found>, Vec<Found>) = all.into_iter().partition(|found| branch.source(found).is_some());
    let Some(seen) = found.iter().find_map(|found| Some(branch.source(found)?.url.clone())) else {
        return Err(refused(none(&reach, &branch, &others)));
    };
    // What is missing is better known before the push.
    let all = deployed(&found);
    let before = match reach.cluster() {
        Some(cluster) => runtime.block_on(async {
            allowed(cluster, &Need::of(&all, &View::default())).await?;
            cluster.look(&all).await
        }),
        None => Ok(View::default()),
    };
    let before = before.map_err(said).map_err(refused)?;
    let names: Vec<&str> = found.iter().map(|found| found.name.name.as_str()).collect();
    ui.status(&format!("{reach}: {} follow {} on {seen}", names.join(", "), target.branch));
    if args.format == ListFormat::Json {
        let mut event = json!({"event": "cluster", "schema": 1, "repository": seen, "branch": target.branch,
            "applications": names});
        match &reach {
            Reach::Cluster(cluster) => event["context"] = json!(cluster.context()),
            Reach::ArgoCd(argocd) => event["argocd"] = json!(argocd.address()),
        }
        ui.line(&event.to_string())?;
    }
    Ok(Joined::With(Box::new(Followed { runtime, access, reach, found, seen, tip: remote.tip, before })))
}

/// Whether the lab that is up follows what is pushed to at `url`.
fn is_lab(url: &str, pairs: &[RepositoryPair]) -> bool {
    let lab = Layout::of_this_person().map(present);
    let urls = lab.and_then(|lab| lab.git_urls()).unwrap_or_default();
    urls.iter().any(|seen| is_repository(seen, url, pairs))
}

/// The error of a run that has to do with a cluster, and writes nothing.
fn refused(mut error: CommandError) -> CommandError {
    let own = error.hint.take().map(|hint| format!("; {hint}")).unwrap_or_default();
    error.hint(format!("nothing was written; --no-cluster pushes without a cluster, --context names another one{own}"))
}

async fn allowed(cluster: &Cluster, needs: &BTreeSet<Need>) -> Result<(), cluster::Error> {
    match cluster.missing_right(needs).await? {
        Some(right) => Err(cluster::Error::Forbidden(right)),
        None => Ok(()),
    }
}

fn policy(repository: &git::Repository, args: &FixAndPushArgs) -> Result<Policy, CommandError> {
    let folder: &Path = if args.target.path.is_dir() { &args.target.path } else { repository.root() };
    policy::load(args.target.policy.as_deref(), folder, Some(repository.root()))
}

fn none(reach: &Reach, branch: &Branch<'_>, others: &[Found]) -> CommandError {
    CommandError::user(format!(
        "no Application of {reach} follows branch {} of {}: they follow {}",
        branch.name,
        branch.url,
        branch.followed(others)
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

    /// Argo CD's namespace.
    pub(super) fn argocd(&self) -> &str {
        let first = || self.found.first().map_or("argocd", |found| found.name.namespace.as_str());
        self.reach.cluster().map_or_else(first, Cluster::argocd)
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
        // Without the cluster there is no way to its collector.
        if self.reach.cluster().is_none() {
            return;
        }
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

    /// A right that is missing once the commit is pushed leaves a release that nobody follows to its end.
    pub(super) fn refuse_without_rights(&self, plan: &Plan, args: &FixAndPushArgs) -> Result<(), CommandError> {
        // Of an Argo CD's account the list of Applications has told.
        let Some(cluster) = self.reach.cluster() else { return Ok(()) };
        let content = Content::planned(plan)?;
        let release = release::of(self, plan, &content, args);
        let mut needs = Need::of(&release, &self.before);
        if gated(&release) && !args.no_smoke_test {
            let repository = Repository::read(&content.input.files, &content.input.context);
            let contract = Contract::derive(&repository, &content.input.context);
            let asked = |name: &Name| smoke::asked(&contract).any(|(_, it)| it.may_be(&name.namespace, &name.name));
            let ours = release.rollouts.iter().map(|target| &target.name).filter(|name| asked(name));
            needs.extend(ours.flat_map(|name| Need::pods(&name.namespace)));
        }
        let sets = sets::edited(self, plan, &content)?;
        needs.extend(sets.iter().flat_map(|set| Need::set(&set.name.namespace)));
        self.runtime.block_on(allowed(cluster, &needs)).map_err(said).map_err(refused)
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
        let content = Content::of(plan, commit)?;
        let mut release = release::of(self, plan, &content, args);
        if self.reach.cluster().is_none() {
            release = release.of_applications();
        }
        let sets = sets::edited(self, plan, &content)?;
        let result = self.runtime.block_on(async {
            sets::apply(ui, self, &sets).await?;
            let telemetry = gated(&release).then(|| self.telemetry(plan, args)).transpose()?;
            let beside = Beside { telemetry: telemetry.as_ref(), trace: Some(trace) };
            let verdict =
                tell::follow(ui, self.reach.way(), release.clone(), args.timeout, args.format, beside).await?;
            after(ui, self, args, &release, verdict.as_ref()).await
        });
        result.map_err(|error: CommandError| {
            error.hint_if_none("nothing is lost: the commit is pushed, run again to go on")
        })
    }
}
