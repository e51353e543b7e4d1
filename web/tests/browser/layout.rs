//! Nothing lies over anything else, is cut off or makes a page scroll sideways; whatever fonts the machine has.

use crate::console::Consoles;
use crate::driver::browse;
use crate::tab::Tab;

const LOOK: &str = include_str!("layout.js");

/// What lies wrongly, with all that can be opened open.
pub(crate) async fn faults(tab: &Tab) -> Vec<String> {
    tab.js("document.querySelectorAll('details').forEach(details => details.open = true)").await;
    serde_json::from_value(tab.js(LOOK).await).unwrap()
}

/// Else a look that sees nothing would pass as well.
#[test]
fn a_broken_layout_is_seen() {
    browse(async |tab| {
        let consoles = Consoles::start().await;
        for (style, says) in [
            ("main { width: 200vw }", "sideways"),
            ("h1 { white-space: nowrap !important; overflow: hidden; width: 3rem }", "cut off"),
            ("h1 { white-space: nowrap !important; width: 3rem }", "out of its box"),
            (".finding { margin-block-end: -3rem }", "one over another"),
        ] {
            tab.open(&consoles.pages().next().unwrap().0).await;
            let sheet =
                format!("const s = new CSSStyleSheet(); s.replaceSync({style:?}); document.adoptedStyleSheets = [s]");
            tab.js(&sheet).await;
            let found = faults(tab).await;
            assert!(found.iter().any(|fault| fault.contains(says)), "{style}: {found:?}");
        }
    });
}
