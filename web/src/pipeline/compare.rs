//! Two graphs as one: what the later one added, removed and changed.

use super::graph::{Edge, Graph, Mark, Node, Way};

/// The graph of `after`, with what only `before` has as removed.
pub(crate) fn compare(before: &Graph, after: &Graph) -> Graph {
    let mut joined = after.clone();
    let old = |key: &str| {
        let node = before.find(key).and_then(|index| before.nodes.get(index));
        node.filter(|node| node.mark != Mark::Missing)
    };
    for node in joined.nodes.iter_mut().filter(|node| node.mark == Mark::Same) {
        match old(&node.key) {
            None => node.mark = Mark::Added,
            Some(old) if differs(old, node) => {
                node.mark = Mark::Changed;
                node.before = old.source.clone();
            }
            Some(_) => {}
        }
    }
    // What was there, and should be: it went.
    for node in joined.nodes.iter_mut().filter(|node| node.mark == Mark::Missing) {
        if let Some(old) = old(&node.key) {
            node.mark = Mark::Removed;
            node.source = old.source.clone();
        }
    }
    for node in before.nodes.iter().filter(|node| node.mark == Mark::Same) {
        joined.node(&node.key, || Node { findings: Vec::new(), mark: Mark::Removed, ..node.clone() });
    }
    let real = |edge: &&Edge| edge.mark == Mark::Same && edge.way != Way::Hidden;
    for edge in joined.edges.iter_mut().filter(|edge| edge.mark == Mark::Same && edge.way != Way::Hidden) {
        let same = before.edges.iter().filter(real).find(|old| before.identity(old) == after.identity(edge));
        match same {
            None => edge.mark = Mark::Added,
            Some(old) if old.label != edge.label => edge.mark = Mark::Changed,
            Some(_) => {}
        }
    }
    let was = |identity| before.edges.iter().filter(real).any(|old| before.identity(old) == identity);
    for edge in joined.edges.iter_mut().filter(|edge| edge.mark == Mark::Missing && was(after.identity(edge))) {
        edge.mark = Mark::Removed;
    }
    for edge in before.edges.iter().filter(real) {
        let identity = before.identity(edge);
        let drawn = |new: &&Edge| new.way != Way::Hidden;
        if after.edges.iter().filter(drawn).any(|new| after.identity(new) == identity) {
            continue;
        }
        let end = |index: usize| joined.find(&before.nodes.get(index)?.key);
        if let (Some(from), Some(to)) = (end(edge.from), end(edge.to)) {
            joined.edges.push(Edge { from, to, findings: Vec::new(), mark: Mark::Removed, ..edge.clone() });
        }
    }
    joined
}

/// Whether a component is set up otherwise; where it stands in its file is no matter.
fn differs(old: &Node, new: &Node) -> bool {
    let lines = |node: &Node| node.source.as_ref().map(|s| (s.lines.clone(), s.more));
    old.details != new.details || old.state != new.state || lines(old) != lines(new)
}
