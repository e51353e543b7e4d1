use std::process::Command;

use proptest::prelude::*;

use super::*;

fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git").current_dir(folder).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with folders and two remotes, changed by further git commands.
fn scene(commands: &[&[&str]]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a/b/c.yaml", "a/d.yaml", "a-b/x.yaml", "e.yaml", ".argo/f.yaml", "long/er/path/here/g.yaml"] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x: 1\n").unwrap();
    }
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["remote", "add", "zeta", "https://me:hunter2@example.org/o/r.git"]);
    git(dir.path(), &["remote", "add", "origin", "git@example.org:o/r.git"]);
    for command in commands {
        git(dir.path(), command);
    }
    dir
}

/// Both ways say the same; returns it, and whether the light one did.
fn both(dir: &Path) -> (Glance, bool) {
    let thorough = thorough(dir).unwrap().unwrap();
    let light = light(dir);
    if let Some(light) = &light {
        assert_eq!(Glance { index: None, ..light.clone() }, thorough);
        assert_eq!(light.tracked_directories().unwrap(), thorough.tracked_directories().unwrap());
    }
    (thorough, light.is_some())
}

#[test]
fn what_is_seen() {
    let dir = scene(&[&["config", "branch.main.remote", "zeta"]]);
    let (seen, _) = both(&dir.path().join("a"));
    assert_eq!((seen.prefix.as_str(), seen.branch.as_deref()), ("a", Some("main")));
    assert_eq!(seen.remotes, ["https://***@example.org/o/r.git", "git@example.org:o/r.git"]);
    let folders: Vec<_> = seen.tracked_directories().unwrap().into_iter().collect();
    assert_eq!(folders, [".argo", "a", "a-b", "a/b", "long", "long/er", "long/er/path", "long/er/path/here"]);
}

#[test]
fn nowhere_is_seen_at_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(is_nowhere(dir.path()));
    assert_eq!((glance(dir.path()).unwrap(), thorough(dir.path()).unwrap()), (None, None));
    let bare = dir.path().join("bare");
    fs::create_dir(&bare).unwrap();
    git(&bare, &["init", "-q", "--bare"]);
    assert!(!is_nowhere(&bare.join("refs")));
    assert!(!is_nowhere(&scene(&[]).path().join("a")));
    // Names that do not exist are libgit2's to complain about.
    assert!(!is_nowhere(&dir.path().join("missing")));
}

/// The light way is taken where it can be, unless the configuration of whoever runs this test says otherwise.
#[test]
fn both_ways_agree() {
    let quiet = config::users_are_silent() && std::env::var_os("GIT_DIR").is_none();
    let plain: [&[&[&str]]; 9] = [
        &[],
        &[&["update-index", "--index-version", "3"]],
        &[&["update-index", "--index-version", "4"]],
        &[&["add", "-N", "."], &["update-index", "--skip-worktree", "e.yaml"]],
        &[&["config", "remote.pushDefault", "zeta"]],
        &[&["config", "branch.main.pushRemote", "zeta"], &["config", "remote.pushDefault", "origin"]],
        &[&["config", "remote.origin.pushurl", "ssh://git@example.org/p/r.git"]],
        &[&["remote", "remove", "origin"]],
        &[&["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "m"], &["switch", "-q", "-c", "a/b"]],
    ];
    for commands in plain {
        let (_, light) = both(scene(commands).path());
        assert_eq!(light, quiet, "{commands:?}");
    }
    let odd: [&[&[&str]]; 7] = [
        &[&["config", "url.https://mirror.example/.insteadOf", "https://example.org/"]],
        &[&["config", "--add", "remote.origin.url", "second"]],
        &[&["config", "remote.origin.url", "with # hash"]],
        &[&["config", "include.path", "other"]],
        &[&["config", "extensions.worktreeConfig", "true"]],
        &[&["config", "branch.fix;x.remote", "origin"], &["config", "remote.semi;colon.url", "a;b"]],
        &[&["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "m"], &["switch", "-q", "--detach"]],
    ];
    for commands in odd {
        both(scene(commands).path());
    }
    let linked = scene(&[&["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "m"]]);
    let side = linked.path().join("side");
    git(linked.path(), &["worktree", "add", "-q", side.to_str().unwrap()]);
    let (seen, light) = both(&side);
    assert_eq!((seen.branch.as_deref(), light), (Some("side"), quiet));
    assert_eq!(seen.remotes.len(), 2, "they are the repository's");
    git(linked.path(), &["config", "extensions.worktreeConfig", "true"]);
    git(&side, &["config", "--worktree", "remote.origin.url", "elsewhere"]);
    assert!(!both(&side).1, "a working tree's own configuration is libgit2's to read");
}

#[test]
fn an_index_that_does_not_say_all_is_left_to_libgit2() {
    let dir = scene(&[&["update-index", "--split-index"]]);
    // Which libgit2 does not read either: nobody can tell.
    assert!(light(dir.path()).is_none_or(|seen| seen.tracked_directories().is_err()));
    let dir = scene(&[]);
    let index = dir.path().join(".git/index");
    let bytes = fs::read(&index).unwrap();
    for length in 0..bytes.len() {
        assert_eq!(index::directories(&bytes[..length]), None, "cut at {length}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), version in 2_u8..5, count in 0_u8..4) {
        let mut index = b"DIRC\0\0\0".to_vec();
        index.extend([version, 0, 0, 0, count]);
        index.extend(bytes);
        let _ = index::directories(&index);
    }

    #[test]
    fn any_configuration_is_taken(text in "(\\[[a-z]{0,8}( \"[a-z.]{0,5}\")?\\]\n|[a-z]{0,4} ?=? ?[a-z\";#\\\\]{0,6}\n|\\PC{0,8}\n){0,8}") {
        let _ = Config::parse(&text);
    }
}
