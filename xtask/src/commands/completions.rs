//! `completions`: a script for the shell.

use crate::args::{self, CompletionsArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `completions`. The script completes `hyperspace`: a cargo alias is cargo's to complete.
pub(crate) fn cmd_completions(ui: &Ui, args: &CompletionsArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command("hyperspace"), "hyperspace", &mut script);
    ui.out(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
