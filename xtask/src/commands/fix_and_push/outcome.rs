//! The run itself, and what it means for the exit code.

use super::plan::Plan;
use super::say;
use crate::args::FixAndPushArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::input::Input;
use crate::tracing::Tracer;
use crate::ui::Ui;
use git::{Context as Outside, Delivery, Environment, PushOutcome};
use model::Repository;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// Writes, commits, pushes and tells; gives the branch's commit after it.
pub(crate) fn deliver(ui: &Ui, plan: &Plan, trace: &Tracer) -> Result<(Exit, git::Oid), CommandError> {
    let allowed = plan.fixed.report.errors();
    let delivery =
        with_progress(ui, trace, &plan.input, allowed, |outside| git::deliver(&plan.git, &plan.prepared, outside))
            .map_err(|error| {
                error.hint_if_none("nothing is lost: run again to go on, or with --undo to take it back")
            })?;
    Ok((told(ui, &delivery)?, delivery.tip))
}

/// Ends an interrupted run before another one begins.
pub(crate) fn finish(
    ui: &Ui,
    repository: &git::Repository,
    args: &FixAndPushArgs,
    trace: &Tracer,
) -> Result<Exit, CommandError> {
    let input = Input::load(&args.target)?;
    let now = Repository::read(&input.files, &input.context);
    // Files may be half written: what the interrupted run wanted is not known to be better than this.
    let allowed = rules::check(&now, &input.context).errors();
    let finished = with_progress(ui, trace, &input, allowed, |outside| git::finish(repository, args.no_push, outside))?;
    match finished {
        Some(delivery) => told(ui, &delivery),
        None => Ok(Exit::Done),
    }
}

/// What git may use of this process, the same for all of a run; a person is asked only where there is one, and once.
pub(crate) fn environment() -> Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    let asked = || {
        let mut environment = Environment::from_process();
        environment.interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        environment
    };
    ENVIRONMENT.get_or_init(asked).clone()
}

/// Gives git what it needs from outside. A rebased commit may have at most `allowed` errors.
fn with_progress<T>(
    ui: &Ui,
    trace: &Tracer,
    input: &Input,
    allowed: usize,
    run: impl FnOnce(&mut Outside<'_>) -> Result<T, git::Error>,
) -> Result<T, CommandError> {
    let environment = environment();
    let progress = ui.progress();
    let mut steps = |step: &git::Step<'_>| {
        trace.git(step);
        if let Some(text) = say::step(step) {
            progress.step(&text);
        }
        ControlFlow::Continue(())
    };
    let mut recheck = |tree: &files::Tree| {
        let rebased = Input::from_tree(tree.clone(), input.context.clone(), &input.ignored);
        let repository = Repository::read(&rebased.files, &rebased.context);
        rules::check(&repository, &rebased.context).errors() <= allowed
    };
    let mut outside = Outside { environment: &environment, progress: &mut steps, recheck: &mut recheck };
    Ok(run(&mut outside)?)
}

fn told(ui: &Ui, delivery: &Delivery) -> Result<Exit, CommandError> {
    ui.out(&say::delivery(delivery))?;
    let exit = match &delivery.push {
        PushOutcome::Rejected { .. } | PushOutcome::Behind { .. } => {
            ui.status(&format!(
                "the commit stays here; `{0} fix-and-push` tries again, `{0} fix-and-push --undo` takes it back",
                ui.program
            ));
            Exit::Rejected
        }
        _ => Exit::Done,
    };
    Ok(exit)
}
