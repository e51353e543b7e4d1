//! `check`: report what is wrong.

use crate::args::{CheckArgs, Format, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use model::Repository;
use rules::{Report, Reported};
use std::path::Path;

/// Runs `check`.
pub(crate) fn cmd_check(ui: &Ui, args: &CheckArgs) -> Result<Exit, CommandError> {
    let mut input = Input::load(&args.target)?;
    let repository = Repository::read(&input.files, &input.context);
    let mut report = rules::check(&repository, &input.context);
    if let Some(rev) = &args.since {
        report = since(rev, &input, &repository, report)?;
    }
    input.account(&mut report);
    let exit = Exit::of(&report);
    ui.out(&render(ui, args.format, &report, &repository, &args.target)?)?;
    // The process ends here: freeing ten thousand parsed files one by one would only take time.
    std::mem::forget((input, repository, report));
    Ok(exit)
}

fn render(
    ui: &Ui,
    format: Format,
    report: &Report,
    repository: &Repository,
    target: &Target,
) -> Result<String, CommandError> {
    Ok(match format {
        Format::Human => report::human(report, repository, &ui.look()),
        Format::Json => report::json(report)? + "\n",
        Format::Sarif => report::sarif(report, repository, &prefix(&target.path), env!("CARGO_PKG_VERSION"))? + "\n",
        Format::Github => report::github(report, &prefix(&target.path)),
    })
}

/// The checked folder as seen from the repository's root (else from the current folder), which services expect paths
/// to start at; `""` where that cannot be said.
fn prefix(path: &Path) -> String {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    let Ok(folder) = folder.canonicalize() else { return String::new() };
    let Some(base) = files::repository_root(&folder).or_else(|| Path::new(".").canonicalize().ok()) else {
        return String::new();
    };
    let Ok(below) = folder.strip_prefix(&base) else { return String::new() };
    below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Leaves what the revision did not have yet.
fn since(rev: &str, input: &Input, now: &Repository, report: Report) -> Result<Report, CommandError> {
    let old = input.at(rev, "--since")?;
    let then = Repository::read(&old.files, &old.context);
    let before = rules::check(&then, &old.context);
    Ok(report::introduced(&before, report, |old, new| line(&then, old) == line(now, new)))
}

/// The first line that a finding marks.
fn line<'a>(repository: &'a Repository, finding: &Reported) -> Option<&'a str> {
    report::lines(repository.text(&finding.file)?).get(finding.start.line.checked_sub(1)?).copied()
}
