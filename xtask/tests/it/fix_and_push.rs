use crate::run::{git, orbit, scratch, snapshot, xtask};
use std::path::Path;

fn with_remote(orbit: &Path) {
    git(orbit, &["init", "--quiet", "--bare", "../remote.git"]);
    git(orbit, &["remote", "add", "origin", "../remote.git"]);
    git(orbit, &["push", "--quiet", "--set-upstream", "origin", "main"]);
}

#[test]
fn what_is_fixed_is_committed_and_pushed() {
    let (_guard, orbit) = orbit();
    with_remote(&orbit);
    std::fs::write(orbit.join("notes.txt"), "mine\n").unwrap();
    let before = git(&orbit, &["rev-parse", "HEAD"]);
    let ran = xtask(&orbit, ["fix-and-push", "-m", "Restore the uplink"]);
    assert!(ran.code <= 1, "{ran:?}");
    let after = git(&orbit, &["rev-parse", "HEAD"]);
    assert_eq!(git(&orbit, &["rev-parse", "origin/main"]), after);
    assert_eq!(git(&orbit.join("../remote.git"), &["rev-parse", "main"]), after);
    assert_eq!(git(&orbit, &["status", "--porcelain"]), "?? notes.txt");
    if after != before {
        assert_eq!(git(&orbit, &["log", "-1", "--format=%s"]), "Restore the uplink");
    }
    let again = xtask(&orbit, ["fix-and-push"]);
    assert_eq!(again.code, ran.code, "{again:?}");
    assert_eq!(git(&orbit, &["rev-parse", "HEAD"]), after, "a second run changes nothing");
}

#[test]
fn a_dry_run_shows_the_plan_and_touches_nothing() {
    let (_guard, orbit) = orbit();
    with_remote(&orbit);
    let (files, head) = (snapshot(&orbit), git(&orbit, &["rev-parse", "HEAD"]));
    let ran = xtask(&orbit, ["fix-and-push", "--dry-run"]);
    assert!(ran.code <= 1, "{ran:?}");
    assert!(ran.out.contains("push        to branch main of origin"), "{ran:?}");
    assert_eq!((snapshot(&orbit), git(&orbit, &["rev-parse", "HEAD"])), (files, head));
}

#[test]
fn no_push_commits_only() {
    let (_guard, orbit) = orbit();
    with_remote(&orbit);
    let there = git(&orbit, &["rev-parse", "origin/main"]);
    let ran = xtask(&orbit, ["fix-and-push", "--no-push"]);
    assert!(ran.code <= 1, "{ran:?}");
    assert_eq!(git(&orbit.join("../remote.git"), &["rev-parse", "main"]), there);
}

#[test]
fn refusals_exit_2_with_a_hint() {
    let (_guard, orbit) = orbit();
    git(&orbit, &["checkout", "--quiet", "--detach"]);
    let ran = xtask(&orbit, ["fix-and-push"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("detached") && ran.err.contains("hint:"), "{ran:?}");

    let (_other, folder) = scratch();
    std::fs::write(folder.join("a.yaml"), "a: 1\n").unwrap();
    assert_eq!(xtask(&folder, ["fix-and-push"]).code, 2, "in no repository");
    assert_eq!(xtask(&folder, ["fix-and-push", "nowhere"]).code, 2);
    assert_eq!(xtask(&folder, ["fix-and-push", "-"]).code, 2);
}

#[test]
fn a_refused_push_exits_3_and_the_next_run_tries_again() {
    let (_guard, orbit) = orbit();
    with_remote(&orbit);
    let hooks = orbit.join("../remote.git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let hook = hooks.join("pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho frozen until Monday\nexit 1\n").unwrap();
    make_executable(&hook);
    // Something to push, whatever the rules find.
    std::fs::write(orbit.join("log.txt"), "day 1\n").unwrap();
    git(&orbit, &["add", "log.txt"]);
    git(&orbit, &["commit", "--quiet", "-m", "Keep a log"]);

    let ran = xtask(&orbit, ["fix-and-push"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    std::fs::remove_file(&hook).unwrap();
    let again = xtask(&orbit, ["fix-and-push"]);
    assert!(again.code <= 1, "{again:?}");
    assert_eq!(git(&orbit, &["rev-parse", "HEAD"]), git(&orbit.join("../remote.git"), &["rev-parse", "main"]));
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
