//! A handle to one value of a stream.

use crate::build::key_text;
use crate::offsets::OffsetMap;
use crate::route::{Route, Step};
use crate::scalar::{self, Number, ScalarStyle, ScalarType};
use crate::stream::{Origin, Stream, outer_offset};
use crate::tree::{Body, NONE, NodeData, Scalar, Span};
use crate::value::Value;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// What a node is; see [`ScalarType`] for the type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing, `~` or `null`; also an alias that leads nowhere.
    Null,
    /// A string, number or boolean.
    Scalar,
    /// Entries of key and value.
    Mapping,
    /// Items.
    Sequence,
}

/// A value in a [`Stream`]. Small and cheap to copy.
///
/// An alias behaves like the value that it stands for, but lies where the alias is written: [`Node::span`],
/// [`Node::key_span`], [`Node::entry_span`] and [`Node::route`] are those of the alias. The target's children are where
/// they are written, at the anchor. `<<` merge keys are resolved by [`Node::get`] and [`Node::entries`].
#[derive(Clone, Copy)]
pub struct Node<'a> {
    stream: &'a Stream,
    /// As written: may be an alias.
    id: u32,
    /// What it means: never an alias that leads anywhere.
    target: u32,
    aliased: bool,
}

impl<'a> Node<'a> {
    pub(crate) fn new(stream: &'a Stream, id: u32, aliased: bool) -> Self {
        match stream.tree.node(id).body {
            Body::Alias(target) if target != NONE => Self { stream, id, target, aliased: true },
            _ => Self { stream, id, target: id, aliased },
        }
    }

    fn data(&self) -> &'a NodeData {
        self.stream.tree.node(self.id)
    }

    pub(crate) fn body(&self) -> Body {
        self.stream.tree.node(self.target).body
    }

    fn scalar(&self) -> Option<Scalar> {
        match self.body() {
            Body::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    fn children(&self) -> &'a [u32] {
        match self.body() {
            Body::Sequence { children, .. } | Body::Mapping { children, .. } => self.stream.tree.children(children),
            _ => &[],
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.body() {
            Body::Scalar(Scalar { null: true, .. }) | Body::Alias(_) => Kind::Null,
            Body::Scalar(_) => Kind::Scalar,
            Body::Sequence { .. } => Kind::Sequence,
            Body::Mapping { .. } => Kind::Mapping,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        self.kind() == Kind::Mapping
    }

    /// Whether it is a sequence.
    pub fn is_sequence(&self) -> bool {
        self.kind() == Kind::Sequence
    }

    /// Whether it is, or was reached through, an alias or a merge key: an edit there would change other places too.
    pub fn is_aliased(&self) -> bool {
        self.aliased
    }

    /// The stream that it belongs to.
    pub fn stream(&self) -> &'a Stream {
        self.stream
    }

    /// The value under a key, merge keys included. Of duplicate keys, the last one's.
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let Body::Mapping { merge, .. } = self.body() else { return None };
        let own = self.own_entries().rev().find(|(name, _)| *name == key);
        match own {
            Some((_, node)) if !(merge && key == "<<") => Some(node),
            _ if merge => self.all_entries().into_iter().find(|(name, _)| *name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The value at the end of several keys.
    pub fn at(&self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(*self, |node, key| node.get(key))
    }

    /// The item of a sequence, from 0.
    pub fn item(&self, i: usize) -> Option<Node<'a>> {
        if !self.is_sequence() {
            return None;
        }
        self.children().get(i).map(|&id| Node::new(self.stream, id, self.aliased))
    }

    pub(crate) fn child(&self, step: &Step) -> Option<Node<'a>> {
        match step {
            Step::Key(key) => self.get(key),
            Step::Index(i) => self.item(*i),
            Step::Document(_) => None,
        }
    }

    /// Keys and values of a mapping in the order written (duplicates too), then what merge keys add. Empty for others.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let merged = match self.body() {
            Body::Mapping { merge: true, .. } => Some(self.all_entries()),
            _ => None,
        };
        let own = merged.is_none().then(|| self.own_entries());
        own.into_iter().flatten().chain(merged.into_iter().flatten())
    }

    /// The entries as written, `<<` among them.
    pub(crate) fn own_entries(&self) -> impl DoubleEndedIterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let Node { stream, aliased, .. } = *self;
        let children = if self.is_mapping() { self.children() } else { &[] };
        children.chunks_exact(2).map(move |pair| {
            let key = key_text(&stream.tree, &stream.own, pair[0]);
            (key, Node::new(stream, pair[1], aliased))
        })
    }

    /// Own entries without `<<`, then those of the merged mappings that are not overridden. Every merged mapping is
    /// visited once, since a second visit could add nothing: the work is bounded by the document's size.
    fn all_entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let mut out = Vec::new();
        let mut taken: HashSet<&str> = HashSet::new();
        let mut visited: HashSet<u32> = HashSet::new();
        let mut queue = vec![*self];
        while let Some(node) = queue.pop() {
            if !visited.insert(node.target) {
                continue;
            }
            if node.is_sequence() {
                // Earlier items win: they are taken from the queue first.
                queue.extend(node.items().collect::<Vec<_>>().into_iter().rev());
                continue;
            }
            let has_merge = matches!(node.body(), Body::Mapping { merge: true, .. });
            let inherited = node.target != self.target;
            let mut merges = Vec::new();
            let before = out.len();
            for (key, value) in node.own_entries() {
                if has_merge && key == "<<" {
                    merges.push(value);
                } else if !taken.contains(key) {
                    out.push((key, Node { aliased: value.aliased || inherited, ..value }));
                }
            }
            taken.extend(out[before..].iter().map(|(key, _)| *key));
            queue.extend(merges.into_iter().rev());
        }
        out
    }

    /// The items of a sequence. Empty for others.
    pub fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let Node { stream, aliased, .. } = *self;
        let children = if self.is_sequence() { self.children() } else { &[] };
        children.iter().map(move |&id| Node::new(stream, id, aliased))
    }

    /// How many entries or items; 0 for others.
    pub fn len(&self) -> usize {
        match self.body() {
            Body::Mapping { merge: true, .. } => self.all_entries().len(),
            Body::Mapping { .. } => self.children().len() / 2,
            _ => self.children().len(),
        }
    }

    /// Whether there are no entries or items.
    pub fn is_empty(&self) -> bool {
        self.children().is_empty()
    }

    /// The decoded text of a scalar of any type (`8080` gives "8080"); `None` for null and collections.
    pub fn as_str(&self) -> Option<&'a str> {
        let scalar = self.scalar().filter(|scalar| !scalar.null)?;
        Some(self.stream.tree.text(&self.stream.own, scalar.text))
    }

    /// The text, only where the scalar is a string.
    pub fn string(&self) -> Option<&'a str> {
        self.as_str().filter(|_| self.scalar_type() == ScalarType::Str)
    }

    /// The type that a loader gives the scalar; `Null` for everything that is no scalar.
    pub fn scalar_type(&self) -> ScalarType {
        match (self.scalar(), self.as_str()) {
            (Some(scalar), Some(text)) => scalar::resolve(text, scalar.style, scalar.tag),
            _ => ScalarType::Null,
        }
    }

    /// As go-yaml v3 decodes into a Go `bool`: `true` and `false`, and YAML 1.1's `yes`, `no`, `on`, `off`, `y`, `n`.
    pub fn as_bool(&self) -> Option<bool> {
        let text = self.as_str()?;
        match self.scalar_type() {
            ScalarType::Bool => scalar::core_bool(text),
            ScalarType::Str => scalar::yaml11_bool(text),
            _ => None,
        }
    }

    /// The integer, where the scalar is one that 64 bits with a sign can hold.
    pub fn as_i64(&self) -> Option<i64> {
        match (self.scalar_type(), scalar::number(self.as_str()?)?) {
            (ScalarType::Int, Number::Int(value)) => Some(value),
            _ => None,
        }
    }

    /// The number, where the scalar is an integer or a float.
    pub fn as_f64(&self) -> Option<f64> {
        match (self.scalar_type(), scalar::number(self.as_str()?)?) {
            (ScalarType::Int | ScalarType::Float, Number::Int(value)) => Some(value as f64),
            (ScalarType::Float, Number::Float(value)) => Some(value),
            _ => None,
        }
    }

    /// How the scalar is written; `Plain` for everything else.
    pub fn style(&self) -> ScalarStyle {
        self.scalar().map_or(ScalarStyle::Plain, |scalar| scalar.style)
    }

    /// Whether it is a collection in brackets or braces.
    pub fn is_flow(&self) -> bool {
        matches!(self.body(), Body::Sequence { flow: true, .. } | Body::Mapping { flow: true, .. })
    }

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
        (parent != NONE).then(|| Node { stream: self.stream, id: parent, target: parent, aliased: false })
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

    /// How deep streams inside strings may nest before they are left alone.
    const MAX_EMBEDDED: usize = 8;

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

    /// The content, aliases and merge keys written out.
    pub fn to_value(&self) -> Value {
        Value::of(*self)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {} {:?}", self.kind(), self.route(), self.span())
    }
}
