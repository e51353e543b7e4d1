//! The journal in the git directory: what a run set out to do and how far it came, so that a killed run can be ended.
//!
//! It holds the files' contents themselves, not blob ids: nothing refers to such blobs yet, so a `git gc` between the kill
//! and the next run could drop them, and with `--allow-dirty` they may be the only copy of somebody's work.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use git2::Oid;
use serde::{Deserialize, Serialize};

use crate::error::{Error, io as io_error};
use crate::plan::{Edit, Person, Prepared};
use crate::repository::Repository;

const VERSION: u32 = 1;

/// Everything that a later process needs to end this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    version: u32,
    pub(crate) stage: Stage,
    /// Short name of the branch that was checked out.
    pub(crate) branch: String,
    /// The commit that ours goes on top of.
    #[serde(with = "hex")]
    pub(crate) head: Oid,
    /// Our commit, once it exists.
    #[serde(with = "maybe_hex")]
    pub(crate) commit: Option<Oid>,
    /// While the branch is brought forward from our commit to the rebased one.
    pub(crate) moving: Option<Moving>,
    /// Whether ours was rebased before: then `edits` no longer tell what HEAD's files held.
    pub(crate) rebased: bool,
    pub(crate) edits: Vec<JournalEdit>,
    pub(crate) message: String,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) folder: String,
    pub(crate) allow_dirty: bool,
    /// Remote (a name, or a URL without credentials) and branch.
    pub(crate) target: Option<(String, String)>,
}

/// How far a run came. Each stage is written before the first step of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Files are being written; the branch may have moved to our commit.
    Planned,
    /// Files, branch and index are done; the push may have happened.
    Committed,
    /// The remote refused the push, and said why.
    Rejected,
}

/// A branch on its way from one commit to another, both known to the object database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moving {
    #[serde(with = "hex")]
    pub(crate) from: Oid,
    #[serde(with = "hex")]
    pub(crate) to: Oid,
    /// What `to` goes on top of.
    #[serde(with = "hex")]
    pub(crate) onto: Oid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JournalEdit {
    pub(crate) path: String,
    pub(crate) base: Option<String>,
    pub(crate) new: String,
}

impl Journal {
    pub(crate) fn new(prepared: &Prepared) -> Self {
        let edit =
            |edit: &Edit| JournalEdit { path: edit.path.clone(), base: edit.base.clone(), new: edit.new.clone() };
        Self {
            version: VERSION,
            stage: if prepared.edits.is_empty() { Stage::Committed } else { Stage::Planned },
            branch: prepared.branch.clone(),
            head: prepared.head,
            commit: None,
            moving: None,
            rebased: false,
            edits: prepared.edits.iter().map(edit).collect(),
            message: prepared.message.clone(),
            author: prepared.author.clone(),
            committer: prepared.committer.clone(),
            folder: prepared.folder.clone(),
            allow_dirty: prepared.allow_dirty,
            target: prepared.target.as_ref().map(|target| (target.remote.clone(), target.branch.clone())),
        }
    }

    /// The commit that the branch is at when nothing is left but the push.
    pub(crate) fn tip(&self) -> Oid {
        self.commit.unwrap_or(self.head)
    }
}

/// `.git/hyperspace`, locked for this process.
pub(crate) struct Desk {
    folder: PathBuf,
    /// The operating system lets go of it when the process ends, however it ends, so no lock is ever stale.
    lock: File,
}

impl Desk {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`Error::Busy`] while another process holds it.
    pub(crate) fn take(repository: &Repository) -> Result<Self, Error> {
        let folder = folder(repository);
        let mut builder = fs::DirBuilder::new();
        // The files' contents may be secret.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder).map_err(io_error("create", &folder))?;
        let path = folder.join("lock");
        let mut lock = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only to name the holder: unreadable is as good as unknown.
                let _ = lock.read_to_string(&mut holder);
                return Err(Error::Busy { pid: holder.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
        }
        let named = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
        named.map_err(io_error("write", &path))?;
        Ok(Self { folder, lock })
    }

    /// A folder of our own, emptied.
    pub(crate) fn scratch(&self) -> Result<PathBuf, Error> {
        let path = self.folder.join("incoming");
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("empty", &path)(error)),
            _ => {}
        }
        fs::create_dir_all(&path).map_err(io_error("create", &path))?;
        Ok(path)
    }

    pub(crate) fn read(&self) -> Result<Option<Journal>, Error> {
        read(&self.folder.join("journal.json"))
    }

    pub(crate) fn write(&self, journal: &Journal) -> Result<(), Error> {
        let path = self.folder.join("journal.json");
        let text = serde_json::to_vec_pretty(journal)
            .map_err(|error| Error::Journal { path: path.clone(), reason: error.to_string() })?;
        files::replace(&path, &text).map_err(io_error("write", &path))
    }

    /// The end of a run.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let path = self.folder.join("journal.json");
        let _ = fs::remove_dir_all(self.folder.join("incoming"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread is just starting holds the same open file until it execs.
        let _ = self.lock.unlock();
    }
}

fn folder(repository: &Repository) -> PathBuf {
    repository.git_dir().join("hyperspace")
}

/// The journal, without taking the lock: for a look only.
pub(crate) fn peek(repository: &Repository) -> Result<Option<Journal>, Error> {
    read(&folder(repository).join("journal.json"))
}

fn read(path: &PathBuf) -> Result<Option<Journal>, Error> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", path)(error)),
    };
    let bad = |reason: String| Error::Journal { path: path.clone(), reason };
    let journal: Journal = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if journal.version == VERSION {
        Ok(Some(journal))
    } else {
        Err(bad(format!("it was written by another version ({})", journal.version)))
    }
}

mod hex {
    use git2::Oid;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(id: &Oid, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Oid, D::Error> {
        String::deserialize(from)?.parse().map_err(|error: git2::Error| D::Error::custom(error.message()))
    }
}

mod maybe_hex {
    use git2::Oid;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(id: &Option<Oid>, to: S) -> Result<S::Ok, S::Error> {
        id.map(|id| id.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Oid>, D::Error> {
        let id = Option::<String>::deserialize(from)?;
        id.map(|id| id.parse()).transpose().map_err(|error: git2::Error| D::Error::custom(error.message()))
    }
}
