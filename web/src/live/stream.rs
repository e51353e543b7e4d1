//! The event stream of a page: its live part, whenever that changed. Frames are whole, so a reader that comes back, or is too
//! slow, gets the newest one and has missed nothing.

use super::hub::Frame;
use super::{Hub, Live, Topic};
use crate::page::PageError;
use crate::serve::Shared;
use crate::time;
use crate::traces::Filter;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use delivery::Name;
use futures_util::stream::unfold;
use jiff::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Changes that come together are sent together.
const TOGETHER: Duration = Duration::from_millis(20);
/// A sign of life, with the time: a connection that died silently is noticed in the page.
const BEAT: Duration = Duration::from_secs(10);

/// A page that asks others than the cluster is drawn as often: what is too old is asked for again.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

const LAST: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies that would collect what is sent.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

type Asked = Query<HashMap<String, String>>;

/// `/events/rollouts`
pub(crate) async fn rollouts_events(
    State(shared): State<Arc<Shared>>,
    Query(query): Asked,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    events(shared, Topic::rollouts(&query), &query, &headers)
}

/// `/events/rollouts/{namespace}/{name}`
pub(crate) async fn release_events(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Asked,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    events(shared, Topic::Release(Name::new(namespace, name)), &query, &headers)
}

/// `/events/rollouts/{namespace}/{name}/analysis`
pub(crate) async fn analysis_events(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Asked,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    events(shared, Topic::analysis(Name::new(namespace, name), &query), &query, &headers)
}

/// `/events/rollouts/{namespace}/{name}/traces`
pub(crate) async fn traces_events(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Asked,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let topic = Topic::Traces(Name::new(namespace, name), Box::new(Filter::parse(&query)));
    events(shared, topic, &query, &headers)
}

/// The stream of a topic.
pub(crate) fn events(
    shared: Arc<Shared>,
    topic: Topic,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    let live = Arc::clone(topic.live(&shared).ok_or(PageError::NotFound)?);
    // The page says what it shows; after a lost connection htmx says what came last.
    let last = headers.get(LAST).and_then(|id| id.to_str().ok()).or(query.get("after").map(String::as_str));
    let reader = Reader {
        changes: live.subscribe(),
        closing: shared.hub.closing(),
        live,
        last: last.unwrap_or_default().to_owned(),
        first: true,
        beat: Instant::now(),
        number: None,
        _open: Open::new(&shared.metrics.streams),
        topic,
        shared,
    };
    let body = Body::from_stream(unfold(reader, Reader::next));
    let kind = HeaderValue::from_static("text/event-stream");
    Ok(([(CONTENT_TYPE, kind), (UNBUFFERED, HeaderValue::from_static("no"))], body).into_response())
}

/// Counts open streams.
struct Open(Gauge);

impl Open {
    fn new(count: &Gauge) -> Open {
        count.inc();
        Open(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

struct Reader {
    shared: Arc<Shared>,
    live: Arc<Live>,
    topic: Topic,
    changes: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    /// The frame that the reader has.
    last: String,
    /// Its number, once one was sent.
    number: Option<u64>,
    first: bool,
    beat: Instant,
    _open: Open,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Reader)> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            // Before it is drawn: what comes while it is drawn wakes us again.
            self.changes.mark_unchanged();
            let hub: &Hub = &self.shared.hub;
            match hub.frame(&self.shared, &self.live, &self.topic) {
                Ok(frame) if frame.id != self.last => {
                    self.last.clone_from(&frame.id);
                    self.first = true;
                    let skipped = self.number.map_or(0, |last| frame.number.saturating_sub(last + 1));
                    self.number = Some(frame.number);
                    let metrics = &self.shared.metrics;
                    metrics.sent.inc();
                    metrics.dropped.inc_by(skipped);
                    return Some((Ok(frame.event.clone()), self));
                }
                // At once after a frame and at the start, so that the page knows that the stream is open.
                Ok(frame) => {
                    if std::mem::take(&mut self.first) || self.beat <= Instant::now() {
                        self.beat = Instant::now() + BEAT;
                        return Some((Ok(beat(&frame)), self));
                    }
                }
                // The page itself says what is wrong with it.
                Err(_) => return None,
            }
            let wake = if self.topic.asks() { self.beat.min(Instant::now() + AGAIN) } else { self.beat };
            tokio::select! {
                changed = self.changes.changed() => match changed {
                    Ok(()) => sleep(TOGETHER).await,
                    Err(_) => return None,
                },
                () = sleep_until(wake) => {}
                _ = self.closing.changed() => return None,
            }
        }
    }
}

/// Now, and since when the page is as it is.
fn beat(frame: &Frame) -> Bytes {
    let (now, since) = (time::moment(Timestamp::now()), time::moment(frame.since));
    Bytes::from(format!("event: beat\ndata: {now}|{since}\n\n"))
}
