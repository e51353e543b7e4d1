//! What programs ask: whether it is ready, and how it does. And how it ends.

use crate::cluster::{FEEDS, How, live, release};
use crate::{NoFolder, ask, get, site};
use axum::http::StatusCode;
use hyperspace_web::live::{Cluster, Live, News};
use hyperspace_web::{Door, Site, Snapshot, Source, Upstream};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::test]
async fn it_is_ready_once_every_watch_has_shown_everything() {
    let live = Arc::new(Live::new("kind-fleet", FEEDS));
    let site = site(&live);
    let (status, text) = get(&site, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.starts_with("not ready\n") && text.contains("cluster, rollouts: not read yet\n"), "{text}");
    for feed in FEEDS.into_iter().filter(|feed| *feed != "pods") {
        live.feed(feed, News::Seen { view: release("a", "b", How::Promoted), whole: true });
    }
    live.feed("pods", News::Lost { message: "forbidden:\u{202e} <b>\nready".to_owned(), hint: None });
    let answer = ask(&site, "/readyz", None).await;
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    let (status, text) = get(&site, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text.lines().next(), Some("not ready"));
    assert!(text.contains("cluster, pods: forbidden:\\u{202e} <b>"), "{text}");
    live.feed("pods", News::Seen { view: release("a", "b", How::Promoted), whole: true });
    assert_eq!(get(&site, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    // What breaks later is told by the pages, which go on.
    live.feed("pods", News::Lost { message: "cut".to_owned(), hint: None });
    assert_eq!(get(&site, "/readyz").await.0, StatusCode::OK);
}

/// The value of a sample.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn it_tells_how_it_does() {
    let live = live([release("hotrod", "<b>", How::Measuring)]);
    let site = site(&live);
    get(&site, "/rollouts").await;
    get(&site, "/rollouts/hotrod/none").await;
    get(&site, "/nowhere").await;
    let mut stream = ask(&site, "/events/rollouts/hotrod/%3Cb%3E", None).await.into_body().into_data_stream();
    futures_util::StreamExt::next(&mut stream).await.unwrap().unwrap();
    live.feed("pods", News::Lost { message: "cut".to_owned(), hint: None });
    let answer = ask(&site, "/metrics", None).await;
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let (_, text) = get(&site, "/metrics").await;
    for (name, wanted) in [
        ("requests_total{route=\"/rollouts\",status=\"200\"}", 1.0),
        ("requests_total{route=\"/rollouts/{namespace}/{name}\",status=\"404\"}", 1.0),
        ("requests_total{route=\"none\",status=\"404\"}", 1.0),
        ("request_duration_seconds_count{route=\"/rollouts\"}", 1.0),
        ("event_streams", 1.0),
        ("events_sent_total", 1.0),
        ("events_dropped_total", 0.0),
        ("watch_current{watch=\"pods\"}", 0.0),
        ("watch_current{watch=\"rollouts\"}", 1.0),
    ] {
        assert_eq!(value(&text, &format!("hyperspace_console_{name}")), Some(wanted), "{name} in {text}");
    }
    let age = value(&text, "hyperspace_console_last_update_age_seconds{source=\"cluster\"}").unwrap();
    assert!((0.0..60.0).contains(&age), "{age}");
    assert!(text.ends_with("# EOF\n") && !text.contains("<b>"), "no name of the cluster is a label: {text}");
    drop(stream);
    let (_, text) = get(&site, "/metrics").await;
    assert_eq!(value(&text, "hyperspace_console_event_streams"), Some(0.0));
}

/// A reader that is slower than the changes.
#[tokio::test]
async fn what_a_slow_reader_skips_is_counted() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let site = site(&live);
    let path = "/events/rollouts/hotrod/hotrod";
    let mut slow = ask(&site, path, None).await.into_body().into_data_stream();
    futures_util::StreamExt::next(&mut slow).await.unwrap().unwrap();
    for how in [How::Aborted, How::Paused, How::Promoted] {
        live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", how), whole: true });
        get(&site, "/rollouts/hotrod/hotrod").await;
    }
    loop {
        let event = futures_util::StreamExt::next(&mut slow).await.unwrap().unwrap();
        if event.starts_with(b"id:") {
            break;
        }
    }
    let (_, text) = get(&site, "/metrics").await;
    assert_eq!(value(&text, "hyperspace_console_events_dropped_total"), Some(2.0), "{text}");
    assert_eq!(value(&text, "hyperspace_console_events_sent_total"), Some(2.0), "{text}");
}

/// A check that a test waits for: at its begin and at its end.
struct Slow(Arc<Barrier>);

impl Source for Slow {
    fn load(&self) -> Result<Snapshot, String> {
        Err("not asked for".to_owned())
    }

    fn at(&self, _: &str) -> Result<Snapshot, String> {
        self.0.wait();
        self.0.wait();
        Err("checked to its end".to_owned())
    }
}

fn request(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

async fn serving(
    source: impl Source + 'static,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<std::io::Result<()>>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let site = Site {
        folder: "deploy".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(source),
        cluster: Cluster::Live(live([release("hotrod", "hotrod", How::Measuring)])),
        upstream: Upstream::default(),
    };
    let served = hyperspace_web::serve(listener, site, Door::default(), async {
        let _ = stopped.await;
    });
    (address, stop, tokio::spawn(served))
}

#[tokio::test]
async fn streams_end_cleanly_with_the_program() {
    let (address, stop, server) = serving(NoFolder).await;
    let (opened, open) = oneshot::channel();
    let reader = tokio::task::spawn_blocking(move || {
        let mut stream = request(address, "/events/rollouts/hotrod/hotrod");
        let mut start = [0; 64];
        stream.read_exact(&mut start).unwrap();
        opened.send(()).unwrap();
        rest(stream)
    });
    open.await.unwrap();
    stop.send(()).unwrap();
    timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
    assert!(reader.await.unwrap().ends_with("\r\n0\r\n\r\n"), "the last chunk says that it is the last");
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let gate = Arc::new(Barrier::new(2));
    let (address, stop, server) = serving(Slow(Arc::clone(&gate))).await;
    let reader = tokio::task::spawn_blocking(move || rest(request(address, "/pipeline?commit=HEAD")));
    let begun = Arc::clone(&gate);
    tokio::task::spawn_blocking(move || begun.wait()).await.unwrap();
    stop.send(()).unwrap();
    // The listener is closed before the request is done.
    let gone = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), gone).await.unwrap();
    tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
    timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
    assert!(reader.await.unwrap().contains("checked to its end"));
}
