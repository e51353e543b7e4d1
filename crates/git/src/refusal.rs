//! Reasons to change nothing.

use std::fmt;

/// Why a run was refused before anything was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No working tree.
    #[error("a bare repository has no files to mend")]
    Bare,
    /// No commit yet.
    #[error("the branch {branch:?} has no commit yet")]
    Unborn {
        /// The branch that HEAD names.
        branch: String,
    },
    /// HEAD names no branch.
    #[error("HEAD is detached: a commit would belong to no branch")]
    Detached,
    /// In the middle of something.
    #[error("the repository is in the middle of {0}")]
    InProgress(Operation),
    /// `index.lock` exists.
    #[error("another git process is at work: index.lock exists")]
    IndexLocked,
    /// An index that libgit2 cannot write without losing something (a split or sparse index).
    #[error("the index has a format that cannot be updated here: {reason}")]
    IndexFormat {
        /// libgit2's words.
        reason: String,
    },
    /// `user.name` or `user.email` is missing.
    #[error("git does not know who you are")]
    NoIdentity,
    /// `commit.gpgsign` is set, but signing does not work.
    #[error("commits must be signed here (commit.gpgsign), and signing fails: {reason}")]
    CannotSign {
        /// The signing program's words.
        reason: String,
    },
    /// Files to edit have changes that are not committed.
    #[error("uncommitted changes in {}", list(paths))]
    Uncommitted {
        /// Relative to the repository.
        paths: Vec<String>,
    },
    /// Files to edit are not in HEAD.
    #[error("not under version control: {}", list(paths))]
    Untracked {
        /// Relative to the repository.
        paths: Vec<String>,
    },
    /// Files to edit are ignored by git, so a commit would not carry them.
    #[error("ignored by git: {}", list(paths))]
    Ignored {
        /// Relative to the repository.
        paths: Vec<String>,
    },
    /// A file has changed since it was read.
    #[error("changed while we were looking: {}", list(paths))]
    ChangedSinceRead {
        /// Relative to the repository.
        paths: Vec<String>,
    },
    /// A file lies in a submodule or another repository inside this one.
    #[error("{path} belongs to the repository in {inner}")]
    OtherRepository {
        /// The file.
        path: String,
        /// The inner repository's folder.
        inner: String,
    },
    /// A path that leaves the repository, or is no regular file.
    #[error("{path}: {reason}")]
    BadPath {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `.gitattributes` asks for a conversion that libgit2 does not do, so the wrong bytes would be committed.
    #[error("{path} goes through {filter}, which needs git itself")]
    Filter {
        /// The file.
        path: String,
        /// The attribute, such as `filter=lfs`.
        filter: String,
    },
    /// Nothing to push to.
    #[error("there is no remote to push to")]
    NoRemote,
    /// A remote was named that does not exist.
    #[error("there is no remote {name:?}; there is {}", list(remotes))]
    UnknownRemote {
        /// As given.
        name: String,
        /// Those that exist.
        remotes: Vec<String>,
    },
    /// Several remotes, and none is the branch's upstream.
    #[error("{branch} has no upstream, and there are several remotes: {}", list(remotes))]
    AmbiguousRemote {
        /// The current branch.
        branch: String,
        /// The remotes.
        remotes: Vec<String>,
    },
    /// The upstream has another name; git's `push.default=simple` refuses too.
    #[error("{branch} has the upstream {upstream}, whose name differs")]
    UpstreamName {
        /// The current branch.
        branch: String,
        /// Its upstream on the remote.
        upstream: String,
    },
    /// `push.default=nothing`, or `upstream` without one.
    #[error("push.default={mode} names no branch to push to")]
    PushDefault {
        /// The setting.
        mode: String,
    },
    /// No valid name for a branch.
    #[error("{name:?} is no name for a branch")]
    BadBranch {
        /// As given.
        name: String,
    },
    /// An unfinished run belongs to another branch than the one that is checked out.
    #[error("the interrupted run belongs to the branch {branch:?}")]
    OtherBranch {
        /// The branch it was started on.
        branch: String,
    },
    /// The branch has moved since the interrupted run.
    #[error("the branch {branch:?} has moved since the interrupted run")]
    BranchMoved {
        /// The branch.
        branch: String,
    },
    /// A file is neither as the interrupted run found it nor as it wanted to leave it.
    #[error("edited since the interrupted run: {}", list(paths))]
    NotOurs {
        /// Relative to the repository.
        paths: Vec<String>,
    },
    /// Too late to undo.
    #[error("cannot be undone: {reason}")]
    CannotUndo {
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = match self {
            Self::Bare => "run in a clone of it",
            Self::Unborn { .. } => "commit the files as they are first, so that the fix can be told apart from them",
            Self::Detached => {
                "check out a branch: `git switch <branch>`, or `git switch -c <new branch>` to keep what is here"
            }
            Self::InProgress(operation) => operation.hint(),
            Self::IndexLocked => "wait for it to end; if no git is running, remove .git/index.lock",
            Self::IndexFormat { .. } => {
                "`git update-index --no-split-index` or `git sparse-checkout disable` gives the plain format"
            }
            Self::NoIdentity => "`git config user.name \"…\"` and `git config user.email …`",
            Self::CannotSign { .. } => {
                "mend the signing set-up, or switch it off here: `git config commit.gpgsign false`"
            }
            Self::Uncommitted { .. } => {
                "commit or stash them first, or pass --allow-dirty to commit these files as they are after the edit, your changes included"
            }
            Self::Untracked { .. } => "commit them first, or pass --allow-dirty to add them with the fix",
            Self::Ignored { .. } => "no deployment reads them from git; stop ignoring them, or leave them out",
            Self::ChangedSinceRead { .. } => "run again",
            Self::OtherRepository { inner, .. } => return format!("run in {inner}"),
            Self::BadPath { .. } => "only regular files inside the repository are edited",
            Self::Filter { .. } => "apply the fix alone (`fix`), then commit with git itself",
            Self::NoRemote => "`git remote add origin <url>`, or pass --no-push",
            Self::UnknownRemote { .. } => "`git remote -v` lists them",
            Self::AmbiguousRemote { .. } => "pass --remote, or set one: `git push -u <remote> <branch>`",
            Self::UpstreamName { upstream, .. } => {
                return format!("pass --branch {upstream}, or set push.default to upstream or current");
            }
            Self::PushDefault { .. } => "pass --branch",
            Self::BadBranch { .. } => "see `git help check-ref-format`",
            Self::OtherBranch { branch } => return format!("`git switch {branch}` and run again, or undo it"),
            Self::BranchMoved { .. } => "look at `git log` and `git status`, then undo the run or keep what there is",
            Self::NotOurs { .. } => {
                "these changes are yours: save them elsewhere (`git diff > mine.patch`), restore the files, run again"
            }
            Self::CannotUndo { .. } => "`git revert` takes a pushed commit back",
        };
        text.to_owned()
    }
}

/// What a repository can be in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `git merge` with conflicts, or with `--no-commit`.
    Merge,
    /// `git rebase`.
    Rebase,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`.
    Revert,
    /// `git bisect`.
    Bisect,
    /// `git am`.
    ApplyMailbox,
}

impl Operation {
    fn hint(self) -> &'static str {
        match self {
            Self::Merge => "finish it with `git commit`, or leave it with `git merge --abort`",
            Self::Rebase => "`git rebase --continue`, or `git rebase --abort`",
            Self::CherryPick => "`git cherry-pick --continue`, or `git cherry-pick --abort`",
            Self::Revert => "`git revert --continue`, or `git revert --abort`",
            Self::Bisect => "`git bisect reset`",
            Self::ApplyMailbox => "`git am --continue`, or `git am --abort`",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "a merge",
            Self::Rebase => "a rebase",
            Self::CherryPick => "a cherry-pick",
            Self::Revert => "a revert",
            Self::Bisect => "a bisect",
            Self::ApplyMailbox => "`git am`",
        })
    }
}

/// A few names, then a count.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 4;
    match names.len() {
        0 => "none".to_owned(),
        n if n > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
        _ => names.join(", "),
    }
}
