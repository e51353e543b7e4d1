//! Walking a folder with the `ignore` crate, in parallel.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use crate::read::{Aside, read_file};
use crate::skip::{is_build_output, is_manifest_name, is_skipped_folder};
use crate::tree::{Note, NoteReason, Reason, SourceFile, Tree, Unreadable};

/// More threads than this wait for the file system, not for each other.
const THREADS: usize = 8;
/// A scratch buffer above this is given back after the file that needed it.
const KEPT_BUFFER: usize = 1 << 20;

/// The closest folder at or above `path` that holds a `.git`, without opening it. A bare repository is not found.
#[must_use]
pub fn repository_root(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    path.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// Every folder below `root` that reading would enter, relative and `/` separated, without the root itself.
#[must_use]
pub fn folders(root: &Path) -> BTreeSet<String> {
    builder(root, &nothing_aside(), &Arc::default())
        .build()
        .flatten()
        .filter(|entry| entry.depth() > 0 && is_folder(entry))
        .filter_map(|entry| relative(root, entry.path()).ok())
        .collect()
}

/// Nothing that would be read is left aside.
pub(crate) fn nothing_aside() -> Aside {
    Arc::new(|_, _| false)
}

/// Reads the manifests below `root` that are not left aside.
pub(crate) fn tree(root: &Path, aside: &Aside) -> Tree {
    let found = Mutex::new(Found::default());
    let left = Arc::<Left>::default();
    let mut visitors = Visitors { root, found: &found };
    let mut walk = builder(root, aside, &left);
    if is_small(root, aside) {
        let mut visitor = visitors.build();
        for entry in walk.build() {
            visitor.visit(entry);
        }
    } else {
        let threads = thread::available_parallelism().map_or(2, |n| n.get().min(THREADS));
        walk.threads(threads).build_parallel().visit(&mut visitors);
    }
    let left = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));

    let mut tree = Tree {
        root: root.to_owned(),
        files: found.files,
        notes: found.notes,
        charts: found.charts,
        left_aside: left.into_iter().collect(),
        inside_templates: inside_templates(root),
    };
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    for link in found.links {
        if let Some(reason) = judge_link(&tree, &canonical, &root.join(&link)) {
            tree.notes.push(Note { path: link, reason });
        }
    }
    tree.notes.sort();
    tree
}

/// Whether `root` is a chart's `templates` folder or lies in one, within its repository.
pub(crate) fn inside_templates(root: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return false };
    for folder in root.ancestors() {
        if folder.file_name() == Some(OsStr::new("templates")) && folder.with_file_name("Chart.yaml").exists() {
            return true;
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    false
}

/// Below this many entries one thread is done before others have started: the parallel walker's idle workers sleep a
/// millisecond at a time.
const SMALL: usize = 128;

/// Whether the folder holds fewer than [`SMALL`] entries, by looking at no more than that.
fn is_small(root: &Path, aside: &Aside) -> bool {
    let (mut seen, mut open) = (0, vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen >= SMALL {
                return false;
            }
            let folder = entry.file_type().is_ok_and(|t| t.is_dir());
            if folder && is_entered(&entry.file_name(), &entry.path()) && !aside(&entry.path(), true) {
                open.push(entry.path());
            }
        }
    }
    true
}

/// Paths that the caller left aside, those of folders with a `/` at the end.
type Left = Mutex<BTreeSet<String>>;

fn builder(root: &Path, aside: &Aside, left: &Arc<Left>) -> WalkBuilder {
    let (base, aside, left) = (root.to_owned(), Arc::clone(aside), Arc::clone(left));
    let mut builder = WalkBuilder::new(root);
    builder.follow_links(false).ignore(false).git_global(false).require_git(false).filter_entry(move |entry| {
        let folder = is_folder(entry);
        if entry.depth() == 0 {
            return true;
        }
        if folder && !is_entered(entry.file_name(), entry.path()) {
            return false;
        }
        if (folder || is_manifest_name(&entry.file_name().to_string_lossy())) && aside(entry.path(), folder) {
            let path = relative(&base, entry.path()).unwrap_or_else(|lossy| lossy);
            let path = if folder { format!("{path}/") } else { path };
            left.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
            return false;
        }
        true
    });
    builder
}

fn is_entered(name: &OsStr, folder: &Path) -> bool {
    !(name.to_str().is_some_and(is_skipped_folder) || is_build_output(folder))
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// What all threads found, in no order.
#[derive(Default)]
struct Found {
    files: Vec<SourceFile>,
    notes: Vec<Note>,
    links: Vec<String>,
    charts: BTreeSet<String>,
}

struct Visitors<'a> {
    root: &'a Path,
    found: &'a Mutex<Found>,
}

impl<'s, 'a: 's> ParallelVisitorBuilder<'s> for Visitors<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor { root: self.root, shared: self.found, own: Found::default(), buffer: Vec::new() })
    }
}

/// One thread's part; it joins the others' when the thread ends.
struct Visitor<'a> {
    root: &'a Path,
    shared: &'a Mutex<Found>,
    own: Found,
    buffer: Vec<u8>,
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.entry(&entry),
            Err(error) => self.failure(error),
        }
        WalkState::Continue
    }
}

impl Visitor<'_> {
    fn entry(&mut self, entry: &DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() || entry.depth() == 0 {
            return;
        }
        let manifest = is_manifest_name(&entry.file_name().to_string_lossy());
        if !manifest && !kind.is_symlink() {
            return;
        }
        let (path, named) = match relative(self.root, entry.path()) {
            Ok(path) => (path, true),
            Err(path) => (path, false),
        };
        if kind.is_symlink() {
            self.own.links.push(path);
        } else if !kind.is_file() {
            // Opening a pipe would wait for its writer.
            self.own.notes.push(Note { path, reason: NoteReason::NotAFile });
        } else {
            if entry.file_name() == "Chart.yaml" {
                let folder = path.strip_suffix("Chart.yaml").unwrap_or_default();
                self.own.charts.insert(folder.trim_end_matches('/').to_owned());
            }
            let content = if named {
                read_file(entry.path(), &mut self.buffer)
            } else {
                Err(Unreadable { reason: Reason::Name, at: None })
            };
            if self.buffer.capacity() > KEPT_BUFFER {
                self.buffer = Vec::new();
            }
            self.own.files.push(SourceFile { path, content });
        }
    }

    fn failure(&mut self, error: ignore::Error) {
        // Faults in an ignore file itself come with the entry, not here: this is a folder that could not be listed.
        let (path, why) = match error {
            ignore::Error::WithDepth { err, .. } => return self.failure(*err),
            ignore::Error::WithPath { path, err } => (path, err.to_string()),
            other => (self.root.to_owned(), other.to_string()),
        };
        let path = relative(self.root, &path).unwrap_or_else(|lossy| lossy);
        self.own.notes.push(Note { path, reason: NoteReason::Unlisted(why) });
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.append(&mut self.own.files);
        all.notes.append(&mut self.own.notes);
        all.links.append(&mut self.own.links);
        all.charts.append(&mut self.own.charts);
    }
}

/// `path` below `root` with `/`; `Err` holds a lossy form of a name that is not UTF-8.
fn relative(root: &Path, path: &Path) -> Result<String, String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts = || below.components().filter(|part| matches!(part, Component::Normal(_))).map(Component::as_os_str);
    let mut text = String::with_capacity(below.as_os_str().len());
    for part in parts() {
        let Some(part) = part.to_str() else {
            return Err(parts().map(OsStr::to_string_lossy).collect::<Vec<_>>().join("/"));
        };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(part);
    }
    Ok(text)
}

/// What to say about a link; `None` where nothing is lost: it leads to a file or folder that is read anyway, or to
/// something that is no manifest.
fn judge_link(tree: &Tree, canonical_root: &Path, link: &Path) -> Option<NoteReason> {
    let manifest = link.file_name().is_some_and(|name| is_manifest_name(&name.to_string_lossy()));
    let Ok(target) = link.canonicalize() else {
        return manifest.then_some(NoteReason::LinkBroken);
    };
    let folder = target.is_dir();
    if !manifest && !folder {
        return None;
    }
    let Ok(_) = target.strip_prefix(canonical_root) else { return Some(NoteReason::LinkOutOfTree) };
    let target = relative(canonical_root, &target).unwrap_or_else(|lossy| lossy);
    // A folder's own files are walked where they are, unless it is one that is skipped.
    let read = if folder {
        target.is_empty() || !target.split('/').any(is_skipped_folder)
    } else {
        tree.get(&target).is_some()
    };
    (!read).then_some(NoteReason::LinkNotRead { target })
}
