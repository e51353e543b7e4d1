//! What a lab can go back to: the files of one commit.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ClusterError;
use super::git_server::BARE;
use super::layout::Layout;
use super::{machine, sources};

/// The files of one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Their texts, by path in the repository.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Start {
    /// What lies in a folder. Where an ApplicationSet deploys from a folder that is not there, the whole is what belongs at
    /// that place: a published start holds the manifests alone.
    ///
    /// # Errors
    /// Where it cannot be read, or has no ApplicationSet.
    pub fn read(folder: &Path) -> Result<Self, ClusterError> {
        let mut files = Vec::new();
        for path in listed(folder)? {
            let Ok(name) = path.strip_prefix(folder) else { continue };
            let text = fs::read(&path).map_err(ClusterError::io("reading", &path))?;
            files.push((name.to_string_lossy().into_owned(), text));
        }
        files.sort();
        let set = files.iter().find_map(|(name, text)| {
            let text = std::str::from_utf8(text).ok().filter(|text| sources::is_set(text))?;
            (name.ends_with(".yaml") || name.ends_with(".yml")).then_some(text)
        });
        let place = set.and_then(sources::generated_from).map(str::to_owned);
        let place = place.ok_or_else(|| ClusterError::NoRelease(folder.to_owned()))?;
        if !folder.join(&place).is_dir() {
            files.iter_mut().for_each(|(name, _)| *name = format!("{place}/{name}"));
        }
        Ok(Self { files })
    }

    /// Makes it the one commit of the served branch. The same files make the same commit, whoever commits and whenever.
    pub(super) fn commit(&self, layout: &Layout) -> Result<String, ClusterError> {
        let folder = layout.path("start");
        drop(fs::remove_dir_all(&folder));
        for (name, text) in &self.files {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(&folder);
            fs::create_dir_all(parent).map_err(ClusterError::io("creating", parent))?;
            fs::write(&path, text).map_err(ClusterError::io("writing", &path))?;
        }
        let (bare, tree) = (layout.text(BARE), folder.display().to_string());
        let index = format!("GIT_INDEX_FILE={}", layout.text("start.index"));
        drop(fs::remove_file(layout.path("start.index")));
        let run = |args: &[&str]| {
            let who = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| format!("{name}=hyperspace lab"));
            let mail = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| format!("{name}=lab@hyperspace.invalid"));
            let when = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| format!("{name}=2026-01-01T00:00:00Z"));
            let all = who.iter().chain(&mail).chain(&when).chain([&index]).map(String::as_str);
            let git = ["git", "-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"];
            let all = all.chain(git).chain(["--git-dir", &bare, "--work-tree", &tree]);
            machine::run("env", &all.chain(args.iter().copied()).collect::<Vec<_>>())
        };
        run(&["add", "--all", "--force", &tree])?;
        let written = run(&["write-tree"])?;
        let commit = run(&["commit-tree", written.trim(), "-m", "Leave the desk as it was found"])?;
        run(&["update-ref", "refs/heads/main", commit.trim()])?;
        drop(fs::remove_dir_all(&folder));
        Ok(commit.trim().to_owned())
    }
}

/// The files below a folder: those that git tracks, where it is a repository.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, ClusterError> {
    let mut found = Vec::new();
    if folder.join(".git").exists() {
        let all = machine::run("git", &["-C", &folder.display().to_string(), "ls-files", "-z"])?;
        // Tracked, and gone since.
        found.extend(all.split_terminator('\0').map(|name| folder.join(name)).filter(|path| path.is_file()));
        return Ok(found);
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(ClusterError::io("reading", &folder))?.flatten() {
            let kind = entry.file_type().map_err(ClusterError::io("reading", &folder))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_start_goes_where_its_set_looks_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("appset.yaml", "kind: ApplicationSet\n  - path: far/away/*\n");
        write("hotrod/rollout.yaml", "kind: Rollout\n");
        let names = || {
            let start = Start::read(folder.path()).expect("a start");
            start.files.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(), ["far/away/appset.yaml", "far/away/hotrod/rollout.yaml"]);
        write("far/away/x/y.yaml", "");
        assert_eq!(names(), ["appset.yaml", "far/away/x/y.yaml", "hotrod/rollout.yaml"]);
        fs::remove_file(folder.path().join("appset.yaml")).expect("gone");
        assert!(matches!(Start::read(folder.path()), Err(ClusterError::NoRelease(_))));
    }

    #[test]
    fn the_same_files_are_the_same_commit() {
        let folder = tempfile::tempdir().expect("a folder");
        let layout = Layout::at(folder.path().to_owned());
        let bare = layout.text(BARE);
        machine::run("git", &["init", "--quiet", "--bare", &bare]).expect("a repository");
        let start = |text: &str| Start { files: vec![("a/b".to_owned(), text.as_bytes().to_vec())] };
        let first = start("1").commit(&layout).expect("a commit");
        let second = start("2").commit(&layout).expect("a commit");
        assert_ne!(first, second);
        assert_eq!(start("1").commit(&layout).expect("a commit"), first);
        let show = ["-C", &bare, "show", "main:a/b"];
        assert_eq!(machine::run("git", &show).expect("the file"), "1");
        assert_eq!(machine::run("git", &["-C", &bare, "rev-list", "--count", "main"]).expect("one").trim(), "1");
    }
}
