//! Applications as they change.

use super::ArgoCd;
use super::trouble::{Trouble, What};
use crate::crd::Application;
use crate::read::{name, version};
use crate::watch::Item;
use delivery::{Observed, View};
use futures_util::stream::{BoxStream, StreamExt, unfold};
use reqwest::Response;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::sleep;

/// Between two attempts, at first and at most.
const PAUSE: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// One event is one Application.
const LIMIT: usize = 16 << 20;

/// A line of it.
#[derive(Deserialize)]
struct Line {
    result: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    application: Application,
}

struct Stream {
    argocd: ArgoCd,
    answer: Option<Response>,
    /// What came of a line so far.
    buffer: Vec<u8>,
    /// Before the next attempt.
    pause: Duration,
}

impl ArgoCd {
    /// All Applications that the account may see, first as they are, then whenever one changes. Cut or refused, it begins
    /// again by itself.
    pub(crate) fn stream(&self) -> BoxStream<'static, Item> {
        let stream = Stream { argocd: self.clone(), answer: None, buffer: Vec::new(), pause: Duration::ZERO };
        unfold(stream, |mut stream| async move { Some((stream.next().await, stream)) }).boxed()
    }
}

impl Stream {
    async fn next(&mut self) -> Item {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                match view(&line) {
                    Some(view) => return Ok(view),
                    // It ends with an error as it ends with none: it is asked again.
                    None => continue,
                }
            }
            let Some(answer) = &mut self.answer else {
                sleep(self.pause).await;
                self.pause = (self.pause * 2).clamp(PAUSE[0], PAUSE[1]);
                self.answer = Some(self.open().await?);
                continue;
            };
            match answer.chunk().await {
                Ok(Some(chunk)) if self.buffer.len() + chunk.len() <= LIMIT => {
                    self.buffer.extend_from_slice(&chunk);
                    self.pause = Duration::ZERO;
                }
                // A proxy cuts what is quiet for a minute: that is no trouble as long as it can be had again.
                _ => {
                    self.answer = None;
                    self.buffer.clear();
                    self.pause = PAUSE[0];
                }
            }
        }
    }

    async fn open(&self) -> Result<Response, Trouble> {
        let url = self.argocd.at(&["api", "v1", "stream", "applications"]);
        let answer = self.argocd.send(self.argocd.client.get(url), "Applications").await?;
        match answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()) {
            Some(kind) if kind.starts_with("application/json") => Ok(answer),
            _ => Err(self.argocd.trouble(What::Stranger("it streams no JSON".to_owned()))),
        }
    }
}

/// What a line shows.
fn view(line: &[u8]) -> Option<View> {
    let Event { kind, application } = serde_json::from_slice::<Line>(line).ok()?.result?;
    if kind != "DELETED" {
        return Some(super::view(&application));
    }
    let mut view = View::default();
    let gone = Observed { version: version(&application.metadata), object: None };
    view.applications.insert(name(&application.metadata), gone);
    Some(view)
}
