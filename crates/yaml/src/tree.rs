//! The arena: every node of a stream in one vector, children as ranges of another, decoded text in one buffer.

use crate::scalar::{ScalarStyle, Tag};
use std::ops::Range;
use std::sync::OnceLock;

/// No node, where an id is expected.
pub(crate) const NONE: u32 = u32::MAX;

/// A byte range of the stream's own text (for an embedded stream: the decoded scalar).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(crate) fn empty(at: u32) -> Self {
        Self { start: at, end: at }
    }
}

impl From<Range<usize>> for Span {
    /// Texts of 4 GiB and more are refused before any span is made.
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }
}

/// A scalar's decoded text: a piece of the source where nothing had to be decoded, else of [`Tree::decoded`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    pub(crate) span: Span,
    pub(crate) decoded: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar {
    pub(crate) text: Text,
    pub(crate) style: ScalarStyle,
    pub(crate) tag: Tag,
    pub(crate) null: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Scalar(Scalar),
    /// Children are items.
    Sequence {
        children: Span,
        flow: bool,
    },
    /// Children are keys and values by turns; `merge` when one of the keys is `<<`.
    Mapping {
        children: Span,
        flow: bool,
        merge: bool,
    },
    /// To the node that it stands for, or [`NONE`].
    Alias(u32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeData {
    pub(crate) span: Span,
    pub(crate) parent: u32,
    /// Index among the parent's entries or items, for a root among the documents.
    pub(crate) slot: u32,
    /// The key's node, for the value of an entry.
    pub(crate) key: u32,
    /// Index into [`Tree::embedded`], for strings that may hold a document.
    pub(crate) embed: u32,
    pub(crate) body: Body,
}

#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) children: Vec<u32>,
    pub(crate) decoded: String,
    pub(crate) roots: Vec<u32>,
    pub(crate) comments: Vec<Span>,
    pub(crate) embedded: Vec<OnceLock<Option<Box<crate::Stream>>>>,
}

impl Tree {
    pub(crate) fn node(&self, id: u32) -> &NodeData {
        // Ids are only ever made by the builder, as indexes of this vector.
        &self.nodes[id as usize]
    }

    pub(crate) fn children(&self, span: Span) -> &[u32] {
        &self.children[span.range()]
    }

    pub(crate) fn text<'a>(&'a self, source: &'a str, text: Text) -> &'a str {
        let from = if text.decoded { &self.decoded } else { source };
        from.get(text.span.range()).unwrap_or_default()
    }
}
