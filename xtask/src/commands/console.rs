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
impl web::Source for Folder {
    fn load(&self) -> Result<web::Snapshot, String> {
        let mut input = crate::input::Input::load(&self.0).map_err(|error| error.to_string())?;
        if input.folder.is_none() {
            return Err("a stream on standard input cannot be read twice; name a folder".to_owned());
        }
        let repository = model::Repository::read(&input.files, &input.context);
        let mut report = rules::check(&repository, &input.context);
        input.account(&mut report);
        Ok(web::Snapshot::of(&repository, &input.context, &report))
    }
}

#[cfg(all(test, feature = "console"))]
mod tests {
    use super::shown;
    use std::path::Path;

    #[test]
    fn a_folder_is_called_by_its_name() {
        assert_eq!(shown(Path::new("deploy/prod")), "deploy/prod");
        assert_eq!(shown(Path::new(".")), "xtask");
        assert_eq!(shown(Path::new("/")), "/");
    }
}
