//! Everything that is refused leaves the repository as it was, and says what to do.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use hyperspace_git::{Operation, Refusal, Repository, Request, preflight};

/// Prepares a repository, asks for an edit of `a.yaml`, and returns the refusal; nothing may have changed.
fn refused(set_up: impl FnOnce(&Lab), change: impl FnOnce(&mut Request)) -> Refusal {
    let lab = Lab::new();
    set_up(&lab);
    let mut request = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    change(&mut request);
    let status = git_command(&lab.work, &["status", "--porcelain"]).output().unwrap().stdout;
    let refusal = refusal(preflight(&lab.open(), &request).map(|_| ()).unwrap_err());
    assert!(!refusal.hint().is_empty());
    assert_eq!(git_command(&lab.work, &["status", "--porcelain"]).output().unwrap().stdout, status);
    refusal
}

fn fails(lab: &Lab, args: &[&str]) {
    assert!(!git_command(&lab.work, args).output().unwrap().status.success(), "git {args:?} should stop");
}

/// Two branches that disagree about b.yaml.
fn diverge(lab: &Lab) {
    lab.git(&["switch", "-q", "-c", "side"]);
    lab.write("b.yaml", "b: side\n");
    lab.git(&["commit", "-q", "-a", "-m", "side"]);
    lab.git(&["switch", "-q", "main"]);
    lab.write("b.yaml", "b: main\n");
    lab.git(&["commit", "-q", "-a", "-m", "main"]);
}

fn paths(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn in_the_middle_of_something() {
    let cases: [(Operation, &[&str]); 4] = [
        (Operation::Merge, &["merge", "side"]),
        (Operation::Rebase, &["rebase", "side"]),
        (Operation::CherryPick, &["cherry-pick", "side"]),
        (Operation::Revert, &["revert", "--no-edit", "HEAD~1"]),
    ];
    for (operation, args) in cases {
        let found = refused(
            |lab| {
                diverge(lab);
                if operation == Operation::Revert {
                    lab.write("b.yaml", "b: again\n");
                    lab.git(&["commit", "-q", "-a", "-m", "again"]);
                }
                fails(lab, args);
            },
            |_| {},
        );
        assert_eq!(found, Refusal::InProgress(operation));
    }
    let bisect = refused(
        |lab| {
            diverge(lab);
            lab.git(&["bisect", "start", "HEAD", "HEAD~1"]);
        },
        |_| {},
    );
    assert_eq!(bisect, Refusal::InProgress(Operation::Bisect));
}

#[test]
fn no_branch_to_commit_on() {
    assert_eq!(refused(|lab| drop(lab.git(&["switch", "-q", "--detach"])), |_| {}), Refusal::Detached);
    assert_eq!(
        refused(|lab| drop(lab.git(&["switch", "-q", "--orphan", "empty"])), |request| request.edits.clear()),
        Refusal::Unborn { branch: "empty".to_owned() }
    );
    let lab = Lab::new();
    let bare = Repository::discover(&lab.remote).unwrap().unwrap();
    assert_eq!(refusal(preflight(&bare, &Request::default()).unwrap_err()), Refusal::Bare);
    assert!(Repository::discover(lab.dir.path()).unwrap().is_none());
}

#[test]
fn files_that_are_not_clean() {
    let dirty = Refusal::Uncommitted { paths: paths(&["a.yaml"]) };
    assert_eq!(refused(|lab| lab.write("a.yaml", "a: mine\n"), |_| {}), dirty);
    let staged = |lab: &Lab| {
        lab.write("a.yaml", "a: mine\n");
        lab.git(&["add", "a.yaml"]);
        lab.write("a.yaml", "a: 1\n");
    };
    assert_eq!(refused(staged, |_| {}), dirty);
    assert_eq!(
        refused(|lab| drop(lab.git(&["rm", "-q", "--cached", "a.yaml"])), |_| {}),
        Refusal::Uncommitted { paths: paths(&["a.yaml"]) }
    );
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let hidden = |lab: &Lab| {
            lab.git(&["update-index", flag, "a.yaml"]);
            lab.write("a.yaml", "a: secret\n");
        };
        let edit = |request: &mut Request| request.edits[0].base = Some("a: secret\n".to_owned());
        assert_eq!(refused(hidden, edit), dirty, "{flag}");
    }
    let edit = |path: &'static str, base: Option<&str>| {
        let base = base.map(str::to_owned);
        move |request: &mut Request| {
            request.edits = vec![hyperspace_git::Edit { path: path.to_owned(), base, new: "x: 2\n".to_owned() }];
        }
    };
    assert_eq!(
        refused(|lab| lab.write("new.yaml", "x: 1\n"), edit("new.yaml", Some("x: 1\n"))),
        Refusal::Untracked { paths: paths(&["new.yaml"]) }
    );
    let ignored = |lab: &Lab| {
        lab.write(".gitignore", "local/\n");
        lab.write("local/x.yaml", "x: 1\n");
    };
    assert_eq!(
        refused(ignored, edit("local/x.yaml", Some("x: 1\n"))),
        Refusal::Ignored { paths: paths(&["local/x.yaml"]) }
    );
    assert_eq!(refused(ignored, edit("local/y.yaml", None)), Refusal::Ignored { paths: paths(&["local/y.yaml"]) });
    assert_eq!(
        refused(|_| {}, edit("a.yaml", Some("a: older\n"))),
        Refusal::ChangedSinceRead { paths: paths(&["a.yaml"]) }
    );
    assert_eq!(refused(|_| {}, edit("a.yaml", None)), Refusal::ChangedSinceRead { paths: paths(&["a.yaml"]) });
}

#[test]
fn paths_that_are_not_ours() {
    let edit = |path: &'static str| {
        move |request: &mut Request| {
            request.edits = vec![hyperspace_git::Edit {
                path: path.to_owned(),
                base: Some("x: 1\n".to_owned()),
                new: String::new(),
            }];
        }
    };
    for path in ["../outside.yaml", "/etc/passwd", "a/../b.yaml", ".git/config", "x/.git/y.yaml", "", "apps/deep"] {
        let found = refused(|_| {}, edit(path));
        assert!(matches!(found, Refusal::BadPath { .. }), "{path}: {found}");
    }
    let inner = |lab: &Lab| {
        lab.write("sub/x.yaml", "x: 1\n");
        lab.git(&["init", "-q", "sub"]);
    };
    assert_eq!(
        refused(inner, edit("sub/x.yaml")),
        Refusal::OtherRepository { path: "sub/x.yaml".to_owned(), inner: "sub".to_owned() }
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let lab = Lab::new();
    lab.write("real/x.yaml", "x: 1\n");
    std::os::unix::fs::symlink("real", lab.work.join("link")).unwrap();
    lab.git(&["add", "."]);
    lab.git(&["commit", "-q", "-m", "link"]);
    let request = request(&lab.work, &[("link/x.yaml", "x: 2\n")]);
    let found = refusal(preflight(&lab.open(), &request).unwrap_err());
    assert!(matches!(found, Refusal::BadPath { .. }), "{found}");
}

#[test]
fn conversions_that_need_git_itself() {
    for attribute in ["filter=lfs", "working-tree-encoding=UTF-16"] {
        let attributes = |lab: &Lab| {
            lab.write(".gitattributes", &format!("a.yaml {attribute}\n"));
            lab.git(&["add", ".gitattributes"]);
            lab.git(&["commit", "-q", "-m", "attributes"]);
        };
        let found = refused(attributes, |_| {});
        assert_eq!(found, Refusal::Filter { path: "a.yaml".to_owned(), filter: attribute.to_owned() });
    }
}

#[test]
fn a_repository_that_is_not_ready() {
    assert_eq!(refused(|lab| lab.write(".git/index.lock", ""), |_| {}), Refusal::IndexLocked);
    assert_eq!(refused(|lab| drop(lab.git(&["config", "user.email", ""])), |_| {}), Refusal::NoIdentity);
    let split = refused(|lab| drop(lab.git(&["update-index", "--split-index"])), |_| {});
    assert!(matches!(split, Refusal::IndexFormat { .. }), "{split}");
}

#[test]
fn nowhere_to_push() {
    let without_upstream = |lab: &Lab| drop(lab.git(&["branch", "-q", "--unset-upstream"]));
    let add = |lab: &Lab| drop(lab.git(&["remote", "add", "fork", "../fork.git"]));
    assert_eq!(refused(|lab| drop(lab.git(&["remote", "remove", "origin"])), |_| {}), Refusal::NoRemote);
    let several = refused(
        |lab| {
            without_upstream(lab);
            add(lab);
        },
        |_| {},
    );
    assert_eq!(several, Refusal::AmbiguousRemote { branch: "main".to_owned(), remotes: paths(&["fork", "origin"]) });
    assert_eq!(
        refused(|_| {}, |request| request.remote = Some("nope".to_owned())),
        Refusal::UnknownRemote { name: "nope".to_owned(), remotes: paths(&["origin"]) }
    );
    assert_eq!(
        refused(|_| {}, |request| request.branch = Some("no..good".to_owned())),
        Refusal::BadBranch { name: "no..good".to_owned() }
    );
    assert_eq!(
        refused(|lab| drop(lab.git(&["config", "push.default", "nothing"])), |_| {}),
        Refusal::PushDefault { mode: "nothing".to_owned() }
    );
    let renamed = |lab: &Lab| drop(lab.git(&["branch", "-q", "-m", "mine"]));
    assert_eq!(
        refused(renamed, |_| {}),
        Refusal::UpstreamName { branch: "mine".to_owned(), upstream: "main".to_owned() }
    );
}
