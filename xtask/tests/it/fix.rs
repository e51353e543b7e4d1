use crate::run::{git, orbit, piped, scratch, snapshot, xtask};
use serde_json::Value;
use std::path::Path;

#[test]
fn the_diff_is_a_patch_that_git_takes_and_nothing_is_written() {
    let (_guard, orbit) = orbit();
    let before = snapshot(&orbit);
    let ran = xtask(&orbit, ["fix", "--diff"]);
    assert!(ran.code <= 1, "{ran:?}");
    assert_eq!(snapshot(&orbit), before);
    if !ran.out.is_empty() {
        std::fs::write(orbit.join("fix.patch"), &ran.out).unwrap();
        git(&orbit, &["apply", "--check", "fix.patch"]);
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let (_guard, orbit) = orbit();
    let first = xtask(&orbit, ["fix"]);
    assert!(first.code <= 1, "{first:?}");
    let fixed = snapshot(&orbit);
    let second = xtask(&orbit, ["fix"]);
    assert_eq!(second.code, first.code, "{second:?}");
    assert_eq!(snapshot(&orbit), fixed);
    assert!(!second.out.contains("\nfixed ") && !second.out.starts_with("fixed "), "{second:?}");
}

#[test]
fn fix_exits_like_check_on_what_is_left() {
    let (_guard, orbit) = orbit();
    let fixed = xtask(&orbit, ["fix"]).code;
    assert_eq!(xtask(&orbit, ["check"]).code, fixed);
}

#[test]
fn a_stream_cannot_be_fixed() {
    let (_guard, folder) = scratch();
    let ran = piped(&folder, &["fix", "-"], b"a: 1\n");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("hint:"), "{ran:?}");
}

#[test]
fn safe_fixes_mend_the_broken_start() {
    let (_guard, orbit) = orbit();
    let before = report(&orbit);
    assert!(before["summary"]["errors"].as_u64().unwrap() >= 4, "{before}");
    assert_eq!(xtask(&orbit, ["fix"]).code, 0);
    let after = report(&orbit);
    assert_eq!(after["summary"]["errors"], 0, "{after}");
    let left = after["findings"].as_array().unwrap();
    assert!(left.iter().all(|finding| finding["fix"]["safety"] != "safe"), "{after}");
}

fn report(folder: &Path) -> Value {
    serde_json::from_str(&xtask(folder, ["check", "--format", "json"]).out).unwrap()
}
