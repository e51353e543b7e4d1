//! `lab e2e`: whole releases in the running lab, good ones and bad ones, written down.

mod canary;
mod client;
mod eyes;
mod record;
mod release;
mod stage;

use super::reset::start;
use crate::args::E2eArgs;
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::Ui;
use record::Outcome;
use stage::Stage;

/// Runs `lab e2e`.
pub(super) fn e2e(ui: &Ui, args: &E2eArgs) -> Result<Exit, CommandError> {
    let broken = start(args.from.as_deref())?;
    let healthy = canary::healthy(&args.path)?;
    let bads: Vec<_> = canary::BAD
        .iter()
        .filter(|bad| args.only.is_empty() || args.only.iter().any(|name| name == bad.name))
        .collect();
    if let Some(unknown) = args.only.iter().find(|name| canary::BAD.iter().all(|bad| bad.name != *name)) {
        let known = canary::BAD.map(|bad| bad.name).join(", ");
        return Err(CommandError::user(format!("there is no canary {unknown}")).hint(format!("there are {known}")));
    }
    let stage = Stage::new()?;
    let output = args.output.as_deref();
    let total = args.releases + args.canaries * bads.len();
    if let Some(path) = output {
        record::begin(path, &command(args), &ui.program).doing(format!("write {}", path.display()))?;
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut keep = |outcome: Outcome| -> Result<(), CommandError> {
        ui.line(&format!("{} of {total}: {}", outcomes.len() + 1, outcome.line()))?;
        if let Some(path) = output {
            record::add(path, &outcome).doing(format!("write {}", path.display()))?;
        }
        outcomes.push(outcome);
        Ok(())
    };
    for _ in 0..args.releases {
        keep(release::run(ui, &stage, &broken)?)?;
    }
    for _ in 0..args.canaries {
        for bad in &bads {
            keep(canary::run(ui, &stage, &healthy, bad)?)?;
        }
    }
    let good = outcomes.iter().filter(|outcome| outcome.problems.is_empty()).count();
    ui.line(&format!("{good} of {total} went as they must"))?;
    Ok(if good == total { Exit::Done } else { Exit::Faults })
}

/// As it can be repeated.
fn command(args: &E2eArgs) -> String {
    let mut text = format!("lab e2e --releases {} --canaries {}", args.releases, args.canaries);
    for name in &args.only {
        text.push_str(&format!(" --only {name}"));
    }
    if let Some(from) = &args.from {
        text.push_str(&format!(" --from {}", from.display()));
    }
    text
}
