//! What axe-core says of a page.

use crate::console::Consoles;
use crate::driver::browse;
use crate::npm;
use crate::tab::Tab;
use std::path::Path;

/// From the npm registry, as pinned in `package.json`; no part of the program.
const AXE: &str = "node_modules/axe-core/axe.min.js";

const RUN: &str = r"
    const done = arguments[arguments.length - 1], options = {resultTypes: ['violations']};
    if (arguments[0]) options.runOnly = {type: 'tag', values: ['cat.color']};
    const node = n => `    ${n.target.join(' ')}: ${n.failureSummary.replace(/\s*\n\s*/g, ' ')}`;
    axe.run(document, options).then(
        found => done(found.violations.map(v => [`${v.impact} ${v.id}: ${v.help}`, ...v.nodes.map(node)].join('\n'))),
        fault => done([String(fault)]))";

/// Its rules to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// All, its own advice as well.
    All,
    /// Those that look at colours: all that another colour scheme can change.
    Colours,
}

/// The script; `None`, loudly, where it cannot be had.
pub(crate) fn axe() -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    match npm::file(Path::new(env!("CARGO_MANIFEST_DIR")), folder, AXE, &[]) {
        Ok(file) => Some(std::fs::read_to_string(file).expect("a script")),
        Err(reason) => {
            eprintln!("SKIPPED: axe-core is not there: {reason}");
            None
        }
    }
}

pub(crate) async fn violations(tab: &Tab, axe: &str, rules: Rules) -> Vec<String> {
    // WebDriver's scripts are the reader's own, which no policy of a page forbids.
    tab.js(&format!("if (!window.axe) {{ {axe} }}")).await;
    serde_json::from_value(tab.js_later(RUN, vec![(rules == Rules::Colours).into()]).await).unwrap()
}

/// Else an axe that looks at nothing would pass as well.
#[test]
fn axe_sees_what_is_wrong() {
    let Some(axe) = axe() else { return };
    browse(async |tab| {
        let consoles = Consoles::start().await;
        tab.open(&consoles.pages().next().unwrap().0).await;
        tab.js("const p = document.createElement('p'); p.textContent = 'faint'; p.style.color = '#ccc';
                document.querySelector('main').append(p, document.createElement('button'))")
            .await;
        let found = violations(tab, &axe, Rules::All).await.join("\n");
        assert!(found.contains("color-contrast") && found.contains("button-name"), "{found}");
    });
}
