//! `fix-and-push`: apply the fixes, commit exactly them, push, and follow the release to its verdict.

#[cfg(feature = "cluster")]
mod after;
#[cfg(feature = "cluster")]
mod changed;
mod destination;
mod outcome;
mod plan;
#[cfg(feature = "cluster")]
mod release;
mod say;
#[cfg(feature = "cluster")]
mod sets;

#[cfg(not(feature = "cluster"))]
#[path = "absent.rs"]
mod followed;
#[cfg(feature = "cluster")]
mod followed;

pub(crate) use outcome::deliver;
#[cfg(feature = "cluster")]
pub(crate) use outcome::environment;
pub(crate) use plan::{Plan, plan, repository};
pub(crate) use say::plan as told;

use crate::args::{FixAndPushArgs, ListFormat, RunArgs};
use crate::commands::rehearse::rehearse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::tracing::Tracer;
use crate::ui::Ui;
use followed::Followed;
use say::short;

/// Which cluster a run has to do with.
enum Joined {
    /// None, and why.
    Without(&'static str),
    /// One whose Applications follow what is pushed.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "another build does this"))]
    With(Box<Followed>),
    /// Another build of this program has done it all.
    #[cfg_attr(feature = "cluster", allow(dead_code, reason = "this is that build"))]
    Elsewhere(Exit),
}

/// Runs `fix-and-push`, and leaves a trace of it.
pub(crate) fn cmd_fix_and_push(ui: &Ui, args: &FixAndPushArgs) -> Result<Exit, CommandError> {
    let trace = Tracer::begin("fix-and-push");
    let result = run(ui, args, &trace);
    if !args.dry_run && !args.undo {
        trace.finish(ui, args.otlp.as_deref(), &result);
    }
    result
}

fn run(ui: &Ui, args: &FixAndPushArgs, trace: &Tracer) -> Result<Exit, CommandError> {
    let machine = ui;
    // With JSON Lines on standard output, what people read goes beside.
    let aside = (args.format == ListFormat::Json).then(|| ui.aside());
    let ui = aside.as_ref().unwrap_or(ui);
    let repository = repository(&args.target.path)?;
    if args.undo {
        return undo(ui, &repository);
    }
    // Before anything is written: a release that no cluster follows is refused.
    trace.step("connect");
    let joined = match followed::join(machine, &repository, args) {
        Err(error) if args.dry_run => {
            ui.status(&format!("a run without --dry-run would be refused: {error}"));
            Joined::Without("this is a dry run")
        }
        other => other?,
    };
    let (followed, why) = match joined {
        Joined::Elsewhere(exit) => {
            trace.elsewhere();
            return Ok(exit);
        }
        Joined::With(followed) => (Some(followed), ""),
        Joined::Without(why) => (None, why),
    };
    #[cfg(not(feature = "remotes"))]
    if !args.dry_run && goes_away(&repository, args)? {
        trace.elsewhere();
        return crate::commands::whole::hand_over(machine);
    }
    if let Some(pending) = git::pending(&repository)? {
        ui.line(&say::pending(&pending))?;
        if args.dry_run {
            ui.line("a run without --dry-run would finish it first; --undo takes it back")?;
            return Ok(Exit::Done);
        }
        let exit = outcome::finish(ui, &repository, args, trace)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    trace.step("check");
    let plan = plan(repository, args, followed.as_ref().map(|followed| followed.seen()), trace)?;
    if let Some(followed) = &followed {
        followed.trace(trace, &plan);
    }
    ui.out(&say::plan(&plan))?;
    let mut commit = plan.prepared.head;
    // The remote may have lost or gained commits since it was last seen.
    let elsewhere = followed.as_ref().is_some_and(|followed| followed.is_elsewhere(&commit));
    if let Some(followed) = &followed {
        followed.refuse_behind(&plan)?;
        followed.refuse_without_rights(&plan, args)?;
    }
    if args.dry_run {
        ui.out(&report::diff(&plan.fixed.changed, ui.look().colour))?;
        ui.status("dry run: nothing was written, committed or pushed");
    } else if plan.has_work() || elsewhere {
        if args.rehearse {
            trace.step("rehearse");
        }
        if args.rehearse && !promoted(ui, &plan)? {
            return Ok(Exit::Faults);
        }
        let (exit, tip) = deliver(ui, &plan, trace)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
        commit = tip;
        if followed.is_none() && why != "nothing is pushed" {
            ui.line(&format!("no cluster was touched: {why}"))?;
        }
    }
    left(ui, &plan)?;
    if let Some(followed) = followed.filter(|_| !args.dry_run) {
        let exit = followed.release(machine, &plan, &commit, args, trace)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    Ok(Exit::of(&plan.fixed.report))
}

/// Whether the push goes by ssh or http, which this build cannot.
#[cfg(not(feature = "remotes"))]
fn goes_away(repository: &git::Repository, args: &FixAndPushArgs) -> Result<bool, CommandError> {
    let Some(branch) = repository.head()?.branch.filter(|_| !args.no_push) else { return Ok(false) };
    let target = repository.target(&branch, args.remote.as_deref(), args.branch.as_deref());
    // What is wrong with it is told later.
    Ok(target.is_ok_and(|target| target.is_away(repository)))
}

/// Whether the mended state gets through its own gates.
fn promoted(ui: &Ui, plan: &Plan) -> Result<bool, CommandError> {
    let files = plan.fixed.files.clone();
    let verdict = rehearse(ui, files, &plan.input.context, &RunArgs::plain())?;
    if verdict == rehearsal::Verdict::Promoted {
        return Ok(true);
    }
    let word = verdict.as_str();
    ui.line(&format!("nothing was written, committed or pushed: the rehearsal of the mended state was {word}"))?;
    Ok(false)
}

/// What no fix mended.
pub(crate) fn left(ui: &Ui, plan: &Plan) -> Result<(), CommandError> {
    ui.line("")?;
    ui.out(&report::human(&plan.fixed.report, &plan.fixed.repository, &ui.look()))
}

fn undo(ui: &Ui, repository: &git::Repository) -> Result<Exit, CommandError> {
    match git::undo(repository)? {
        None => ui.line("there is no interrupted run to take back")?,
        Some(pending) => {
            let commit = pending.commit.map(|commit| format!(" (commit {} left the branch)", short(&commit)));
            ui.line(&format!("taken back: {}{}", pending.files.join(", "), commit.unwrap_or_default()))?;
        }
    }
    Ok(Exit::Done)
}
