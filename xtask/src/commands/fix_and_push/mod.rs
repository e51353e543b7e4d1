//! `fix-and-push`: apply the fixes, commit exactly them, push.

mod outcome;
mod plan;
mod say;

pub(crate) use outcome::deliver;
pub(crate) use plan::{Plan, plan, repository};
pub(crate) use say::plan as told;

use crate::args::{FixAndPushArgs, RunArgs};
use crate::commands::rehearse::rehearse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use say::short;

/// Runs `fix-and-push`.
pub(crate) fn cmd_fix_and_push(ui: &Ui, args: &FixAndPushArgs) -> Result<Exit, CommandError> {
    let repository = repository(&args.target.path)?;
    if args.undo {
        return undo(ui, &repository);
    }
    if let Some(pending) = git::pending(&repository)? {
        ui.line(&say::pending(&pending))?;
        if args.dry_run {
            ui.line("a run without --dry-run would finish it first; --undo takes it back")?;
            return Ok(Exit::Done);
        }
        let exit = outcome::finish(ui, &repository, args)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let plan = plan(repository, args)?;
    ui.out(&say::plan(&plan))?;
    if args.dry_run {
        ui.out(&report::diff(&plan.fixed.changed, ui.look().colour))?;
        ui.status("dry run: nothing was written, committed or pushed");
    } else if plan.has_work() {
        if args.rehearse && !promoted(ui, &plan)? {
            return Ok(Exit::Faults);
        }
        let exit = deliver(ui, &plan, args.no_push)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    left(ui, &plan)?;
    Ok(Exit::of(&plan.fixed.report))
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
