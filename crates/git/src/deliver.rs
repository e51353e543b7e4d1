//! The run itself: write, commit, push; and again from wherever an earlier one stopped.

use git2::Oid;

use crate::commit::{self, Found};
use crate::environment::Environment;
use crate::error::{Doing, Error};
use crate::journal::{Desk, Journal, Moving, Stage};
use crate::plan::Prepared;
use crate::progress::{Progress, Step, at};
use crate::refusal::Refusal;
use crate::replay::{self, Replayed, Stuck};
use crate::repository::Repository;
use crate::target::Target;
use crate::transport::{self, Rejection, Sent};

/// A remote that moves more often than this while we look is left to a person.
const ATTEMPTS: usize = 5;

/// Judges the files of a rebased commit, below the request's folder: whether they are still clean.
pub type Recheck<'a> = dyn FnMut(&files::Tree) -> bool + 'a;

/// What a run needs from outside.
pub struct Context<'a> {
    /// Where credentials may be found.
    pub environment: &'a Environment,
    /// Hears of every step.
    pub progress: &'a mut dyn Progress,
    /// Asked before a rebased commit takes the place of ours.
    pub recheck: &'a mut Recheck<'a>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Our commit; `None` when there was nothing to commit, or the remote had the same changes already.
    pub commit: Option<Oid>,
    /// The branch's commit at the end.
    pub tip: Oid,
    /// What came of the push.
    pub push: PushOutcome,
}

/// What came of the push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// Not asked for.
    NotAsked,
    /// The remote's branch is at our commit.
    Pushed {
        /// Where it went.
        target: Target,
        /// Whether our commit was rebased on the way, because the remote had moved on.
        rebased: bool,
        /// What the remote printed.
        messages: Vec<String>,
    },
    /// The remote had it before.
    AlreadyThere {
        /// Where.
        target: Target,
    },
    /// The remote said no. The commit stays; the next run tries again.
    Rejected {
        /// Where it should have gone.
        target: Target,
        /// The remote's words.
        rejection: Rejection,
    },
    /// The remote has commits that could not be followed. The commit stays; the next run tries again.
    Behind {
        /// Where it should have gone.
        target: Target,
        /// Why not.
        why: Stuck,
    },
}

/// Carries out what [`crate::preflight`] found possible: journal, files, commit, index, push.
///
/// The commit's tree is HEAD's with these files and nothing else; of the index only their entries change. The push is
/// never forced. A remote that has moved on is fetched, our commit rebased in memory, judged by `recheck`, and only then
/// do branch and files follow.
///
/// # Errors
/// [`Error::Unfinished`] after an interrupted run, [`Error::Busy`] beside another one, [`Error::Refused`] when the
/// repository has changed since preflight; else what failed. Once the journal stands, [`finish`] goes on from any error.
pub fn deliver(repository: &Repository, prepared: &Prepared, context: &mut Context<'_>) -> Result<Delivery, Error> {
    let desk = Desk::take(repository)?;
    if let Some(left) = desk.read()? {
        if !is_obsolete(repository, &left) {
            return Err(Error::Unfinished);
        }
        desk.clear()?;
    }
    if repository.branch_and_commit()? != (prepared.branch.clone(), prepared.head) {
        return Err(Refusal::BranchMoved { branch: prepared.branch.clone() }.into());
    }
    let mut journal = Journal::new(prepared);
    if !journal.edits.is_empty() {
        repository.check_index()?;
        let changed = others(repository, &journal)?;
        if !changed.is_empty() {
            return Err(Refusal::ChangedSinceRead { paths: changed }.into());
        }
        record(&desk, &journal, context)?;
    }
    go_on(repository, &desk, &mut journal, prepared.target.clone(), context)
}

/// Ends an interrupted run as if it had not been interrupted. `no_push` leaves the push out. `None` when there is nothing
/// to finish.
///
/// # Errors
/// [`Refusal::NotOurs`] when a file is neither as that run found it nor as it wants it, [`Refusal::OtherBranch`] and
/// [`Refusal::BranchMoved`] when the branch is another; otherwise as [`deliver`].
pub fn finish(repository: &Repository, no_push: bool, context: &mut Context<'_>) -> Result<Option<Delivery>, Error> {
    let desk = Desk::take(repository)?;
    let Some(mut journal) = desk.read()? else { return Ok(None) };
    if is_obsolete(repository, &journal) {
        desk.clear()?;
        return Ok(None);
    }
    let target = match &journal.target {
        Some((remote, branch)) if !no_push => Some(repository.target(&journal.branch, Some(remote), Some(branch))?),
        _ => None,
    };
    if journal.stage == Stage::Planned || journal.moving.is_some() {
        if let Some(operation) = repository.state() {
            return Err(Refusal::InProgress(operation).into());
        }
        if repository.head()?.branch.as_ref() != Some(&journal.branch) {
            return Err(Refusal::OtherBranch { branch: journal.branch }.into());
        }
        repository.check_index()?;
    }
    if journal.stage == Stage::Planned {
        let (_, tip) = repository.branch_and_commit()?;
        if tip == journal.head {
            let others = others(repository, &journal)?;
            if !others.is_empty() {
                return Err(Refusal::NotOurs { paths: others }.into());
            }
        } else if journal.commit != Some(tip) {
            return Err(Refusal::BranchMoved { branch: journal.branch }.into());
        }
    }
    go_on(repository, &desk, &mut journal, target, context).map(Some)
}

/// A run whose commit is no longer in its branch: somebody has rebased or dropped it, and there is nothing left to end.
pub(crate) fn is_obsolete(repository: &Repository, journal: &Journal) -> bool {
    if journal.stage == Stage::Planned {
        return false;
    }
    let Ok(tip) = repository.inner.refname_to_id(&format!("refs/heads/{}", journal.branch)) else { return true };
    let known = [Some(journal.tip()), journal.moving.map(|moving| moving.to)];
    !known.into_iter().flatten().any(|ours| repository.has_ancestor(tip, ours).unwrap_or(false))
}

/// Paths whose files are neither base nor new.
pub(crate) fn others(repository: &Repository, journal: &Journal) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    for edit in &journal.edits {
        if commit::compare(repository, edit)? == Found::Neither {
            paths.push(edit.path.clone());
        }
    }
    Ok(paths)
}

fn record(desk: &Desk, journal: &Journal, context: &mut Context<'_>) -> Result<(), Error> {
    // A push alone leaves nothing half done.
    if journal.edits.is_empty() {
        return Ok(());
    }
    at(context.progress, Step::Record)?;
    desk.write(journal)
}

fn go_on(
    repository: &Repository,
    desk: &Desk,
    journal: &mut Journal,
    target: Option<Target>,
    context: &mut Context<'_>,
) -> Result<Delivery, Error> {
    if journal.stage == Stage::Planned {
        write_and_commit(repository, desk, journal, context)?;
    }
    if let Some(moving) = journal.moving {
        if let Some(stuck) = replay::follow(repository, desk, &journal.branch, moving, context.progress)? {
            return Err(match stuck {
                Stuck::NotClean(paths) => Refusal::NotOurs { paths },
                _ => Refusal::BranchMoved { branch: journal.branch.clone() },
            }
            .into());
        }
        arrived(journal, moving);
        record(desk, journal, context)?;
    }
    let push = match target {
        None => PushOutcome::NotAsked,
        Some(target) => push(repository, desk, journal, target, context)?,
    };
    if matches!(push, PushOutcome::Rejected { .. } | PushOutcome::Behind { .. }) {
        journal.stage = Stage::Rejected;
        record(desk, journal, context)?;
    } else {
        at(context.progress, Step::Finish)?;
        desk.clear()?;
    }
    Ok(Delivery { commit: journal.commit, tip: journal.tip(), push })
}

fn write_and_commit(
    repository: &Repository,
    desk: &Desk,
    journal: &mut Journal,
    context: &mut Context<'_>,
) -> Result<(), Error> {
    let (_, tip) = repository.branch_and_commit()?;
    if tip == journal.head {
        for edit in &journal.edits {
            at(context.progress, Step::WriteFile { path: &edit.path })?;
            commit::write(repository, edit)?;
        }
        at(context.progress, Step::Commit)?;
        journal.commit = commit::create(repository, journal)?;
        if let Some(commit) = journal.commit {
            // Before the branch moves: a commit that is signed again is another one.
            record(desk, journal, context)?;
            at(context.progress, Step::MoveBranch { branch: &journal.branch, to: commit })?;
            let log = format!("commit: {}", journal.message.lines().next().unwrap_or_default());
            commit::move_branch(repository, &journal.branch, journal.head, commit, &log)?;
        }
    }
    at(context.progress, Step::UpdateIndex)?;
    commit::update_index(repository, journal.tip(), journal.edits.iter().map(|edit| edit.path.as_str()))?;
    journal.stage = Stage::Committed;
    record(desk, journal, context)
}

fn push(
    repository: &Repository,
    desk: &Desk,
    journal: &mut Journal,
    target: Target,
    context: &mut Context<'_>,
) -> Result<PushOutcome, Error> {
    for attempt in 1..=ATTEMPTS {
        at(context.progress, Step::Push { url: &target.url, branch: &target.branch, attempt })?;
        let sent = transport::send(repository, &target, journal.tip(), context.environment)?;
        let rejection = match sent {
            Sent::Accepted(messages) => {
                track(repository, &target, journal.tip(), context)?;
                return Ok(PushOutcome::Pushed { target, rebased: journal.rebased, messages });
            }
            Sent::AlreadyThere => {
                track(repository, &target, journal.tip(), context)?;
                return Ok(PushOutcome::AlreadyThere { target });
            }
            Sent::MovedOn => None,
            Sent::Rejected(rejection) => Some(rejection),
        };
        at(context.progress, Step::Fetch { url: &target.url })?;
        let theirs = transport::fetch(repository, &target, context.environment);
        let onto = match (theirs, rejection) {
            // A branch that moved between the server's look and its write is refused in the server's own words, so
            // only the branch itself tells whether it was that.
            (Ok(Some(theirs)), Some(rejection)) if repository.has_ancestor(journal.tip(), theirs)? => {
                return Ok(PushOutcome::Rejected { target, rejection });
            }
            (Ok(None) | Err(_), Some(rejection)) => return Ok(PushOutcome::Rejected { target, rejection }),
            (Err(error), None) => return Err(error),
            // Deleted in the meantime: the next push makes it anew.
            (Ok(None), None) => continue,
            (Ok(Some(theirs)), _) => theirs,
        };
        if repository.has_ancestor(onto, journal.tip())? {
            return Ok(PushOutcome::AlreadyThere { target });
        }
        if let Some(why) = rebase(repository, desk, journal, &target, onto, context)? {
            return Ok(PushOutcome::Behind { target, why });
        }
    }
    Ok(PushOutcome::Behind { target, why: Stuck::TooManyTries })
}

fn rebase(
    repository: &Repository,
    desk: &Desk,
    journal: &mut Journal,
    target: &Target,
    onto: Oid,
    context: &mut Context<'_>,
) -> Result<Option<Stuck>, Error> {
    if !target.continues {
        return Ok(Some(Stuck::OtherBranch));
    }
    let head = repository.head()?;
    if head.branch.as_ref() != Some(&journal.branch) || repository.state().is_some() {
        return Ok(Some(Stuck::NotCheckedOut));
    }
    at(context.progress, Step::Rebase { onto })?;
    let to = match replay::replay(repository, journal, onto)? {
        Replayed::Stuck(stuck) => return Ok(Some(stuck)),
        Replayed::Commit(to) => to,
        Replayed::Nothing => onto,
    };
    if head.commit != Some(journal.tip()) {
        return Ok(Some(Stuck::OtherCommits(1)));
    }
    let files = repository.inner.find_commit(to).and_then(|commit| commit.tree()).doing("read the rebased files")?;
    if !(context.recheck)(&repository.read_tree(&files, &journal.folder)?) {
        return Ok(Some(Stuck::FailsCheck));
    }
    let moving = Moving { from: journal.tip(), to, onto };
    if let Some(stuck) = replay::can_follow(repository, desk, moving)? {
        return Ok(Some(stuck));
    }
    repository.check_index()?;
    journal.moving = Some(moving);
    record(desk, journal, context)?;
    if let Some(stuck) = replay::follow(repository, desk, &journal.branch, moving, context.progress)? {
        return Ok(Some(stuck));
    }
    arrived(journal, moving);
    record(desk, journal, context)?;
    Ok(None)
}

/// The branch has followed: ours is the rebased commit now, or none where the remote had the same changes.
fn arrived(journal: &mut Journal, moving: Moving) {
    journal.moving = None;
    journal.rebased = true;
    journal.head = moving.onto;
    journal.commit = (moving.to != moving.onto).then_some(moving.to);
}

/// libgit2 does so itself for its own transports; for all, and after a kill between push and note, it is done here.
fn track(repository: &Repository, target: &Target, commit: Oid, context: &mut Context<'_>) -> Result<(), Error> {
    at(context.progress, Step::Track)?;
    repository.track(target, commit, "update by push")
}
