//! Everything that can be followed or opened is reached and used by keyboard alone, and shows where the focus is.

use crate::console::{Console, TOKEN, asking, broken_start, fleet, guarded, mended, nowhere, site};
use crate::driver::browse;
use crate::fleet::{How, live, release};
use crate::folder::Folder;
use crate::rides::upstreams;
use crate::tab::Tab;
use hyperspace_web::live::Cluster;
use serde_json::json;
use thirtyfour::Key;

/// What a reader expects the Tab key to reach, in reading order.
const ALL: &str = "
    window.order = [...document.querySelectorAll('a[href], summary, button, input, select, [tabindex=\"0\"]')]
        .filter(e => e.checkVisibility({visibilityProperty: true}));
    return order.map(e => e.outerHTML.slice(0, 100))";

/// Where the focus is, whether that is in the window, and whether it can be seen.
const FOCUS: &str = "
    const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const drawn = e.querySelector('.mark circle, .mark path, rect');
    const ring = e.matches('.graph a') ? parseFloat(getComputedStyle(e.matches('.pin') ? drawn : e.querySelector('rect')).strokeWidth)
                                       : style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
    return [order.indexOf(e), box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth, ring >= 3]";

async fn walk(tab: &Tab, address: &str) {
    tab.open(address).await;
    let all: Vec<String> = serde_json::from_value(tab.js(ALL).await).unwrap();
    assert!(all.len() > 5, "{address}: {all:?}");
    for (place, element) in all.iter().enumerate() {
        tab.press(Key::Tab).await;
        let focus = tab.js(FOCUS).await;
        assert_eq!(focus, json!([place, true, true]), "{address}: [place, in the window, seen] of {element}");
    }
}

#[test]
fn the_tab_key_reaches_everything_in_reading_order_and_shows_where() {
    browse(async |tab| {
        let console = Console::start(site(Folder::new(broken_start()), Cluster::Live(fleet()))).await;
        for path in ["/findings", "/pipeline", "/rollouts", "/rollouts/shop/pay", "/rollouts/shop/pay/analysis"] {
            walk(tab, &console.at(path)).await;
        }
        let server = upstreams().await;
        let console = Console::start(asking(site(mended(), Cluster::Live(fleet())), &server.address)).await;
        for path in [
            "/rollouts/hotrod/hotrod/traces?run=hotrod-bbbb-2-2",
            "/traces/70f4e9",
            "/pipeline?commit=2222222222..1111111111",
        ] {
            walk(tab, &console.at(path)).await;
        }
    });
}

#[test]
fn the_skip_link_leads_past_the_navigation() {
    browse(async |tab| {
        let console = Console::start(site(Folder::new(broken_start()), nowhere())).await;
        tab.open(&console.at("/findings")).await;
        tab.press(Key::Tab).await;
        assert!(tab.js("return document.activeElement.getBoundingClientRect().left >= 0").await == true);
        tab.press(Key::Enter).await;
        tab.until("document.activeElement.id === 'main'").await;
        tab.press(Key::Tab).await;
        assert_eq!(tab.js("return document.activeElement.closest('nav, header')").await, json!(null));
    });
}

#[test]
fn a_box_of_the_pipeline_opens_its_source_lines() {
    browse(async |tab| {
        let console = Console::start(site(Folder::new(broken_start()), nowhere())).await;
        tab.open(&console.at("/pipeline")).await;
        let mut steps = 0;
        while tab.js("return document.activeElement.matches('a.node')").await == false {
            tab.press(Key::Tab).await;
            steps += 1;
            assert!(steps < 50, "no box is reached");
        }
        let named = tab.js("return document.activeElement.getAttribute('aria-label')").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelector('#source .excerpt .number')").await;
        assert!(tab.path().await.starts_with("/pipeline?node="));
        let title = tab.text_of("#source-title").await;
        let first = title.split_whitespace().next().unwrap();
        assert!(named.as_str().unwrap().contains(first), "{named} opened {title}");
        assert_eq!(tab.text_of("a.node.open title").await, named.as_str().unwrap());
        tab.until("document.querySelector('#source').getBoundingClientRect().top < innerHeight").await;
        // What comes next is within what was opened.
        tab.press(Key::Tab).await;
        assert_eq!(tab.js("return document.activeElement.closest('#source')?.id").await, "source");
    });
}

#[test]
fn details_open_and_commands_are_copied() {
    browse(async |tab| {
        let console = Console::start(site(Folder::new(broken_start()), Cluster::Live(fleet()))).await;
        tab.open(&console.at("/rollouts/shop/pay/analysis")).await;
        tab.js("document.querySelector('#gate-1-query summary').focus()").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelector('#gate-1-query').open && document.querySelector('#gate-1-query pre').checkVisibility()")
            .await;
        tab.cdp("Browser.grantPermissions", json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}))
            .await;
        tab.open(&console.at("/rollouts/shop/pay")).await;
        tab.js("document.querySelector('.command').focus()").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelector('.command.copied')").await;
        let copied = tab
            .js_later("navigator.clipboard.readText().then(arguments[0], fault => arguments[0](String(fault)))", vec![])
            .await;
        assert_eq!(copied.as_str().unwrap(), tab.text_of(".command").await);
    });
}

#[test]
fn a_token_opens_the_page_that_was_asked_for() {
    browse(async |tab| {
        let site = site(Folder::new(broken_start()), Cluster::Live(fleet()));
        let console = Console::start_at(0, site, guarded()).await;
        let asked = console.at("/rollouts/shop/pay?from=mail");
        tab.open(&asked).await;
        let token = async |text: &str| {
            // The field has the focus from the start.
            tab.until("document.activeElement.id === 'token'").await;
            tab.keys(text).await;
            tab.press(Key::Tab).await;
            assert_eq!(tab.js("return document.activeElement.localName").await, "button");
            tab.press(Key::Enter).await;
        };
        token("not the one").await;
        tab.until("document.querySelector('[role=alert]:not([hidden])')").await;
        assert!(tab.text_of("main [role=alert]").await.contains("not this console's token"));
        token(TOKEN).await;
        tab.until("document.querySelector('h1').textContent.includes('aborted')").await;
        assert_eq!(tab.path().await, "/rollouts/shop/pay?from=mail");
        // Nothing that a script or a reader of addresses could carry away.
        assert_eq!(tab.js("return document.cookie").await, "");
        let page = tab.js("return document.documentElement.outerHTML").await;
        assert!(!page.as_str().unwrap().contains(TOKEN));
        // The stream is let in too.
        tab.until("document.querySelector('#asof-now').textContent.startsWith('Live, as of')").await;
        let mut faults = tab.faults().await;
        faults.retain(|fault| !fault.contains("401 (Unauthorized)"));
        assert_eq!(faults, Vec::<String>::new());
    });
}

#[test]
fn traces_are_chosen_and_opened() {
    browse(async |tab| {
        let server = upstreams().await;
        let live = live([release("hotrod", "hotrod", How::Aborted)]);
        let console = Console::start(asking(site(mended(), Cluster::Live(live)), &server.address)).await;
        tab.open(&console.at("/rollouts/hotrod/hotrod/traces?run=hotrod-bbbb-2-2")).await;
        tab.until("document.querySelectorAll('.traces-table tbody tr').length === 3").await;
        tab.js("document.querySelector('#f-error').focus()").await;
        tab.press(Key::Down).await;
        tab.js("document.querySelector('.filter button').focus()").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelectorAll('.traces-table tbody tr').length === 1").await;
        tab.js("document.querySelector('.traces-table tbody a').focus()").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelector('.waterfall')").await;
        assert!(tab.path().await.starts_with("/traces/70f4e9"));
        tab.js("document.querySelector('.waterfall a').focus()").await;
        tab.press(Key::Enter).await;
        tab.until("document.querySelector('#open .tags')").await;
        tab.until("document.querySelector('#open').getBoundingClientRect().top < innerHeight").await;
    });
}
