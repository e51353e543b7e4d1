//! `prove`: canaries with known faults, all at once, and which gate stops which.

use crate::args::{ListFormat, ProveArgs};
use crate::commands::rehearse::{Stage, Watch, binaries, failed, folder};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use rehearsal::{Fault, Order, Proof, Stop, show};
use std::time::Duration;

/// Runs `prove`.
pub(crate) fn cmd_prove(ui: &Ui, args: &ProveArgs) -> Result<Exit, CommandError> {
    let faults = faults(&args.canaries)?;
    let input = Input::load(&args.target)?;
    let stage = Stage::set(input.files, &input.context, &args.run)?;
    let (plan, canaries) = stage.ready(&input.context, &args.run, &faults)?;
    let binaries = binaries(ui, &plan)?;
    let folder = folder(&args.run)?;
    let mut outcomes = Vec::new();
    for round in 0..args.repeat {
        if args.repeat > 1 {
            ui.status(&format!("run {} of {}", round + 1, args.repeat));
        }
        // One run takes no longer than it must; of several each meets the clocks of scrapes and flushes elsewhere.
        let offset = if args.repeat == 1 { Duration::ZERO } else { plan.clock.mul_f64(fastrand::f64()) };
        let order = Order { plan: &plan, binaries: &binaries, canaries: canaries.clone(), stop: Stop::Never, offset };
        let watch = Watch::new(ui, args.run.verbose, &canaries);
        let below = folder.path().join(format!("run-{}", round + 1));
        std::fs::create_dir_all(&below).doing(format!("create {}", below.display()))?;
        let outcome = rehearsal::rehearse(&order, &below, &|progress| watch.tell(progress));
        watch.done();
        outcomes.push(outcome.map_err(failed)?);
        if args.run.keep.is_none() {
            // Only room is lost when this fails.
            drop(std::fs::remove_dir_all(&below));
        }
    }
    match args.run.format {
        ListFormat::Human => ui.out(&show::proof(&plan, &outcomes))?,
        ListFormat::Json => ui.line(&serde_json::to_string_pretty(&show::proof_json(&plan, &outcomes))?)?,
    }
    if let Some(path) = &args.run.html {
        let page = show::proof_page(&plan, &outcomes);
        let page = page.map_err(|error| CommandError::internal("cannot make the page").because(&error))?;
        std::fs::write(path, page).doing(format!("write {}", path.display()))?;
    }
    Ok(if Proof::of(&outcomes).wrong() == 0 { Exit::Done } else { Exit::Faults })
}

fn faults(names: &[String]) -> Result<Vec<Fault>, CommandError> {
    if names.is_empty() {
        return Ok(Fault::ALL.to_vec());
    }
    names
        .iter()
        .map(|name| {
            Fault::by_name(name).ok_or_else(|| {
                let all: Vec<String> = Fault::ALL.iter().map(|f| f.name()).collect();
                CommandError::user(format!("there is no canary `{name}`")).hint(format!("there are {}", all.join(", ")))
            })
        })
        .collect()
}
