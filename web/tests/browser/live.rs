//! A page is followed without being loaded again, says how old it is, and goes on after its console was away.

use crate::console::{Console, broken_start, mended, nowhere, site};
use crate::driver::browse;
use crate::fleet::{FEEDS, How, live, release};
use crate::folder::Folder;
use crate::tab::Tab;
use delivery::View;
use hyperspace_web::live::{Cluster, Live, News};
use hyperspace_web::{Door, Snapshot, Source};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const PATH: &str = "/rollouts/hotrod/hotrod";

fn show(live: &Live, how: How) {
    live.feed("rollouts", News::Seen { view: release("hotrod", "hotrod", how), whole: true });
}

/// Scripts arrive in any order; whichever comes late, the page goes live.
#[test]
fn a_slow_script_does_not_keep_a_page_from_going_live() {
    browse(async |tab| {
        let (_live, console) = measuring().await;
        tab.cdp("Network.enable", json!({})).await;
        tab.cdp("Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
        // So slow that scripts of different sizes arrive one well after the other.
        let slow = json!({"offline": false, "latency": 20, "downloadThroughput": 60_000, "uploadThroughput": 60_000});
        tab.cdp("Network.emulateNetworkConditions", slow).await;
        for _ in 0..3 {
            open(tab, &console.at(PATH)).await;
        }
    });
}

/// A console on a release that is being measured.
async fn measuring() -> (Arc<Live>, Console) {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let console = Console::start(site(mended(), Cluster::Live(Arc::clone(&live)))).await;
    (live, console)
}

/// Opens a page that says when it was loaded again.
async fn open(tab: &Tab, address: &str) {
    tab.open(address).await;
    tab.js("window.loadedOnce = true").await;
    tab.until("document.querySelector('#asof-now').textContent.startsWith('Live, as of')").await;
}

async fn says(tab: &Tab, text: &str) {
    tab.until(&format!("document.querySelector('h1').textContent.includes({})", json!(text))).await;
    assert_eq!(tab.js("return window.loadedOnce").await, true, "the page was loaded again");
}

#[test]
fn the_verdict_changes_in_the_open_page() {
    browse(async |tab| {
        let (live, console) = measuring().await;
        open(tab, &console.at(PATH)).await;
        says(tab, "in progress").await;
        let (now, since) = (tab.text_of("#asof-now").await, tab.text_of("#asof-since").await);
        for (how, text) in
            [(How::Aborted, "aborted: gate p95-latency"), (How::Paused, "paused"), (How::Promoted, "promoted")]
        {
            show(&live, how);
            says(tab, text).await;
        }
        let later = format!("document.querySelector('#asof-now').textContent > {}", json!(now));
        // Both are told in seconds: the last change comes in a later one than the first.
        tab.until(&later).await;
        show(&live, How::Aborted);
        says(tab, "aborted: gate p95-latency").await;
        tab.until(&format!("{later} && document.querySelector('#asof-since').textContent > {}", json!(since))).await;
        assert_eq!(tab.faults().await, Vec::<String>::new());
    });
}

#[test]
fn what_a_reader_opened_and_focused_stays() {
    browse(async |tab| {
        let (live, console) = measuring().await;
        open(tab, &console.at(&format!("{PATH}/analysis"))).await;
        tab.js("const d = document.querySelector('details'); d.open = true; d.querySelector('summary').focus();
                window.opened = d.id; scrollTo(0, 150)")
            .await;
        show(&live, How::Aborted);
        says(tab, "aborted").await;
        assert_eq!(tab.js("return document.getElementById(opened)?.open").await, true);
        assert_eq!(tab.js("return document.activeElement.closest('details')?.id === opened").await, true);
        assert_eq!(tab.js("return scrollY > 0").await, true);
    });
}

#[test]
fn a_lost_console_is_told_and_the_page_goes_on_when_it_is_back() {
    browse(async |tab| {
        let (live, console) = measuring().await;
        open(tab, &console.at(PATH)).await;
        let port = console.port();
        console.stop().await;
        tab.until("document.querySelector('#stale').checkVisibility()").await;
        assert!(tab.text_of("#stale").await.contains("does not answer any more"));
        assert_eq!(tab.js("return document.querySelector('#asof').classList.contains('on')").await, false);
        says(tab, "in progress").await;
        // Nobody is told of this one.
        show(&live, How::Aborted);
        let console = Console::start_at(port, site(mended(), Cluster::Live(Arc::clone(&live))), Door::default()).await;
        says(tab, "aborted").await;
        tab.until("!document.querySelector('#stale').checkVisibility()").await;
        show(&live, How::Promoted);
        says(tab, "promoted").await;
        console.stop().await;
    });
}

#[test]
fn a_connection_that_died_without_a_word_is_noticed() {
    browse(async |tab| {
        let (_live, console) = measuring().await;
        // Its clock can be put on, and it looks at it more often.
        let clock = "{ const now = Date.now, every = setInterval; window.later = 0; Date.now = () => now() + later;
                     window.setInterval = (what, ms) => every(what, ms / 50) }";
        tab.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": clock})).await;
        open(tab, &console.at(PATH)).await;
        tab.js("window.later = 31000").await;
        tab.until("document.querySelector('#stale').checkVisibility()").await;
    });
}

#[test]
fn a_cluster_that_went_away_is_told_in_the_open_page() {
    browse(async |tab| {
        let (live, console) = measuring().await;
        open(tab, &console.at(PATH)).await;
        for feed in FEEDS {
            live.feed(feed, News::Lost { message: "connection refused".to_owned(), hint: None });
        }
        tab.until("document.querySelector('.trouble')?.textContent.includes('What you see is how it was then')").await;
        says(tab, "in progress").await;
        for feed in FEEDS {
            live.feed(feed, News::Seen { view: View::default(), whole: true });
        }
        tab.until("!document.querySelector('.trouble')").await;
    });
}

/// The broken start until somebody mends it.
struct Mending(AtomicBool);

impl Source for Mending {
    fn load(&self) -> Result<Snapshot, String> {
        if self.0.load(Ordering::Relaxed) { mended().load() } else { Folder::new(broken_start()).load() }
    }
}

struct Shared(Arc<Mending>);

impl Source for Shared {
    fn load(&self) -> Result<Snapshot, String> {
        self.0.load()
    }
}

#[test]
fn mended_files_show_in_the_open_page() {
    browse(async |tab| {
        let source = Arc::new(Mending(AtomicBool::new(false)));
        let console = Console::start(site(Shared(Arc::clone(&source)), nowhere())).await;
        tab.open(&console.at("/findings")).await;
        tab.js("window.loadedOnce = true").await;
        says(tab, "errors").await;
        source.0.store(true, Ordering::Relaxed);
        says(tab, "Clean: nothing found").await;
        assert_eq!(tab.js("return document.querySelectorAll('.finding').length").await, 0);
    });
}
