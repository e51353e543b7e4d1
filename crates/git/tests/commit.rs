//! A commit of exactly the edited files, seen through git's own eyes.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::*;
use hyperspace_git::{FileStatus, Note, PushOutcome, Request, preflight};

fn local(mut request: Request) -> Request {
    request.no_push = true;
    request
}

#[test]
fn only_the_edited_files_and_all_other_work_stays() {
    let lab = Lab::new();
    lab.write("staged.yaml", "new and staged\n");
    lab.write("half.yaml", "one\n");
    lab.git(&["add", "staged.yaml", "half.yaml"]);
    lab.write("half.yaml", "one\ntwo\n");
    lab.write("b.yaml", "b: changed but not staged\n");
    lab.write("untracked.txt", "mine\n");
    lab.git(&["rm", "-q", "--cached", "apps/deep/c.yaml"]);
    lab.write("intent.yaml", "later\n");
    lab.git(&["add", "-N", "intent.yaml"]);
    let before = lab.git(&["status", "--porcelain"]);
    let staged = lab.git(&["diff", "--cached"]);
    let start = lab.head();

    let delivery = run(&lab, &local(request(&lab.work, &[("a.yaml", "a: 2\n")]))).unwrap();

    assert_eq!(delivery.push, PushOutcome::NotAsked);
    assert_eq!(delivery.commit.unwrap().to_string(), lab.head());
    assert_eq!(lab.committed(), ["a.yaml"]);
    assert_eq!(lab.git(&["rev-parse", "HEAD~1"]).trim(), start);
    assert_eq!(lab.git(&["status", "--porcelain"]), before);
    assert_eq!(lab.git(&["diff", "--cached"]), staged);
    assert_eq!(lab.read("a.yaml"), "a: 2\n");
    assert_eq!(
        lab.git(&["log", "-1", "--format=%an <%ae> %ad %cn|%s|%b", "--date=raw"]).trim(),
        "Rider <rider@example.org> 1700000000 +0100 Rider|Mend the gate|"
    );
    for log in ["HEAD", "main"] {
        assert_eq!(lab.git(&["reflog", "-1", "--format=%gs", log]).trim(), "commit: Mend the gate");
    }
    lab.assert_sound();
}

#[test]
fn git_need_not_look_at_the_file_again() {
    let lab = Lab::new();
    run(&lab, &local(request(&lab.work, &[("apps/deep/c.yaml", "c: 2\n"), ("a.yaml", "a: 2\n")]))).unwrap();
    // Without a refresh, diff-files lists every entry whose times or size differ from the file's.
    assert_eq!(lab.git(&["diff-files"]), "");
    assert_eq!(lab.git(&["diff-index", "HEAD"]), "");
    assert_eq!(lab.committed(), ["a.yaml", "apps/deep/c.yaml"]);
}

#[test]
fn a_file_that_the_edit_creates() {
    let lab = Lab::new();
    run(&lab, &local(request(&lab.work, &[("new/gate.yaml", "gate: 1\n")]))).unwrap();
    assert_eq!(lab.committed(), ["new/gate.yaml"]);
    assert_eq!(lab.git(&["status", "--porcelain"]), "");
    lab.assert_sound();
}

#[test]
fn line_ends_and_modes_are_gits() {
    let lab = Lab::new();
    lab.write(".gitattributes", "*.yaml text eol=crlf\n");
    lab.write("run.json", "{}\n");
    lab.git(&["add", "."]);
    lab.git(&["update-index", "--chmod=+x", "run.json"]);
    lab.git(&["commit", "-q", "-m", "attributes"]);
    lab.git(&["rm", "-q", "-r", "--cached", "."]);
    lab.git(&["reset", "-q", "--hard"]);
    assert_eq!(lab.read("a.yaml"), "a: 1\r\n");

    run(&lab, &local(request(&lab.work, &[("a.yaml", "a: 2\r\n"), ("run.json", "{\"a\": 1}\n")]))).unwrap();

    assert_eq!(lab.git(&["cat-file", "blob", "HEAD:a.yaml"]), "a: 2\n");
    assert_eq!(lab.read("a.yaml"), "a: 2\r\n");
    assert!(lab.git(&["ls-tree", "HEAD", "run.json"]).starts_with("100755"));
    assert_eq!(lab.git(&["status", "--porcelain"]), "");
    lab.assert_sound();
}

#[test]
fn autocrlf_without_attributes() {
    let lab = Lab::new();
    lab.git(&["config", "core.autocrlf", "true"]);
    lab.git(&["rm", "-q", "-r", "--cached", "."]);
    lab.git(&["reset", "-q", "--hard"]);
    assert_eq!(lab.read("a.yaml"), "a: 1\r\n");
    run(&lab, &local(request(&lab.work, &[("a.yaml", "a: 2\r\n")]))).unwrap();
    assert_eq!(lab.git(&["cat-file", "blob", "HEAD:a.yaml"]), "a: 2\n");
    assert_eq!(lab.git(&["status", "--porcelain"]), "");
}

#[test]
fn dirty_files_are_committed_as_they_are_after_the_edit() {
    let lab = Lab::new();
    lab.write("a.yaml", "a: 1\nmine: staged\n");
    lab.git(&["add", "a.yaml"]);
    lab.write("a.yaml", "a: 1\nmine: later\n");
    lab.write("b.yaml", "b: mine\n");
    let mut request = local(request(&lab.work, &[("a.yaml", "a: 2\nmine: later\n")]));
    request.allow_dirty = true;
    let prepared = prepare(&lab, &request);
    assert!(prepared.notes.contains(&Note::DirtyIncluded(vec!["a.yaml".to_owned()])));
    run(&lab, &request).unwrap();
    assert_eq!(lab.git(&["cat-file", "blob", "HEAD:a.yaml"]), "a: 2\nmine: later\n");
    assert_eq!(lab.git(&["status", "--porcelain"]), " M b.yaml\n");
    lab.assert_sound();
}

#[test]
fn an_edit_back_to_head_makes_no_commit() {
    let lab = Lab::new();
    let start = lab.head();
    lab.write("a.yaml", "a: worse\n");
    let mut request = request(&lab.work, &[("a.yaml", "a: 1\n")]);
    request.allow_dirty = true;
    let delivery = run(&lab, &request).unwrap();
    assert_eq!((delivery.commit, lab.head()), (None, start));
    assert_eq!(lab.git(&["status", "--porcelain"]), "");
    lab.assert_sound();
}

#[test]
fn preflight_writes_nothing() {
    let lab = Lab::new();
    let list = || {
        let mut files: Vec<String> = walk(&lab.work);
        files.sort();
        files
    };
    let before = list();
    let prepared = prepare(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n"), ("b.yaml", "b: 1\n")]));
    assert_eq!(list(), before);
    assert_eq!(prepared.edits.len(), 1, "an edit that changes nothing is left out");
    let target = prepared.target.unwrap();
    assert_eq!((target.remote.as_str(), target.branch.as_str(), target.continues), ("origin", "main", true));
    assert_eq!(target.url, lab.remote.display().to_string());
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(format!("{} {:?}", entry.path().display(), entry.metadata().unwrap().modified().unwrap()));
        }
    }
    found
}

#[test]
fn hooks_that_do_not_run_are_named() {
    let lab = Lab::new();
    hook(&lab.work.join(".git/hooks"), "pre-commit", "exit 1");
    hook(&lab.work.join(".git/hooks"), "pre-push", "exit 1");
    let edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    let both = Note::HooksNotRun(vec!["pre-commit".to_owned(), "pre-push".to_owned()]);
    assert!(prepare(&lab, &edit).notes.contains(&both));
    let one = Note::HooksNotRun(vec!["pre-commit".to_owned()]);
    assert!(prepare(&lab, &local(edit.clone())).notes.contains(&one));
    run(&lab, &edit).unwrap();
}

#[test]
fn a_linked_working_tree_is_a_repository_too() {
    let lab = Lab::new();
    lab.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
    let side = lab.work.with_file_name("side");
    let repository = hyperspace_git::Repository::discover(&side.join("apps")).unwrap().unwrap();
    assert_eq!(repository.root(), side);
    let prepared = preflight(&repository, &local(request(&side, &[("a.yaml", "a: 2\n")]))).unwrap();
    let environment = hyperspace_git::Environment::of(&[]);
    let mut context = hyperspace_git::Context {
        environment: &environment,
        progress: &mut hyperspace_git::Silent,
        recheck: &mut |_| true,
    };
    hyperspace_git::deliver(&repository, &prepared, &mut context).unwrap();
    assert_eq!(git(&side, &["status", "--porcelain"]), "");
    assert_eq!(git(&side, &["diff", "--name-only", "main", "side"]), "a.yaml\n");
    lab.assert_sound();
}

#[test]
fn signed_with_ssh_as_git_would() {
    let lab = Lab::new();
    let key = lab.dir.path().join("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = lab.dir.path().join("signers");
    fs::write(&signers, format!("rider@example.org {public}")).unwrap();
    for (name, value) in [
        ("commit.gpgsign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingkey", key.to_str().unwrap()),
        ("gpg.ssh.allowedSignersFile", signers.to_str().unwrap()),
    ] {
        lab.git(&["config", name, value]);
    }
    let edit = request(&lab.work, &[("a.yaml", "a: 2\n")]);
    assert!(prepare(&lab, &edit).notes.contains(&Note::Signed));
    run(&lab, &edit).unwrap();
    lab.git(&["verify-commit", "HEAD"]);
    lab.assert_sound();
}

#[test]
fn signing_that_fails_leaves_no_commit_and_can_be_finished() {
    let lab = Lab::new();
    let start = lab.head();
    lab.git(&["config", "commit.gpgsign", "true"]);
    lab.git(&["config", "gpg.program", "/nonexistent/gpg"]);
    let error = run(&lab, &request(&lab.work, &[("a.yaml", "a: 2\n")])).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/gpg"), "{error}");
    assert_eq!(lab.head(), start);
    lab.git(&["config", "commit.gpgsign", "false"]);
    finish_left(&lab).unwrap().unwrap();
    assert_eq!(lab.head(), lab.remote_head());
    lab.assert_sound();
}

#[test]
fn what_git_thinks_of_paths_and_folders() {
    let lab = Lab::new();
    lab.write(".gitignore", "ignored/\n");
    lab.write("ignored/x.yaml", "");
    lab.write("b.yaml", "b: 2\n");
    lab.write("fresh/f.yaml", "");
    let repository = lab.open();
    let status = repository.status_of(["a.yaml", "b.yaml", "fresh/f.yaml", "ignored/x.yaml", "none.yaml"]).unwrap();
    let status: Vec<_> = status.into_iter().collect();
    assert_eq!(
        status,
        [
            ("a.yaml", FileStatus::Clean),
            ("b.yaml", FileStatus::Changed),
            ("fresh/f.yaml", FileStatus::Untracked),
            ("ignored/x.yaml", FileStatus::Ignored),
            ("none.yaml", FileStatus::Absent),
        ]
    );
    let folders: Vec<_> = repository.directories().unwrap().into_iter().collect();
    assert_eq!(folders, ["apps", "apps/deep", "fresh"]);
    assert_eq!(repository.relative(&lab.work.join("apps/../b.yaml")).as_deref(), Some("b.yaml"));
    assert_eq!(repository.relative(lab.dir.path()), None);
}

#[test]
fn files_of_a_revision() {
    let lab = Lab::new();
    lab.write("a.yaml", "a: 2\n");
    lab.write(".hidden/x.yaml", "");
    lab.write("chart/Chart.yaml", "");
    lab.write("chart/templates/t.yaml", "{{ }}");
    lab.git(&["add", "-f", "."]);
    lab.git(&["commit", "-q", "-m", "two"]);
    let repository = lab.open();
    let paths = |rev: &str, folder: &str| -> Vec<String> {
        repository.read_at(rev, folder).unwrap().files.into_iter().map(|file| file.path).collect()
    };
    assert_eq!(paths("HEAD~1", ""), ["a.yaml", "apps/deep/c.yaml", "b.yaml"]);
    assert_eq!(paths("main~1", "apps"), ["deep/c.yaml"]);
    assert!(paths("HEAD", "none").is_empty());
    assert_eq!(repository.read_at("HEAD~1", "").unwrap().get("a.yaml").unwrap().content.as_deref(), Ok("a: 1\n"));
    assert!(repository.read_at("HEAD", "").unwrap().is_template("chart/templates/t.yaml"));
    assert!(repository.read_at("HEAD", "chart/templates").unwrap().is_template("t.yaml"));
    let error = repository.read_at("nonsense", "").unwrap_err();
    assert!(matches!(error, hyperspace_git::Error::UnknownRevision(_)), "{error}");
    assert_eq!(files_now(&lab), files_at(&lab), "the working tree and HEAD are read by one rule");
}

#[test]
fn the_commits_that_touched_a_folder() {
    let lab = Lab::new();
    for (path, text, message) in [("a.yaml", "a: 2\n", "outside"), ("apps/deep/c.yaml", "c: 2\n", "inside\n\nmore")] {
        lab.write(path, text);
        lab.git(&["commit", "-q", "-am", message]);
    }
    let repository = lab.open();
    let subjects = |folder: &str, most: usize| -> Vec<String> {
        repository.log(folder, most).unwrap().into_iter().map(|commit| commit.subject).collect()
    };
    assert_eq!(subjects("", 2), ["inside", "outside"]);
    assert_eq!(subjects("apps", 1), ["inside"]);
    let apps = subjects("apps/deep", 9);
    assert!(apps.len() == 2 && !apps.contains(&"outside".to_owned()), "{apps:?}");
    assert!(subjects("none", 9).is_empty());
    let newest = repository.log("apps", 1).unwrap().remove(0);
    assert!(lab.git(&["rev-parse", "HEAD"]).starts_with(&newest.id) && newest.id.len() >= 7, "{newest:?}");
    assert_eq!(repository.read_at(&newest.id, "apps").unwrap().files.len(), 1);
}

fn files_now(lab: &Lab) -> Vec<files::SourceFile> {
    files::read(&lab.work).unwrap().files
}

fn files_at(lab: &Lab) -> Vec<files::SourceFile> {
    lab.open().read_at("HEAD", "").unwrap().files
}
