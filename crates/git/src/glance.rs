//! What a check has to know about the repository, read without libgit2.
//!
//! Starting libgit2 starts OpenSSL, which reads the machine's certificates: 7 to 20 ms, more than the whole check of a
//! small repository takes. A look needs four plain files. Wherever they hold something that is not understood here
//! (includes, `insteadOf`, submodules, extensions, a split index, quoting), libgit2 is asked after all, so this
//! can only be faster, never different; a test holds both to each other.

mod config;
mod index;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::redact::redact;
use crate::repository::Repository;
use config::Config;

/// A look at the repository around a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The working tree's folder, canonical.
    pub root: PathBuf,
    /// The folder that was asked about, relative to the root, `/` separated, `""` for the root itself.
    pub prefix: String,
    /// The branch that is checked out; `None` on a detached HEAD.
    pub branch: Option<String>,
    /// The URLs that pushes go to, without credentials; first that of the remote that `git push` would choose, the
    /// others by the remotes' names.
    pub remotes: Vec<String>,
    /// Its index, where nothing about the repository is unusual and it may be read here.
    index: Option<PathBuf>,
}

impl Glance {
    /// Every folder of the index, relative to the root, without the root itself.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn tracked_directories(&self) -> Result<BTreeSet<String>, Error> {
        match self.index.as_ref().map(fs::read) {
            Some(Ok(bytes)) => {
                if let Some(found) = index::directories(&bytes) {
                    return Ok(found);
                }
            }
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Some(Err(_)) | None => {}
        }
        Repository::discover(&self.root)?.map_or_else(|| Ok(BTreeSet::new()), |found| found.tracked_directories())
    }
}

/// Looks at the repository that `folder` lies in; `None` where there is none, or one without working tree.
///
/// # Errors
/// A repository that cannot be read.
pub fn glance(folder: &Path) -> Result<Option<Glance>, Error> {
    match light(folder) {
        Some(found) => Ok(Some(found)),
        None if is_nowhere(folder) => Ok(None),
        None => thorough(folder),
    }
}

/// Whether certainly no repository holds the folder: nothing at or above it is one or leads to one.
fn is_nowhere(folder: &Path) -> bool {
    let missing = |path: PathBuf| matches!(path.symlink_metadata(), Err(e) if e.kind() == std::io::ErrorKind::NotFound);
    folder
        .canonicalize()
        .is_ok_and(|folder| folder.ancestors().all(|above| missing(above.join(".git")) && missing(above.join("HEAD"))))
}

/// The same through libgit2.
fn thorough(folder: &Path) -> Result<Option<Glance>, Error> {
    let Some(repository) = Repository::discover(folder)?.filter(|found| !found.is_bare()) else { return Ok(None) };
    let Some(prefix) = repository.relative(folder) else { return Ok(None) };
    let branch = repository.head()?.branch;
    let mut names = repository.remotes()?;
    if let Some(first) = branch.as_deref().and_then(|branch| repository.push_remote(branch, None).ok()) {
        names.sort_by_key(|name| *name != first);
    }
    let remotes = names.iter().filter_map(|name| repository.remote_url(name).ok()).collect();
    Ok(Some(Glance { root: repository.root().to_owned(), prefix, branch, remotes, index: None }))
}

/// `None` in doubt.
fn light(folder: &Path) -> Option<Glance> {
    let folder = folder.canonicalize().ok()?;
    let root = folder.ancestors().find(|above| above.join(".git").exists())?.to_owned();
    let Folders { own, common } = Folders::of(&root.join(".git"))?;
    let below = folder.strip_prefix(&root).ok()?;
    let prefix: Option<Vec<&str>> = below.iter().map(std::ffi::OsStr::to_str).collect();

    let head = fs::read_to_string(own.join("HEAD")).ok()?;
    let branch = match head.trim_end().strip_prefix("ref: ") {
        Some(name) => Some(name.strip_prefix("refs/heads/").filter(|name| *name != ".invalid")?.to_owned()),
        None => None,
    };
    // `is_dir` of all of these tells a repository from a folder that happens to be called .git.
    if !(common.join("objects").is_dir() && common.join("refs").is_dir()) || std::env::var_os("GIT_DIR").is_some() {
        return None;
    }
    if !config::users_are_silent() {
        return None;
    }
    let config = Config::parse(&fs::read_to_string(common.join("config")).ok()?)?;
    let remotes = remotes(&config, branch.as_deref())?;
    Some(Glance { root, prefix: prefix?.join("/"), branch, remotes, index: Some(own.join("index")) })
}

/// Where git keeps what belongs to one working tree, and what all of them share.
struct Folders {
    own: PathBuf,
    common: PathBuf,
}

impl Folders {
    /// Follows `.git`: a folder, or a linked working tree's file with the way to its own.
    fn of(git: &Path) -> Option<Folders> {
        if git.is_dir() {
            return Some(Folders { own: git.to_owned(), common: git.to_owned() });
        }
        let says = |file: &Path, before: &str| {
            let text = fs::read_to_string(file).ok()?;
            let way = text.strip_prefix(before)?.trim_end_matches(['\r', '\n']);
            (!way.is_empty()).then(|| file.parent().map(|from| from.join(way))).flatten()
        };
        let own = says(git, "gitdir: ")?;
        let common = says(&own.join("commondir"), "")?;
        Some(Folders { own, common })
    }
}

fn remotes(config: &Config, branch: Option<&str>) -> Option<Vec<String>> {
    let mut names: Vec<&str> = config.subsections("remote").collect();
    names.sort_unstable();
    names.dedup();
    // As `Repository::push_remote`.
    if let Some(branch) = branch {
        let own = |key| config.get("branch", branch, key).map(|value| value.filter(|value| *value != "."));
        let default = config.get("remote", "", "pushdefault")?.filter(|value| *value != ".");
        let first = own("pushremote")?.or(default).or(own("remote")?);
        if let Some(first) = first {
            names.sort_by_key(|name| *name != first);
        }
    }
    let mut urls = Vec::new();
    for name in names {
        let url = config.get("remote", name, "url")?;
        if let Some(url) = config.get("remote", name, "pushurl")?.or(url) {
            // libgit2 makes a folder's path of some of these.
            if url.contains('\\') || url.is_empty() {
                return None;
            }
            urls.push(redact(url));
        }
    }
    Some(urls)
}

#[cfg(test)]
mod tests;
