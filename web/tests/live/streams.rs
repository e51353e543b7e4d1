//! What the streams send.

use crate::cluster::{How, live, release};
use crate::{ask, get, site};
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use delivery::View;
use futures_util::StreamExt as _;
use hyperspace_web::live::{Live, News};
use std::time::Duration;
use tokio::time::timeout;

const PATH: &str = "/rollouts/hotrod/hotrod";

/// A reader of a stream.
struct Reader(BodyDataStream);

impl Reader {
    fn new(body: Body) -> Reader {
        Reader(body.into_data_stream())
    }

    async fn raw(&mut self) -> String {
        let next = timeout(Duration::from_secs(5), self.0.next()).await.unwrap();
        String::from_utf8(next.unwrap().unwrap().to_vec()).unwrap()
    }

    /// The next frame: id and content.
    async fn frame(&mut self) -> (String, String) {
        loop {
            let event = self.raw().await;
            let Some(id) = event.strip_prefix("id: ").and_then(|rest| rest.lines().next()) else {
                assert!(event.starts_with("event: beat\n"), "{event}");
                continue;
            };
            let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            return (id.to_owned(), data.join("\n"));
        }
    }
}

async fn open(site: &Router, path: &str, last: Option<&str>) -> Reader {
    let response = ask(site, path, last).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Reader::new(response.into_body())
}

fn show(live: &Live, view: View) {
    live.feed("rollouts", News::Seen { view, whole: true });
}

/// The stream that the page itself names.
fn stream_of(page: &str) -> String {
    let address = page.split("hx-sse:connect=\"").nth(1).unwrap().split('"').next().unwrap();
    address.replace("&#38;", "&")
}

#[tokio::test]
async fn a_frame_is_its_pages_part() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let site = site(&live);
    for path in [PATH, "/rollouts/hotrod/hotrod/analysis", "/rollouts", "/rollouts/hotrod/hotrod/analysis?run=none"] {
        let (_, page) = get(&site, path).await;
        let (_, frame) = open(&site, &format!("/events{path}"), None).await.frame().await;
        assert!(frame.len() > 50 && page.contains(frame.trim()), "{path}: {frame}");
    }
}

#[tokio::test]
async fn every_change_of_the_page_comes_in_order_and_nothing_else() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let site = site(&live);
    let (_, page) = get(&site, PATH).await;
    let mut reader = open(&site, &stream_of(&page), None).await;
    assert!(reader.raw().await.starts_with("event: beat\n"), "the page has the first frame already");
    // Another rollout is no reason to draw this page.
    show(&live, release("other", "other", How::Measuring).rollouts_alone());
    show(&live, release("hotrod", "hotrod", How::Aborted));
    let (first, frame) = reader.frame().await;
    assert!(frame.contains("aborted: gate"), "{frame}");
    show(&live, release("hotrod", "hotrod", How::Promoted));
    let (second, frame) = reader.frame().await;
    assert!(frame.contains("promoted: all 2 gates"), "{frame}");
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_what_it_missed_and_no_more() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let site = site(&live);
    let path = format!("/events{PATH}");
    let (id, _) = open(&site, &path, None).await.frame().await;
    assert!(open(&site, &path, Some(&id)).await.raw().await.starts_with("event: beat\n"), "nothing was missed");
    show(&live, release("hotrod", "hotrod", How::Aborted));
    show(&live, release("hotrod", "hotrod", How::Promoted));
    let mut back = open(&site, &path, Some(&id)).await;
    let (_, frame) = back.frame().await;
    assert!(frame.contains("promoted: all 2 gates"), "the newest one stands for all: {frame}");
    assert!(back.raw().await.starts_with("event: beat\n"));
    // A program that started anew draws the same, so the id still counts.
    let (id, _) = open(&site, &path, None).await.frame().await;
    let again = crate::site(&crate::cluster::live([release("hotrod", "hotrod", How::Promoted)]));
    assert!(open(&again, &path, Some(&id)).await.raw().await.starts_with("event: beat\n"));
}

/// Only the rollout itself: the fixture's Applications are on every page.
trait Alone {
    fn rollouts_alone(self) -> View;
}

impl Alone for View {
    fn rollouts_alone(self) -> View {
        View { rollouts: self.rollouts, ..View::default() }
    }
}
