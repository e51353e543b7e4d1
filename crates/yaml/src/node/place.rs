//! Where a node is: spans, routes, offsets, and the streams inside strings.

use super::Node;
use crate::build::key_text;
use crate::offsets::OffsetMap;
use crate::route::{Route, Step};
use crate::scalar::ScalarStyle;
use crate::stream::{Origin, Stream, outer_offset};
use crate::tree::{Body, NONE, Span};
use std::ops::Range;
use std::sync::Arc;

impl<'a> Node<'a> {
    /// How deep streams inside strings may nest before they are left alone.
    const MAX_EMBEDDED: usize = 8;

    /// The value's byte range in the file. Quotes, brackets and a block scalar's header belong to it; an absent value
    /// is an empty range right after the colon.
    pub fn span(&self) -> Range<usize> {
        self.stream.outer(self.data().span)
    }

    /// The key of an entry, decoded; `None` for items and roots.
    pub fn key(&self) -> Option<&'a str> {
        let key = self.data().key;
        (key != NONE).then(|| key_text(&self.stream.tree, &self.stream.own, key))
    }

    /// The key's byte range in the file.
    pub fn key_span(&self) -> Option<Range<usize>> {
        self.own_key_span().map(|span| self.stream.outer(span))
    }

    pub(crate) fn own_key_span(&self) -> Option<Span> {
        let key = self.data().key;
        (key != NONE).then(|| self.stream.tree.node(key).span)
    }

    pub(crate) fn own_span(&self) -> Span {
        self.data().span
    }

    /// The byte range to show in a report: `key: value` where that is one line, `key:` of an absent value, the key of a
    /// collection over several lines, `key: |` of a block scalar; the first line of an item or a root.
    pub fn entry_span(&self) -> Range<usize> {
        let value = self.data().span;
        let text = self.stream.own.get(value.range()).unwrap_or_default();
        let first_line = text.find(['\r', '\n']);
        let scalar = matches!(self.data().body, Body::Scalar(_) | Body::Alias(_));
        let end = match (self.own_key_span(), first_line) {
            (Some(key), Some(_)) if !scalar => key.end,
            (_, Some(line)) => value.start + line as u32,
            (_, None) => value.end,
        };
        let start = self.own_key_span().map_or(value.start, |key| key.start);
        self.stream.outer(Span { start, end: end.max(start) })
    }

    /// Whether an alias stands here, and not the value itself.
    pub(crate) fn is_alias(&self) -> bool {
        matches!(self.data().body, Body::Alias(_))
    }

    /// How the key is written, where it is a scalar.
    pub(crate) fn key_style(&self) -> Option<ScalarStyle> {
        match self.stream.tree.node(self.data().key.ne(&NONE).then_some(self.data().key)?).body {
            Body::Scalar(scalar) => Some(scalar.style),
            _ => None,
        }
    }

    /// The last value written in a collection.
    pub(crate) fn last_written(&self) -> Option<Node<'a>> {
        self.children().last().map(|&id| Node::new(self.stream, id, self.aliased))
    }

    /// The own text's offset behind the decoded byte before `decoded`.
    pub(crate) fn own_offset_end(&self, decoded: usize) -> usize {
        self.offset_map().map_or(self.data().span.end as usize, |map| map.end(decoded))
    }

    /// The root of the document that it is written in.
    pub(crate) fn document_root(&self) -> Node<'a> {
        let mut node = *self;
        while let Some(parent) = node.parent() {
            node = parent;
        }
        node
    }

    /// The route within its own stream, as if that were a file.
    pub(crate) fn local_route(&self) -> Route {
        let (document, steps) = self.own_steps();
        Route { document, steps }
    }

    /// The collection that it is written in.
    pub fn parent(&self) -> Option<Node<'a>> {
        let parent = self.data().parent;
        (parent != NONE).then_some(Node { stream: self.stream, id: parent, target: parent, aliased: false })
    }

    /// The way from the file's document to the place where it is written.
    pub fn route(&self) -> Route {
        let (document, mut steps) = self.own_steps();
        let Some(origin) = &self.stream.origin else { return Route { document, steps } };
        let mut route = origin.route.clone();
        if document > 0 {
            route.steps.push(Step::Document(document));
        }
        route.steps.append(&mut steps);
        route
    }

    /// The document in the own stream, and the steps from its root.
    fn own_steps(&self) -> (usize, Vec<Step>) {
        let mut steps = Vec::new();
        let mut node = self.data();
        while node.parent != NONE {
            steps.push(match node.key {
                NONE => Step::Index(node.slot as usize),
                key => Step::Key(key_text(&self.stream.tree, &self.stream.own, key).into()),
            });
            node = self.stream.tree.node(node.parent);
        }
        steps.reverse();
        (node.slot as usize, steps)
    }

    /// The YAML (or JSON) stream inside a quoted or block string, parsed at the first call; spans, positions and routes
    /// in there are those of the file. `None` where the text is no string, or holds neither a collection nor a fault:
    /// prose is a scalar, but some prose is faulty YAML, so ask only where a document is expected or look at
    /// [`Stream::faults`].
    pub fn embedded(&self) -> Option<&'a Stream> {
        let slot = self.stream.tree.node(self.target).embed;
        let cell = self.stream.tree.embedded.get(slot as usize)?;
        cell.get_or_init(|| self.open()).as_deref()
    }

    fn open(&self) -> Option<Box<Stream>> {
        let text = self.as_str().filter(|text| text.contains([':', '-', '{', '[', '\t']))?;
        let depth = self.stream.origin.as_ref().map_or(0, |origin| origin.depth);
        if depth >= Self::MAX_EMBEDDED {
            return None;
        }
        // Of the anchor, not of the alias through which it was asked for first: all share one stream.
        let written = Node::new(self.stream, self.target, false);
        let map = written.offset_map()?;
        let origin = Arc::new(Origin::new(map, self.stream.origin.clone(), written.route()));
        let stream = Stream::read(text.into(), self.stream.lines.clone(), Some(origin));
        let useful =
            !stream.faults.is_empty() || stream.documents().any(|root| root.is_mapping() || root.is_sequence());
        useful.then(|| Box::new(stream))
    }

    /// Its index among its parent's entries (as written) or items.
    pub(crate) fn slot(&self) -> usize {
        self.data().slot as usize
    }

    /// How many spaces of each line the literal block scalar does not count as text.
    pub(crate) fn literal_indent(&self) -> Option<usize> {
        let text = self.as_str().filter(|_| self.style() == ScalarStyle::Literal)?;
        Some(crate::offsets::block_indent(&self.stream.own, self.data().span.start as usize, text))
    }

    pub(crate) fn offset_map(&self) -> Option<OffsetMap> {
        let scalar = self.scalar()?;
        let decoded = self.stream.tree.text(&self.stream.own, scalar.text);
        let span = self.stream.tree.node(self.target).span.range();
        Some(OffsetMap::new(&self.stream.own, span, decoded, scalar.style))
    }

    /// The file's byte offset of a byte of [`Node::as_str`]'s text; the end of the value for an offset beyond it. Takes
    /// time in proportion to the text.
    pub fn outer_offset(&self, decoded: usize) -> usize {
        let own = self.offset_map().map_or(self.data().span.start as usize, |map| map.start(decoded));
        outer_offset(self.stream.origin.as_deref(), own)
    }

    /// The file's byte range of a byte range of [`Node::as_str`]'s text.
    pub fn outer_range(&self, decoded: Range<usize>) -> Range<usize> {
        let own = match self.offset_map() {
            Some(map) => {
                let start = map.start(decoded.start);
                start..map.end(decoded.end).max(start)
            }
            None => self.data().span.range(),
        };
        crate::stream::outer_range(self.stream.origin.as_deref(), own)
    }
}
