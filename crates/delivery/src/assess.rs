//! A look judged by itself, for who asks once and waits for nothing.

use crate::judge::{Outlook, judge};
use crate::state::Acted;
use crate::{Name, Release, RetryPolicy, Stop, Verdict, View, Waiting};
use std::fmt;

/// Why a release is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may get there by itself.
    Waiting(Waiting),
    /// It will not.
    Stopped {
        /// What stopped.
        what: Name,
        /// Why.
        why: Box<Stop>,
    },
    /// Something would have to be done first.
    Undone(Name),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Waiting(waiting) => write!(f, "it waits for {waiting}"),
            Standing::Stopped { what, why } => write!(f, "{what} {why}"),
            Standing::Undone(what) => write!(f, "{what} does not run what was pushed"),
        }
    }
}

/// What a look, in which everything was read, says of a release: the runs that promoted it, or what is missing. Nothing is
/// retried or restarted.
///
/// # Errors
/// Where the release is not where it should be.
pub fn assess(release: &Release, view: &View) -> Result<Vec<Name>, Standing> {
    let release = Release { retry: RetryPolicy::Never, ..release.clone() };
    match judge(&release, view, &Acted::default(), true) {
        Outlook::End(Verdict::Done { runs }) => Ok(runs),
        Outlook::End(Verdict::Stopped { what, why }) => Err(Standing::Stopped { what, why: Box::new(why) }),
        Outlook::Wait(waiting) => Err(Standing::Waiting(waiting)),
        // Judging a look gives no other end: time and trouble belong to whoever looks.
        Outlook::End(_) => Err(Standing::Waiting(Waiting::Look)),
        Outlook::Act(effect) => Err(Standing::Undone(effect.about().map(|(_, name)| name.clone()).unwrap_or_default())),
    }
}
