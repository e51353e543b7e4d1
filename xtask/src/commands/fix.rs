//! `fix`: apply the fixes until nothing changes.

use crate::args::FixArgs;
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use rules::{Changed, Fixed, Safety};
use std::path::Path;

/// Runs `fix`.
pub(crate) fn cmd_fix(ui: &Ui, args: &FixArgs) -> Result<Exit, CommandError> {
    let mut input = Input::load(&args.target)?;
    let folder = input.folder.clone().ok_or_else(|| {
        CommandError::user("a stream on standard input cannot be fixed").hint("fix the files that it was built from")
    })?;
    let level = if args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let mut fixed = rules::fix(std::mem::take(&mut input.files), &input.context, level);
    input.account(&mut fixed.report);
    let look = ui.look();
    if args.diff {
        ui.out(&report::diff(&fixed.changed, look.colour))?;
        // Standard output is the patch alone, so that it can be piped into `git apply`.
        ui.status(report::summary(&fixed.report, &report::Look { colour: false, ..look }).trim_end());
        return Ok(Exit::of(&fixed.report));
    }
    write(&folder, &fixed.changed)?;
    ui.out(&told(&fixed))?;
    ui.out(&report::human(&fixed.report, &fixed.repository, &look))?;
    Ok(Exit::of(&fixed.report))
}

/// What was changed, a line a fix.
pub(crate) fn told(fixed: &Fixed) -> String {
    let mut text = String::new();
    for applied in &fixed.applied {
        text.push_str(&format!(
            "fixed {} {}: {}\n",
            report::visible(&applied.file),
            applied.rule,
            report::visible(&applied.title)
        ));
    }
    if !fixed.applied.is_empty() {
        text.push('\n');
    }
    text
}

/// Replaces the changed files, each whole or not at all.
///
/// All are looked at before the first is written: a file that another program changed since it was read stops the run
/// with nothing written.
fn write(folder: &Path, changed: &[Changed]) -> Result<(), CommandError> {
    for file in changed {
        let path = folder.join(&file.path);
        let now = std::fs::read(&path).doing(format!("read {} again", path.display()))?;
        if now != file.before.as_bytes() {
            return Err(CommandError::user(format!("{} was changed by another program meanwhile", path.display()))
                .hint("nothing was written; run again"));
        }
    }
    for (done, file) in changed.iter().enumerate() {
        let path = folder.join(&file.path);
        files::replace(&path, file.after.as_bytes()).doing(format!("write {}", path.display())).map_err(|error| {
            let written = changed.iter().take(done).map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ");
            let none = "nothing was written".to_owned();
            error.hint(if done == 0 { none } else { format!("already written: {written}; run again for the rest") })
        })?;
    }
    Ok(())
}
