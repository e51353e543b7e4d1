//! The whole program, for what this build of it was made without: `cargo xtask` compiles first what a check and a fix need.

use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::Ui;
use std::path::Path;
use std::process::Command;

/// The same command line, by a build that can. Cargo, which runs us, names itself and this package.
pub(crate) fn hand_over(ui: &Ui) -> Result<Exit, CommandError> {
    let (Some(cargo), Some(package)) = (std::env::var_os("CARGO"), std::env::var_os("CARGO_MANIFEST_DIR")) else {
        return Err(CommandError::user("this program was built without what that takes")
            .hint("`cargo install --path xtask --features cluster` builds all of it"));
    };
    ui.status("handing over to the whole program, which cargo compiles at its first use");
    let mut command = Command::new(cargo);
    // Not --quiet: minutes of compiling are to be seen.
    command.args(["run", "--profile", "tool", "--bin", "xtask", "--features", "cluster", "--manifest-path"]);
    command.arg(Path::new(&package).join("Cargo.toml")).arg("--").args(std::env::args_os().skip(1));
    let ended = command.status().doing("run cargo")?;
    Ok(ended.code().and_then(Exit::from_code).unwrap_or(Exit::CouldNotRun))
}
