//! What go-yaml refuses although the parser here takes it: both Kubernetes (sigs.k8s.io/yaml) and the collector (yaml.v3)
//! read with it. Seen by running both sides on mutated manifests.

use super::Builder;
use crate::fault::FaultKind;
use crate::scalar::ScalarStyle;
use crate::tree::{Body, NONE, Scalar, Span};
use std::ops::Range;

impl Builder<'_> {
    /// A fault found after the documents were read.
    fn late_fault(&mut self, kind: FaultKind, message: String, span: Range<usize>) {
        let document = self.document_at(span.start);
        self.fault(kind, message, span);
        if let Some(fault) = self.faults.last_mut() {
            fault.document = document;
        }
    }

    /// What lies before the first document is the first one's.
    fn document_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn refused(&mut self, message: &str, span: Range<usize>) {
        self.fault(FaultKind::Refused, message.to_owned(), span);
    }

    /// Characters that loaders refuse wherever they stand, as go-yaml's reader does (readerc.go); the parser takes most
    /// of them as text. One fault is enough: the text is of another kind than was meant.
    pub(super) fn control_characters(&mut self) {
        let suspicious = |b: u8| (b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) || matches!(b, 0x7f | 0xc2 | 0xef);
        let mut from = 0;
        while let Some(at) = self.text.as_bytes()[from..].iter().position(|b| suspicious(*b)).map(|i| from + i) {
            let c = self.text[at..].chars().next().unwrap_or_default();
            from = at + c.len_utf8();
            let fine = matches!(c, '\u{85}' | '\u{a0}'..='\u{fffd}');
            if fine {
                continue;
            }
            let code = c as u32;
            let message =
                format!("control character U+{code:04X} is not allowed; write it as an escape in double quotes");
            return self.late_fault(FaultKind::Syntax, message, at..from);
        }
    }

    /// A document without `---` after one that ended with `...`.
    pub(super) fn bare_document(&mut self, at: usize) {
        if !self.tree.roots.is_empty() {
            let end = self.text[at..].find(['\r', '\n']).map_or(self.text.len(), |len| at + len);
            self.refused("after `...` the next document has to begin with `---`", at..end);
        }
    }

    /// Only ASCII letters, digits, `-` and `_`; some indicators end the name for go-yaml.
    pub(super) fn anchor_name(&mut self, name: &str, span: Range<usize>) {
        let rest = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !rest.is_empty() && !rest.starts_with(['?', ':', ',', ']', '}', '%', '@', '`']) {
            self.refused("an anchor's name may only have ASCII letters, digits, `-` and `_`", span);
        }
    }

    /// Escapes of JSON that YAML 1.1 lacks: `\/` and pairs of surrogates. Texts that are JSON as a whole are read as such
    /// by kubectl and Argo CD. `inner` is what stands between the double quotes at `start`.
    pub(super) fn json_escapes(&mut self, inner: &str, start: usize) {
        let bytes = inner.as_bytes();
        let mut at = 0;
        while let Some(next) = bytes[at..].iter().position(|b| *b == b'\\').map(|i| at + i) {
            let escape = &bytes[next + 1..];
            let surrogate = matches!(escape, [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
            if surrogate || escape.first() == Some(&b'/') {
                if !self.text.trim_start().starts_with(['{', '[']) {
                    let span = start + next..start + next + if surrogate { 6 } else { 2 };
                    self.refused("an escape of JSON that YAML loaders do not know: write the character itself", span);
                }
                return;
            }
            at = (next + 2).min(bytes.len());
        }
    }

    /// Keys that are missing or no scalars, and what is merged.
    pub(super) fn keys(&mut self, children: Span, merge: bool) {
        for i in (children.start as usize..children.end as usize).step_by(2) {
            let [key, value] = [self.tree.children[i], self.tree.children[i + 1]];
            let node = *self.tree.node(key);
            match node.body {
                Body::Sequence { .. } | Body::Mapping { .. } => {
                    let line = self.text[node.span.range()].find(['\r', '\n']);
                    let end = line.map_or(node.span.end as usize, |len| node.span.start as usize + len);
                    self.refused("a key has to be a scalar", node.span.start as usize..end);
                }
                Body::Scalar(Scalar { style: ScalarStyle::Plain, .. })
                    if node.span.range().is_empty()
                        && self.text[node.span.start as usize..].starts_with(':')
                        && !self.text[..node.span.start as usize].trim_end().ends_with('?') =>
                {
                    let at = node.span.start as usize;
                    self.refused("a key is missing in front of this `:`", at..at + 1);
                }
                Body::Scalar(scalar)
                    if merge
                        && scalar.style == ScalarStyle::Plain
                        && self.tree.text(self.text, scalar.text) == "<<"
                        && !self.is_mergeable(value) =>
                {
                    let span = node.span.range();
                    self.refused("`<<` merges mappings only: an alias of one, or a list of such aliases", span);
                }
                _ => {}
            }
        }
    }

    fn is_mergeable(&self, value: u32) -> bool {
        let resolve = |id: u32| match self.tree.node(id).body {
            Body::Alias(target) if target != NONE => self.tree.node(target).body,
            body => body,
        };
        match resolve(value) {
            Body::Mapping { .. } => true,
            Body::Sequence { children, .. } => {
                self.tree.children(children).iter().all(|&item| matches!(resolve(item), Body::Mapping { .. }))
            }
            // Has a fault of its own.
            Body::Alias(_) => true,
            Body::Scalar(_) => false,
        }
    }

    /// Tabs that indent: go-yaml takes them between tokens of one line, but not where a line's first token may begin
    /// (scannerc.go, `yaml_parser_scan_to_next_token`), nor in front of it behind `- `.
    pub(super) fn tabs(&mut self) {
        if !self.text.contains('\t') {
            return;
        }
        let opaque = self.opaque();
        let broken = crate::fault::broken_documents(&self.faults);
        let mut line = 0;
        while line < self.text.len() {
            let end = self.text[line..].find(['\n', '\r']).map_or(self.text.len(), |len| line + len + 1);
            if let Some(tab) = leading_tab(&self.text.as_bytes()[line..end]).map(|at| line + at) {
                let before = opaque.partition_point(|range| range.start <= tab);
                let inside = before.checked_sub(1).and_then(|i| opaque.get(i)).is_some_and(|range| tab < range.end);
                // Behind a syntax error, nothing is known about what the tab stands in.
                let unknown = broken.binary_search(&self.document_at(tab)).is_ok();
                if !inside && !unknown {
                    let message = "a tab cannot indent YAML; use spaces".to_owned();
                    return self.late_fault(FaultKind::Refused, message, tab..tab + 1);
                }
            }
            line = end;
        }
    }

    /// Scalars and flow collections, inside which tabs are blanks or text; in order and without overlap.
    fn opaque(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for node in &self.tree.nodes {
            let Range { start, mut end } = node.span.range();
            match node.body {
                Body::Scalar(Scalar { style, .. })
                    if node.parent == NONE || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) =>
                {
                    // With the blank lines that follow, which only a root may indent by tabs.
                    let rest = &self.text[end..];
                    end += rest.len() - rest.trim_start().len();
                }
                Body::Scalar(_) | Body::Sequence { flow: true, .. } | Body::Mapping { flow: true, .. } => {}
                _ => continue,
            }
            ranges.push(start..end);
        }
        ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let mut covered = 0;
        ranges.retain(|range| {
            let keep = range.end > covered;
            covered = covered.max(range.end);
            keep
        });
        ranges
    }
}

/// The first tab among a line's blanks and block indicators, before anything else.
fn leading_tab(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match line.get(at)? {
            b'\t' => return Some(at),
            b' ' => at += 1,
            b'-' | b'?' | b':' if matches!(line.get(at + 1), Some(b' ' | b'\t')) => at += 1,
            _ => return None,
        }
    }
}
