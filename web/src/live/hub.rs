//! What is drawn once and sent to every reader of the same page.

use super::stream::AGAIN;
use super::{Live, Topic};
use crate::serve::Shared;
use axum::body::Bytes;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::watch;
use tokio::time::Instant;

/// Pages kept at a time; more are drawn again.
const MOST: usize = 256;

/// The pages as they were drawn last.
pub(crate) struct Hub {
    drawn: Mutex<HashMap<Topic, Drawn>>,
    /// True once the program is to end: no stream may hold it up.
    closing: watch::Sender<bool>,
}

/// A page's newest frame.
struct Drawn {
    /// Of the cluster's state.
    version: u64,
    at: Instant,
    frame: Arc<Frame>,
}

/// A page's live part at one moment.
pub(crate) struct Frame {
    /// Of its content: the same content has the same id, also after a restart.
    pub(crate) id: String,
    /// How many there were of its topic before it, as far as known.
    pub(crate) number: u64,
    /// Since when it is like this.
    pub(crate) since: Timestamp,
    /// As an event of a stream.
    pub(crate) event: Bytes,
    /// The page around it, once somebody asked for it.
    page: OnceLock<Bytes>,
}

impl Hub {
    pub(crate) fn new() -> Hub {
        Hub { drawn: Mutex::default(), closing: watch::Sender::new(false) }
    }

    /// The newest frame of a topic; drawn at most once for each state of the cluster.
    pub(crate) fn frame(&self, shared: &Shared, live: &Live, topic: &Topic) -> Result<Arc<Frame>, askama::Error> {
        let version = live.version();
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match drawn.get(topic) {
            Some(known) if known.version == version && !(topic.asks() && known.at.elapsed() >= AGAIN) => {
                return Ok(Arc::clone(&known.frame));
            }
            Some(known) => Some(Arc::clone(&known.frame)),
            None => None,
        };
        let (fragment, changed) = {
            let state = live.read();
            (topic.fragment(shared, live, &state)?, state.changed)
        };
        shared.metrics.drawn.inc();
        let id = id(&fragment);
        let frame = match before {
            Some(frame) if frame.id == id => frame,
            before => {
                let event = event(&id, &fragment);
                let number = before.map_or(0, |before| before.number + 1);
                let since = changed.unwrap_or_else(Timestamp::now);
                Arc::new(Frame { id, number, since, event, page: OnceLock::new() })
            }
        };
        if drawn.len() >= MOST {
            drawn.clear();
        }
        drawn.insert(topic.clone(), Drawn { version, at: Instant::now(), frame: Arc::clone(&frame) });
        Ok(frame)
    }

    /// The whole page of a topic.
    pub(crate) fn page(&self, shared: &Shared, live: &Live, topic: &Topic) -> Result<Bytes, askama::Error> {
        let frame = self.frame(shared, live, topic)?;
        if let Some(page) = frame.page.get() {
            return Ok(page.clone());
        }
        let page = Bytes::from(topic.page(shared, live, &live.read(), &frame)?);
        Ok(frame.page.get_or_init(|| page).clone())
    }

    /// Ends all streams.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }
}

fn id(fragment: &str) -> String {
    let mut hasher = DefaultHasher::new();
    fragment.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// As the standard for server-sent events writes it: any of three line ends would end a line of the data.
fn event(id: &str, fragment: &str) -> Bytes {
    let mut text = format!("id: {id}\n");
    for line in fragment.replace("\r\n", "\n").replace('\r', "\n").lines() {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use super::{event, id};

    #[test]
    fn no_text_can_end_an_event_or_begin_another() {
        let text = "a\nid: 7\r\revent: x\r\n\r\ndata: y";
        let sent = event("1", text);
        let sent = std::str::from_utf8(&sent).expect("text");
        assert_eq!(sent, "id: 1\ndata: a\ndata: id: 7\ndata: \ndata: event: x\ndata: \ndata: data: y\n\n");
    }

    #[test]
    fn the_same_content_has_the_same_id() {
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
    }
}
