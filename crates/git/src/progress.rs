//! What a run tells while it goes on, and where it can be stopped.

use std::ops::ControlFlow;

use git2::Oid;

use crate::error::Error;

/// A step that is about to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Note in the journal what will be done, or how far it came.
    Record,
    /// Replace a file of the working tree.
    WriteFile {
        /// Relative to the repository.
        path: &'a str,
    },
    /// Store the commit object.
    Commit,
    /// Move the branch.
    MoveBranch {
        /// Its short name.
        branch: &'a str,
        /// The commit it will be at.
        to: Oid,
    },
    /// Update the index entries of the changed files.
    UpdateIndex,
    /// Push, for the n-th time.
    Push {
        /// The remote's URL, without credentials.
        url: &'a str,
        /// The branch on the remote.
        branch: &'a str,
        /// From 1.
        attempt: usize,
    },
    /// Fetch the branch, because the remote has moved on.
    Fetch {
        /// The remote's URL, without credentials.
        url: &'a str,
    },
    /// Rebase our commit in memory, and judge the result.
    Rebase {
        /// The remote's commit.
        onto: Oid,
    },
    /// Bring a file forward to what the remote has.
    Follow {
        /// Relative to the repository.
        path: &'a str,
    },
    /// Note what the remote has in the remote-tracking branch.
    Track,
    /// Remove the journal: the run is over.
    Finish,
}

/// Hears of every step before it is taken.
pub trait Progress {
    /// `Break` stops the run before this step, as if the process had been killed: what was done stays, and the journal
    /// knows how to go on.
    fn step(&mut self, step: &Step<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(&Step<'_>) -> ControlFlow<()>> Progress for F {
    fn step(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        self(step)
    }
}

/// Says nothing and never stops.
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _: &Step<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

pub(crate) fn at(progress: &mut dyn Progress, step: Step<'_>) -> Result<(), Error> {
    match progress.step(&step) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted),
    }
}
