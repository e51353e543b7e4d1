//! An interrupted run: what it was, and taking it back.

use std::fs;
use std::io::ErrorKind;

use git2::Oid;

use crate::commit::{Found, compare, move_branch, update_index};
use crate::deliver::{is_obsolete, others};
use crate::error::{Error, io};
use crate::journal::{self, Desk, Stage};
use crate::refusal::Refusal;
use crate::repository::Repository;

/// A run that did not end, as its journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// How far it came.
    pub stage: Stage,
    /// The branch it belongs to.
    pub branch: String,
    /// Its commit, once there was one.
    pub commit: Option<Oid>,
    /// The files it edits, relative to the repository.
    pub files: Vec<String>,
    /// The first line of its message.
    pub summary: String,
    /// Remote and branch that it pushes to; `None` when it was not to push.
    pub target: Option<(String, String)>,
}

/// The run that has to be finished or undone before another one, if there is one. It may also be going on right now, in
/// another process; then [`crate::finish`] says [`Error::Busy`].
///
/// # Errors
/// A journal that cannot be read.
pub fn pending(repository: &Repository) -> Result<Option<Pending>, Error> {
    let found = journal::peek(repository)?.filter(|journal| !is_obsolete(repository, journal));
    Ok(found.map(|journal| Pending {
        stage: journal.stage,
        branch: journal.branch,
        commit: journal.commit,
        files: journal.edits.into_iter().map(|edit| edit.path).collect(),
        summary: journal.message.lines().next().unwrap_or_default().to_owned(),
        target: journal.target,
    }))
}

/// Takes an interrupted run back: its files hold again what it found in them, and its commit leaves the branch. `None`
/// when there is nothing to undo. With `--allow-dirty`, what was staged of these files is in the working tree only.
///
/// # Errors
/// [`Refusal::NotOurs`] when a file has been edited since, [`Refusal::BranchMoved`] when there are commits on top,
/// [`Refusal::CannotUndo`] when the commit is on the remote already or was rebased; then nothing has changed.
pub fn undo(repository: &Repository) -> Result<Option<Pending>, Error> {
    let desk = Desk::take(repository)?;
    let Some(journal) = desk.read()? else { return Ok(None) };
    let Some(pending) = pending(repository)? else {
        desk.clear()?;
        return Ok(None);
    };
    let cannot = |reason: &str| Error::from(Refusal::CannotUndo { reason: reason.to_owned() });
    if journal.rebased || journal.moving.is_some() {
        return Err(cannot("the commit was rebased onto the remote's branch"));
    }
    if let Some(operation) = repository.state() {
        return Err(Refusal::InProgress(operation).into());
    }
    let head = repository.head()?;
    if head.branch.as_ref() != Some(&journal.branch) {
        return Err(Refusal::OtherBranch { branch: journal.branch }.into());
    }
    if head.commit != Some(journal.head) && head.commit != journal.commit {
        return Err(Refusal::BranchMoved { branch: journal.branch }.into());
    }
    if let (Some(commit), Some((remote, branch))) = (journal.commit, &journal.target)
        && let Ok(target) = repository.target(&journal.branch, Some(remote), Some(branch))
        && let Some(seen) = repository.tracking(&target).and_then(|name| repository.inner.refname_to_id(&name).ok())
        && repository.has_ancestor(seen, commit)?
    {
        return Err(cannot("the commit is on the remote already"));
    }
    let edited = others(repository, &journal)?;
    if !edited.is_empty() {
        return Err(Refusal::NotOurs { paths: edited }.into());
    }
    repository.check_index()?;

    for edit in &journal.edits {
        let path = repository.root().join(&edit.path);
        match (&edit.base, compare(repository, edit)?) {
            (Some(base), Found::New) => files::replace(&path, base.as_bytes()).map_err(io("restore", path))?,
            (None, Found::New) => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("remove", path)(error)),
                _ => {}
            },
            _ => {}
        }
    }
    if let Some(commit) = journal.commit.filter(|commit| head.commit == Some(*commit)) {
        move_branch(repository, &journal.branch, commit, journal.head, "hyperspace: undo an interrupted run")?;
    }
    update_index(repository, journal.head, journal.edits.iter().map(|edit| edit.path.as_str()))?;
    desk.clear()?;
    Ok(Some(pending))
}
