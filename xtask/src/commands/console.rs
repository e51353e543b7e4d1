//! `console`: findings and pipeline as pages.

use crate::args::{ConsoleArgs, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `console`.
pub(crate) fn cmd_console(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    serve(ui, &args.target, args.port)
}

/// Serves the console on a folder until Ctrl-C; port 0 takes a free one.
#[cfg(feature = "console")]
pub(crate) fn serve(ui: &Ui, target: &Target, port: u16) -> Result<Exit, CommandError> {
    use std::sync::Arc;

    // What is wrong with the arguments is told now, not on the first page.
    let folder = Folder(target.clone());
    web::Source::load(&folder).map_err(CommandError::user)?;
    let site = web::Site { folder: shown(&target.path), program: ui.program.clone(), source: Arc::new(folder) };
    let ready = |address| ui.status(&format!("the console is on http://{address}, Ctrl-C ends it"));
    web::run(port, site, ready).map_err(|error| {
        CommandError::user(format!("cannot serve on port {port}")).because(&error).hint("`--port 0` takes a free one")
    })?;
    Ok(Exit::Done)
}

/// The path as it was named; `.` and `..` say nothing to who opens the page, so the folder's own name stands for them.
#[cfg(feature = "console")]
fn shown(path: &std::path::Path) -> String {
    let own = || path.canonicalize().ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    let named = path.file_name().map(|_| path.display().to_string());
    named.or_else(own).unwrap_or_else(|| path.display().to_string())
}

/// Without the feature there is no console.
#[cfg(not(feature = "console"))]
pub(crate) fn serve(_: &Ui, _: &Target, _: u16) -> Result<Exit, CommandError> {
    Err(CommandError::user("this program was built without the console").hint("build it with `--features console`"))
}

/// The folder, read and checked anew for every page.
#[cfg(feature = "console")]
struct Folder(Target);

#[cfg(feature = "console")]
impl Folder {
    fn input(&self) -> Result<crate::input::Input, String> {
        let input = crate::input::Input::load(&self.0).map_err(|error| error.to_string())?;
        if input.folder.is_none() {
            return Err("a stream on standard input cannot be read twice; name a folder".to_owned());
        }
        Ok(input)
    }
}

#[cfg(feature = "console")]
fn checked(mut input: crate::input::Input) -> web::Snapshot {
    let repository = model::Repository::read(&input.files, &input.context);
    let mut report = rules::check(&repository, &input.context);
    input.account(&mut report);
    web::Snapshot::of(&repository, &input.context, &report)
}

#[cfg(feature = "console")]
impl web::Source for Folder {
    fn load(&self) -> Result<web::Snapshot, String> {
        self.input().map(checked)
    }

    fn at(&self, commit: &str) -> Result<web::Snapshot, String> {
        self.input()?.at(commit, "a commit's page").map(checked).map_err(|error| error.to_string())
    }

    fn commits(&self, most: usize) -> Vec<web::Commit> {
        // A folder without a readable history has none to choose from; its pages say the rest.
        let listed = || {
            let input = self.input().ok()?;
            let folder = input.folder.as_deref()?;
            let git = git::Repository::discover(folder).ok()??;
            git.log(&git.relative(folder)?, most).ok()
        };
        let commit = |c: git::Listed| web::Commit { id: c.id, subject: c.subject, when: when(c.when) };
        listed().unwrap_or_default().into_iter().map(commit).collect()
    }
}

/// `2026-11-26 05:49 +01:00`: the committer's own clock.
#[cfg(feature = "console")]
fn when((seconds, offset): (i64, i32)) -> String {
    let minutes = seconds.div_euclid(60) + i64::from(offset);
    let (days, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
    let (year, month, day) = gate::promql::civil(days);
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, rest) = (offset.abs() / 60, offset.abs() % 60);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} {sign}{hours:02}:{rest:02}", minute / 60, minute % 60)
}

#[cfg(all(test, feature = "console"))]
mod tests {
    use super::{shown, when};
    use std::path::Path;

    #[test]
    fn a_folder_is_called_by_its_name() {
        assert_eq!(shown(Path::new("deploy/prod")), "deploy/prod");
        assert_eq!(shown(Path::new(".")), "xtask");
        assert_eq!(shown(Path::new("/")), "/");
    }

    #[test]
    fn a_commit_tells_its_makers_time() {
        assert_eq!(when((0, 0)), "1970-01-01 00:00 +00:00");
        assert_eq!(when((1_709_164_800, 60)), "2024-02-29 01:00 +01:00");
        assert_eq!(when((1_795_650_000, -570)), "2026-11-25 14:10 -09:30");
        assert_eq!(when((-1, 0)), "1969-12-31 23:59 +00:00");
    }
}
