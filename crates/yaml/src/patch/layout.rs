//! The geometry of a text: lines, columns, and how its author indents.

use crate::tree::Body;
use crate::{Kind, Node, ScalarStyle};
use std::ops::Range;

pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    // A line feed after a carriage return ends the same line, which the search from the back finds first.
    before.iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |i| i + 1)
}

/// The end of the line, its break not included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())
}

fn break_len(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The start of the next line, or the end of the text.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    end + break_len(text, end)
}

/// The line before the one that starts at `start`.
pub(super) fn previous_line(text: &str, start: usize) -> Option<Range<usize>> {
    let end = match text.as_bytes().get(..start)? {
        [.., b'\r', b'\n'] => start - 2,
        [.., b'\r' | b'\n'] => start - 1,
        _ => return None,
    };
    Some(line_start(text, end)..end)
}

/// In characters, from 0; a byte order mark takes none.
pub(super) fn column(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    text.get(start..at).unwrap_or_default().trim_start_matches('\u{feff}').chars().count()
}

/// The text's line break: that of its first line.
pub(super) fn eol(text: &str) -> &'static str {
    match text.find(['\r', '\n']).map(|at| text.get(at..at + 2)) {
        Some(Some("\r\n")) => "\r\n",
        _ => "\n",
    }
}

pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b' ' | b'\t'))
}

/// The column of the line's comment, where it holds nothing else.
pub(super) fn comment_column(line: &str) -> Option<usize> {
    let trimmed = line.trim_start_matches(' ');
    trimmed.starts_with('#').then_some(line.len() - trimmed.len())
}

pub(super) fn spaces(count: usize) -> String {
    " ".repeat(count)
}

/// The value that a block collection ends with.
pub(super) fn deepest(mut node: Node<'_>) -> Node<'_> {
    while !node.is_flow()
        && !node.is_alias()
        && let Some(last) = node.last_written()
    {
        node = last;
    }
    node
}

/// Where the value's last byte of meaning lies: behind blank lines that belong to a block scalar.
pub(super) fn tail(node: Node<'_>) -> usize {
    let node = deepest(node);
    let end = node.own_span().end as usize;
    match (node.is_alias(), node.kind(), node.style()) {
        (false, Kind::Scalar, ScalarStyle::Literal | ScalarStyle::Folded) => {
            let text = node.as_str().unwrap_or_default();
            node.own_offset_end(text.strip_suffix('\n').unwrap_or(text).len()).max(end)
        }
        _ => end,
    }
}

/// How the text around a node is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// How far a mapping's entries stand right of its key.
    pub(super) step: usize,
    /// How far a sequence's dashes stand right of its key; 0 is common.
    pub(super) dash: usize,
    pub(super) eol: &'static str,
    /// Whether the text is JSON and has to stay it.
    pub(super) json: bool,
    /// Whether new strings of several lines may be block scalars.
    pub(super) literals: bool,
    /// Whether lists of plain values are written in brackets hereabouts.
    pub(super) brackets: bool,
}

impl Style {
    /// Of the collection around `node`, its neighbours and the rest of its document, in this order.
    pub(super) fn around(node: Node<'_>) -> Self {
        let root = node.document_root();
        let mut found = Found::default();
        let mut at = Some(node);
        while let Some(here) = at {
            found.children(here);
            at = here.parent();
        }
        if !found.complete() {
            found.below(root);
        }
        let step = found.step.unwrap_or(2);
        let text: &str = &node.stream().own;
        let dash = found.dash.unwrap_or(step);
        Self { step, dash, eol: eol(text), json: root.is_flow(), literals: true, brackets: brackets(node) }
    }
}

/// Whether the list of plain values that is written next to `node` is in brackets: the last one below it, else below the
/// collections around it. `false` where there is none.
fn brackets(node: Node<'_>) -> bool {
    std::iter::successors(Some(node), Node::parent).find_map(last_list).is_some_and(|list| list.is_flow())
}

fn last_list(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_alias() {
        return None;
    }
    if node.is_sequence()
        && !node.is_empty()
        && node.items().all(|item| matches!(item.kind(), Kind::Scalar | Kind::Null))
    {
        return Some(node);
    }
    let below: Vec<Node<'_>> = match node.kind() {
        Kind::Mapping => node.own_entries().map(|(_, value)| value).collect(),
        _ => node.items().collect(),
    };
    below.into_iter().rev().find_map(last_list)
}

#[derive(Default)]
struct Found {
    step: Option<usize>,
    dash: Option<usize>,
}

impl Found {
    fn complete(&self) -> bool {
        self.step.is_some() && self.dash.is_some()
    }

    /// Looks at the entries of one mapping whose values are block collections.
    fn children(&mut self, node: Node<'_>) {
        if !node.is_mapping() || node.is_flow() || node.is_alias() {
            return;
        }
        let text: &str = &node.stream().own;
        let base = column(text, node.own_span().start as usize);
        for (_, child) in node.own_entries() {
            if child.is_flow() || child.is_alias() {
                continue;
            }
            let start = child.own_span().start as usize;
            let key_end = child.own_key_span().map_or(start, |key| key.end as usize);
            // Only collections that begin on a line of their own.
            if line_start(text, start) <= key_end {
                continue;
            }
            let offset = column(text, start).checked_sub(base);
            match child.body() {
                Body::Mapping { .. } if offset > Some(0) => self.step = self.step.or(offset),
                Body::Sequence { .. } => self.dash = self.dash.or(offset),
                _ => {}
            }
        }
    }

    /// Depth is bounded by the parser.
    fn below(&mut self, node: Node<'_>) {
        if self.complete() || node.is_alias() || node.is_flow() {
            return;
        }
        self.children(node);
        for (_, child) in node.own_entries() {
            self.below(child);
        }
        for child in node.items() {
            self.below(child);
        }
    }
}
