//! What reading a folder yields.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A folder's manifests as values.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The folder that every path is relative to. For a single file it is the file's folder; empty for a stream.
    pub root: PathBuf,
    /// Every `.yaml`, `.yml` and `.json` file, sorted by path, each once.
    pub files: Vec<SourceFile>,
    /// What was left aside on purpose, sorted by path.
    pub notes: Vec<Note>,
    /// What the caller of [`read_except`](crate::read_except) left aside, sorted; folders end in `/`.
    pub left_aside: Vec<String>,
    /// Folders that hold a `Chart.yaml` (Helm), relative, `""` for the root itself.
    pub charts: BTreeSet<String>,
    /// Whether the root itself lies below a chart's `templates` folder.
    pub inside_templates: bool,
}

impl Tree {
    /// The file at `path` (relative, `/` separated).
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// Whether `path` is a Helm template: it lies below the `templates` folder of a chart, so it is text for Go's
    /// template engine and not yet YAML.
    #[must_use]
    pub fn is_template(&self, path: &str) -> bool {
        self.inside_templates
            || path.match_indices("templates/").any(|(at, _)| {
                let chart = &path[..at];
                (chart.is_empty() || chart.ends_with('/')) && self.charts.contains(chart.trim_end_matches('/'))
            })
    }
}

/// One file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to [`Tree::root`], `/` separated on every system; `-` for standard input.
    pub path: String,
    /// The text with every byte kept (BOM and CRLF too), or why there is none.
    pub content: Result<Arc<str>, Unreadable>,
}

/// Why a file has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The reason, to be shown to people.
    pub reason: Reason,
    /// Line and column, from 1 and as an editor counts them, of the first byte that is no text: for encodings.
    pub at: Option<(usize, usize)>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        self.at.map_or(Ok(()), |(line, column)| write!(f, " (line {line}, column {column})"))
    }
}

/// The kinds of [`Unreadable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Bytes that are not UTF-8, the only encoding that Kubernetes takes.
    NotUtf8,
    /// UTF-16, by its byte order mark or the zeros in front: go-yaml takes it with the mark only, kubectl never.
    Utf16,
    /// UTF-32, by the same signs: YAML allows it, and no loader takes it.
    Utf32,
    /// More bytes than `limit`.
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// The operating system refused; its own words.
    Io(String),
    /// The file's name is not UTF-8, so no manifest or generator could name it; `path` holds a lossy form.
    Name,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("it is not UTF-8"),
            Self::Utf16 => f.write_str("it is UTF-16; save it as UTF-8"),
            Self::Utf32 => f.write_str("it is UTF-32; save it as UTF-8"),
            Self::TooLarge { limit } => write!(f, "it is larger than {} MiB", limit >> 20),
            Self::Io(why) => f.write_str(why),
            Self::Name => f.write_str("its name is not UTF-8"),
        }
    }
}

/// Something left aside on purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Relative to [`Tree::root`], `/` separated.
    pub path: String,
    /// Why it was left aside.
    pub reason: NoteReason,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// The kinds of [`Note`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteReason {
    /// A symbolic link that leaves the tree: never followed.
    LinkOutOfTree,
    /// A symbolic link to something in the tree that is not read under its own name.
    LinkNotRead {
        /// Where it leads, relative to the root.
        target: String,
    },
    /// A symbolic link that leads nowhere, or in a circle.
    LinkBroken,
    /// A manifest's name on something that is no file: a pipe, a socket, a device.
    NotAFile,
    /// A folder that the operating system does not let us list; its own words.
    Unlisted(String),
}

impl fmt::Display for NoteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkOutOfTree => f.write_str("a symbolic link out of the tree, not followed"),
            Self::LinkNotRead { target } => write!(f, "a symbolic link to {target}, not followed"),
            Self::LinkBroken => f.write_str("a symbolic link that leads nowhere"),
            Self::NotAFile => f.write_str("not a regular file, not read"),
            Self::Unlisted(why) => write!(f, "folder not listed: {why}"),
        }
    }
}
