//! Pushing: what the remote takes, what it refuses, and what happens when it has moved on.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;

use common::*;
use hyperspace_git::{Error, Note, PushOutcome, Step, Stuck, pending};

fn rejected(outcome: PushOutcome) -> hyperspace_git::Rejection {
    match outcome {
        PushOutcome::Rejected { rejection, .. } => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

fn stuck(outcome: PushOutcome) -> Stuck {
    match outcome {
        PushOutcome::Behind { why, .. } => why,
        other => panic!("not behind: {other:?}"),
    }
}

fn pushed(outcome: &PushOutcome) -> (bool, &[String]) {
    match outcome {
        PushOutcome::Pushed { rebased, messages, .. } => (*rebased, messages),
        other => panic!("not pushed: {other:?}"),
    }
}

#[test]
fn to_the_upstream() {
    let lab = Lab::new();
    let delivery = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap();
    assert_eq!(pushed(&delivery.push), (false, &[][..]));
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(lab.status(), "## main...origin/main\n");
    assert_eq!(lab.git(&["reflog", "-1", "--format=%gs", "origin/main"]).trim(), "update by push");
    lab.assert_sound();
}

#[test]
fn the_other_sides_hooks_run_and_may_refuse() {
    for (name, script, reason) in [
        ("pre-receive", "echo 'protected: ask https://bot:hunter2@ci/x' >&2; exit 1", "pre-receive hook declined"),
        ("update", "echo protected; exit 1", "hook declined"),
    ] {
        let lab = Lab::new();
        let start = lab.remote_head();
        lab.hook(name, script);
        let delivery = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap();
        let rejection = rejected(delivery.push);
        assert_eq!((rejection.reference.as_str(), rejection.reason.as_str()), ("refs/heads/main", reason));
        assert!(rejection.messages[0].starts_with("protected") && !rejection.messages[0].contains("hunter2"));
        assert_eq!(lab.remote_head(), start);
        assert_eq!(lab.status(), "## main...origin/main [ahead 1]\n");

        // The next run tries again before anything else.
        let left = pending(&lab.open()).unwrap().unwrap();
        assert_eq!((left.stage, left.commit), (hyperspace_git::Stage::Rejected, delivery.commit));
        let again = run(&lab, &request(&lab.work, &[("b.yaml", "b: 2\n")])).unwrap_err();
        assert!(matches!(again, Error::Unfinished));
        fs::remove_file(lab.remote.join("hooks").join(name)).unwrap();
        let delivery = finish_left(&lab).unwrap().unwrap();
        pushed(&delivery.push);
        assert_eq!(lab.remote_head(), lab.head());
        lab.assert_sound();
    }
}

#[test]
fn what_the_remote_prints_is_passed_on() {
    let lab = Lab::new();
    lab.hook("post-receive", "cat >seen; echo deployed");
    let delivery = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap();
    assert_eq!(pushed(&delivery.push).1, ["deployed"]);
    let seen = fs::read_to_string(lab.remote.join("seen")).unwrap();
    assert_eq!(seen.trim(), format!("{} {} refs/heads/main", lab.git(&["rev-parse", "HEAD~1"]).trim(), lab.head()));
}

#[test]
fn a_commit_that_was_dropped_by_hand_is_forgotten() {
    let lab = Lab::new();
    lab.hook("update", "exit 1");
    rejected(run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap().push);
    lab.git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(pending(&lab.open()).unwrap(), None);
    fs::remove_file(lab.remote.join("hooks/update")).unwrap();
    run(&lab, &request(&lab.work, &[("b.yaml", "b: 2\n")])).unwrap();
    assert_eq!(lab.remote_head(), lab.head());
    lab.assert_sound();
}

#[test]
fn a_branch_that_is_checked_out_over_there_is_refused() {
    let lab = Lab::new();
    let root = lab.work.parent().unwrap();
    git(root, &["clone", "-q", "remote.git", "full"]);
    lab.git(&["remote", "set-url", "origin", root.join("full").to_str().unwrap()]);
    let rejection = rejected(run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap().push);
    assert_eq!(rejection.reason, "branch is currently checked out");
}

#[test]
fn to_another_branch() {
    let lab = Lab::new();
    let mut edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    edit.branch = Some("fix/gates".to_owned());
    assert!(prepare(&lab, &edit).notes.contains(&Note::NewBranch { branch: "fix/gates".to_owned() }));
    let start = lab.remote_head();
    run(&lab, &edit).unwrap();
    assert_eq!(lab.remote_git(&["rev-parse", "fix/gates"]).trim(), lab.head());
    assert_eq!(lab.remote_head(), start);

    // What others put there has no business in this branch.
    lab.elsewhere(|other| {
        git(other, &["switch", "-q", "fix/gates"]);
        write(other, "theirs.yaml", "x: 1\n");
        git(other, &["add", "."]);
        git(other, &["commit", "-q", "-m", "theirs"]);
        git(other, &["push", "-q", "origin", "fix/gates"]);
        git(other, &["switch", "-q", "main"]);
        write(other, "unrelated.yaml", "x: 1\n");
    });
    let mut edit = request(&lab.work, &[("b.yaml", "b: 2\n")]);
    edit.branch = Some("fix/gates".to_owned());
    assert_eq!(stuck(run(&lab, &edit).unwrap().push), Stuck::OtherBranch);
    assert!(!lab.work.join("theirs.yaml").exists());
}

#[test]
fn where_git_would_push() {
    let lab = Lab::new();
    let root = lab.work.parent().unwrap().to_owned();
    git(&root, &["init", "-q", "--bare", "-b", "main", "fork.git"]);
    lab.git(&["remote", "add", "fork", "../fork.git"]);
    let edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    let target = |keys: &[(&str, &str)]| {
        for (key, value) in keys {
            lab.git(&["config", key, value]);
        }
        let target = prepare(&lab, &edit).target.unwrap();
        for (key, _) in keys {
            lab.git(&["config", "--unset-all", key]);
        }
        let name = |url: &str| url.rsplit('/').next().unwrap().to_owned();
        (target.remote, target.branch, name(&target.url))
    };
    let expect = |remote: &str, branch: &str, url: &str| (remote.to_owned(), branch.to_owned(), url.to_owned());
    assert_eq!(target(&[]), expect("origin", "main", "remote.git"));
    assert_eq!(target(&[("remote.pushDefault", "fork")]), expect("fork", "main", "fork.git"));
    assert_eq!(
        target(&[("remote.pushDefault", "origin"), ("branch.main.pushRemote", "fork")]),
        expect("fork", "main", "fork.git")
    );
    assert_eq!(target(&[("remote.origin.pushurl", "../fork.git")]), expect("origin", "main", "fork.git"));
    let prefix = format!("url.{}.insteadOf", root.join("fork").display());
    assert_eq!(target(&[(&prefix, root.join("remote").to_str().unwrap())]), expect("origin", "main", "fork.git"));
    assert_eq!(
        target(&[("remote.origin.push", "refs/heads/*:refs/heads/for/*")]),
        expect("origin", "for/main", "remote.git")
    );

    lab.git(&["config", "remote.origin.pushurl", "../fork.git"]);
    pushed(&run(&lab, &edit).unwrap().push);
    assert_eq!(git(&root.join("fork.git"), &["rev-parse", "main"]).trim(), lab.head());
    assert_ne!(lab.remote_head(), lab.head());
}

#[test]
fn a_remote_given_as_a_url_keeps_its_password_to_itself() {
    let lab = Lab::new();
    let mut edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    edit.remote = Some("https://me:hunter2@localhost:1/o/r.git".to_owned());
    let prepared = prepare(&lab, &edit);
    assert!(!format!("{prepared:?}").contains("hunter2"));
    let error = run(&lab, &edit).unwrap_err();
    assert!(!format!("{error:?} {error} {:?}", error.hint()).contains("hunter2"));
    assert!(!fs::read_to_string(lab.work.join(".git/hyperspace/journal.json")).unwrap().contains("hunter2"));
}

#[test]
fn an_unreachable_remote_loses_nothing() {
    let lab = Lab::new();
    let away = lab.remote.with_extension("away");
    fs::rename(&lab.remote, &away).unwrap();
    let error = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap_err();
    assert!(matches!(error, Error::Remote { .. }), "{error}");
    assert_eq!(lab.committed(), ["a.yaml"]);
    fs::rename(&away, &lab.remote).unwrap();
    pushed(&finish_left(&lab).unwrap().unwrap().push);
    assert_eq!(lab.remote_head(), lab.head());
    lab.assert_sound();
}

#[test]
fn other_commits_go_along_and_are_announced() {
    let lab = Lab::new();
    lab.write("b.yaml", "b: mine\n");
    lab.git(&["commit", "-q", "-a", "-m", "mine"]);
    let edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    assert!(prepare(&lab, &edit).notes.contains(&Note::OtherCommits(1)));
    run(&lab, &edit).unwrap();
    assert_eq!(lab.remote_head(), lab.head());

    // A push alone: nothing to commit, but the branch is ahead.
    lab.write("b.yaml", "b: more\n");
    lab.git(&["commit", "-q", "-a", "-m", "more"]);
    let delivery = run(&lab, &request(&lab.work, &[])).unwrap();
    assert_eq!(delivery.commit, None);
    assert_eq!(lab.remote_head(), lab.head());
    let delivery = run(&lab, &request(&lab.work, &[])).unwrap();
    assert!(matches!(delivery.push, PushOutcome::AlreadyThere { .. }));
    lab.assert_sound();
}

/// The remote's change while we were away: an edit, a new file, one that goes, one that becomes executable.
fn moved_on(lab: &Lab) {
    lab.elsewhere(|other| {
        write(other, "apps/deep/c.yaml", "top: 1\nmid: 2\nlow: 3\nend: 4\nlast: theirs\n");
        write(other, "new/n.yaml", "n: 1\n");
        write(other, "run.sh", "#!/bin/sh\n");
        git(other, &["rm", "-q", "b.yaml"]);
        git(other, &["add", "."]);
        git(other, &["update-index", "--chmod=+x", "run.sh"]);
        #[cfg(unix)]
        fs::set_permissions(other.join("run.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    });
}

#[test]
fn a_remote_that_moved_on_is_followed() {
    let lab = Lab::new();
    moved_on(&lab);
    lab.write("untracked.txt", "mine\n");
    lab.write("staged.yaml", "mine\n");
    lab.git(&["add", "staged.yaml"]);
    let ours = "top: ours\nmid: 2\nlow: 3\nend: 4\nlast: 5\n";
    let seen = Cell::new(0);
    let mut recheck = |tree: &files::Tree| {
        seen.set(seen.get() + 1);
        let merged = tree.get("apps/deep/c.yaml").unwrap().content.as_deref();
        assert_eq!(merged, Ok("top: ours\nmid: 2\nlow: 3\nend: 4\nlast: theirs\n"));
        assert!(tree.get("b.yaml").is_none() && tree.get("new/n.yaml").is_some());
        true
    };
    let theirs = lab.remote_head();
    let delivery =
        run_with(&lab, &request(&lab.work, &[("apps/deep/c.yaml", ours), ("a.yaml", "a: 2\n")]), &mut recheck).unwrap();

    assert!(pushed(&delivery.push).0);
    assert_eq!(seen.get(), 1);
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(lab.git(&["rev-parse", "HEAD~1"]).trim(), theirs);
    assert_eq!(lab.committed(), ["a.yaml", "apps/deep/c.yaml"]);
    assert_eq!(lab.git(&["log", "-1", "--format=%s"]).trim(), "Mend the gate");
    assert_eq!(lab.git(&["status", "--porcelain"]), "A  staged.yaml\n?? untracked.txt\n");
    assert_eq!(lab.git(&["diff-files"]), "");
    assert!(!lab.work.join("b.yaml").exists() && lab.work.join("new/n.yaml").exists());
    assert!(lab.git(&["ls-files", "-s", "run.sh"]).starts_with("100755"));
    lab.assert_sound();
}

/// Runs an edit of `a.yaml` against a moved remote; what makes it impossible must change nothing beyond our commit.
fn cannot_follow(set_up: impl FnOnce(&Lab), recheck: bool) -> Stuck {
    let lab = Lab::new();
    set_up(&lab);
    let (before, theirs) = (lab.git(&["status", "--porcelain"]), lab.remote_head());
    let delivery = run_with(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")]), &mut |_| recheck).unwrap();
    assert_eq!(lab.git(&["status", "--porcelain"]), before);
    assert_eq!(lab.remote_head(), theirs, "nothing is ever forced");
    assert_eq!(delivery.commit.unwrap().to_string(), lab.head());
    stuck(delivery.push)
}

#[test]
fn what_cannot_be_followed() {
    let paths = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        cannot_follow(|lab| lab.elsewhere(|other| write(other, "a.yaml", "a: theirs\n")), true),
        Stuck::Conflict(paths(&["a.yaml"]))
    );
    assert_eq!(cannot_follow(moved_on, false), Stuck::FailsCheck);
    let dirty = |lab: &Lab| {
        moved_on(lab);
        lab.write("b.yaml", "b: mine\n");
        lab.write("new/n.yaml", "n: mine\n");
    };
    assert_eq!(cannot_follow(dirty, true), Stuck::NotClean(paths(&["b.yaml", "new/n.yaml"])));
    let in_the_way = |lab: &Lab| {
        moved_on(lab);
        lab.write("new", "a file where the remote has a folder\n");
    };
    assert_eq!(cannot_follow(in_the_way, true), Stuck::NotClean(paths(&["new/n.yaml"])));
    let staged = |lab: &Lab| {
        moved_on(lab);
        lab.git(&["rm", "-q", "--cached", "b.yaml"]);
    };
    assert_eq!(cannot_follow(staged, true), Stuck::NotClean(paths(&["b.yaml"])));
    let ahead = |lab: &Lab| {
        moved_on(lab);
        lab.write("b.yaml", "b: mine\n");
        lab.git(&["commit", "-q", "-a", "-m", "mine"]);
    };
    assert_eq!(cannot_follow(ahead, true), Stuck::OtherCommits(1));
    let attributes = |lab: &Lab| lab.elsewhere(|other| write(other, ".gitattributes", "* text\n"));
    assert_eq!(cannot_follow(attributes, true), Stuck::NeedsGit(paths(&[".gitattributes"])));
    #[cfg(unix)]
    {
        let link =
            |lab: &Lab| lab.elsewhere(|other| std::os::unix::fs::symlink("a.yaml", other.join("l.yaml")).unwrap());
        assert_eq!(cannot_follow(link, true), Stuck::NeedsGit(paths(&["l.yaml"])));
    }
}

#[test]
fn the_same_fix_from_somebody_else() {
    let lab = Lab::new();
    lab.elsewhere(|other| {
        write(other, "a.yaml", "a: 2\n");
        write(other, "b.yaml", "b: theirs\n");
    });
    let delivery = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap();
    assert!(matches!(delivery.push, PushOutcome::AlreadyThere { .. }), "{delivery:?}");
    assert_eq!((delivery.commit, delivery.tip.to_string()), (None, lab.remote_head()));
    assert_eq!(lab.head(), lab.remote_head());
    assert_eq!(lab.read("b.yaml"), "b: theirs\n");
    assert_eq!(lab.status(), "## main...origin/main\n");
    lab.assert_sound();
}

#[test]
fn a_remote_that_moves_while_we_push() {
    let lab = Lab::new();
    let mut pushes = 0;
    let delivery = run_steps(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")]), |step| {
        if let Step::Push { attempt, .. } = step {
            pushes = *attempt;
            if pushes < 4 {
                lab.elsewhere(|other| write(other, &format!("t{pushes}.yaml"), "x: 1\n"));
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(pushes, 4);
    assert!(pushed(&delivery.push).0);
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(lab.status(), "## main...origin/main\n");
    lab.assert_sound();
}

#[test]
fn a_remote_that_never_stands_still_is_given_up() {
    let lab = Lab::new();
    let mut pushes = 0;
    let delivery = run_steps(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")]), |step| {
        if matches!(step, Step::Push { .. }) {
            pushes += 1;
            lab.elsewhere(|other| write(other, &format!("t{pushes}.yaml"), "x: 1\n"));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((pushes, stuck(delivery.push)), (5, Stuck::TooManyTries));
}

#[test]
fn a_push_that_leaves_this_machine_is_told_from_one_that_does_not() {
    let lab = Lab::new();
    let repository = hyperspace_git::Repository::discover(&lab.work).unwrap().unwrap();
    // git, too, takes a folder of that name before a host.
    fs::create_dir(lab.work.join("host:folder")).unwrap();
    let here = format!("file://{}", lab.remote.display());
    for (url, away) in [
        (lab.remote.to_str().unwrap(), false),
        (here.as_str(), false),
        ("host:folder", false),
        ("host:other", true),
        ("git@host.example:o/r.git", true),
        ("ssh://host.example/o/r.git", true),
        ("https://host.example/o/r.git", true),
    ] {
        let target = repository.target("main", Some(url), Some("main")).unwrap();
        assert_eq!(target.is_away(&repository), away, "{url}");
    }
}
