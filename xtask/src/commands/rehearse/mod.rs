//! `rehearse`: the release's telemetry chain as processes of this machine, and its canary before its gates.

mod live;
mod stage;

pub(crate) use live::Watch;
pub(crate) use stage::{Stage, binaries, failed, folder};

use crate::args::{ListFormat, RehearseArgs, RunArgs};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use model::{Context, SourceFile};
use rehearsal::{Fault, Order, Stop, Verdict, show};
use std::time::Duration;

/// Runs `rehearse`.
pub(crate) fn cmd_rehearse(ui: &Ui, args: &RehearseArgs) -> Result<Exit, CommandError> {
    let input = Input::load(&args.target)?;
    let verdict = rehearse(ui, input.files, &input.context, &args.run)?;
    Ok(if verdict == Verdict::Promoted { Exit::Done } else { Exit::Faults })
}

/// Rehearses files and prints the result.
pub(crate) fn rehearse(
    ui: &Ui,
    files: Vec<SourceFile>,
    context: &Context,
    args: &RunArgs,
) -> Result<Verdict, CommandError> {
    let stage = Stage::set(files, context, args)?;
    let (plan, canaries) = stage.ready(context, args, &[Fault::Healthy])?;
    let binaries = binaries(ui, &plan)?;
    let folder = folder(args)?;
    let watch = Watch::new(ui, args.verbose, &canaries);
    let order = Order { plan: &plan, binaries: &binaries, canaries, stop: Stop::AtFirst, offset: Duration::ZERO };
    let outcome = rehearsal::rehearse(&order, folder.path(), &|progress| watch.tell(progress));
    watch.done();
    let outcome = outcome.map_err(failed)?;
    let verdict = outcome.canaries.first().map_or(Verdict::Promoted, rehearsal::CanaryRun::verdict);
    match args.format {
        ListFormat::Human => ui.out(&show::rehearsal(&plan, &outcome))?,
        ListFormat::Json => {
            ui.line(&serde_json::to_string_pretty(&show::json(&plan, std::slice::from_ref(&outcome)))?)?
        }
    }
    if let Some(path) = &args.html {
        let page = show::page(&plan, std::slice::from_ref(&outcome))
            .map_err(|error| CommandError::internal("cannot make the page").because(&error))?;
        std::fs::write(path, page).doing(format!("write {}", path.display()))?;
    }
    Ok(verdict)
}
