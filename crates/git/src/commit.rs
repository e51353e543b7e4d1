//! A commit of exactly the edited files, on top of HEAD, whatever else is staged, changed or untracked.

use std::fs;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, IndexEntry, IndexTime, Oid};

use crate::error::{Doing, Error, io};
use crate::journal::{Journal, JournalEdit};
use crate::refusal::Refusal;
use crate::repository::Repository;
use crate::sign;

/// What a file of the working tree is, compared with an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Base,
    New,
    Neither,
}

pub(crate) fn compare(repository: &Repository, edit: &JournalEdit) -> Result<Found, Error> {
    let path = repository.root().join(&edit.path);
    let now = match fs::read(&path) {
        Ok(now) => Some(now),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(io("read", path)(error)),
    };
    Ok(if now.as_deref() == Some(edit.new.as_bytes()) {
        Found::New
    } else if now.as_deref() == edit.base.as_deref().map(str::as_bytes) {
        Found::Base
    } else {
        Found::Neither
    })
}

/// Puts one edit into the working tree, unless it is there already.
pub(crate) fn write(repository: &Repository, edit: &JournalEdit) -> Result<(), Error> {
    // Looked at again just before the rename: the shorter the gap, the less of somebody's typing can fall into it.
    match compare(repository, edit)? {
        Found::New => Ok(()),
        Found::Neither => Err(Refusal::NotOurs { paths: vec![edit.path.clone()] }.into()),
        Found::Base => {
            let path = repository.root().join(&edit.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(io("create", folder))?;
            }
            files::replace(&path, edit.new.as_bytes()).map_err(io("write", path))
        }
    }
}

/// Stores the commit object and returns its id; `None` when HEAD has all of it already. The same journal gives the
/// same id (unless it is signed), so doing it again after a kill does no harm.
pub(crate) fn create(repository: &Repository, journal: &Journal) -> Result<Option<Oid>, Error> {
    let repo = &repository.inner;
    let parent = repo.find_commit(journal.head).doing("read HEAD's commit")?;
    let before = parent.tree().doing("read HEAD's files")?;
    let mut update = TreeUpdateBuilder::new();
    for edit in &journal.edits {
        let mode = mode(repository, &before, edit, journal.allow_dirty);
        update.upsert(edit.path.as_str(), blob(repository, edit)?, mode);
    }
    let id = update.create_updated(repo, &before).doing("store the new tree")?;
    if id == before.id() {
        return Ok(None);
    }
    let tree = repo.find_tree(id).doing("read the new tree")?;
    let author = journal.author.signature().doing("use the author's name")?;
    let committer = journal.committer.signature().doing("use the committer's name")?;
    if sign::wanted(repository)? {
        let content = repo
            .commit_create_buffer(&author, &committer, &journal.message, &tree, &[&parent])
            .doing("build the commit")?;
        let content = content.as_str().doing("build the commit")?;
        return sign::commit(repository, content, &journal.committer).map(Some);
    }
    repo.commit(None, &author, &committer, &journal.message, &tree, &[&parent]).doing("store the commit").map(Some)
}

/// The blob as git stores it: line ends and `ident` by `.gitattributes` and `core.autocrlf`.
fn blob(repository: &Repository, edit: &JournalEdit) -> Result<Oid, Error> {
    let doing = || format!("store {}", edit.path);
    let mut writer = repository.inner.blob_writer(Some(Path::new(&edit.path))).doing(doing())?;
    std::io::Write::write_all(&mut writer, edit.new.as_bytes()).map_err(io("store", &edit.path))?;
    writer.commit().doing(doing())
}

/// HEAD's mode; the working tree's where a changed file is taken as it is, or where HEAD has none.
fn mode(repository: &Repository, before: &git2::Tree<'_>, edit: &JournalEdit, allow_dirty: bool) -> FileMode {
    let head = before.get_path(Path::new(&edit.path)).ok().map(|entry| entry.filemode());
    let head = head.map(|mode| if mode & 0o100 != 0 { FileMode::BlobExecutable } else { FileMode::Blob });
    let trusted = repository.inner.config().and_then(|config| config.get_bool("core.filemode")).unwrap_or(true);
    match head {
        Some(head) if !(allow_dirty && trusted) => head,
        _ if trusted && is_executable(&repository.root().join(&edit.path)) => FileMode::BlobExecutable,
        _ => FileMode::Blob,
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::symlink_metadata(path).is_ok_and(|found| found.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// Moves the branch from one commit to another, only if it is still at the first (or at the second already).
pub(crate) fn move_branch(repository: &Repository, branch: &str, from: Oid, to: Oid, log: &str) -> Result<(), Error> {
    let name = format!("refs/heads/{branch}");
    let now = repository.inner.refname_to_id(&name).doing(format!("read the branch {branch}"))?;
    if now == to {
        return Ok(());
    }
    if now != from {
        return Err(Refusal::BranchMoved { branch: branch.to_owned() }.into());
    }
    match repository.inner.reference_matching(&name, to, true, from, log) {
        Ok(_) => Ok(()),
        Err(error) if error.code() == git2::ErrorCode::Modified => {
            Err(Refusal::BranchMoved { branch: branch.to_owned() }.into())
        }
        Err(error) => Err(error).doing(format!("move the branch {branch}")),
    }
}

/// Brings the index entries of `paths` to what `commit` has, and no others. Where the working tree holds the same
/// content the entry gets the file's times and size, so that git need not read it again; where somebody has gone on
/// editing, the entry gets none and git shows their change.
pub(crate) fn update_index<'a>(
    repository: &Repository,
    commit: Oid,
    paths: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    let repo = &repository.inner;
    let tree = repo.find_commit(commit).and_then(|commit| commit.tree()).doing("read the commit's files")?;
    let mut index = repo.index().doing("read the index")?;
    index.read(true).doing("read the index")?;
    for path in paths {
        let at = Path::new(path);
        let Ok(wanted) = tree.get_path(at) else {
            if index.get_path(at, 0).is_some() {
                index.remove_path(at).doing(format!("take {path} out of the index"))?;
            }
            continue;
        };
        let same = |entry: IndexEntry| entry.id == wanted.id() && i64::from(entry.mode) == i64::from(wanted.filemode());
        if index.add_path(at).is_ok() && index.get_path(at, 0).is_some_and(same) {
            continue;
        }
        let zero = IndexTime::new(0, 0);
        index
            .add(&IndexEntry {
                ctime: zero,
                mtime: zero,
                dev: 0,
                ino: 0,
                mode: u32::try_from(wanted.filemode()).unwrap_or(0o100_644),
                uid: 0,
                gid: 0,
                file_size: 0,
                id: wanted.id(),
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            })
            .doing(format!("put {path} into the index"))?;
    }
    index.write().doing("write the index")
}
