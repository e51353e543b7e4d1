//! `practice`: a broken repository to mend by hand, with hints in steps.

mod hints;

use crate::args::{PracticeArgs, Target};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use crate::{markdown, scenario};
use hints::Stage;
use rules::{Report, Safety};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Remembers which hints were given: in the git directory, where it is in nobody's way.
fn memory(dir: &Path) -> PathBuf {
    dir.join(".git/hyperspace-practice")
}

/// Runs `practice`.
pub(crate) fn cmd_practice(ui: &Ui, args: &PracticeArgs) -> Result<Exit, CommandError> {
    if args.hint { hint(ui, &args.dir, args.step) } else { start(ui, &args.dir, args.force) }
}

fn start(ui: &Ui, dir: &Path, force: bool) -> Result<Exit, CommandError> {
    if !force && !scenario::is_free(dir)? {
        return Err(CommandError::user(format!("{} is not empty", dir.display())).hint(
            "name another folder, `--hint` goes on with this one, `--force` writes the broken start over what is there",
        ));
    }
    scenario::write(dir)?;
    // Generator paths count from the repository's root, so the folder has to be one of its own.
    if !dir.join(".git").exists() {
        scenario::commit(dir)?;
    }
    forget(dir)?;
    ui.out(&markdown::render(scenario::STORY, &ui.look()))?;
    let (dir, me) = (dir.display(), &ui.program);
    ui.line(&format!("\nIt is all in {dir}, a git repository. What now:"))?;
    ui.next(&[
        (format!("{me} check {dir}"), "what is wrong, and what it would do on a cluster"),
        (format!("{me} practice {dir} --hint"), "a hint for the first of it; again for a better one"),
        (format!("{me} fix {dir} --diff"), "how this tool would mend it"),
    ])?;
    Ok(Exit::Done)
}

fn hint(ui: &Ui, dir: &Path, step: Option<u8>) -> Result<Exit, CommandError> {
    if !dir.is_dir() {
        return Err(CommandError::user(format!("there is no folder {}", dir.display())).hint(format!(
            "`{} practice {}` writes the broken start",
            ui.program,
            dir.display()
        )));
    }
    let report = check(dir)?;
    let Some((number, stage)) = hints::first(&report) else {
        return ended(ui, dir, &report);
    };
    let steps = stage.steps.len();
    let next = match step {
        Some(step) => usize::from(step).min(steps),
        None => {
            recall(dir).filter(|memory| memory.stage == stage.name).map_or(1, |memory| (memory.step + 1).min(steps))
        }
    };
    remember(dir, &Memory { stage: stage.name.to_owned(), step: next })?;
    ui.line(&format!(
        "{} ({number} of {}), hint {next} of {steps}; {} errors and {} warnings are left",
        stage.title,
        hints::STAGES.len(),
        report.errors(),
        report.warnings()
    ))?;
    let text = stage.steps.get(next - 1).copied().unwrap_or_default();
    ui.line("")?;
    ui.out(&markdown::wrapped(text, &ui.look()))?;
    if next == steps {
        tell_more(ui, stage, &report)?;
    }
    Ok(Exit::Done)
}

/// After the last hint: where the check sees it, and where all about it stands.
fn tell_more(ui: &Ui, stage: &Stage, report: &Report) -> Result<(), CommandError> {
    ui.line("")?;
    for found in hints::findings(stage, report) {
        ui.line(&format!(
            "{}:{}:{}: `{} explain {}`",
            report::visible(&found.file),
            found.start.line,
            found.start.column,
            ui.program,
            found.finding.rule
        ))?;
    }
    Ok(())
}

fn ended(ui: &Ui, dir: &Path, report: &Report) -> Result<Exit, CommandError> {
    let mendable = |f: &&rules::Reported| {
        f.finding.caused_by.is_none() && f.finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe)
    };
    if report.errors() > 0 || report.findings.iter().any(|f| mendable(&f)) {
        let first = report.findings.iter().find(|f| f.finding.caused_by.is_none());
        let rule = first.map_or("RULE", |f| f.finding.rule);
        ui.line(&format!(
            "what is left was not broken at the start: `{0} check {1}` shows it, `{0} explain {rule}` tells more",
            ui.program,
            dir.display()
        ))?;
        return Ok(Exit::Done);
    }
    ui.line("The echoes are back, and the gates hear them. Nothing is left to mend.")?;
    ui.line(&format!(
        "`git -C {} diff` shows your work; `{} gates {}` what the gates now see.",
        dir.display(),
        ui.program,
        dir.display()
    ))?;
    Ok(Exit::Done)
}

fn check(dir: &Path) -> Result<Report, CommandError> {
    let input = Input::load(&Target { path: dir.to_owned(), policy: None })?;
    let repository = model::Repository::read(&input.files, &input.context);
    Ok(rules::check(&repository, &input.context))
}

#[derive(Serialize, Deserialize)]
struct Memory {
    stage: String,
    step: usize,
}

fn recall(dir: &Path) -> Option<Memory> {
    // A memory that is gone or garbled only means that the hints start again.
    serde_json::from_str(&std::fs::read_to_string(memory(dir)).ok()?).ok()
}

fn remember(dir: &Path, told: &Memory) -> Result<(), CommandError> {
    let file = memory(dir);
    if !dir.join(".git").is_dir() {
        // Not written by `practice`: every hint is the first.
        return Ok(());
    }
    std::fs::write(&file, serde_json::to_string(told)?).doing(format!("write {}", file.display()))
}

fn forget(dir: &Path) -> Result<(), CommandError> {
    let file = memory(dir);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing(format!("remove {}", file.display()))
        }
        _ => Ok(()),
    }
}
