//! The files of a revision, under the same rules as those of the working tree.

use files::{Note, NoteReason, Reason, SourceFile, Tree, Unreadable};
use git2::{ErrorCode, ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use crate::error::{Doing, Error};
use crate::repository::Repository;

/// git's mode of a symbolic link.
const LINK: i32 = 0o120_000;

/// A commit for a list to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its hash, as short as it may be in this repository.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// Seconds since 1970, and the committer's minutes east of Greenwich.
    pub when: (i64, i32),
}

/// Commits that are looked at in search of those that touch a folder.
const MOST_WALKED: usize = 2000;

impl Repository {
    /// The newest commits of HEAD's line (of merges the first parent's) that changed something below `folder`, the newest
    /// first; none before the first commit. A history that is searched for long is searched no further.
    ///
    /// # Errors
    /// An object database that cannot be read.
    pub fn log(&self, folder: &str, most: usize) -> Result<Vec<Listed>, Error> {
        let folder = folder.trim_matches('/');
        let Some(head) = self.head()?.commit else { return Ok(Vec::new()) };
        let below = |commit: &git2::Commit<'_>| -> Result<Option<Oid>, git2::Error> {
            let tree = commit.tree()?;
            if folder.is_empty() {
                return Ok(Some(tree.id()));
            }
            Ok(tree.get_path(folder.as_ref()).ok().map(|entry| entry.id()))
        };
        let listed = || -> Result<Vec<Listed>, git2::Error> {
            let mut found = Vec::new();
            let mut next = Some(self.inner.find_commit(head)?);
            for _ in 0..MOST_WALKED {
                let Some(commit) = next.take().filter(|_| found.len() < most) else { break };
                // A shallow clone names parents that it does not have.
                next = commit.parent(0).ok();
                let before = next.as_ref().map(below).transpose()?.flatten();
                let now = below(&commit)?;
                if now == before {
                    continue;
                }
                let id = commit.as_object().short_id()?;
                let time = commit.time();
                found.push(Listed {
                    id: String::from_utf8_lossy(&id).into_owned(),
                    subject: commit.summary().ok().flatten().unwrap_or_default().to_owned(),
                    when: (time.seconds(), time.offset_minutes()),
                });
            }
            Ok(found)
        };
        listed().doing("read the history")
    }

    /// The manifests that revision `rev` (anything `git rev-parse` takes) has below `folder` (relative to the
    /// repository, `""` for all of it). Paths are relative to `folder`; a folder that the revision lacks gives no files.
    /// `.gitignore` does not hold here: what is committed is deployed. Contents are as committed, before any
    /// conversion of line ends.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`], and an object database that cannot be read.
    pub fn read_at(&self, rev: &str, folder: &str) -> Result<Tree, Error> {
        let object = match self.inner.revparse_single(rev) {
            Ok(object) => object,
            Err(error)
                if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Ambiguous) =>
            {
                return Err(Error::UnknownRevision(rev.to_owned()));
            }
            Err(error) => return Err(error).doing(format!("read the revision {rev:?}")),
        };
        let tree = object.peel_to_tree().map_err(|_| Error::UnknownRevision(rev.to_owned()))?;
        self.read_tree(&tree, folder)
    }

    /// Whether revision `rev` has this folder (relative to the repository; `.` and `""` are all of it).
    pub fn has_folder(&self, rev: &str, folder: &str) -> bool {
        let tree = self.inner.revparse_single(rev).and_then(|object| object.peel_to_tree());
        let folder = folder.trim_start_matches("./").trim_matches('/');
        let is_tree = |tree: git2::Tree<'_>| {
            matches!(folder, "" | ".")
                || tree.get_path(folder.as_ref()).is_ok_and(|entry| entry.kind() == Some(ObjectType::Tree))
        };
        tree.is_ok_and(is_tree)
    }

    pub(crate) fn read_tree(&self, tree: &git2::Tree<'_>, folder: &str) -> Result<Tree, Error> {
        let folder = folder.trim_matches('/');
        let mut found = Tree { root: self.root().join(folder), ..Tree::default() };
        let below = if folder.is_empty() {
            tree.clone()
        } else {
            match tree.get_path(folder.as_ref()) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => {
                    self.inner.find_tree(entry.id()).doing(format!("read {folder}"))?
                }
                _ => return Ok(found),
            }
        };
        found.inside_templates = self.inside_templates(tree, folder);
        let walked = below.walk(TreeWalkMode::PreOrder, |above, entry| {
            let name = String::from_utf8_lossy(entry.name_bytes());
            if entry.kind() == Some(ObjectType::Tree) {
                let skip = files::is_skipped_folder(&name);
                return if skip { TreeWalkResult::Skip } else { TreeWalkResult::Ok };
            }
            // libgit2 gives the folder with a trailing slash.
            let path = format!("{}{name}", above);
            if entry.kind() != Some(ObjectType::Blob) || !files::is_visible_manifest(&path) {
                return TreeWalkResult::Ok;
            }
            if entry.filemode() == LINK {
                let target = self.inner.find_blob(entry.id()).map(|blob| blob.content().to_vec()).unwrap_or_default();
                let target = String::from_utf8_lossy(&target).into_owned();
                found.notes.push(Note { path, reason: NoteReason::LinkNotRead { target } });
                return TreeWalkResult::Ok;
            }
            if name == "Chart.yaml" {
                found.charts.insert(above.trim_end_matches('/').to_owned());
            }
            let content = if std::str::from_utf8(entry.name_bytes()).is_err() {
                Err(Unreadable { reason: Reason::Name, at: None })
            } else {
                match self.inner.find_blob(entry.id()) {
                    Ok(blob) => files::from_bytes(blob.content()),
                    // A blob that a partial clone has not fetched.
                    Err(error) => Err(Unreadable { reason: Reason::Io(error.message().to_owned()), at: None }),
                }
            };
            found.files.push(SourceFile { path, content });
            TreeWalkResult::Ok
        });
        walked.doing("read the revision's files")?;
        found.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        found.notes.sort();
        Ok(found)
    }

    fn inside_templates(&self, tree: &git2::Tree<'_>, folder: &str) -> bool {
        let mut above = folder;
        while !above.is_empty() {
            let (parent, name) = above.rsplit_once('/').unwrap_or(("", above));
            let chart = if parent.is_empty() { "Chart.yaml".to_owned() } else { format!("{parent}/Chart.yaml") };
            if name == "templates" && tree.get_path(chart.as_ref()).is_ok() {
                return true;
            }
            above = parent;
        }
        false
    }
}
