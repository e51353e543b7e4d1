//! What the first load of a page weighs, as the browser counts it.

use crate::tab::Tab;

/// Bytes on the wire: page, styles, scripts, icon.
const MOST: u64 = 100_000;

/// The page itself and all that it loaded, each with its size.
const LOADED: &str = "
    return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .map(entry => [entry.name, entry.transferSize])";

/// What is wrong with what the open page has loaded, nothing of it from a cache.
pub(crate) async fn faults(tab: &Tab, host: &str) -> Vec<String> {
    let loaded: Vec<(String, u64)> = serde_json::from_value(tab.js(LOADED).await).unwrap();
    let sum: u64 = loaded.iter().map(|(_, size)| size).sum();
    println!("{sum:>7} bytes");
    let (own, foreign): (Vec<_>, Vec<_>) = loaded.into_iter().partition(|(name, _)| name.starts_with(host));
    assert!(own.len() >= 3 && own[0].1 > 0, "nothing was measured: {own:?}");
    let mut faults: Vec<String> = foreign.iter().map(|(name, _)| format!("loads {name}")).collect();
    if sum >= MOST {
        faults.push(format!("weighs {sum} bytes: {own:?}"));
    }
    faults
}
