//! What can go wrong, in kinds: refused before anything happened, another run in the way, git's own faults.

use std::io;
use std::path::PathBuf;

use crate::redact::redact;
use crate::refusal::Refusal;

/// An error of this crate. No message holds credentials.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Refused on purpose, before anything was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// libgit2 failed.
    #[error("cannot {doing}")]
    Git {
        /// What was being done, to follow "cannot".
        doing: String,
        /// libgit2's words.
        source: GitError,
    },
    /// The file system failed.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done, to follow "cannot".
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// The operating system's words.
        source: io::Error,
    },
    /// A name that git cannot resolve.
    #[error("there is no revision {0:?}")]
    UnknownRevision(String),
    /// The remote could not be reached, or did not let us in.
    #[error("cannot reach {url}: {reason}")]
    Remote {
        /// The remote's URL without credentials.
        url: String,
        /// What the transport says.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Another run works on this repository.
    #[error("another run{} is working on this repository", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Busy {
        /// Its process.
        pid: Option<u32>,
    },
    /// An earlier run did not end; it has to be finished or undone first ([`crate::pending`]).
    #[error("an earlier run was interrupted and is not finished")]
    Unfinished,
    /// The journal cannot be understood.
    #[error("the journal {} cannot be read: {reason}", path.display())]
    Journal {
        /// The journal's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// [`crate::Progress::step`] said to stop. What was done stays, as after a kill, and the journal knows it.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// What the person can do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.hint()),
            Self::Git { source, .. } => source.hint(),
            Self::Remote { hint, .. } => hint.clone(),
            Self::Busy { .. } => Some("wait for it to end, then run again".to_owned()),
            Self::Unfinished => Some("run again to finish it, or undo it".to_owned()),
            Self::Journal { path, .. } => {
                Some(format!("compare the edited files with `git diff`, then remove {}", path.display()))
            }
            Self::UnknownRevision(_) => {
                Some("`git log --oneline` lists revisions; a shallow clone may lack it".to_owned())
            }
            Self::Io { .. } | Self::Interrupted => None,
        }
    }
}

/// libgit2's error, its message redacted.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    message: String,
    code: git2::ErrorCode,
}

impl GitError {
    fn hint(&self) -> Option<String> {
        match self.code {
            git2::ErrorCode::Owner => Some(
                "the repository belongs to another user; trust it with `git config --global --add safe.directory <folder>`"
                    .to_owned(),
            ),
            git2::ErrorCode::Locked => {
                Some("another git process is at work; if none is, remove the .lock file it left behind".to_owned())
            }
            _ => None,
        }
    }
}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> Self {
        Self { message: redact(error.message()), code: error.code() }
    }
}

/// Says what was being done, once, where a library's error enters this crate.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, git2::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|error| Error::Git { doing: what.into(), source: error.into() })
    }
}

pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
    let path = path.into();
    move |source| Error::Io { doing, path, source }
}
