//! Tests of the git server's files; that they serve is `lab up`'s to show.

use super::*;
use crate::stand_in;
use std::os::unix::fs::PermissionsExt;

fn layout(folder: &Path) -> Layout {
    Layout::at(folder.to_owned())
}

#[test]
fn only_the_owner_reads_keys_and_passwords() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = layout(folder.path());
    if machine::find("ssh-keygen").is_none() {
        return;
    }
    prepare(&layout).expect("files");
    let first = fs::read_to_string(credentials(&layout)).expect("credentials");
    assert!(first.starts_with("http://hyperspace:") && first.ends_with("@10.213.0.1:3000\n"), "{}", first.len());
    for name in ["git-http", "git-ssh"] {
        for entry in fs::read_dir(layout.path(name)).expect("a folder").flatten() {
            let mode = entry.metadata().expect("a file").permissions().mode();
            let public = entry.path().extension().is_some_and(|kind| kind == "pub");
            assert!(public || mode & 0o077 == 0, "{}: {mode:o}", entry.path().display());
        }
    }
    fs::write(credentials(&layout), "").expect("a helper's rejection");
    prepare(&layout).expect("files");
    assert_eq!(fs::read_to_string(credentials(&layout)).expect("credentials"), first, "the password stays");
}

#[test]
fn a_remote_comes_and_goes_and_the_persons_own_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = layout(folder.path());
    let repository = folder.path().join("mine");
    let path = repository.display().to_string();
    machine::run("git", &["init", "--quiet", &path]).expect("a repository");
    let config = || fs::read_to_string(repository.join(".git/config")).expect("a config");
    let before = config();
    add_remote(&layout, &repository).expect("a remote");
    add_remote(&layout, &repository).expect("the same again");
    assert_eq!(config().matches("helper =").count(), 2, "{}", config());
    assert!(config().contains(GIT_URL) && config().contains("git-http/credentials"));
    forget_remotes(&layout);
    assert_eq!(config(), before);

    machine::run("git", &["-C", &path, "remote", "add", "lab", "https://lab.example/x.git"]).expect("a remote");
    let own = config();
    add_remote(&layout, &repository).expect("nothing");
    forget_remotes(&layout);
    assert_eq!(config(), own);
}

#[test]
fn a_remote_goes_though_the_worktree_that_had_it_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = layout(folder.path());
    let (repository, tree) = (folder.path().join("mine"), folder.path().join("tree"));
    let git = |args: &[&str]| {
        machine::run("git", &[&["-C", &repository.display().to_string()], args].concat()).expect("git");
    };
    machine::run("git", &["init", "--quiet", &repository.display().to_string()]).expect("a repository");
    let who = ["-c", "user.name=a", "-c", "user.email=a@a.invalid"];
    git(&[&who[..], &["commit", "--quiet", "--allow-empty", "--message", "x"]].concat());
    git(&["worktree", "add", "--quiet", "--detach", &tree.display().to_string()]);
    let config = || fs::read_to_string(repository.join(".git/config")).expect("a config");
    let before = config();
    // As a lab left it whose remotes held the password.
    git(&["remote", "add", "lab", &GIT_URL.replace("//", "//hyperspace:secret@")]);
    add_remote(&layout, &tree).expect("a remote");
    assert!(config().contains(GIT_URL) && !config().contains("secret"), "{}", config());
    fs::remove_dir_all(&tree).expect("gone");
    forget_remotes(&layout);
    assert_eq!(config(), before);
}

#[test]
fn a_key_serves_one_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = layout(folder.path());
    let bare = layout.text(BARE);
    machine::run("git", &["init", "--quiet", "--bare", &bare]).expect("a repository");
    let command = layout.path("command");
    stand_in::script(&command, &ssh_command(&layout));
    let run = |asked: &str| {
        let mut command = std::process::Command::new(&command);
        machine::output(command.env("SSH_ORIGINAL_COMMAND", asked), "command", "0000")
    };
    assert!(run("git-receive-pack '/hyperspace.git'").expect("refs").contains("capabilities"));
    for other in ["", "sh", "git-upload-pack '/etc'", "git-upload-pack '/hyperspace.git'; sh"] {
        assert!(run(other).is_err_and(|error| error.to_string().contains("nothing else")), "{other}");
    }
}
