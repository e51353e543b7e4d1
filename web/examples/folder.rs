//! Serves the console on a folder, without the rest of the command line: for work on the pages.
//! `cargo run -p hyperspace-web --example folder -- DIR [PORT]`

use hyperspace_web::live::Cluster;
use hyperspace_web::{Site, Snapshot, Source, Upstream};
use model::{Context, Repository, SourceFile, Unreadable};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

struct Folder(PathBuf);

impl Source for Folder {
    fn load(&self) -> Result<Snapshot, String> {
        let tree = files::read(&self.0).map_err(|error| error.to_string())?;
        let source = |file: files::SourceFile| SourceFile {
            path: file.path,
            content: file.content.map_err(|error| Unreadable { reason: error.to_string(), at: None }),
        };
        let sources: Vec<SourceFile> = tree.files.into_iter().map(source).collect();
        let context = Context::default();
        let repository = Repository::read(&sources, &context);
        Ok(Snapshot::of(&repository, &context, &rules::check(&repository, &context)))
    }
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| ".".to_owned());
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let source = Arc::new(Folder(PathBuf::from(&folder)));
    let cluster = Cluster::Absent { why: "This example has none.".to_owned(), hint: String::new() };
    let site = Site { folder, program: "cargo xtask".to_owned(), source, cluster, upstream: Upstream::default() };
    hyperspace_web::run(([127, 0, 0, 1], port).into(), site, hyperspace_web::Door::default(), |address| {
        // Nobody reading it is no reason to stop.
        let _ = writeln!(std::io::stdout(), "http://{address}/");
    })
}
