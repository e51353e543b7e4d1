//! Documents that multiply themselves, and keys that stand twice.

use super::{Builder, key_text};
use crate::fault::FaultKind;
use crate::tree::{Body, NONE, Span};
use std::collections::HashMap;

/// Up to so many keys are compared with each other; more are hashed.
const FEW: usize = 16;

/// How much a node is when all its aliases are written out.
#[derive(Clone, Copy)]
pub(super) struct Weight {
    pub(super) nodes: u64,
    /// Those of them that came by alias.
    pub(super) aliased: u64,
    pub(super) depth: u32,
}

impl Weight {
    pub(super) const ONE: Self = Self { nodes: 1, aliased: 0, depth: 1 };

    pub(super) fn add(&mut self, child: Self) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.aliased = self.aliased.saturating_add(child.aliased);
        self.depth = self.depth.max(child.depth + 1);
    }
}

impl Builder<'_> {
    /// Reads all aliases of the document as null where go-yaml would refuse to write them out: the share of nodes that
    /// came by alias may be 99 % up to 400,000 nodes and falls to 10 % at 4,000,000 (decode.go, allowedAliasRatio).
    pub(super) fn refuse_bomb(&mut self) {
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

    pub(super) fn duplicate_keys(&mut self, children: Span) {
        let keys = self.tree.children(children);
        let count = keys.len() / 2;
        let text = |i: usize| key_text(&self.tree, self.text, keys[2 * i]);
        let mut found: Vec<(u32, u32)> = Vec::new();
        if count <= FEW {
            let mut texts = [""; FEW];
            for i in 0..count {
                texts[i] = text(i);
                if let Some(first) = texts[..i].iter().position(|first| *first == texts[i]) {
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
