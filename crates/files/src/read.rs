//! Reading: a folder, a file, or a stream.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::tree::{Reason, SourceFile, Tree, Unreadable};
use crate::walk;

/// The largest file that is read, in bytes. etcd refuses objects above 1.5 MiB, so this leaves room for large lists.
pub const FILE_LIMIT: usize = 16 << 20;
/// The largest stream that is read, in bytes: a whole cluster's rendered manifests.
pub const STREAM_LIMIT: usize = 256 << 20;

/// Why nothing could be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct ReadError {
    /// The path as given.
    pub path: PathBuf,
    /// What the operating system says.
    pub source: io::Error,
}

/// Reads every manifest at or below `path`, in parallel.
///
/// A folder is walked as git sees it (`.gitignore` and `.git/info/exclude` hold, with or without a repository; the
/// user's global ignore file does not, so that two people get one answer), without dot-names, `node_modules` and
/// build output. Symbolic links are never followed; those that would have been manifests or folders of them are in
/// [`Tree::notes`], unless their target is read under its own name. A file named outright is read whatever it is called.
///
/// # Errors
/// Only when `path` itself cannot be opened, or is neither file nor folder. Everything below it is reported in the tree.
pub fn read(path: &Path) -> Result<Tree, ReadError> {
    read_except(path, &walk::nothing_aside())
}

/// Whether the file or folder (`true`) at a path is left aside. What lies in such a folder is never looked at.
pub type Aside = Arc<dyn Fn(&Path, bool) -> bool + Send + Sync>;

/// As [`read`], without what `aside` says; that stands in [`Tree::left_aside`]. A file named outright is always read.
///
/// # Errors
/// As [`read`].
pub fn read_except(path: &Path, aside: &Aside) -> Result<Tree, ReadError> {
    let failed = |source| ReadError { path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(failed)?;
    if kind.is_dir() {
        fs::read_dir(path).map_err(failed)?;
        return Ok(walk::tree(path, aside));
    }
    if !kind.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder")));
    }
    File::open(path).map_err(failed)?;
    let (name, named) = match path.file_name() {
        Some(name) => (name.to_string_lossy().into_owned(), name.to_str().is_some()),
        None => return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "has no name"))),
    };
    let content =
        if named { read_file(path, &mut Vec::new()) } else { Err(Unreadable { reason: Reason::Name, at: None }) };
    let root = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let inside_templates = walk::inside_templates(&root);
    Ok(Tree { root, files: vec![SourceFile { path: name, content }], inside_templates, ..Tree::default() })
}

/// Reads a stream of documents, such as `kustomize build`'s output, as one file of the path `-`.
#[must_use]
pub fn read_stream(stream: impl Read) -> SourceFile {
    let mut bytes = Vec::new();
    SourceFile { path: "-".to_owned(), content: read_all(stream, &mut bytes, STREAM_LIMIT) }
}

/// Turns bytes from elsewhere (a revision's blob) into the text of a [`SourceFile`], under the same rules.
///
/// # Errors
/// More than [`FILE_LIMIT`] bytes, or not UTF-8.
pub fn from_bytes(bytes: &[u8]) -> Result<Arc<str>, Unreadable> {
    within(bytes, FILE_LIMIT)
}

/// Room for most manifests.
const FIRST: usize = 16 << 10;

/// Reads one file. `buffer` is scratch space, kept by the caller so that ten thousand files share one allocation.
pub(crate) fn read_file(path: &Path, buffer: &mut Vec<u8>) -> Result<Arc<str>, Unreadable> {
    match File::open(path) {
        Ok(file) => read_all(file, buffer, FILE_LIMIT),
        Err(error) => Err(unreadable(&error)),
    }
}

fn read_all(stream: impl Read, buffer: &mut Vec<u8>, limit: usize) -> Result<Arc<str>, Unreadable> {
    buffer.clear();
    // Else reading begins with 32 bytes and asks again and again.
    buffer.reserve(FIRST);
    // One byte more than allowed tells "just fits" from "too large" without reading the rest.
    let asked = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    stream.take(asked).read_to_end(buffer).map_err(|error| unreadable(&error))?;
    within(buffer, limit)
}

fn unreadable(error: &io::Error) -> Unreadable {
    Unreadable { reason: Reason::Io(error.to_string()), at: None }
}

fn within(bytes: &[u8], limit: usize) -> Result<Arc<str>, Unreadable> {
    if bytes.len() > limit {
        return Err(Unreadable { reason: Reason::TooLarge { limit }, at: None });
    }
    if let Some(reason) = wide(bytes) {
        return Err(Unreadable { reason, at: Some((1, 1)) });
    }
    std::str::from_utf8(bytes)
        .map(Arc::from)
        .map_err(|error| Unreadable { reason: Reason::NotUtf8, at: Some(position(bytes, error.valid_up_to())) })
}

/// The wider encodings, told as YAML 1.2 tells them (section 5.2): by the byte order mark, else by the zeros around the
/// first character, which is ASCII. Neither can begin a document in UTF-8.
fn wide(bytes: &[u8]) -> Option<Reason> {
    match bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=255, ..] | [0xff, 0xfe, 0, 0, ..] | [1..=255, 0, 0, 0, ..] => {
            Some(Reason::Utf32)
        }
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, 1..=255, 0, 1..=255, ..] | [1..=255, 0, 1..=255, 0, ..] => {
            Some(Reason::Utf16)
        }
        _ => None,
    }
}

/// Line and column of a byte; what stands before it is UTF-8.
fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
