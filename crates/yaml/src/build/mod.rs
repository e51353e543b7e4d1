//! From the parser's events to the arena.

mod checks;
mod loaders;
mod quick;
mod same;
mod scalars;

use crate::fault::{Fault, FaultKind};
use crate::scalar::{ScalarStyle, Tag};
use crate::tree::{Body, NONE, NodeData, Scalar, Span, Text, Tree};
use checks::Weight;
use granit_parser::{ErrorKind, Event, Parser, ScanError, StructureStyle};
use scalars::tag_of;
use std::ops::Range;

/// What an anchor stands for, once its node has ended.
#[derive(Clone, Copy)]
struct Anchor {
    node: u32,
    closed: bool,
    weight: Weight,
}

struct Frame {
    node: u32,
    anchor: usize,
    /// Where this collection's children begin among [`Builder::pending`].
    children: usize,
    /// A key that waits for its value.
    key: u32,
    mapping: bool,
    merge: bool,
    weight: Weight,
}

struct Builder<'a> {
    text: &'a str,
    tree: Tree,
    faults: Vec<Fault>,
    frames: Vec<Frame>,
    pending: Vec<u32>,
    anchors: Vec<Anchor>,
    aliases: Vec<(u32, u64)>,
    document: usize,
    document_open: bool,
    /// Where each document begins.
    starts: Vec<usize>,
    root: u32,
    root_weight: Weight,
    /// Where the last token ended: the header of a block scalar lies behind it.
    token_end: usize,
}

/// What a text holds: by the quick reader where it is written as manifests mostly are, else by the parser.
pub(crate) fn build(text: &str) -> (Tree, Vec<Fault>) {
    quick::read(text).unwrap_or_else(|| parsed(text))
}

/// What the parser reads in a text.
fn parsed(text: &str) -> (Tree, Vec<Fault>) {
    let mut builder = Builder::new(text);
    if u32::try_from(text.len()).is_err() {
        builder.fault(FaultKind::TooLarge, "the text has 4 GiB or more".to_owned(), 0..0);
    } else {
        builder.run();
        builder.control_characters();
        builder.tabs();
    }
    (builder.tree, builder.faults)
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let mut tree = Tree::default();
        // About one node for 12 bytes in manifests.
        let nodes = text.len().min(u32::MAX as usize) / 12 + 4;
        tree.nodes.reserve(nodes);
        tree.children.reserve(nodes);
        Builder {
            text,
            tree,
            faults: Vec::new(),
            frames: Vec::new(),
            pending: Vec::new(),
            anchors: Vec::new(),
            aliases: Vec::new(),
            document: 0,
            document_open: false,
            starts: Vec::new(),
            root: NONE,
            root_weight: Weight::ONE,
            token_end: 0,
        }
    }

    fn run(&mut self) {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            // Both limits are ours to set: the depth is counted here, and long comment blocks are ordinary.
            flow_nesting_limit: crate::Stream::MAX_DEPTH,
            block_nesting_limit: crate::Stream::MAX_DEPTH,
            max_buffered_comment_events: 1 << 20,
            bom_inside_document_as_content: true,
            // As libyaml and go-yaml read the last line of a block scalar that ends without a line break.
            block_scalar_eof_without_line_feed: true,
        };
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        let mut last_error = None;
        loop {
            let ok = match parser.next_event() {
                None => break,
                Some(Ok((Event::StreamEnd, _))) => break,
                Some(Ok((event, span))) => self.event(event, span.byte_range().unwrap_or(0..0)),
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(0);
                    self.error(&error, at);
                    // No progress would mean no end.
                    if last_error.replace(at).is_some_and(|last| last >= at) {
                        break;
                    }
                    false
                }
            };
            if !ok {
                self.abandon_document();
                match parser.proceed_next_document() {
                    Ok(true) => {}
                    Ok(false) | Err(_) => break,
                }
            }
        }
        if self.document_open {
            self.abandon_document();
        }
    }

    /// Takes one event; false when the rest of the document must be skipped.
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> bool {
        match event {
            Event::DocumentStart(explicit, _) => {
                self.document_open = true;
                self.starts.push(span.start);
                self.document = self.tree.roots.len();
                self.root = NONE;
                if !explicit {
                    self.bare_document(span.start);
                }
                // Without `---`, the parser gives the first token's span, which for a block scalar is its content.
                self.token_end = if explicit { span.end } else { self.line_before(span.start).max(self.token_end) };
            }
            Event::DocumentEnd => {
                self.token_end = self.token_end.max(span.end);
                self.end_document();
            }
            Event::Comment(..) => self.tree.comments.push(span.into()),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag_of(tag.as_deref()), span);
            }
            Event::SequenceStart(style, anchor, _) => return self.open(false, style, anchor, span),
            Event::MappingStart(style, anchor, _) => return self.open(true, style, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
            Event::Anchor(_, name) => self.anchor_name(&name, span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                let message = format!("alias *{name} names no anchor that stands before it");
                self.fault(FaultKind::UnknownAlias, message, span.clone());
                self.token_end = span.end;
                self.add(span.into(), Body::Alias(NONE), Weight::ONE);
            }
            _ => {}
        }
        true
    }

    /// The start of the last line with anything on it that begins before `at`.
    fn line_before(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default().trim_end();
        before.rfind(['\n', '\r']).map_or(0, |i| i + 1)
    }

    fn fault(&mut self, kind: FaultKind, message: String, span: Range<usize>) {
        let document = if self.document_open { self.document } else { self.tree.roots.len() };
        self.faults.push(Fault { kind, message, span, document });
    }

    fn error(&mut self, error: &ScanError, at: usize) {
        let kind = match error.kind() {
            ErrorKind::RecursionLimitExceeded => FaultKind::TooDeep,
            _ => FaultKind::Syntax,
        };
        let message = crate::fault::message(error.kind());
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        if crate::fault::is_escape(error.kind()) {
            at = crate::fault::bad_escape(self.text, at);
        }
        if crate::fault::is_tab(error.kind()) && !self.text[at..].starts_with('\t') {
            // The parser points behind the tab.
            let line = self.text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
            at = self.text[line..at].find('\t').map_or(at, |i| line + i);
        }
        let len = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.fault(kind, message, at..at + len);
    }

    /// Adds a node below the innermost open collection, as key, value or item, or as root.
    fn add(&mut self, span: Span, body: Body, weight: Weight) -> u32 {
        let id = self.tree.nodes.len() as u32;
        let (mut parent, mut slot, mut key) = (NONE, self.document as u32, NONE);
        if let Some(frame) = self.frames.last_mut() {
            parent = frame.node;
            let count = self.pending.len() - frame.children;
            frame.weight.add(weight);
            if !frame.mapping {
                slot = count as u32;
            } else {
                slot = (count / 2) as u32;
                if frame.key == NONE {
                    frame.key = id;
                } else {
                    key = std::mem::replace(&mut frame.key, NONE);
                }
            }
            self.pending.push(id);
        } else {
            self.root = id;
            self.root_weight = weight;
        }
        self.tree.nodes.push(NodeData { span, parent, slot, key, embed: NONE, body });
        id
    }

    /// The key of the value that comes next.
    fn waiting_key(&self) -> u32 {
        self.frames.last().map_or(NONE, |frame| frame.key)
    }

    fn set_anchor(&mut self, anchor: usize, node: u32, closed: bool, weight: Weight) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            let none = Anchor { node: NONE, closed: false, weight: Weight::ONE };
            self.anchors.resize(anchor + 1, none);
        }
        self.anchors[anchor] = Anchor { node, closed, weight };
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) {
        self.token_end = span.end;
        let target = self.anchors.get(anchor).copied().filter(|anchor| anchor.node != NONE);
        let Some(target) = target.filter(|target| target.closed) else {
            let name = self.text.get(span.clone()).unwrap_or_default().to_owned();
            self.fault(
                FaultKind::CyclicAlias,
                format!("alias {name} lies inside the value that it stands for"),
                span.clone(),
            );
            self.add(span.into(), Body::Alias(NONE), Weight::ONE);
            return;
        };
        let weight = Weight { aliased: target.weight.nodes, ..target.weight };
        let id = self.add(span.into(), Body::Alias(target.node), weight);
        self.aliases.push((id, weight.nodes));
    }

    fn open(&mut self, mapping: bool, style: StructureStyle, anchor: usize, span: Range<usize>) -> bool {
        if self.frames.len() >= crate::Stream::MAX_DEPTH {
            let message = format!("nested deeper than {} levels", crate::Stream::MAX_DEPTH);
            self.fault(FaultKind::TooDeep, message, span);
            return false;
        }
        let flow = style == StructureStyle::Flow;
        let span = match self.waiting_key() {
            key if key != NONE && !mapping && !flow => self.first_dash(span),
            _ => span,
        };
        self.token_end = span.end;
        let node = self.begin(mapping, flow, anchor, span.into());
        self.set_anchor(anchor, node, false, Weight::ONE);
        true
    }

    /// Opens a collection whose place is known.
    fn begin(&mut self, mapping: bool, flow: bool, anchor: usize, span: Span) -> u32 {
        let children = Span::empty(0);
        let body = match mapping {
            true => Body::Mapping { children, flow, merge: false },
            false => Body::Sequence { children, flow },
        };
        // The parent learns the weight when this ends.
        let node = self.add(span, body, Weight { nodes: 0, aliased: 0, depth: 0 });
        let children = self.pending.len();
        self.frames.push(Frame { node, anchor, children, key: NONE, mapping, merge: false, weight: Weight::ONE });
        node
    }

    /// Ends the innermost collection; `token` is the closing bracket's span, empty for block collections, `None` when
    /// the document is abandoned.
    fn close(&mut self, token: Option<Range<usize>>) {
        if self.waiting_key() != NONE {
            // Only in an abandoned document: the key's value was never reached.
            let absent = Text { span: Span::empty(self.token_end as u32), decoded: false };
            let scalar = Scalar { text: absent, style: ScalarStyle::Plain, tag: Tag::None, null: true };
            self.add(absent.span, Body::Scalar(scalar), Weight::ONE);
        }
        let Some((frame, children)) = self.end(token) else { return };
        if frame.mapping {
            self.duplicate_keys(children);
            self.keys(children, frame.merge);
        }
        self.set_anchor(frame.anchor, frame.node, true, frame.weight);
    }

    /// Ends the innermost collection and gives its children, the keys not looked at yet.
    fn end(&mut self, token: Option<Range<usize>>) -> Option<(Frame, Span)> {
        let frame = self.frames.pop()?;
        let start = self.tree.children.len();
        self.tree.children.extend(self.pending.drain(frame.children..));
        let children: Span = (start..self.tree.children.len()).into();
        let last_end = self.tree.children(children).last().map(|&last| self.tree.node(last).span.end);
        let node = &mut self.tree.nodes[frame.node as usize];
        let mut flow_node = false;
        match &mut node.body {
            Body::Mapping { children: range, merge, flow } => {
                (*range, *merge) = (children, frame.merge);
                flow_node = *flow;
            }
            Body::Sequence { children: range, flow } => {
                *range = children;
                flow_node = *flow;
            }
            _ => {}
        }
        node.span.end = match token {
            Some(token) if flow_node && !token.is_empty() => {
                self.token_end = self.token_end.max(token.end);
                token.end as u32
            }
            _ => last_end.unwrap_or(node.span.end).max(node.span.end),
        };
        match self.frames.last_mut() {
            Some(parent) => parent.weight.add(frame.weight),
            None => self.root_weight = frame.weight,
        }
        Some((frame, children))
    }

    fn end_document(&mut self) {
        if self.root == NONE {
            let absent = Text { span: Span::empty(self.token_end.min(self.text.len()) as u32), decoded: false };
            let scalar = Scalar { text: absent, style: ScalarStyle::Plain, tag: Tag::None, null: true };
            self.add(absent.span, Body::Scalar(scalar), Weight::ONE);
        }
        self.refuse_bomb();
        self.tree.roots.push(self.root);
        self.aliases.clear();
        self.document_open = false;
        self.root = NONE;
    }

    /// Keeps what was understood of a document that cannot be read further.
    fn abandon_document(&mut self) {
        if !self.document_open {
            self.document = self.tree.roots.len();
            // An error before the document began still is one document, or the fault would lie in none.
            let Some(fault) = self.faults.last().filter(|fault| fault.document == self.document) else { return };
            self.starts.push(fault.span.start);
        }
        while !self.frames.is_empty() {
            self.close(None);
        }
        self.end_document();
    }
}

/// A key as text: the source of keys that are collections, the target's text for aliases.
pub(crate) fn key_text<'a>(tree: &'a Tree, source: &'a str, key: u32) -> &'a str {
    let node = tree.node(key);
    match node.body {
        Body::Scalar(scalar) => tree.text(source, scalar.text),
        // Targets are never aliases themselves.
        Body::Alias(target) if target != NONE => match tree.node(target).body {
            Body::Scalar(scalar) => tree.text(source, scalar.text),
            _ => source.get(node.span.range()).unwrap_or_default(),
        },
        _ => source.get(node.span.range()).unwrap_or_default(),
    }
}
