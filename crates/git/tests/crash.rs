//! Killed at any step and run again, a run ends where an undisturbed one ends.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use common::*;
use hyperspace_git::{Error, PushOutcome, Refusal, Repository, Request, Stage, Step, pending, undo};

/// Everything that a person could see afterwards.
#[derive(Debug, PartialEq, Eq)]
struct State {
    head: String,
    log: String,
    index: String,
    status: String,
    files: Vec<(String, Vec<u8>)>,
    remote: String,
    stale: String,
    journal: bool,
}

fn state(lab: &Lab) -> State {
    let mut files = Vec::new();
    collect(&lab.work, &lab.work, &mut files);
    files.sort();
    State {
        head: lab.head(),
        log: lab.git(&["log", "--format=%H %an %ad %cd %s", "--date=raw"]),
        index: lab.git(&["ls-files", "--stage"]),
        stale: lab.git(&["diff-files", "--name-only"]),
        status: lab.status(),
        files,
        remote: lab.remote_git(&["for-each-ref"]),
        journal: lab.work.join(".git/hyperspace/journal.json").exists(),
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != ".git" {
                collect(root, &path, files);
            }
        } else {
            files.push((path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// Somebody's work in progress, and a request of three edits, one of which makes a file.
fn lab_with_work() -> (Lab, Request) {
    let lab = Lab::new();
    lab.write("other.yaml", "staged: 1\n");
    lab.git(&["add", "other.yaml"]);
    lab.write("untracked.txt", "mine\n");
    lab.write("b.yaml", "b: not staged\n");
    let request = request(
        &lab.work,
        &[
            ("a.yaml", "a: 2\n"),
            ("apps/deep/c.yaml", "top: ours\nmid: 2\nlow: 3\nend: 4\nlast: 5\n"),
            ("fresh/gate.yaml", "gate: 1\n"),
        ],
    );
    (lab, request)
}

/// The same against a remote that has moved on.
fn lab_behind() -> (Lab, Request) {
    let (lab, request) = lab_with_work();
    lab.elsewhere(|other| {
        write(other, "apps/deep/c.yaml", "top: 1\nmid: 2\nlow: 3\nend: 4\nlast: theirs\n");
        write(other, "theirs/new.yaml", "x: 1\n");
        write(other, "gone-soon.yaml", "x: 1\n");
    });
    (lab, request)
}

/// Runs until the step of number `last`, which is not taken. `None` when the run ended before.
fn run_until(lab: &Lab, request: &Request, last: usize) -> Option<String> {
    let mut count = 0;
    let mut killed = None;
    let result = run_steps(lab, request, |step| {
        count += 1;
        if count == last {
            killed = Some(format!("{last}: {step:?}"));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    match result {
        Ok(_) => None,
        Err(Error::Interrupted) => killed,
        Err(error) => panic!("step {last}: {error}"),
    }
}

/// What the command line does: end what was left, else begin.
fn run_again(lab: &Lab, request: &Request) {
    if pending(&lab.open()).unwrap().is_some() {
        finish_left(lab).unwrap().unwrap();
    } else {
        run(lab, request).unwrap();
    }
}

fn every_kill(scene: fn() -> (Lab, Request), least: usize) {
    let (lab, request) = scene();
    run(&lab, &request).unwrap();
    lab.assert_sound();
    let undisturbed = state(&lab);
    for last in 1.. {
        let (lab, request) = scene();
        let Some(killed) = run_until(&lab, &request, last) else {
            assert!(last > least, "only {last} steps");
            return;
        };
        run_again(&lab, &request);
        lab.assert_sound();
        assert_eq!(state(&lab), undisturbed, "killed at {killed}");
    }
}

#[test]
fn a_plain_run() {
    every_kill(lab_with_work, 10);
}

#[test]
fn a_run_that_has_to_rebase() {
    every_kill(lab_behind, 18);
}

#[test]
fn a_run_without_push() {
    every_kill(
        || {
            let (lab, mut request) = lab_with_work();
            request.no_push = true;
            (lab, request)
        },
        8,
    );
}

/// Runs in a process of its own, which dies at the step without cleaning up: no destructor, no unlock.
#[test]
#[ignore = "the child of `a_process_that_dies`"]
fn child_that_dies() {
    let Some(work) = std::env::var_os("HYPERSPACE_TEST_WORK") else { return };
    let last: usize = std::env::var("HYPERSPACE_TEST_STEP").unwrap().parse().unwrap();
    let work = std::path::PathBuf::from(work);
    let edits = [("a.yaml", "a: 2\n"), ("fresh/gate.yaml", "gate: 1\n")];
    let repository = Repository::discover(&work).unwrap().unwrap();
    let prepared = hyperspace_git::preflight(&repository, &request(&work, &edits)).unwrap();
    let mut count = 0;
    let mut progress = |_: &Step<'_>| {
        count += 1;
        if count == last {
            std::process::abort();
        }
        ControlFlow::Continue(())
    };
    let environment = hyperspace_git::Environment::of(&[]);
    let mut context =
        hyperspace_git::Context { environment: &environment, progress: &mut progress, recheck: &mut |_| true };
    hyperspace_git::deliver(&repository, &prepared, &mut context).unwrap();
}

#[test]
fn a_process_that_dies() {
    let edits = [("a.yaml", "a: 2\n"), ("fresh/gate.yaml", "gate: 1\n")];
    let (lab, _) = lab_with_work();
    let request = |lab: &Lab| request(&lab.work, &edits);
    run(&lab, &request(&lab)).unwrap();
    let undisturbed = state(&lab);
    for last in 1.. {
        let (lab, _) = lab_with_work();
        let died = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_dies", "--ignored", "-q"])
            .env("HYPERSPACE_TEST_WORK", &lab.work)
            .env("HYPERSPACE_TEST_STEP", last.to_string())
            .output()
            .unwrap();
        if died.status.success() {
            assert!(last > 8, "only {last} steps");
            break;
        }
        run_again(&lab, &request(&lab));
        lab.assert_sound();
        assert_eq!(state(&lab), undisturbed, "died at {last}");
    }
}

#[test]
fn killed_twice_and_killed_while_finishing() {
    let (lab, request) = lab_behind();
    run(&lab, &request).unwrap();
    let undisturbed = state(&lab);
    for first in 2..12 {
        let (lab, request) = lab_behind();
        run_until(&lab, &request, first).unwrap();
        // Each further run is killed a little later than the one before.
        for allowed in 1.. {
            let mut count = 0;
            let environment = hyperspace_git::Environment::of(&[]);
            let mut stop = |_: &Step<'_>| {
                count += 1;
                if count > allowed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let mut context =
                hyperspace_git::Context { environment: &environment, progress: &mut stop, recheck: &mut |_| true };
            match hyperspace_git::finish(&lab.open(), false, &mut context) {
                Ok(_) => break,
                Err(Error::Interrupted) => {}
                Err(error) => panic!("{error}"),
            }
        }
        lab.assert_sound();
        assert_eq!(state(&lab), undisturbed, "killed first at {first}");
    }
}

#[test]
fn undone_at_every_step() {
    let (before, _) = lab_with_work();
    let before = state(&before);
    for last in 2.. {
        let (lab, request) = lab_with_work();
        let mut pushed = false;
        let mut count = 0;
        let result = run_steps(&lab, &request, |step| {
            count += 1;
            pushed |= matches!(step, Step::Track | Step::Finish);
            if count == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if result.is_ok() {
            break;
        }
        if pending(&lab.open()).unwrap().is_none() {
            continue;
        }
        if pushed {
            // The remote has it. That is known once the remote-tracking branch says so.
            lab.git(&["fetch", "-q"]);
            let refusal = refusal(undo(&lab.open()).unwrap_err());
            assert!(matches!(refusal, Refusal::CannotUndo { .. }), "{refusal}");
            continue;
        }
        let undone = undo(&lab.open()).unwrap().unwrap();
        assert_eq!(undone.files, ["a.yaml", "apps/deep/c.yaml", "fresh/gate.yaml"]);
        let mut now = state(&lab);
        assert!(!now.journal);
        // An empty folder is nothing to git.
        now.journal = before.journal;
        assert_eq!(now, before, "undone at {last}");
        assert!(undo(&lab.open()).unwrap().is_none());
    }
}

#[test]
fn a_file_edited_in_between_is_the_users() {
    for step_of_kill in [3, 5] {
        let (lab, request) = lab_with_work();
        run_until(&lab, &request, step_of_kill).unwrap();
        lab.write("apps/deep/c.yaml", "mine: 1\n");
        let before = state(&lab);
        let expected = Refusal::NotOurs { paths: vec!["apps/deep/c.yaml".to_owned()] };
        assert_eq!(refusal(finish_left(&lab).unwrap_err()), expected);
        assert_eq!(refusal(undo(&lab.open()).unwrap_err()), expected);
        assert_eq!(state(&lab), before);
        // Put back, it goes on.
        lab.write("apps/deep/c.yaml", "top: 1\nmid: 2\nlow: 3\nend: 4\nlast: 5\n");
        finish_left(&lab).unwrap().unwrap();
        assert_eq!(lab.head(), lab.remote_head());
    }
}

#[test]
fn a_file_edited_after_our_commit_stays_the_users_change() {
    let (lab, request) = lab_with_work();
    let mut commits = false;
    let _ = run_steps(&lab, &request, |step| {
        commits |= matches!(step, Step::MoveBranch { .. });
        if commits && matches!(step, Step::UpdateIndex) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    lab.write("a.yaml", "a: 3\n");
    finish_left(&lab).unwrap().unwrap();
    assert_eq!(lab.git(&["diff", "--name-only"]), "a.yaml\nb.yaml\n");
    assert_eq!(lab.git(&["diff", "--cached", "--name-only"]), "other.yaml\n");
    assert_eq!(lab.head(), lab.remote_head());
}

#[test]
fn another_branch_or_commit_in_between() {
    let (lab, request) = lab_with_work();
    run_until(&lab, &request, 3).unwrap();
    lab.git(&["switch", "-q", "-c", "elsewhere"]);
    assert_eq!(refusal(finish_left(&lab).unwrap_err()), Refusal::OtherBranch { branch: "main".to_owned() });
    lab.git(&["switch", "-q", "main"]);
    lab.git(&["commit", "-q", "-m", "mine"]);
    assert_eq!(refusal(finish_left(&lab).unwrap_err()), Refusal::BranchMoved { branch: "main".to_owned() });
}

#[test]
fn a_gc_in_between_loses_nothing() {
    let (lab, request) = lab_with_work();
    for kill in 2..8 {
        let (lab, request) = lab_with_work();
        run_until(&lab, &request, kill).unwrap();
        lab.git(&["gc", "-q", "--prune=now"]);
        finish_left(&lab).unwrap().unwrap();
        assert_eq!(lab.head(), lab.remote_head());
        lab.assert_sound();
    }
    drop((lab, request));
}

#[test]
fn two_runs_do_not_mix() {
    let (lab, request) = lab_with_work();
    let mut said = None;
    run_steps(&lab, &request, |step| {
        if matches!(step, Step::Commit) {
            said = Some(run(&lab, &common::request(&lab.work, &[])).unwrap_err());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(matches!(said, Some(Error::Busy { pid: Some(pid) }) if pid == std::process::id()), "{said:?}");
    lab.assert_sound();
}

#[test]
fn a_lock_of_a_dead_process_is_taken_over() {
    let (lab, request) = lab_with_work();
    lab.write(".git/hyperspace/lock", "1");
    run(&lab, &request).unwrap();
    lab.assert_sound();
}

#[test]
fn a_journal_that_cannot_be_read_stops_everything() {
    let (lab, request) = lab_with_work();
    for text in ["{", "{\"version\": 99}", ""] {
        lab.write(".git/hyperspace/journal.json", text);
        for error in [run(&lab, &request).unwrap_err(), pending(&lab.open()).unwrap_err()] {
            assert!(matches!(error, Error::Journal { .. }), "{error}");
            assert!(error.hint().unwrap().contains("journal.json"));
        }
    }
    assert_eq!(lab.read("a.yaml"), "a: 1\n");
}

#[test]
fn what_was_left_can_be_told() {
    let (lab, request) = lab_with_work();
    run_until(&lab, &request, 3).unwrap();
    let left = pending(&Repository::discover(&lab.work).unwrap().unwrap()).unwrap().unwrap();
    assert_eq!((left.stage, left.branch.as_str(), left.commit), (Stage::Planned, "main", None));
    assert_eq!(left.summary, "Mend the gate");
    assert_eq!(left.target, Some(("origin".to_owned(), "main".to_owned())));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = fs::metadata(lab.work.join(".git/hyperspace")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }
    let delivery = finish_left(&lab).unwrap().unwrap();
    assert!(matches!(delivery.push, PushOutcome::Pushed { .. }));
}
