//! What is asked for, and what was found possible.

use std::fmt;

use git2::Oid;

use crate::target::Target;

/// One file's change, as text: manifests are UTF-8, or they are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Relative to the repository's root, `/` separated.
    pub path: String,
    /// What the file held when it was read; `None` for a file that the edit creates.
    pub base: Option<String>,
    /// What it shall hold.
    pub new: String,
}

/// What a run is asked to do.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The files to change. Empty: nothing is committed, and only the push is left.
    pub edits: Vec<Edit>,
    /// The commit's message; cleaned up as `git commit` does.
    pub message: String,
    /// The folder that was judged, relative to the repository, `""` for all of it: what [`crate::Recheck`] gets.
    pub folder: String,
    /// The remote, by name or as a URL; git's own default otherwise.
    pub remote: Option<String>,
    /// The branch on the remote; git's own default otherwise.
    pub branch: Option<String>,
    /// Commit only.
    pub no_push: bool,
    /// Take files with uncommitted changes, and commit them as they are in the working tree after the edit.
    pub allow_dirty: bool,
    /// The commit's time instead of the clock's: seconds since 1970 and the zone's offset in minutes.
    pub when: Option<(i64, i32)>,
}

/// A request that passed every check. Nothing has been written yet: this is also the dry run.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The edits that change anything.
    pub edits: Vec<Edit>,
    /// The cleaned-up message.
    pub message: String,
    /// As in the request.
    pub folder: String,
    /// The branch that is checked out.
    pub branch: String,
    /// The commit that the new one goes on top of.
    pub head: Oid,
    /// Where the push goes; `None` with `no_push`.
    pub target: Option<Target>,
    /// Who the commit will be by.
    pub author: Person,
    /// Who commits it.
    pub committer: Person,
    /// What a person should know before it happens.
    pub notes: Vec<Note>,
    pub(crate) allow_dirty: bool,
}

/// A name, an address and a time, as commits carry them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970.
    pub seconds: i64,
    /// The zone's offset in minutes.
    pub offset: i32,
}

impl Person {
    pub(crate) fn from_git2(signature: &git2::Signature<'_>, when: Option<(i64, i32)>) -> Self {
        let (seconds, offset) = when.unwrap_or_else(|| (signature.when().seconds(), signature.when().offset_minutes()));
        Self {
            name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
            email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
            seconds,
            offset,
        }
    }

    pub(crate) fn signature(&self) -> Result<git2::Signature<'static>, git2::Error> {
        git2::Signature::new(&self.name, &self.email, &git2::Time::new(self.seconds, self.offset))
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// Something a person should know before a run; none of them stops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Hooks that `git commit` and `git push` would run. libgit2 runs none on this side.
    HooksNotRun(Vec<String>),
    /// The push carries commits of the branch that the remote's branch has not, besides ours.
    OtherCommits(usize),
    /// The branch does not exist on the remote, as far as is known.
    NewBranch {
        /// Its name.
        branch: String,
    },
    /// `--allow-dirty`: these files' own uncommitted changes go into the commit.
    DirtyIncluded(Vec<String>),
    /// The commit will be signed, as `commit.gpgsign` asks.
    Signed,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HooksNotRun(hooks) => write!(f, "hooks of this clone are not run: {}", hooks.join(", ")),
            Self::OtherCommits(1) => f.write_str("one more commit that is not on the remote yet is pushed along"),
            Self::OtherCommits(n) => write!(f, "{n} more commits that are not on the remote yet are pushed along"),
            Self::NewBranch { branch } => write!(f, "{branch} is new on the remote"),
            Self::DirtyIncluded(paths) => {
                write!(f, "committed with the changes that were there before: {}", crate::refusal::list(paths))
            }
            Self::Signed => f.write_str("the commit is signed (commit.gpgsign)"),
        }
    }
}
