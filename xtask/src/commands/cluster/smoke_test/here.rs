//! What this machine knows: the repository's files, its git, and which Applications follow it.

use super::super::branch::{Branch, follows};
use super::Question;
use crate::commands::fix_and_push::{environment, repository};
use crate::error::CommandError;
use crate::input::Input;
use delivery::Name;
use model::url::without_credentials;
use model::{Context, Repository, RepositoryPair};
use smoke::Git;
use std::collections::BTreeSet;
use std::path::PathBuf;

pub(super) struct Here {
    pub(super) repository: Repository,
    pub(super) context: Context,
    pub(super) git: Git,
    /// The name that commits are made under.
    pub(super) user: Option<String>,
    /// Our folder in git's.
    pub(super) folder: PathBuf,
    /// Applications that follow the branch.
    pub(super) applications: Vec<Name>,
    /// What the others follow, in words.
    pub(super) elsewhere: String,
    /// Rollouts that they deploy.
    pub(super) rollouts: BTreeSet<Name>,
}

impl Here {
    pub(super) fn look(question: &Question<'_>) -> Result<Here, CommandError> {
        let git = repository(&question.target.path)?;
        let input = Input::load(question.target)?;
        let head = git.head()?;
        let Some(commit) = head.commit else {
            return Err(CommandError::user("there is no commit yet").hint("`fix-and-push` makes one and pushes it"));
        };
        let pairs = &input.context.policy.repositories;
        let target = head.branch.as_deref().and_then(|branch| target(&git, branch, question, pairs));
        let url = target.as_ref().map(|target| without_credentials(&target.url.replace("://***@", "://")));
        let url = url.unwrap_or_default();
        let environment = environment();
        let asked = target.as_ref().map(|target| git.ask(target, &environment));
        let default = asked.as_ref().and_then(|asked| asked.as_ref().ok()?.default_branch.as_deref());
        let name = target.as_ref().map(|target| target.branch.clone()).or(head.branch);
        let name = name.unwrap_or_else(|| "no branch".to_owned());
        let branch = Branch { url: &url, name: &name, default, pairs };
        let (followers, others): (Vec<_>, Vec<_>) =
            question.found.iter().partition(|found| question.named || branch.source(found).is_some());
        let elsewhere = branch.followed(others);
        let remote = asked.map(|asked| {
            asked.map(|there| there.tip.map(|commit| commit.to_string())).map_err(|error| error.to_string())
        });
        Ok(Here {
            git: Git { commit: commit.to_string(), branch: name, url, uncommitted: git.uncommitted()?, remote },
            user: git.user_name()?.filter(|name| !name.trim().is_empty()),
            folder: git.git_dir().join("hyperspace"),
            applications: followers.iter().map(|found| found.name.clone()).collect(),
            elsewhere,
            rollouts: followers.iter().flat_map(|found| found.of_kind("Rollout")).cloned().collect(),
            repository: Repository::read(&input.files, &input.context),
            context: input.context,
        })
    }

    /// The rollout of the repository as the cluster calls it.
    pub(super) fn deployed(&self, rollout: &model::Rollout) -> Option<&Name> {
        self.rollouts.iter().find(|name| rollout.may_be(&name.namespace, &name.name))
    }
}

/// Where the branch is pushed to: the remote that was named; else where `git push` would go, unless only another remote is
/// one that an Application follows.
fn target(
    git: &git::Repository,
    branch: &str,
    question: &Question<'_>,
    pairs: &[RepositoryPair],
) -> Option<git::Target> {
    let of = |remote: Option<&str>| git.target(branch, remote, question.branch).ok();
    if let Some(remote) = question.remote {
        return of(Some(remote));
    }
    let usual = of(None);
    let followed = |target: &git::Target| question.found.iter().any(|found| follows(found, &target.url, pairs));
    if usual.as_ref().is_some_and(followed) {
        return usual;
    }
    let others = git.remotes().unwrap_or_default();
    others.iter().filter_map(|name| of(Some(name))).find(followed).or(usual)
}
