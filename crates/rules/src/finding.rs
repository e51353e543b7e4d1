//! What a rule says: a finding at a place, its consequence at run time, and the fix it computed.

use std::ops::Range;
use yaml::{Op, Route};

/// How bad a finding is. `Error`: the release would not start, not measure, or promote or abort wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Works by luck, or only for now.
    Warning,
    /// Does not work.
    Error,
}

impl Severity {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Whether a fix may be applied without a person's judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// One reading is left; applied by `fix`.
    Safe,
    /// Needs a person's judgement; applied by `fix --unsafe-fixes`.
    Unsafe,
}

impl Safety {
    /// The word used in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        }
    }
}

/// A place in the repository, symbolic until the engine resolves it to a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Index into the repository's files.
    pub file: usize,
    /// Where in that file; the nearest ancestor that exists is shown.
    pub route: Route,
    /// Bytes of the scalar's decoded text, for a place inside a query or a condition.
    pub within: Option<Range<usize>>,
}

impl Location {
    /// The place without the bytes in it.
    pub(crate) fn place(&self) -> model::Place {
        model::Place { file: self.file, route: self.route.clone() }
    }
}

/// One all-or-nothing change; it may span files.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// Whether `fix` applies it unasked.
    pub safety: Safety,
    /// Symbolic operations per file.
    pub edits: Vec<FileEdit>,
}

/// The part of a [`Fix`] that touches one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileEdit {
    /// Index into the repository's files.
    pub file: usize,
    /// Applied in order.
    pub ops: Vec<Op>,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's stable name, such as `collector/no-receiver`.
    pub rule: &'static str,
    /// See [`Severity`].
    pub severity: Severity,
    /// What is wrong, one sentence, with the values involved.
    pub message: String,
    /// What happens at run time because of it.
    pub consequence: String,
    /// The place to look at first.
    pub at: Location,
    /// Other places that belong to the story, each with a label.
    pub related: Vec<(Location, String)>,
    /// How to mend it, where that can be computed.
    pub fix: Option<Fix>,
    /// Index of the finding that this one is an echo of.
    pub caused_by: Option<usize>,
}
