//! A text and what was understood of it.

use crate::fault::Fault;
use crate::node::Node;
use crate::offsets::OffsetMap;
use crate::position::{Lines, Position};
use crate::route::{Route, Step};
use crate::tree::{Span, Tree};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A comment of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Without the `#`, with the blanks around.
    pub text: String,
    /// Byte range in the outer file, `#` included, line break not.
    pub span: Range<usize>,
}

/// The documents of a YAML (or JSON) text, read as far as they could be, and the faults.
///
/// A stream is either a whole file or lies inside a string of one ([`Node::embedded`]). Offsets, positions and routes
/// that it gives out and takes are always those of the file.
#[derive(Debug)]
pub struct Stream {
    /// What was parsed: the file, or the decoded string.
    pub(crate) own: Arc<str>,
    pub(crate) tree: Tree,
    pub(crate) lines: Arc<Lines>,
    pub(crate) origin: Option<Arc<Origin>>,
    pub(crate) faults: Vec<Fault>,
    /// Documents that were not read to their end, sorted.
    broken: Vec<usize>,
    comments: OnceLock<Vec<Comment>>,
}

/// Where an embedded stream's text comes from.
#[derive(Debug)]
pub(crate) struct Origin {
    map: OffsetMap,
    parent: Option<Arc<Origin>>,
    pub(crate) route: Route,
    pub(crate) depth: usize,
}

impl Origin {
    pub(crate) fn new(map: OffsetMap, parent: Option<Arc<Origin>>, route: Route) -> Self {
        let depth = parent.as_ref().map_or(1, |parent| parent.depth + 1);
        Self { map, parent, route, depth }
    }

    fn range(&self, own: Range<usize>) -> Range<usize> {
        let end = self.map.end(own.end);
        let start = if own.is_empty() { end } else { self.map.start(own.start) };
        outer_range(self.parent.as_deref(), start..end.max(start))
    }

    fn offset(&self, own: usize) -> usize {
        outer_offset(self.parent.as_deref(), self.map.start(own))
    }
}

pub(crate) fn outer_range(origin: Option<&Origin>, own: Range<usize>) -> Range<usize> {
    match origin {
        Some(origin) => origin.range(own),
        None => own,
    }
}

pub(crate) fn outer_offset(origin: Option<&Origin>, own: usize) -> usize {
    match origin {
        Some(origin) => origin.offset(own),
        None => own,
    }
}

/// Reads a stream of YAML documents (JSON is YAML). Never fails: see [`Stream::faults`]. Linear in the text's length.
///
/// A byte order mark, CRLF line ends and a missing line end at the end are fine.
pub fn parse(text: impl Into<Arc<str>>) -> Stream {
    let text = text.into();
    Stream::read(text.clone(), Arc::new(Lines::new(text)), None)
}

impl Stream {
    /// How deep collections may nest; deeper ones are a fault.
    pub const MAX_DEPTH: usize = 512;

    pub(crate) fn read(own: Arc<str>, lines: Arc<Lines>, origin: Option<Arc<Origin>>) -> Self {
        let (tree, mut faults) = crate::build::build(&own);
        if let Some(origin) = &origin {
            for fault in &mut faults {
                fault.span = origin.range(fault.span.clone());
                if let crate::FaultKind::DuplicateKey { first } = &mut fault.kind {
                    *first = origin.range(first.clone());
                }
            }
        }
        let broken = crate::fault::broken_documents(&faults);
        Self { own, tree, lines, origin, faults, broken, comments: OnceLock::new() }
    }

    /// The file's text, also when this stream lies inside one of its strings.
    pub fn text(&self) -> &str {
        &self.lines.text
    }

    /// The roots of the documents, in order. An empty document is a null; a text of comments only has none.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.tree.roots.iter().map(|&root| Node::new(self, root, false))
    }

    /// The root of one document, from 0.
    pub fn document(&self, i: usize) -> Option<Node<'_>> {
        self.tree.roots.get(i).map(|&root| Node::new(self, root, false))
    }

    /// What is wrong, in the order found. Faults inside strings are the embedded streams' own.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether the document (from 0) was read to its end: only then does a missing entry mean that there is none.
    pub fn is_whole(&self, document: usize) -> bool {
        self.broken.binary_search(&document).is_err()
    }

    /// The comments, in order; those inside strings are the embedded streams' own.
    pub fn comments(&self) -> &[Comment] {
        self.comments.get_or_init(|| {
            let comment = |span: &Span| {
                let raw = self.own.get(span.range()).unwrap_or_default();
                Comment { text: raw.strip_prefix('#').unwrap_or(raw).to_owned(), span: self.outer(*span) }
            };
            self.tree.comments.iter().map(comment).collect()
        })
    }

    /// Line and column of a byte offset in the file; an offset beyond its end means the end.
    pub fn position(&self, offset: usize) -> Position {
        self.lines.position(offset)
    }

    /// The node at the end of a route, going into strings that hold YAML and through aliases and merge keys.
    pub fn resolve(&self, route: &Route) -> Option<Node<'_>> {
        match &self.origin {
            // Inside a string, routes are still the file's.
            Some(origin) => {
                let inner = route.starts_with(&origin.route).then(|| &route.steps[origin.route.steps.len()..])?;
                self.walk(0, inner)
            }
            None => self.walk(route.document, &route.steps),
        }
    }

    pub(crate) fn walk(&self, document: usize, steps: &[Step]) -> Option<Node<'_>> {
        let (document, steps) = match steps.split_first() {
            Some((Step::Document(i), rest)) => (*i, rest),
            _ => (document, steps),
        };
        let mut node = self.document(document)?;
        for (i, step) in steps.iter().enumerate() {
            node = match (node.child(step), step) {
                (Some(child), _) => child,
                (None, _) => return node.embedded()?.walk(0, &steps[i..]),
            };
        }
        Some(node)
    }

    pub(crate) fn outer(&self, span: Span) -> Range<usize> {
        outer_range(self.origin.as_deref(), span.range())
    }
}
