//! A folder of manifests as a source of pages, with other folders as the commits before it.

use hyperspace_web::{Commit, Snapshot, Source};
use model::{Context, Repository, SourceFile, Unreadable};
use std::path::{Path, PathBuf};

pub(crate) struct Folder {
    now: PathBuf,
    /// The newest first.
    commits: Vec<(Commit, PathBuf)>,
}

impl Folder {
    pub(crate) fn new(now: impl Into<PathBuf>) -> Folder {
        Folder { now: now.into(), commits: Vec::new() }
    }

    #[allow(dead_code, reason = "an example shows a folder without a history")]
    pub(crate) fn before(mut self, commit: Commit, folder: impl Into<PathBuf>) -> Folder {
        self.commits.push((commit, folder.into()));
        self
    }
}

fn checked(folder: &Path) -> Result<Snapshot, String> {
    let tree = files::read(folder).map_err(|error| error.to_string())?;
    let source = |file: files::SourceFile| SourceFile {
        path: file.path,
        content: file.content.map_err(|error| Unreadable { reason: error.to_string(), at: None }),
    };
    let sources: Vec<SourceFile> = tree.files.into_iter().map(source).collect();
    let context = Context::default();
    let repository = Repository::read(&sources, &context);
    Ok(Snapshot::of(&repository, &context, &rules::check(&repository, &context)))
}

impl Source for Folder {
    fn load(&self) -> Result<Snapshot, String> {
        checked(&self.now)
    }

    fn at(&self, commit: &str) -> Result<Snapshot, String> {
        let found = self.commits.iter().find(|(listed, _)| listed.id == commit);
        found.map_or_else(|| Err(format!("there is no commit {commit}")), |(_, folder)| checked(folder))
    }

    fn commits(&self, most: usize) -> Vec<Commit> {
        self.commits.iter().map(|(commit, _)| commit.clone()).take(most).collect()
    }

    fn commit(&self, id: &str) -> Option<Commit> {
        self.commits.iter().map(|(commit, _)| commit).find(|commit| id.starts_with(&commit.id)).cloned()
    }
}
