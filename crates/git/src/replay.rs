//! Our commit on top of what the remote has by now, computed in memory; and the branch brought there, file by file.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{Delta, FileMode, MergeOptions, Oid};

use crate::commit::{move_branch, update_index};
use crate::error::{Doing, Error, io};
use crate::journal::{Desk, Journal, Moving};
use crate::preflight::check_filter;
use crate::progress::{Progress, Step, at};
use crate::repository::{FileStatus, Repository};
use crate::sign;

/// Why a remote that moved on could not be followed. Nothing was changed here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stuck {
    /// The remote changed the same lines, in these files.
    Conflict(Vec<String>),
    /// The branch has this many commits besides ours that the remote has not; they are not ours to rewrite.
    OtherCommits(usize),
    /// The target is another branch, whose commits do not belong into this one.
    OtherBranch,
    /// Files that the remote changed have uncommitted changes here, or are in the way.
    NotClean(Vec<String>),
    /// The remote's changes need git itself: links, submodules, `.gitattributes` or filters are among them.
    NeedsGit(Vec<String>),
    /// The files would no longer check clean together with the remote's changes.
    FailsCheck,
    /// Another branch is checked out by now.
    NotCheckedOut,
    /// The remote's history shares nothing with ours.
    Unrelated,
    /// It moved again and again.
    TooManyTries,
}

/// Our commit on top of `onto`.
pub(crate) enum Replayed {
    Commit(Oid),
    /// The remote has the same changes already.
    Nothing,
    Stuck(Stuck),
}

/// Computes our commit on top of `onto`; touches nothing but the object database.
pub(crate) fn replay(repository: &Repository, journal: &Journal, onto: Oid) -> Result<Replayed, Error> {
    let repo = &repository.inner;
    let tip = journal.tip();
    let Ok(base) = repo.merge_base(tip, onto) else { return Ok(Replayed::Stuck(Stuck::Unrelated)) };
    let (ahead, _) = repo.graph_ahead_behind(tip, onto).doing("compare with the remote")?;
    let ours = usize::from(journal.commit.is_some());
    if ahead != ours || (ours == 1 && base != journal.head) {
        return Ok(Replayed::Stuck(Stuck::OtherCommits(ahead.saturating_sub(ours))));
    }
    let Some(commit) = journal.commit else { return Ok(Replayed::Nothing) };

    let commit = repo.find_commit(commit).doing("read our commit")?;
    let onto = repo.find_commit(onto).doing("read the remote's commit")?;
    let mut merged =
        repo.cherrypick_commit(&commit, &onto, 0, Some(&MergeOptions::new())).doing("rebase our commit")?;
    if merged.has_conflicts() {
        let conflicts = merged.conflicts().doing("list the conflicts")?;
        let mut paths: Vec<String> = conflicts
            .flatten()
            .filter_map(|conflict| conflict.our.or(conflict.their).or(conflict.ancestor))
            .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
            .collect();
        paths.sort();
        return Ok(Replayed::Stuck(Stuck::Conflict(paths)));
    }
    let tree = merged.write_tree_to(repo).doing("store the rebased tree")?;
    if tree == onto.tree_id() {
        return Ok(Replayed::Nothing);
    }
    let tree = repo.find_tree(tree).doing("read the rebased tree")?;
    // The same persons and times as before, so that a run that was killed here makes the same commit again.
    let author = journal.author.signature().doing("use the author's name")?;
    let committer = journal.committer.signature().doing("use the committer's name")?;
    if sign::wanted(repository)? {
        let content = repo
            .commit_create_buffer(&author, &committer, &journal.message, &tree, &[&onto])
            .doing("build the rebased commit")?;
        let content = content.as_str().doing("build the rebased commit")?;
        return sign::commit(repository, content, &journal.committer).map(Replayed::Commit);
    }
    repo.commit(None, &author, &committer, &journal.message, &tree, &[&onto])
        .doing("store the rebased commit")
        .map(Replayed::Commit)
}

/// One path that differs between two commits.
struct Change {
    path: String,
    /// Where the new content lies, as the working tree shall have it; `None` for a file that goes.
    new: Option<PathBuf>,
    was_there: bool,
    executable: bool,
}

/// Looks whether the working tree can follow, before anything is written.
pub(crate) fn can_follow(repository: &Repository, desk: &Desk, moving: Moving) -> Result<Option<Stuck>, Error> {
    match plan(repository, desk, moving)? {
        Ok(changes) => obstacles(repository, &changes),
        Err(stuck) => Ok(Some(stuck)),
    }
}

/// Brings files, branch and index from one commit to the other. Done again after a kill, it goes on where it was.
pub(crate) fn follow(
    repository: &Repository,
    desk: &Desk,
    branch: &str,
    moving: Moving,
    progress: &mut dyn Progress,
) -> Result<Option<Stuck>, Error> {
    let changes = match plan(repository, desk, moving)? {
        Ok(changes) => changes,
        Err(stuck) => return Ok(Some(stuck)),
    };
    let name = format!("refs/heads/{branch}");
    let now = repository.inner.refname_to_id(&name).doing(format!("read the branch {branch}"))?;
    if now != moving.to {
        if let Some(stuck) = obstacles(repository, &changes)? {
            return Ok(Some(stuck));
        }
        for change in &changes {
            at(progress, Step::Follow { path: &change.path })?;
            apply(repository, change)?;
        }
        at(progress, Step::MoveBranch { branch, to: moving.to })?;
        move_branch(repository, branch, moving.from, moving.to, "hyperspace: rebase onto the remote's branch")?;
    }
    at(progress, Step::UpdateIndex)?;
    update_index(repository, moving.to, changes.iter().map(|change| change.path.as_str()))?;
    Ok(None)
}

/// The changed paths, with the new contents written to a folder of ours, so that line ends and `ident` are as libgit2's
/// checkout makes them while the file itself can be replaced whole.
fn plan(repository: &Repository, desk: &Desk, moving: Moving) -> Result<Result<Vec<Change>, Stuck>, Error> {
    let repo = &repository.inner;
    let tree = |id| repo.find_commit(id).and_then(|commit| commit.tree()).doing("read a commit's files");
    let (from, to) = (tree(moving.from)?, tree(moving.to)?);
    let diff = repo.diff_tree_to_tree(Some(&from), Some(&to), None).doing("compare two commits")?;

    let scratch = desk.scratch()?;
    let mut checkout = CheckoutBuilder::new();
    checkout.target_dir(&scratch).force().update_index(false).disable_pathspec_match(true);
    let (mut changes, mut hard, mut any) = (Vec::new(), Vec::new(), false);
    for delta in diff.deltas() {
        let gone = delta.status() == Delta::Deleted;
        let file = if gone { delta.old_file() } else { delta.new_file() };
        let Some(path) = file.path().and_then(Path::to_str).map(str::to_owned) else {
            hard.push(String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned());
            continue;
        };
        let plain = |mode| matches!(mode, FileMode::Blob | FileMode::BlobExecutable | FileMode::Unreadable);
        let attributes = path.rsplit('/').next() == Some(".gitattributes");
        if !plain(delta.old_file().mode()) || !plain(delta.new_file().mode()) || attributes {
            hard.push(path);
            continue;
        }
        if check_filter(repository, &path).is_err() {
            hard.push(path);
            continue;
        }
        if !gone {
            checkout.path(path.as_str());
            any = true;
        }
        changes.push(Change {
            new: (!gone).then(|| scratch.join(&path)),
            was_there: delta.status() != Delta::Added,
            executable: file.mode() == FileMode::BlobExecutable,
            path,
        });
    }
    if !hard.is_empty() {
        return Ok(Err(Stuck::NeedsGit(hard)));
    }
    // Without a path a checkout would take all.
    if any {
        repo.checkout_tree(to.as_object(), Some(&mut checkout)).doing("read the remote's files")?;
    }
    Ok(Ok(changes))
}

/// The paths whose files are neither as our commit has them nor as they shall be.
fn obstacles(repository: &Repository, changes: &[Change]) -> Result<Option<Stuck>, Error> {
    let mut paths = Vec::new();
    for change in changes {
        let file = repository.root().join(&change.path);
        let found = match fs::symlink_metadata(&file) {
            Ok(found) => Some(found),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
            Err(error) => return Err(io("look at", file)(error)),
        };
        let fine = match (&change.new, found) {
            (None, None) => true,
            (Some(_), None) => !change.was_there && parents_are_folders(repository, &change.path),
            (_, Some(found)) if !found.is_file() => false,
            (Some(new), Some(_)) if same(new, &file)? => true,
            (_, Some(_)) => change.was_there && repository.status(&change.path)? == FileStatus::Clean,
        };
        if !fine {
            paths.push(change.path.clone());
        }
    }
    Ok(if paths.is_empty() { None } else { Some(Stuck::NotClean(paths)) })
}

fn parents_are_folders(repository: &Repository, path: &str) -> bool {
    let below = Path::new(path).ancestors().skip(1).filter(|part| !part.as_os_str().is_empty());
    below.map(|part| repository.root().join(part)).all(|part| match fs::symlink_metadata(part) {
        Ok(found) => found.is_dir(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    })
}

fn same(a: &Path, b: &Path) -> Result<bool, Error> {
    let read = |path: &Path| fs::read(path).map_err(io("read", path));
    Ok(read(a)? == read(b)?)
}

fn apply(repository: &Repository, change: &Change) -> Result<(), Error> {
    let file = repository.root().join(&change.path);
    let Some(new) = &change.new else {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", file)(error)),
            _ => {
                remove_empty_folders(repository, &change.path);
                Ok(())
            }
        };
    };
    if !file.exists() || !same(new, &file)? {
        let content = fs::read(new).map_err(io("read", new))?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(io("create", folder))?;
        }
        files::replace(&file, &content).map_err(io("write", &file))?;
    }
    set_executable(&file, change.executable)
}

/// git keeps no empty folders; one that is not empty refuses by itself.
fn remove_empty_folders(repository: &Repository, path: &str) {
    for folder in Path::new(path).ancestors().skip(1).filter(|part| !part.as_os_str().is_empty()) {
        if fs::remove_dir(repository.root().join(folder)).is_err() {
            break;
        }
    }
}

#[cfg(unix)]
fn set_executable(file: &Path, executable: bool) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(file).map_err(io("look at", file))?.permissions();
    let mode = permissions.mode();
    // As git: whoever may read may run.
    let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
    if wanted == mode {
        return Ok(());
    }
    permissions.set_mode(wanted);
    fs::set_permissions(file, permissions).map_err(io("set the mode of", file))
}

#[cfg(not(unix))]
fn set_executable(_: &Path, _: bool) -> Result<(), Error> {
    Ok(())
}
