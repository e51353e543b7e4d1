//! A copy that follows a remote.

use crate::common::*;
use crate::http;
use hyperspace_git::{Environment, Error, Mirror, Tip};
use std::fs;
use std::path::Path;

fn listed(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != ".git").collect();
    names.sort();
    names
}

#[test]
fn it_shows_what_the_remote_has() {
    let lab = Lab::new();
    let copy = tempfile::tempdir().unwrap();
    let environment = Environment::of(&[]);
    let mirror = Mirror::new(copy.path(), lab.remote.to_str().unwrap(), None).unwrap();
    let first = mirror.fetch(&environment).unwrap();
    assert_eq!((first.branch.as_str(), first.commit.to_string()), ("main", lab.remote_head()));
    assert!(listed(copy.path()).is_empty(), "asking writes no file");
    mirror.show(&first).unwrap();
    assert_eq!(listed(copy.path()), ["a.yaml", "apps", "b.yaml"]);
    assert_eq!(git(copy.path(), &["status", "--porcelain"]), "");
    assert_eq!(git(copy.path(), &["log", "--format=%s"]).trim(), "start");

    lab.elsewhere(|other| {
        fs::write(other.join("a.yaml"), "a: 2\n").unwrap();
        fs::remove_file(other.join("b.yaml")).unwrap();
        fs::create_dir(other.join("more")).unwrap();
        fs::write(other.join("more/c.yaml"), "c: 1\n").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", other.join("link.yaml")).unwrap();
    });
    // Whatever somebody left there.
    fs::write(copy.path().join("left.yaml"), "").unwrap();
    let second = mirror.fetch(&environment).unwrap();
    assert_ne!(second, first);
    mirror.show(&second).unwrap();
    assert_eq!(listed(copy.path()), ["a.yaml", "apps", "link.yaml", "more"]);
    assert_eq!(fs::read_to_string(copy.path().join("a.yaml")).unwrap(), "a: 2\n");
    assert_eq!(fs::read_to_string(copy.path().join("link.yaml")).unwrap(), "/etc/passwd", "no link leads out");

    // A push by force, too: the remote is right.
    mirror.show(&first).unwrap();
    assert_eq!(listed(copy.path()), ["a.yaml", "apps", "b.yaml"]);
}

#[test]
fn another_branch_is_taken_where_it_is_asked_for_or_the_default() {
    let lab = Lab::new();
    lab.git(&["push", "-q", "origin", "main:refs/heads/trunk"]);
    let environment = Environment::of(&[]);
    let branch = |asked: Option<&str>| {
        let copy = tempfile::tempdir().unwrap();
        let mirror = Mirror::new(copy.path(), lab.remote.to_str().unwrap(), asked).unwrap();
        mirror.fetch(&environment).map(|Tip { branch, .. }| branch)
    };
    assert_eq!(branch(Some("trunk")).unwrap(), "trunk");
    lab.remote_git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    assert_eq!(branch(None).unwrap(), "trunk");
    lab.remote_git(&["update-ref", "-d", "refs/heads/main"]);
    assert_eq!(branch(None).unwrap(), "trunk");
    let error = branch(Some("gone")).unwrap_err().to_string();
    assert!(error.contains("it has no branch gone"), "{error}");
}

#[test]
fn a_password_comes_from_the_file() {
    let lab = Lab::new();
    let server = http::Server::serve(lab.work.parent().unwrap(), "me", "p@ss");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/remote.git", server.url);
    let fetch = |logins: &str| {
        let file = folder.path().join("logins");
        fs::write(&file, logins).unwrap();
        let copy = tempfile::tempdir().unwrap();
        Mirror::new(copy.path(), &url, None).unwrap().fetch(&Environment::of(&[]).with_logins(file))
    };
    let host = server.url.strip_prefix("http://").unwrap();
    assert_eq!(fetch(&format!("http://me:p%40ss@{host}\n")).unwrap().commit.to_string(), lab.remote_head());
    let error = fetch(&format!("http://me:secret-word@{host}\n")).unwrap_err();
    assert!(matches!(error, Error::Remote { .. }) && !format!("{error:?}").contains("secret-word"), "{error:?}");
}
