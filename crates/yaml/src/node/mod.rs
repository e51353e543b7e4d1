//! A handle to one value of a stream.

mod place;

use crate::build::key_text;
use crate::route::Step;
use crate::scalar::{self, Number, ScalarStyle, ScalarType};
use crate::stream::Stream;
use crate::tree::{Body, NONE, NodeData, Scalar};
use crate::value::Value;
use std::collections::HashSet;

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
