//! Serves the live pages on a made-up cluster, for work on them:
//! `cargo run -p hyperspace-web --example live -- [PORT [JAEGER [PROMETHEUS]]]`. Every few seconds its first rollout goes on to its
//! next state; with a Jaeger to ask it stays aborted. Its traces are those of this repository's manifests: namespace `hotrod`,
//! pod hashes `bbbb` (canary) and `aaaa` (stable).

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/live/cluster.rs"]
mod cluster;
#[path = "../tests/upstream/manifests.rs"]
mod manifests;

use cluster::{How, live, release};
use hyperspace_web::live::{Cluster, News};
use hyperspace_web::{Site, Upstream};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Jaeger, Prometheus};

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let port = args.next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let jaeger = args.next().and_then(|address| Jaeger::new(&address).ok());
    let prometheus = args.next().and_then(|address| Prometheus::new(&address).ok());
    let stays = jaeger.is_some();
    let rest = [("shop", "cart", How::Promoted), ("shop", "checkout", How::Paused), ("shop", "pay", How::Aborted)];
    let all = rest.into_iter().chain([("hotrod", "hotrod", How::Measuring)]);
    let live = live(all.map(|(namespace, name, how)| release(namespace, name, how)));
    let site = Site {
        folder: "example".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(manifests::Manifests),
        cluster: Cluster::Live(Arc::clone(&live)),
        upstream: Upstream {
            jaeger_pages: jaeger.clone(),
            prometheus_pages: prometheus.clone(),
            jaeger,
            prometheus,
            ..Upstream::default()
        },
    };
    std::thread::spawn(move || {
        if stays {
            return live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", How::Aborted), whole: true });
        }
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
