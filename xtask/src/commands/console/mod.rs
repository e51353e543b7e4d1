//! `console`: releases, findings and pipeline as pages.

#[cfg(all(feature = "console", feature = "cluster"))]
mod feed;
#[cfg(feature = "console")]
mod folder;

use crate::args::{ConsoleArgs, Target};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Runs `console`.
pub(crate) fn cmd_console(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    #[cfg(not(feature = "cluster"))]
    if args.cluster.asked() {
        return crate::commands::cluster::hand_over(ui);
    }
    #[cfg(all(feature = "console", feature = "cluster"))]
    if !args.cluster.no_cluster {
        return feed::serve(ui, args);
    }
    serve(ui, &args.target, args.port)
}

/// Serves the console on a folder until Ctrl-C; port 0 takes a free one.
#[cfg(feature = "console")]
pub(crate) fn serve(ui: &Ui, target: &Target, port: u16) -> Result<Exit, CommandError> {
    let why = "This console shows a repository alone.".to_owned();
    let hint = format!("`{} console --cluster` shows the current kubeconfig's cluster, too.", ui.program);
    let cluster = web::live::Cluster::Absent { why, hint };
    let site = folder::site(ui, target, cluster, web::Links::default())?;
    web::run(port, site, |address| ready(ui, address)).map_err(|error| taken(port, &error))?;
    Ok(Exit::Done)
}

#[cfg(feature = "console")]
fn ready(ui: &Ui, address: std::net::SocketAddr) {
    ui.status(&format!("the console is on http://{address}, Ctrl-C ends it"));
}

#[cfg(feature = "console")]
fn taken(port: u16, error: &std::io::Error) -> CommandError {
    CommandError::user(format!("cannot serve on port {port}")).because(error).hint("`--port 0` takes a free one")
}

/// Without the feature there is no console.
#[cfg(not(feature = "console"))]
pub(crate) fn serve(_: &Ui, _: &Target, _: u16) -> Result<Exit, CommandError> {
    Err(CommandError::user("this program was built without the console").hint("build it with `--features console`"))
}
