//! From the parser's events to the arena.

use crate::fault::{Fault, FaultKind};
use crate::scalar::{self, ScalarStyle, Tag};
use crate::tree::{Body, NONE, NodeData, Scalar, Span, Text, Tree};
use granit_parser::{ErrorKind, Event, Parser, ScanError, StructureStyle};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// What an anchor stands for, once its node has ended.
#[derive(Clone, Copy)]
struct Anchor {
    node: u32,
    closed: bool,
    weight: Weight,
}

/// How much a node is when all its aliases are written out.
#[derive(Clone, Copy)]
struct Weight {
    nodes: u64,
    /// Those of them that came by alias.
    aliased: u64,
    depth: u32,
}

impl Weight {
    const ONE: Self = Self { nodes: 1, aliased: 0, depth: 1 };

    fn add(&mut self, child: Self) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.aliased = self.aliased.saturating_add(child.aliased);
        self.depth = self.depth.max(child.depth + 1);
    }
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
    root: u32,
    root_weight: Weight,
    /// Where the last token ended: the header of a block scalar lies behind it.
    token_end: usize,
}

pub(crate) fn build(text: &str) -> (Tree, Vec<Fault>) {
    let mut builder = Builder {
        text,
        tree: Tree::default(),
        faults: Vec::new(),
        frames: Vec::new(),
        pending: Vec::new(),
        anchors: Vec::new(),
        aliases: Vec::new(),
        document: 0,
        document_open: false,
        root: NONE,
        root_weight: Weight::ONE,
        token_end: 0,
    };
    if u32::try_from(text.len()).is_err() {
        builder.fault(FaultKind::TooLarge, "the text has 4 GiB or more".to_owned(), 0..0);
    } else {
        // About one node for 12 bytes in manifests.
        builder.tree.nodes.reserve(text.len() / 12 + 4);
        builder.tree.children.reserve(text.len() / 12 + 4);
        builder.control_characters();
        builder.run();
    }
    (builder.tree, builder.faults)
}

impl Builder<'_> {
    fn run(&mut self) {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            // Both limits are ours to set: the depth is counted here, and long comment blocks are ordinary.
            flow_nesting_limit: crate::Stream::MAX_DEPTH,
            block_nesting_limit: crate::Stream::MAX_DEPTH,
            max_buffered_comment_events: 1 << 20,
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
            Event::DocumentStart(..) => {
                self.document_open = true;
                self.document = self.tree.roots.len();
                self.root = NONE;
                self.token_end = span.end;
            }
            Event::DocumentEnd => self.end_document(),
            Event::Comment(..) => self.tree.comments.push(span.into()),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag_of(tag.as_deref(), text.is_empty()), span);
            }
            Event::SequenceStart(style, anchor, _) => return self.open(false, style, anchor, span),
            Event::MappingStart(style, anchor, _) => return self.open(true, style, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
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
        let at = at.min(self.text.len());
        let len = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.fault(kind, message, at..at + len);
    }

    /// Loaders refuse texts with control characters; the parser takes most of them as text.
    fn control_characters(&mut self) {
        let bad = |b: u8| (b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f;
        if let Some(at) = self.text.bytes().position(bad) {
            let byte = self.text.as_bytes()[at];
            let message =
                format!("control character U+{byte:04X} is not allowed in YAML; write it escaped in double quotes");
            self.fault(FaultKind::Syntax, message, at..at + 1);
        }
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

    fn scalar(&mut self, text: &str, style: granit_parser::ScalarStyle, anchor: usize, tag: Tag, span: Range<usize>) {
        let style = match style {
            granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
            granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::Single,
            granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::Double,
            granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
            granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
        };
        let is_value = self.waiting_key() != NONE;
        let is_key = !is_value && self.frames.last().is_some_and(|frame| frame.mapping);
        let span = self.scalar_span(style, span, is_value);
        let absent = style == ScalarStyle::Plain && span.is_empty();
        let text = if absent { "" } else { text };
        let source = match style {
            ScalarStyle::Single | ScalarStyle::Double => span.start + 1..span.end.saturating_sub(1),
            _ => span.clone(),
        };
        let text_at = if self.text.get(source.clone()) == Some(text) {
            Text { span: source.into(), decoded: false }
        } else {
            let start = self.tree.decoded.len();
            self.tree.decoded.push_str(text);
            Text { span: (start..self.tree.decoded.len()).into(), decoded: true }
        };
        let null = match tag {
            Tag::None => style == ScalarStyle::Plain && scalar::is_null(text),
            tag => tag == Tag::Null,
        };
        if is_key
            && style == ScalarStyle::Plain
            && text == "<<"
            && let Some(frame) = self.frames.last_mut()
        {
            frame.merge = true;
        }
        self.token_end = self.token_end.max(span.end);
        let body = Body::Scalar(Scalar { text: text_at, style, tag, null });
        let id = self.add(span.into(), body, Weight::ONE);
        let string = style != ScalarStyle::Plain && matches!(tag, Tag::None | Tag::Str);
        if string && !is_key {
            self.tree.nodes[id as usize].embed = self.tree.embedded.len() as u32;
            self.tree.embedded.push(OnceLock::new());
        }
        self.set_anchor(anchor, id, true, Weight::ONE);
    }

    /// The parser's span, with a block scalar's header and without the blank lines behind it; an absent value lies
    /// right behind the colon.
    fn scalar_span(&self, style: ScalarStyle, span: Range<usize>, is_value: bool) -> Range<usize> {
        let bytes = self.text.as_bytes();
        match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let content = self.text.get(span.clone()).unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n']);
                let header = search(bytes, self.token_end, span.start, |byte| matches!(byte, b'|' | b'>'));
                let header = header.unwrap_or(span.start);
                let header_end = bytes[header..].iter().position(|b| matches!(b, b'\r' | b'\n'));
                let header_end = header_end.map_or(bytes.len(), |len| header + len);
                header..if content.is_empty() { header_end } else { span.start + content.len() }
            }
            ScalarStyle::Plain if span.is_empty() && is_value && span.start <= self.token_end => {
                let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
                let rest = bytes.get(self.token_end..).unwrap_or_default();
                let at = self.token_end + rest.iter().take_while(|b| blank(b)).count();
                let at = if bytes.get(at) == Some(&b':') { at + 1 } else { self.token_end };
                at..at
            }
            _ => span,
        }
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
        let children = Span::empty(0);
        let body = match mapping {
            true => Body::Mapping { children, flow, merge: false },
            false => Body::Sequence { children, flow },
        };
        // The parent learns the weight when this ends.
        let node = self.add(span.into(), body, Weight { nodes: 0, aliased: 0, depth: 0 });
        let children = self.pending.len();
        self.frames.push(Frame { node, anchor, children, key: NONE, mapping, merge: false, weight: Weight::ONE });
        self.set_anchor(anchor, node, false, Weight::ONE);
        true
    }

    /// Of a sequence whose dashes stand right below the key, the parser gives the first item's place.
    fn first_dash(&self, span: Range<usize>) -> Range<usize> {
        let dash = search(self.text.as_bytes(), self.token_end, span.start, |byte| byte == b'-').unwrap_or(span.start);
        dash..dash
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
        let Some(frame) = self.frames.pop() else { return };
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
        if frame.mapping {
            self.duplicate_keys(children);
        }
        self.set_anchor(frame.anchor, frame.node, true, frame.weight);
        match self.frames.last_mut() {
            Some(parent) => parent.weight.add(frame.weight),
            None => self.root_weight = frame.weight,
        }
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
            if self.faults.last().is_none_or(|fault| fault.document != self.document) {
                return;
            }
        }
        while !self.frames.is_empty() {
            self.close(None);
        }
        self.end_document();
    }

    /// Reads all aliases of the document as null where go-yaml would refuse to write them out: the share of nodes that
    /// came by alias may be 99 % up to 400,000 nodes and falls to 10 % at 4,000,000 (decode.go, allowedAliasRatio).
    fn refuse_bomb(&mut self) {
        let Some(&(worst, _)) = self.aliases.iter().max_by_key(|(_, nodes)| *nodes) else { return };
        let Weight { nodes, aliased, depth } = self.root_weight;
        let allowed = match nodes {
            0..=400_000 => 0.99,
            4_000_000.. => 0.10,
            _ => 0.99 - 0.89 * ((nodes - 400_000) as f64 / 3_600_000.0),
        };
        let too_many = nodes > 100 && aliased as f64 / nodes as f64 > allowed;
        let too_deep = depth as usize > crate::Stream::MAX_DEPTH;
        if !too_many && !too_deep {
            return;
        }
        let span = self.tree.node(worst).span.range();
        let (kind, message) = match too_many {
            true => {
                (FaultKind::AliasBomb, format!("aliases multiply this document to {nodes} values; loaders refuse that"))
            }
            false => (FaultKind::TooDeep, format!("aliases nest deeper than {} levels", crate::Stream::MAX_DEPTH)),
        };
        self.fault(kind, message, span);
        for (alias, _) in std::mem::take(&mut self.aliases) {
            self.tree.nodes[alias as usize].body = Body::Alias(NONE);
        }
    }

    fn duplicate_keys(&mut self, children: Span) {
        let keys = self.tree.children(children);
        let count = keys.len() / 2;
        let text = |i: usize| key_text(&self.tree, self.text, keys[2 * i]);
        let mut found: Vec<(u32, u32)> = Vec::new();
        if count <= 16 {
            for i in 1..count {
                if let Some(first) = (0..i).find(|&first| text(first) == text(i)) {
                    found.push((keys[2 * first], keys[2 * i]));
                }
            }
        } else {
            let mut seen: HashMap<&str, u32> = HashMap::with_capacity(count);
            for i in 0..count {
                if let Some(&first) = seen.get(text(i)) {
                    found.push((first, keys[2 * i]));
                } else {
                    seen.insert(text(i), keys[2 * i]);
                }
            }
        }
        for (first, again) in found {
            let name = key_text(&self.tree, self.text, again);
            let message = format!("key {name:?} stands twice in this mapping");
            let first = self.tree.node(first).span.range();
            self.fault(FaultKind::DuplicateKey { first }, message, self.tree.node(again).span.range());
        }
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

fn tag_of(tag: Option<&granit_parser::Tag>, empty: bool) -> Tag {
    let Some(tag) = tag else { return Tag::None };
    match tag.core_suffix() {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("str") | None if empty => Tag::Str,
        _ => Tag::Str,
    }
}

/// Where an indicator stands between two tokens, comments and properties (which may contain its byte) skipped.
fn search(bytes: &[u8], from: usize, to: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    while at < to {
        match bytes[at] {
            byte if wanted(byte) => return Some(at),
            b'#' => at += bytes[at..to].iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(1).max(1),
            b'&' | b'!' => at += bytes[at..to].iter().position(u8::is_ascii_whitespace).unwrap_or(1).max(1),
            _ => at += 1,
        }
    }
    None
}
