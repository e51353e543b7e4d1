//! What a run tells.

use super::plan::Plan;
use git::{Delivery, Pending, PushOutcome, Stage, Step, Stuck, Target};
use report::visible;

/// A commit's name as people write it.
pub(crate) fn short(commit: &git::Oid) -> String {
    commit.to_string().chars().take(10).collect()
}

/// Repository, commit and target, before anything happens.
pub(crate) fn plan(plan: &Plan) -> String {
    let prepared = &plan.prepared;
    let mut text = format!(
        "repository  {}, branch {} at {}\n",
        plan.git.root().display(),
        visible(&prepared.branch),
        short(&prepared.head)
    );
    match prepared.edits.as_slice() {
        [] => text.push_str("commit      nothing to fix, nothing to commit\n"),
        edits => {
            text.push_str(&format!("commit      {}\n", visible(prepared.message.lines().next().unwrap_or_default())));
            text.push_str(&format!("            by {}\n", visible(&prepared.author.to_string())));
            for edit in edits {
                text.push_str(&format!("            {}\n", visible(&edit.path)));
            }
        }
    }
    match &prepared.target {
        None => text.push_str("push        not asked for\n"),
        Some(to) => text.push_str(&format!("push        to {}\n", target(to))),
    }
    for note in &prepared.notes {
        text.push_str(&format!("note        {}\n", visible(&note.to_string())));
    }
    if !plan.fixed.applied.is_empty() {
        text.push('\n');
        text.push_str(&crate::commands::fix::told(&plan.fixed));
    }
    text
}

/// An earlier run's state.
pub(crate) fn pending(pending: &Pending) -> String {
    let how = match pending.stage {
        Stage::Planned => "was interrupted while it wrote and committed",
        Stage::Committed => "was interrupted before its push was known to have arrived",
        Stage::Rejected => "has a commit that the remote did not take",
    };
    format!("an earlier run on {} {how}: {}", visible(&pending.branch), visible(&pending.summary))
}

/// A step that is about to be taken; `None` for those that nobody waits for.
pub(crate) fn step(step: &Step<'_>) -> Option<String> {
    Some(match step {
        Step::WriteFile { path } => format!("writing {path}"),
        Step::Commit => "committing".to_owned(),
        Step::Push { url, branch, attempt: 1 } => format!("pushing {branch} to {url}"),
        Step::Push { url, branch, attempt } => format!("pushing {branch} to {url}, attempt {attempt}"),
        Step::Fetch { url } => format!("fetching from {url}: it has moved on"),
        Step::Rebase { onto } => format!("rebasing onto {}", short(onto)),
        Step::Follow { path } => format!("bringing {path} forward"),
        _ => return None,
    })
}

/// How it ended.
pub(crate) fn delivery(delivery: &Delivery) -> String {
    let mut text = String::new();
    if let Some(commit) = &delivery.commit {
        text.push_str(&format!("committed {}\n", short(commit)));
    }
    let messages = match &delivery.push {
        PushOutcome::NotAsked => &[][..],
        PushOutcome::Pushed { target: to, rebased, messages } => {
            let rebased = if *rebased { ", rebased onto what was new there" } else { "" };
            text.push_str(&format!("pushed {} to {}{rebased}\n", short(&delivery.tip), target(to)));
            messages
        }
        PushOutcome::AlreadyThere { target: to } => {
            text.push_str(&format!("{} has {} already\n", target(to), short(&delivery.tip)));
            &[]
        }
        PushOutcome::Rejected { target: to, rejection } => {
            text.push_str(&format!(
                "rejected: {} for {}: {}\n",
                visible(&rejection.reference),
                target(to),
                visible(&rejection.reason)
            ));
            &rejection.messages
        }
        PushOutcome::Behind { target: to, why } => {
            text.push_str(&format!("not pushed: {} has moved on, and {}\n", target(to), stuck(why)));
            &[]
        }
    };
    for message in messages {
        text.push_str(&format!("  remote: {}\n", visible(message)));
    }
    text
}

fn target(target: &Target) -> String {
    let place = if target.remote == target.url {
        visible(&target.url).into_owned()
    } else {
        format!("{} ({})", visible(&target.remote), visible(&target.url))
    };
    format!("branch {} of {place}", visible(&target.branch))
}

fn stuck(why: &Stuck) -> String {
    match why {
        Stuck::Conflict(paths) => format!("the same lines were changed there: {}", paths.join(", ")),
        Stuck::OtherCommits(n) => format!("{n} commits here besides this one are not ours to rebase"),
        Stuck::OtherBranch => "it is not the branch that is checked out here".to_owned(),
        Stuck::NotClean(paths) => format!("files here stand in the way: {}", paths.join(", ")),
        Stuck::NeedsGit(paths) => format!("its changes need git itself: {}", paths.join(", ")),
        Stuck::FailsCheck => "with its changes the check finds more errors than before".to_owned(),
        Stuck::NotCheckedOut => "another branch is checked out here by now".to_owned(),
        Stuck::Unrelated => "its history shares nothing with the one here".to_owned(),
        Stuck::TooManyTries => "it went on moving".to_owned(),
        _ => "it cannot be followed".to_owned(),
    }
}
