//! The same over a network: git's own protocol and http, served by git on the loopback interface.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod http;
#[path = "network/mirror.rs"]
mod mirror;

use std::fs;

use common::*;
use hyperspace_git::{
    Context, Delivery, Environment, Error, PushOutcome, Request, Silent, Stuck, deliver, finish, preflight,
};

/// A lab whose clone talks to its remote through `git daemon`.
fn daemon() -> (Lab, Daemon) {
    let lab = Lab::new();
    let daemon = Daemon::serve(lab.work.parent().unwrap());
    lab.git(&["remote", "set-url", "origin", &format!("{}/remote.git", daemon.url)]);
    (lab, daemon)
}

fn edit(lab: &Lab) -> Request {
    request(&lab.work, &[("a.yaml", "a: 2\n")])
}

#[test]
fn pushed_through_a_daemon() {
    let (lab, _daemon) = daemon();
    let delivery = run(&lab, &edit(&lab)).unwrap();
    assert!(matches!(delivery.push, PushOutcome::Pushed { rebased: false, .. }));
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(lab.status(), "## main...origin/main\n");
    let delivery = run(&lab, &request(&lab.work, &[])).unwrap();
    assert!(matches!(delivery.push, PushOutcome::AlreadyThere { .. }), "{delivery:?}");
    lab.assert_sound();
}

#[test]
fn refused_by_a_hook_behind_a_daemon() {
    let (lab, _daemon) = daemon();
    lab.hook("pre-receive", "echo 'main is protected'; exit 1");
    let start = lab.remote_head();
    match run(&lab, &edit(&lab)).unwrap().push {
        PushOutcome::Rejected { rejection, .. } => {
            assert_eq!(rejection.reason, "pre-receive hook declined");
            assert_eq!(rejection.messages, ["main is protected"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.remote_head(), start);
    fs::remove_file(lab.remote.join("hooks/pre-receive")).unwrap();
    finish_left(&lab).unwrap().unwrap();
    assert_eq!(lab.remote_head(), lab.head());
    lab.assert_sound();
}

#[test]
fn a_daemon_whose_branch_moved_on() {
    let (lab, _daemon) = daemon();
    lab.elsewhere(|other| write(other, "b.yaml", "b: theirs\n"));
    let delivery = run(&lab, &edit(&lab)).unwrap();
    assert!(matches!(delivery.push, PushOutcome::Pushed { rebased: true, .. }));
    assert_eq!(lab.read("b.yaml"), "b: theirs\n");
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(lab.status(), "## main...origin/main\n");
    assert!(!lab.work.join(".git/FETCH_HEAD").exists());
    lab.assert_sound();
}

/// The server looks at the branch when we connect and again when it writes; in between it moves.
#[test]
fn a_branch_that_moves_between_the_servers_look_and_its_write() {
    for through_daemon in [true, false] {
        let (lab, _daemon) = daemon();
        if !through_daemon {
            lab.git(&["remote", "set-url", "origin", lab.remote.to_str().unwrap()]);
        }
        let other = lab.clone_elsewhere(|other| write(other, "b.yaml", "b: theirs\n"));
        git(&other, &["push", "-q", "origin", "main:refs/heads/waiting"]);
        let theirs = git(&other, &["rev-parse", "main"]);
        lab.hook(
            "pre-receive",
            &format!("test -e moved && exit 0; touch moved; unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {theirs}"),
        );
        let delivery = run(&lab, &edit(&lab)).unwrap();
        assert!(matches!(delivery.push, PushOutcome::Pushed { rebased: true, .. }), "{delivery:?}");
        assert_eq!(lab.git(&["rev-parse", "HEAD~1"]), theirs);
        assert_eq!(lab.remote_head(), lab.head());
        lab.assert_sound();
    }
}

#[test]
fn a_conflict_behind_a_daemon() {
    let (lab, _daemon) = daemon();
    lab.elsewhere(|other| write(other, "a.yaml", "a: theirs\n"));
    let theirs = lab.remote_head();
    match run(&lab, &edit(&lab)).unwrap().push {
        PushOutcome::Behind { why, .. } => assert_eq!(why, Stuck::Conflict(vec!["a.yaml".to_owned()])),
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.remote_head(), theirs);
}

/// A lab whose clone talks http to its remote, which wants this user and password.
fn web(user: &str, password: &str) -> (Lab, http::Server) {
    let lab = Lab::new();
    lab.remote_git(&["config", "http.receivepack", "true"]);
    let server = http::Server::serve(lab.work.parent().unwrap(), user, password);
    lab.git(&["remote", "set-url", "origin", &format!("{}/remote.git", server.url)]);
    // An empty helper forgets those of whoever runs this test.
    lab.git(&["config", "credential.helper", ""]);
    (lab, server)
}

fn run_web(lab: &Lab) -> Result<Delivery, Error> {
    let repository = lab.open();
    let environment = Environment::of(&[]);
    let mut context = Context { environment: &environment, progress: &mut Silent, recheck: &mut |_| true };
    if let Some(delivery) = finish(&repository, false, &mut context)? {
        return Ok(delivery);
    }
    let prepared = preflight(&repository, &edit(lab))?;
    deliver(&repository, &prepared, &mut context)
}

/// A credential helper that answers `answer` and keeps a log of what it was told.
fn helper(lab: &Lab, answer: &str) -> std::path::PathBuf {
    let log = lab.dir.path().join("helper.log");
    let script =
        format!("f() {{ echo \"$1\" >>'{}'; test \"$1\" = get && printf '{answer}'; true; }}; f", log.display());
    lab.git(&["config", "--add", "credential.helper", &format!("!{script}")]);
    log
}

#[test]
fn a_credential_helper_signs_in() {
    let (lab, server) = web("me", "hunter2");
    let log = helper(&lab, "username=me\\npassword=hunter2\\n");
    let delivery = run_web(&lab).unwrap();
    assert!(matches!(delivery.push, PushOutcome::Pushed { .. }));
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(fs::read_to_string(log).unwrap(), "get\nstore\n", "what worked is approved, as by git");
    assert!(server.refused() >= 1, "nothing is sent before it is asked for");
    lab.assert_sound();
}

#[test]
fn a_wrong_password_is_tried_once_and_never_shown() {
    let (lab, server) = web("me", "right");
    let log = helper(&lab, "username=me\\npassword=wrong-hunter2\\n");
    let error = run_web(&lab).unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(matches!(error, Error::Remote { .. }) && !shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("credential helpers"), "{shown}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "get\nerase\n", "what failed is rejected, as by git");
    assert_eq!(server.refused(), 2);

    // Mended, the next run ends what this one left.
    lab.git(&["config", "--unset-all", "credential.helper"]);
    lab.git(&["config", "credential.helper", ""]);
    helper(&lab, "username=me\\npassword=right\\n");
    run_web(&lab).unwrap();
    assert_eq!(lab.remote_head(), lab.head());
}

#[test]
fn nothing_to_sign_in_with() {
    let (lab, _server) = web("me", "right");
    let error = run_web(&lab).unwrap_err();
    assert!(matches!(error, Error::Remote { .. }), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(lab.committed(), ["a.yaml"], "the commit stays for the next run");
}

#[test]
fn a_header_from_the_configuration_signs_in() {
    let (lab, server) = web("ci", "job-token");
    lab.git(&["config", "http.https://elsewhere.example/.extraheader", "AUTHORIZATION: basic bm86bm8="]);
    lab.git(&["config", &format!("http.{}/.extraheader", server.url), "AUTHORIZATION: basic Y2k6am9iLXRva2Vu"]);
    run_web(&lab).unwrap();
    assert_eq!(lab.remote_head(), lab.head());
    assert_eq!(server.refused(), 0);
}
