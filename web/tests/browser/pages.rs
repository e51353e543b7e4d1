//! Each page opens, says what it is about, is light, laid out whole and accessible, and reads without scripts.

use crate::accessibility::{Rules, axe, violations};
use crate::console::Consoles;
use crate::driver::browse;
use crate::tab::{DESK, PHONE, Scheme};
use crate::{layout, weight};
use serde_json::json;
use std::path::Path;

#[test]
fn every_page_holds_what_is_promised() {
    let axe = axe();
    browse(async |tab| {
        let consoles = Consoles::start().await;
        tab.cdp("Network.enable", json!({})).await;
        tab.cdp("Network.setCacheDisabled", json!({"cacheDisabled": true})).await;
        let mut all = Vec::new();
        for (address, says) in consoles.pages() {
            println!("{address}");
            tab.open(&address).await;
            let host = address.split('/').take(3).collect::<Vec<_>>().join("/");
            let mut add = |what: &str, found: Vec<String>| {
                all.extend(
                    found
                        .into_iter()
                        .map(|found| format!("{address}, {what}: {found}"))
                        .inspect(|all| println!("{all}")),
                );
            };
            let heading = tab.text_of("h1").await;
            add("heading", if heading.contains(says) { vec![] } else { vec![heading] });
            add("loading", weight::faults(tab, &host).await);
            for width in [DESK, 820, PHONE] {
                tab.width(width).await;
                assert_eq!(tab.js("return innerWidth").await, width);
                add(&format!("{width} px"), layout::faults(tab).await);
            }
            if let Some(axe) = &axe {
                add("on a phone", violations(tab, axe, Rules::All).await);
                tab.width(DESK).await;
                add("light", violations(tab, axe, Rules::All).await);
                tab.scheme(Scheme::Dark).await;
                assert_eq!(tab.js("return matchMedia('(prefers-color-scheme: dark)').matches").await, true);
                add("dark", violations(tab, axe, Rules::Colours).await);
            }
            tab.width(DESK).await;
            tab.scheme(Scheme::Light).await;
            let mut faults = tab.faults().await;
            // A page that is not there is answered so, which the browser tells as well.
            faults.retain(|fault| !fault.contains("the server responded with a status of"));
            add("the browser", faults);
        }
        assert!(all.is_empty(), "{}", all.join("\n"));
    });
}

#[test]
fn every_page_reads_without_scripts() {
    browse(async |tab| {
        let consoles = Consoles::start().await;
        tab.scripts(false).await;
        for (address, says) in consoles.pages() {
            tab.open(&address).await;
            assert!(tab.text_of("h1").await.contains(says), "{address}");
            assert_eq!(tab.js("return typeof htmx").await, "undefined", "{address}: scripts ran");
            // What a script would have to show or fill in is not left behind.
            let waiting =
                tab.js("return [...document.querySelectorAll('main :is([hidden], [aria-busy=true])')].length").await;
            assert_eq!(waiting, 0, "{address}");
        }
    });
}

/// For a person's eyes: nothing is compared.
#[test]
#[ignore = "writes a picture of every page, width and colour scheme below the build folder"]
fn all_to_look_at() {
    browse(async |tab| {
        let consoles = Consoles::start().await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&folder).unwrap();
        for (number, (address, _)) in consoles.pages().enumerate() {
            for (width, scheme) in [(DESK, Scheme::Light), (DESK, Scheme::Dark), (PHONE, Scheme::Light)] {
                tab.width(width).await;
                tab.scheme(scheme).await;
                tab.open(&address).await;
                let name = format!("{number:02}-{width}-{scheme:?}.png");
                std::fs::write(folder.join(&name), tab.whole().await).unwrap();
                println!("{name} {address}");
            }
        }
        println!("in {}", folder.display());
    });
}
