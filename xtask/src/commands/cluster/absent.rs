//! In the place of the commands, in a program that was built without them.

use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::Ui;
use std::process::Command;

/// The same command line, by a build that can. Cargo, which runs us, names itself and this package.
pub(crate) fn hand_over(ui: &Ui) -> Result<Exit, CommandError> {
    let (Some(cargo), Some(package)) = (std::env::var_os("CARGO"), std::env::var_os("CARGO_MANIFEST_DIR")) else {
        return Err(CommandError::user("this program was built without the commands that talk to a cluster")
            .hint("`cargo install --path xtask --features cluster` builds it with them"));
    };
    ui.status("building the part that talks to a cluster, once");
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--profile", "tool", "--bin", "xtask", "--features", "cluster", "--manifest-path"]);
    command.arg(std::path::Path::new(&package).join("Cargo.toml")).arg("--").args(std::env::args_os().skip(1));
    let ended = command.status().doing("run cargo")?;
    Ok(match ended.code() {
        Some(0) => Exit::Done,
        Some(1) => Exit::Faults,
        Some(4) => Exit::TimedOut,
        _ => Exit::CouldNotRun,
    })
}
