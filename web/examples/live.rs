//! Serves the live pages on a made-up cluster, for work on them: `cargo run -p hyperspace-web --example live -- [PORT]`. Every
//! few seconds its first rollout goes on to its next state.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/live/cluster.rs"]
mod cluster;

use cluster::{How, live, release};
use hyperspace_web::live::{Cluster, News};
use hyperspace_web::{Links, Site, Snapshot, Source};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

struct NoFolder;

impl Source for NoFolder {
    fn load(&self) -> Result<Snapshot, String> {
        Err("This example has no folder.".to_owned())
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let rest = [("shop", "cart", How::Promoted), ("shop", "checkout", How::Paused), ("shop", "pay", How::Aborted)];
    let all = rest.into_iter().chain([("hotrod", "hotrod", How::Measuring)]);
    let live = live(all.map(|(namespace, name, how)| release(namespace, name, how)));
    let site = Site {
        folder: "example".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(NoFolder),
        cluster: Cluster::Live(Arc::clone(&live)),
        links: Links::default(),
    };
    std::thread::spawn(move || {
        for how in [How::Measuring, How::Aborted, How::Measuring, How::Promoted, How::Paused].into_iter().cycle() {
            live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", how), whole: true });
            std::thread::sleep(Duration::from_secs(5));
        }
    });
    hyperspace_web::run(([127, 0, 0, 1], port).into(), site, hyperspace_web::Door::default(), |address| {
        // Nobody reading it is no reason to stop.
        let _ = writeln!(std::io::stdout(), "http://{address}/");
    })
}
