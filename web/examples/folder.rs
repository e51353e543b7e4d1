//! Serves the console on a folder, without the rest of the command line: for work on the pages.
//! `cargo run -p hyperspace-web --example folder -- DIR [PORT]`

#[path = "../tests/browser/folder.rs"]
mod folder;

use hyperspace_web::live::Cluster;
use hyperspace_web::{Site, Upstream};
use std::io::Write as _;
use std::sync::Arc;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap_or_else(|| ".".to_owned());
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let source = Arc::new(folder::Folder::new(&path));
    let cluster = Cluster::Absent { why: "This example has none.".to_owned(), hint: String::new() };
    let site = Site { folder: path, program: "cargo xtask".to_owned(), source, cluster, upstream: Upstream::default() };
    hyperspace_web::run(([127, 0, 0, 1], port).into(), site, hyperspace_web::Door::default(), |address| {
        // Nobody reading it is no reason to stop.
        let _ = writeln!(std::io::stdout(), "http://{address}/");
    })
}
