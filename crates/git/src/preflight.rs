//! Every check before anything is written.

use std::fs;
use std::io;
use std::path::{Component, Path};

use git2::{AttrCheckFlags, AttrValue, ErrorClass, ErrorCode, Oid};

use crate::error::{self, Doing, Error};
use crate::plan::{Edit, Note, Person, Prepared, Request};
use crate::refusal::Refusal;
use crate::repository::{FileStatus, Repository};
use crate::sign;
use crate::target::Target;

/// Hooks that git would run on this side, and libgit2 does not.
const COMMIT_HOOKS: &[&str] = &["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"];
const PUSH_HOOKS: &[&str] = &["pre-push"];

/// Checks a request against the repository as it is. Writes nothing.
///
/// # Errors
/// [`Error::Refused`] with the first reason that was found; anything else when git itself fails.
pub fn preflight(repository: &Repository, request: &Request) -> Result<Prepared, Error> {
    if repository.is_bare() {
        return Err(Refusal::Bare.into());
    }
    if let Some(operation) = repository.state() {
        return Err(Refusal::InProgress(operation).into());
    }
    let (branch, head) = repository.branch_and_commit()?;
    let edits: Vec<Edit> = request.edits.iter().filter(|edit| edit.base.as_ref() != Some(&edit.new)).cloned().collect();

    let mut notes = Vec::new();
    let when = request.when;
    let (author, committer) = if edits.is_empty() {
        // Nothing will be signed with it.
        let nobody = Person { name: String::new(), email: String::new(), seconds: 0, offset: 0 };
        (nobody.clone(), nobody)
    } else {
        repository.check_index()?;
        let who = |found: Result<git2::Signature<'_>, git2::Error>| match found {
            Ok(found) => Ok(Person::from_git2(&found, when)),
            // Missing, or there and empty.
            Err(error) if error.code() == ErrorCode::NotFound || error.class() == ErrorClass::Invalid => {
                Err(Refusal::NoIdentity.into())
            }
            Err(error) => Err(error).doing("find out who commits"),
        };
        (who(repository.inner.author_from_env())?, who(repository.inner.committer_from_env())?)
    };
    check_edits(repository, head, &edits, request.allow_dirty, &mut notes)?;

    let target = if request.no_push {
        None
    } else {
        Some(repository.target(&branch, request.remote.as_deref(), request.branch.as_deref())?)
    };
    if let Some(target) = &target {
        note_push(repository, head, target, &mut notes);
    }
    if !edits.is_empty() && sign::wanted(repository)? {
        notes.push(Note::Signed);
    }
    let hooks = repository.hooks(!edits.is_empty(), target.is_some());
    if !hooks.is_empty() {
        notes.push(Note::HooksNotRun(hooks));
    }
    let message = git2::message_prettify(request.message.as_str(), None).doing("clean up the message")?;
    Ok(Prepared {
        edits,
        message,
        folder: request.folder.clone(),
        branch,
        head,
        target,
        author,
        committer,
        notes,
        allow_dirty: request.allow_dirty,
    })
}

impl Repository {
    /// An index that can be read and is not being written.
    pub(crate) fn check_index(&self) -> Result<(), Error> {
        if self.git_dir().join("index.lock").exists() {
            return Err(Refusal::IndexLocked.into());
        }
        self.inner
            .index()
            .map(|_| ())
            .map_err(|error| Refusal::IndexFormat { reason: error.message().to_owned() }.into())
    }

    /// The hooks that stand ready in this clone.
    fn hooks(&self, commit: bool, push: bool) -> Vec<String> {
        let folder = match self.inner.config().and_then(|config| config.get_path("core.hooksPath")) {
            Ok(path) => self.root().join(path),
            Err(_) => self.inner.commondir().join("hooks"),
        };
        let asked = [(commit, COMMIT_HOOKS), (push, PUSH_HOOKS)];
        let names = asked.iter().filter(|(asked, _)| *asked).flat_map(|(_, names)| names.iter());
        names.filter(|name| is_executable(&folder.join(name))).map(|name| (*name).to_owned()).collect()
    }
}

fn check_edits(
    repository: &Repository,
    head: Oid,
    edits: &[Edit],
    allow_dirty: bool,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    if edits.is_empty() {
        return Ok(());
    }
    let (mut dirty, mut untracked, mut ignored, mut changed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let tree = repository.inner.find_commit(head).and_then(|commit| commit.tree()).doing("read HEAD's files")?;
    let index = repository.inner.index().doing("read the index")?;
    for edit in edits {
        let path = &edit.path;
        check_path(repository, path)?;
        check_filter(repository, path)?;
        let now = match fs::read(repository.root().join(path)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error::io("read", path)(error)),
        };
        if now.as_deref() != edit.base.as_deref().map(str::as_bytes) {
            changed.push(path.clone());
        }
        match repository.status(path)? {
            FileStatus::Clean if index.get_path(Path::new(path), 0).is_some_and(|entry| is_hidden(&entry)) => {
                dirty.push(path.clone());
            }
            FileStatus::Clean => {}
            FileStatus::Absent if repository.inner.is_path_ignored(path).unwrap_or(false) => ignored.push(path.clone()),
            FileStatus::Absent => {}
            FileStatus::Ignored => ignored.push(path.clone()),
            FileStatus::Untracked => untracked.push(path.clone()),
            FileStatus::Changed if tree.get_path(Path::new(path)).is_err() => untracked.push(path.clone()),
            FileStatus::Changed => dirty.push(path.clone()),
        }
    }
    if !ignored.is_empty() {
        return Err(Refusal::Ignored { paths: ignored }.into());
    }
    if !changed.is_empty() {
        return Err(Refusal::ChangedSinceRead { paths: changed }.into());
    }
    if !allow_dirty && !dirty.is_empty() {
        return Err(Refusal::Uncommitted { paths: dirty }.into());
    }
    if !allow_dirty && !untracked.is_empty() {
        return Err(Refusal::Untracked { paths: untracked }.into());
    }
    dirty.append(&mut untracked);
    if !dirty.is_empty() {
        dirty.sort();
        notes.push(Note::DirtyIncluded(dirty));
    }
    Ok(())
}

/// Whether git was told not to look at the file (`--assume-unchanged`, `--skip-worktree`): then "clean" means nothing, and
/// people keep local changes there that no commit should carry.
fn is_hidden(entry: &git2::IndexEntry) -> bool {
    const ASSUME_UNCHANGED: u16 = 0x8000;
    const SKIP_WORKTREE: u16 = 0x4000;
    entry.flags & ASSUME_UNCHANGED != 0 || entry.flags_extended & SKIP_WORKTREE != 0
}

/// A plain relative path, all of whose folders belong to this repository and are no links.
fn check_path(repository: &Repository, path: &str) -> Result<(), Error> {
    let bad = |reason: &str| Error::from(Refusal::BadPath { path: path.to_owned(), reason: reason.to_owned() });
    let plain = !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || path.contains('\\') {
        return Err(bad("is not a plain path inside the repository"));
    }
    // Case does not matter to every file system; git refuses the same names.
    if path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err(bad("lies in a git directory"));
    }
    let mut folder = repository.root().to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        folder.push(part);
        let Ok(found) = fs::symlink_metadata(&folder) else { return Ok(()) };
        if found.is_symlink() {
            return Err(bad("is a symbolic link, or lies behind one"));
        }
        if parts.peek().is_none() {
            return if found.is_file() { Ok(()) } else { Err(bad("is not a regular file")) };
        }
        if folder.join(".git").exists() {
            let inner = folder.strip_prefix(repository.root()).unwrap_or(&folder).display().to_string();
            return Err(Refusal::OtherRepository { path: path.to_owned(), inner }.into());
        }
    }
    Ok(())
}

/// libgit2 knows line ends and `ident`; other conversions would put the wrong bytes into the commit.
pub(crate) fn check_filter(repository: &Repository, path: &str) -> Result<(), Error> {
    for name in ["filter", "working-tree-encoding"] {
        let value = repository.inner.get_attr(Path::new(path), name, AttrCheckFlags::FILE_THEN_INDEX);
        let value = AttrValue::from_string(value.doing(format!("read the attributes of {path}"))?);
        if let AttrValue::String(value) = value {
            let known = name == "filter" && ["crlf", "ident"].contains(&value)
                || name == "working-tree-encoding" && value.eq_ignore_ascii_case("utf-8");
            if !known {
                return Err(Refusal::Filter { path: path.to_owned(), filter: format!("{name}={value}") }.into());
            }
        }
    }
    Ok(())
}

fn note_push(repository: &Repository, head: Oid, target: &Target, notes: &mut Vec<Note>) {
    let Some(seen) = repository.tracking(target) else { return };
    match repository.inner.refname_to_id(&seen) {
        Ok(theirs) => match repository.inner.graph_ahead_behind(head, theirs) {
            Ok((ahead, _)) if ahead > 0 => notes.push(Note::OtherCommits(ahead)),
            _ => {}
        },
        Err(_) => notes.push(Note::NewBranch { branch: target.branch.clone() }),
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
