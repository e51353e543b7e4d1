//! What is wrong with a text.

use std::ops::Range;

/// Something that keeps a loader from reading the text, or from reading it as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// For people, without the place.
    pub message: String,
    /// Byte range in the outer file; empty at the end of the file.
    pub span: Range<usize>,
    /// The document it lies in, from 0, counted in the stream that reports it.
    pub document: usize,
}

/// Kinds of [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not YAML. The rest of the document is unknown; what stood before it was understood.
    Syntax,
    /// A key stands twice in one mapping: Kubernetes and the collector refuse to load that.
    DuplicateKey {
        /// Byte range of the first one in the outer file.
        first: Range<usize>,
    },
    /// An alias names no anchor that stands before it; it reads as null.
    UnknownAlias,
    /// An alias lies inside the value that it stands for; it reads as null.
    CyclicAlias,
    /// Aliases multiply the document beyond what go-yaml loads; all of them read as null.
    AliasBomb,
    /// Nested deeper than [`crate::Stream::MAX_DEPTH`]; the rest of the document is unknown.
    TooDeep,
    /// The text has 4 GiB or more; nothing was read.
    TooLarge,
}

/// The parser's error kinds in the terms of somebody who writes manifests.
pub(crate) fn message(kind: &granit_parser::ErrorKind) -> String {
    kind.to_string()
}
