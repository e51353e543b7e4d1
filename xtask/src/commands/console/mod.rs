//! `console`: releases, findings and pipeline as pages.

#[cfg(feature = "console")]
mod copy;
#[cfg(feature = "console")]
mod door;
#[cfg(all(feature = "console", feature = "cluster"))]
mod feed;
#[cfg(feature = "console")]
mod folder;
#[cfg(feature = "console")]
mod upstream;

use crate::args::{ConsoleArgs, Target};
#[cfg(feature = "console")]
use crate::args::{CopyArgs, UpstreamArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `console`.
pub(crate) fn cmd_console(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    #[cfg(not(feature = "cluster"))]
    if args.asks_for_a_cluster() {
        return crate::commands::cluster::hand_over(ui);
    }
    #[cfg(all(feature = "console", feature = "cluster"))]
    if !args.cluster.no_cluster {
        return feed::serve(ui, args);
    }
    #[cfg(feature = "console")]
    return serve_behind(ui, &args.target, &args.copy, &door::Opened::by(&args.door, args.port)?, &args.upstream);
    #[cfg(not(feature = "console"))]
    serve(ui, &args.target, args.port)
}

/// Serves the console on a folder, for this machine, until it is told to end; port 0 takes a free one.
#[cfg(feature = "console")]
pub(crate) fn serve(ui: &Ui, target: &Target, port: u16) -> Result<Exit, CommandError> {
    serve_behind(ui, target, &CopyArgs::default(), &door::Opened::here(port), &UpstreamArgs::default())
}

#[cfg(feature = "console")]
fn serve_behind(
    ui: &Ui,
    target: &Target,
    copied: &CopyArgs,
    opened: &door::Opened,
    args: &UpstreamArgs,
) -> Result<Exit, CommandError> {
    let why = "This console shows a repository alone.".to_owned();
    let hint = format!("`{} console --cluster` shows the current kubeconfig's cluster, too.", ui.program);
    let cluster = web::live::Cluster::Absent { why, hint };
    let (site, _) = folder::site(ui, target, copied, None, cluster, upstream::upstream(args, false)?)?;
    web::run(opened.address, site, opened.door.clone(), |address| opened.tell(ui, address))
        .map_err(|error| opened.taken(&error))?;
    Ok(Exit::Done)
}

/// Without the feature there is no console.
#[cfg(not(feature = "console"))]
pub(crate) fn serve(_: &Ui, _: &Target, _: u16) -> Result<Exit, CommandError> {
    Err(CommandError::user("this program was built without the console").hint("build it with `--features console`"))
}
