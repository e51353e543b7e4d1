//! One repository, seen read-only: where it is, what is checked out, what is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, RepositoryState, Status};

use crate::error::{Doing, Error};
use crate::redact::redact;
use crate::refusal::{Operation, Refusal};

/// An open repository.
pub struct Repository {
    pub(crate) inner: git2::Repository,
    root: PathBuf,
}

/// What HEAD names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch's short name; `None` on a detached HEAD.
    pub branch: Option<String>,
    /// The commit; `None` before the first one.
    pub commit: Option<Oid>,
}

/// A branch of a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The remote's name.
    pub remote: String,
    /// The branch's name on the remote, without `refs/heads/`.
    pub branch: String,
}

/// What git thinks of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileStatus {
    /// As in HEAD.
    Clean,
    /// Staged, modified, deleted, renamed, or in conflict.
    Changed,
    /// Not under version control.
    Untracked,
    /// Not under version control, and ignored.
    Ignored,
    /// Neither in HEAD, nor in the index, nor in the working tree.
    Absent,
}

impl Repository {
    /// The repository that `path` lies in, looking upwards; `None` where there is none.
    ///
    /// # Errors
    /// A repository that cannot be opened, for instance one of another user (git's `safe.directory`).
    pub fn discover(path: &Path) -> Result<Option<Self>, Error> {
        match git2::Repository::discover(path) {
            Ok(inner) => Ok(Some(Self::from_git2(inner))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error).doing(format!("open the repository at {}", path.display())),
        }
    }

    fn from_git2(inner: git2::Repository) -> Self {
        let root = inner.workdir().unwrap_or_else(|| inner.path());
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Self { inner, root }
    }

    /// The working tree's folder, canonical; for a bare repository the repository itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git directory of this working tree (`.git`, or its folder below `.git/worktrees`).
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// Whether there is no working tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.inner.is_bare()
    }

    /// `path` relative to the root, `/` separated, `""` for the root; `None` when it lies elsewhere or does not exist.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<String> {
        let path = path.canonicalize().ok()?;
        let below = path.strip_prefix(&self.root).ok()?;
        let parts: Option<Vec<&str>> = below.components().map(|part| part.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// What is checked out.
    ///
    /// # Errors
    /// A HEAD that cannot be read.
    pub fn head(&self) -> Result<Head, Error> {
        let head = self.inner.find_reference("HEAD").doing("read HEAD")?;
        let branch = match head.symbolic_target() {
            Ok(Some(name)) => Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
            _ => None,
        };
        let commit = match self.inner.head() {
            Ok(head) => Some(head.peel_to_commit().doing("read HEAD's commit")?.id()),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
            Err(error) => return Err(error).doing("read HEAD"),
        };
        Ok(Head { branch, commit })
    }

    /// What the repository is in the middle of.
    #[must_use]
    pub fn state(&self) -> Option<Operation> {
        match self.inner.state() {
            RepositoryState::Clean => None,
            RepositoryState::Merge => Some(Operation::Merge),
            RepositoryState::Revert | RepositoryState::RevertSequence => Some(Operation::Revert),
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => Some(Operation::CherryPick),
            RepositoryState::Bisect => Some(Operation::Bisect),
            RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => {
                Some(Operation::Rebase)
            }
            RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => Some(Operation::ApplyMailbox),
        }
    }

    /// The configured upstream of a branch. An upstream in this repository itself (remote `.`) is none.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub fn upstream(&self, branch: &str) -> Result<Option<Upstream>, Error> {
        let remote = self.config(&format!("branch.{branch}.remote"))?.filter(|remote| remote != ".");
        let merge = self.config(&format!("branch.{branch}.merge"))?;
        Ok(remote.zip(merge).map(|(remote, merge)| Upstream {
            remote,
            branch: merge.strip_prefix("refs/heads/").unwrap_or(&merge).to_owned(),
        }))
    }

    /// The names of all remotes, sorted.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub fn remotes(&self) -> Result<Vec<String>, Error> {
        let names = self.inner.remotes().doing("list the remotes")?;
        let mut names: Vec<String> = names.iter().flatten().flatten().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// The URL that a push to this remote goes to (`pushurl`, `insteadOf` and `pushInsteadOf` applied), without
    /// credentials, so that it can be shown.
    ///
    /// # Errors
    /// No such remote.
    pub fn remote_url(&self, name: &str) -> Result<String, Error> {
        let remote = self.inner.find_remote(name).doing(format!("find the remote {name:?}"))?;
        Ok(redact(&push_url(&remote)?))
    }

    /// Every folder that the index or the working tree has, relative to the root, without the root itself. The working
    /// tree's part leaves out what `files::read` leaves out.
    ///
    /// # Errors
    /// An index that cannot be read.
    pub fn directories(&self) -> Result<BTreeSet<String>, Error> {
        let mut folders = self.tracked_directories()?;
        if !self.is_bare() {
            folders.append(&mut files::folders(&self.root));
        }
        Ok(folders)
    }

    /// Every folder of the index, relative to the root, without the root itself: what a git directory generator can see.
    ///
    /// # Errors
    /// An index that cannot be read.
    pub fn tracked_directories(&self) -> Result<BTreeSet<String>, Error> {
        let index = self.inner.index().doing("read the index")?;
        let mut folders = BTreeSet::new();
        for entry in index.iter() {
            let Ok(mut path) = std::str::from_utf8(&entry.path) else { continue };
            while let Some((folder, _)) = path.rsplit_once('/') {
                // Parents of a known folder are known.
                if !folders.insert(folder.to_owned()) {
                    break;
                }
                path = folder;
            }
        }
        Ok(folders)
    }

    /// What git thinks of each path (relative to the root).
    ///
    /// # Errors
    /// A path that cannot be judged, for instance one that names a folder.
    pub fn status_of<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<&'a str, FileStatus>, Error> {
        paths.into_iter().map(|path| Ok((path, self.status(path)?))).collect()
    }

    pub(crate) fn status(&self, path: &str) -> Result<FileStatus, Error> {
        let status = match self.inner.status_file(Path::new(path)) {
            Ok(status) => status,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(FileStatus::Absent),
            Err(error) => return Err(error).doing(format!("ask git for the status of {path}")),
        };
        Ok(if status == Status::CURRENT {
            FileStatus::Clean
        } else if status.contains(Status::IGNORED) {
            FileStatus::Ignored
        } else if status == Status::WT_NEW {
            FileStatus::Untracked
        } else {
            FileStatus::Changed
        })
    }

    /// What is not committed, by path: staged, modified, deleted, in conflict, or untracked and not ignored.
    ///
    /// # Errors
    /// A working tree that cannot be read.
    pub fn uncommitted(&self) -> Result<Vec<String>, Error> {
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).include_ignored(false).exclude_submodules(false);
        let found = self.inner.statuses(Some(&mut options)).doing("ask git what has changed")?;
        Ok(found.iter().map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect())
    }

    /// The name that commits are made under; `None` where git knows none.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub fn user_name(&self) -> Result<Option<String>, Error> {
        self.config("user.name")
    }

    /// How many commits `branch` (local, short name) has that its upstream, as last seen, has not; `None` without one.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn ahead(&self, branch: &str) -> Result<Option<usize>, Error> {
        let Ok(local) = self.inner.find_branch(branch, git2::BranchType::Local) else { return Ok(None) };
        let Ok(upstream) = local.upstream() else { return Ok(None) };
        let (Some(ours), Some(theirs)) = (local.get().target(), upstream.get().target()) else { return Ok(None) };
        let (ahead, _) = self.inner.graph_ahead_behind(ours, theirs).doing("compare with the upstream")?;
        Ok(Some(ahead))
    }

    /// Whether the history of `commit` holds `ancestor`; what is not here is in no history.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> bool {
        self.inner.find_commit(commit).is_ok() && self.has_ancestor(commit, ancestor).unwrap_or(false)
    }

    /// One value of the configuration.
    pub(crate) fn config(&self, key: &str) -> Result<Option<String>, Error> {
        let config = self.inner.config().doing("read git's configuration")?;
        match config.get_string(key) {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => Ok(None),
            Err(error) => Err(error).doing(format!("read {key} from git's configuration")),
        }
    }

    /// HEAD's branch and commit, or why there is none to commit on.
    pub(crate) fn branch_and_commit(&self) -> Result<(String, Oid), Error> {
        let head = self.head()?;
        match (head.branch, head.commit) {
            (Some(branch), Some(commit)) => Ok((branch, commit)),
            (Some(branch), None) => Err(Refusal::Unborn { branch }.into()),
            (None, _) => Err(Refusal::Detached.into()),
        }
    }
}

/// The URL that a push goes to, with its credentials: never to be shown.
pub(crate) fn push_url(remote: &git2::Remote<'_>) -> Result<String, Error> {
    let url = match remote.pushurl() {
        Ok(Some(url)) => Ok(url),
        _ => remote.url(),
    };
    url.map(str::to_owned).doing("read the remote's URL")
}
