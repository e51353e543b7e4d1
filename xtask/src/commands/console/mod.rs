//! `console`: releases, findings and pipeline as pages.

mod copy;
mod door;
#[cfg(feature = "cluster")]
mod feed;
mod folder;
mod upstream;

use crate::args::{ConsoleArgs, CopyArgs, Target, UpstreamArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `console`.
pub(crate) fn cmd_console(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    #[cfg(not(feature = "cluster"))]
    if args.asks_for_a_cluster() {
        return crate::commands::whole::hand_over(ui);
    }
    #[cfg(feature = "cluster")]
    if !args.cluster.no_cluster {
        return feed::serve(ui, args);
    }
    serve_behind(ui, &args.target, &args.copy, &door::Opened::by(&args.door, args.port)?, &args.upstream)
}

/// Serves the console on a folder, for this machine, until it is told to end; port 0 takes a free one.
pub(crate) fn serve(ui: &Ui, target: &Target, port: u16) -> Result<Exit, CommandError> {
    serve_behind(ui, target, &CopyArgs::default(), &door::Opened::here(port), &UpstreamArgs::default())
}

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
