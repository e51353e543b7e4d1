//! The broken start, ours to practise and to demonstrate on: the faults that the adventure hands out, in our own words.

use crate::error::{CommandError, Doing};
use git2::{Commit, Repository, RepositoryInitOptions, Signature};
use std::path::Path;

macro_rules! scenario {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../practice/scenario/", $path)))),+]
    };
}

/// Its files, by their path in the repository.
pub(crate) const FILES: &[(&str, &str)] = scenario!(
    "appset/transport.yaml",
    "manifests/hotrod/analysis-template.yaml",
    "manifests/hotrod/rollout.yaml",
    "manifests/hotrod/service.yaml",
    "manifests/otel/config.yaml",
    "manifests/otel/daemonset.yaml",
    "manifests/otel/service.yaml",
    "manifests/traffic-generator/deployment.yaml",
);

/// The story, as Markdown.
pub(crate) const STORY: &str = include_str!("../practice/story.md");

/// The branch that everything happens on.
pub(crate) const BRANCH: &str = "main";

/// Writes the files below `folder`.
pub(crate) fn write(folder: &Path) -> Result<(), CommandError> {
    for (path, text) in FILES {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).doing(format!("create {}", parent.display()))?;
        }
        files::replace(&file, text.as_bytes()).doing(format!("write {}", file.display()))?;
    }
    Ok(())
}

/// Makes `folder` a git repository and commits the scenario's files, so that `git diff` tells what was mended since.
///
/// Settings of the person that would get in the way (signing, conversion of line ends) are off in this repository.
pub(crate) fn commit(folder: &Path) -> Result<Repository, CommandError> {
    let repository = init(folder)?;
    record(&repository).map_err(|error| CommandError::internal("cannot commit the scenario").because(&error))?;
    Ok(repository)
}

fn init(folder: &Path) -> Result<Repository, CommandError> {
    let mut options = RepositoryInitOptions::new();
    options.initial_head(BRANCH).external_template(false);
    Repository::init_opts(folder, &options)
        .map_err(|error| CommandError::user(format!("cannot make {} a repository", folder.display())).because(&error))
}

fn record(repository: &Repository) -> Result<(), git2::Error> {
    let mut config = repository.config()?;
    for key in ["commit.gpgsign", "core.autocrlf"] {
        config.set_bool(key, false)?;
    }
    let who = repository.signature().or_else(|_| stand_in())?;
    if config.get_string("user.email").is_err() {
        config.set_str("user.name", who.name().unwrap_or_default())?;
        config.set_str("user.email", who.email().unwrap_or_default())?;
    }
    let mut index = repository.index()?;
    for (path, _) in FILES {
        index.add_path(Path::new(path))?;
    }
    index.write()?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<&Commit<'_>> = parent.iter().collect();
    repository.commit(Some("HEAD"), &who, &who, "Leave the desk as it was found\n", &tree, &parents)?;
    Ok(())
}

/// Who commits where git does not know the person.
fn stand_in() -> Result<Signature<'static>, git2::Error> {
    Signature::now("Navigation Desk", "desk@hyperspace.invalid")
}

/// A bare repository beside it, as its remote, with the same commit.
pub(crate) fn publish(repository: &Repository, bare: &Path) -> Result<(), CommandError> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).initial_head(BRANCH).external_template(false);
    let published = Repository::init_opts(bare, &options).and_then(|_| {
        let mut remote = repository.remote("origin", &bare.to_string_lossy())?;
        remote.push(&[format!("refs/heads/{BRANCH}:refs/heads/{BRANCH}")], None)?;
        let head = repository.refname_to_id(&format!("refs/heads/{BRANCH}"))?;
        repository.reference(&format!("refs/remotes/origin/{BRANCH}"), head, true, "published")?;
        repository.find_branch(BRANCH, git2::BranchType::Local)?.set_upstream(Some(&format!("origin/{BRANCH}")))
    });
    published.map_err(|error| CommandError::internal("cannot set up the local remote").because(&error))
}

/// Whether the scenario may be written there: a folder that is empty, or not there yet.
pub(crate) fn is_free(folder: &Path) -> Result<bool, CommandError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(CommandError::user(format!("cannot write to {}", folder.display())).because(&error)),
    }
}
