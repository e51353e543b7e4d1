use crate::run::{git, orbit, piped, scratch, snapshot, xtask};

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
