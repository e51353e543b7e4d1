//! `status`: where the release is.

use super::show;
use super::which::{Scope, run, said};
use crate::args::{ListFormat, StatusArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use std::time::Duration;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(2);

/// Runs `status`.
pub(crate) fn cmd_status(ui: &Ui, args: &StatusArgs) -> Result<Exit, CommandError> {
    run(async {
        let scope = Scope::of(ui, &args.cluster).await?;
        let release = scope.release(None);
        let mut shown = String::new();
        loop {
            match scope.cluster.look(&release).await {
                Ok(view) => {
                    let text = match args.format {
                        ListFormat::Human => show::text(&release, &view),
                        ListFormat::Json => format!("{}\n", show::json(scope.cluster.context(), &release, &view)),
                    };
                    if text != shown {
                        // A blank line between two states.
                        if args.format == ListFormat::Human && !shown.is_empty() {
                            ui.line("")?;
                        }
                        ui.out(&text)?;
                        shown = text;
                    }
                }
                // Who watches goes on watching.
                Err(error) if args.watch && error.may_pass() => ui.status(&error.to_string()),
                Err(error) => return Err(said(error)),
            }
            if !args.watch {
                return Ok(Exit::Done);
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            }
        }
    })
}
