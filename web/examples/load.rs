//! Measures the live pages in this process, without sockets: `cargo run --release -p hyperspace-web --example load`.
//! A thousand streams look at one release of a cluster with 500 analysis runs while it changes; then 200 readers ask for pages,
//! and at last comes as much as an hour brings, an event a second.
//! `-- JAEGER [TRACE]` also asks for the traces that a Jaeger there has of it, and for one as a waterfall.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/live/cluster.rs"]
mod cluster;
#[path = "../tests/upstream/manifests.rs"]
mod manifests;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use cluster::{How, live, release};
use futures_util::StreamExt as _;
use hyperspace_web::live::{Cluster, News};
use hyperspace_web::{Site, Upstream, router};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

const STREAMS: usize = 1000;
const EVENTS: usize = 100;
const READERS: usize = 200;
/// An hour of them, an event a second.
const HOUR: usize = 3600;
const RUNS: usize = 500;

fn request(path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request.headers_mut().insert("host", axum::http::HeaderValue::from_static("localhost"));
    request
}

/// Resident memory in MiB, where the system says it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.map_or("unknown".to_owned(), |kib| format!("{:.1} MiB", kib / 1024.0))
}

async fn page(site: &axum::Router, path: &str) -> axum::body::Bytes {
    let Ok(response) = site.clone().oneshot(request(path)).await;
    to_bytes(response.into_body(), 1 << 24).await.unwrap_or_default()
}

fn percentiles(mut all: Vec<Duration>) -> String {
    all.sort();
    let at = |share: f64| all.get(((all.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    format!("median {:.1?}, p99 {:.1?}, most {:.1?}", at(0.5), at(0.99), at(1.0))
}

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let jaeger = std::env::args().nth(1).and_then(|address| telemetry::Jaeger::new(&address).ok());
    let trace = std::env::args().nth(2);
    writeln!(out, "at the start: {}", memory())?;
    // Each of these rollouts has a run of its own.
    let all = (0..RUNS).map(|n| release("fleet", &format!("rollout-{n}"), How::Promoted));
    let live = live(all.chain([release("hotrod", "hotrod", How::Measuring)]));
    let site = router(Site {
        folder: "example".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(manifests::Manifests),
        cluster: Cluster::Live(Arc::clone(&live)),
        upstream: Upstream { jaeger: jaeger.clone(), ..Upstream::default() },
    });
    writeln!(out, "with {RUNS} rollouts and runs: {}", memory())?;

    let (heard, mut times) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..STREAMS {
        let Ok(response) = site.clone().oneshot(request("/events/rollouts/hotrod/hotrod")).await;
        let (mut body, heard) = (response.into_body().into_data_stream(), heard.clone());
        tokio::spawn(async move {
            while let Some(Ok(event)) = body.next().await {
                if event.starts_with(b"id:") && heard.send(Instant::now()).is_err() {
                    break;
                }
            }
        });
    }
    for _ in 0..STREAMS {
        times.recv().await;
    }
    writeln!(out, "with {STREAMS} streams: {}", memory())?;
    let mut latencies = Vec::with_capacity(STREAMS * EVENTS);
    for event in 0..EVENTS {
        let how = if event % 2 == 0 { How::Aborted } else { How::Measuring };
        let view = release("hotrod", "hotrod", how);
        let fed = Instant::now();
        live.feed("rollouts", News::Seen { view, whole: true });
        for _ in 0..STREAMS {
            if let Some(at) = times.recv().await {
                latencies.push(at.duration_since(fed));
            }
        }
    }
    writeln!(out, "event to stream, {EVENTS} events, {STREAMS} streams: {}", percentiles(latencies))?;
    writeln!(out, "after them: {}", memory())?;

    let mut paths = vec!["/rollouts/hotrod/hotrod".to_owned(), "/rollouts".to_owned()];
    paths.push("/rollouts/hotrod/hotrod/analysis".to_owned());
    paths.extend(["/findings", "/pipeline"].map(str::to_owned));
    if jaeger.is_some() {
        paths.push("/rollouts/hotrod/hotrod/traces".to_owned());
        paths.extend(trace.map(|trace| format!("/traces/{trace}")));
    }
    for path in &paths {
        // What nobody has asked for yet.
        let begun = Instant::now();
        let Ok(response) = site.clone().oneshot(request(path)).await;
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap_or_default().len();
        writeln!(out, "{path}, the first reader: {bytes} bytes in {:.1?}; {}", begun.elapsed(), memory())?;
        // What others are asked for comes from the cache from now on.
        while String::from_utf8_lossy(&page(&site, path).await).contains("Asking ") {}
        writeln!(out, "{path}, answered after {:.1?}", begun.elapsed())?;
        let mut size = 0;
        let mut took = Vec::new();
        for round in 0..5 {
            // The first reader after a change draws the page for the others.
            let how = if round % 2 == 0 { How::Aborted } else { How::Measuring };
            live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", how), whole: true });
            let asked: Vec<_> = (0..READERS)
                .map(|_| {
                    let (site, path) = (site.clone(), path.clone());
                    tokio::spawn(async move {
                        let begun = Instant::now();
                        let Ok(response) = site.oneshot(request(&path)).await;
                        let page = to_bytes(response.into_body(), 1 << 24).await.unwrap_or_default();
                        (begun.elapsed(), page.len())
                    })
                })
                .collect();
            for task in asked {
                if let Ok((time, bytes)) = task.await {
                    took.push(time);
                    size = bytes;
                }
            }
        }
        writeln!(out, "{path}, {READERS} readers: {size} bytes; {}", percentiles(took))?;
    }
    let mut first = 0;
    for path in
        ["/rollouts/hotrod/hotrod", "/assets/style.css", "/assets/htmx.js", "/assets/console.js", "/assets/icon.svg"]
    {
        let Ok(response) = site.clone().oneshot(request(path)).await;
        first += to_bytes(response.into_body(), 1 << 24).await.unwrap_or_default().len();
    }
    writeln!(out, "first load of a release's page: {first} bytes, not compressed")?;
    writeln!(out, "before an hour of events: {}", memory())?;
    // What the pages' changes sent to the streams.
    tokio::time::sleep(Duration::from_secs(1)).await;
    while times.try_recv().is_ok() {}
    for event in 0..HOUR {
        // All differ: a run more for one rollout after the other.
        let name = format!("rollout-{}", event % RUNS);
        let how = if (event / RUNS).is_multiple_of(2) { How::Aborted } else { How::Promoted };
        live.feed("rollouts", News::Seen { view: release("fleet", &name, how), whole: true });
        // The last one was aborted.
        let how = if event % 2 == 0 { How::Measuring } else { How::Aborted };
        live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", how), whole: true });
        for _ in 0..STREAMS {
            times.recv().await;
        }
        if event % 600 == 599 {
            writeln!(out, "after {} events: {}", event + 1, memory())?;
        }
    }
    Ok(())
}
