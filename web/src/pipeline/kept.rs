//! Layouts of the graphs that were drawn last. A page is asked for far more often than its graph changes.

use super::graph::Graph;
use super::layout::{Layout, layouts};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

/// Layouts kept at a time: of the folder, and of commits that are looked at.
const MOST: usize = 16;

/// Each by what its graph is.
#[derive(Default)]
pub(crate) struct Layouts(Mutex<VecDeque<(u64, Arc<[Layout]>)>>);

impl Layouts {
    /// As [`layouts`]; arranged at most once while it is kept.
    pub(crate) fn of(&self, graph: &Graph) -> Arc<[Layout]> {
        let print = print(graph);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().position(|(known, _)| *known == print).and_then(|at| kept.remove(at)) {
            let layouts = Arc::clone(&found.1);
            kept.push_front(found);
            return layouts;
        }
        let layouts: Arc<[Layout]> = layouts(graph).into();
        kept.truncate(MOST - 1);
        kept.push_front((print, Arc::clone(&layouts)));
        layouts
    }
}

/// Of everything that a layout depends on.
fn print(graph: &Graph) -> u64 {
    let mut hasher = DefaultHasher::new();
    for node in &graph.nodes {
        (&node.key, node.kind, &node.title, &node.within, &node.details, node.mark).hash(&mut hasher);
    }
    for edge in &graph.edges {
        (edge.from, edge.to, edge.signal, &edge.label, edge.way, edge.mark, edge.unit).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Layouts, MOST};
    use crate::pipeline::graph::{Edge, Graph, Kind, Node};
    use std::sync::Arc;

    fn graph(label: &str) -> Graph {
        let mut graph = Graph::default();
        let from = graph.node("a", || Node::new(Kind::Receiver, "otlp"));
        let to = graph.node("b", || Node::new(Kind::Pipeline, "traces"));
        graph.edge(Edge { from, to, label: label.to_owned(), ..Edge::default() });
        graph
    }

    #[test]
    fn the_same_graph_is_arranged_once_and_another_one_anew() {
        let kept = Layouts::default();
        let first = kept.of(&graph("x"));
        assert!(Arc::ptr_eq(&first, &kept.of(&graph("x"))));
        let long = kept.of(&graph("a longer label"));
        assert!(long[0].width > first[0].width, "a longer label needs more room");
        for other in 0..MOST {
            kept.of(&graph(&other.to_string()));
        }
        assert!(!Arc::ptr_eq(&first, &kept.of(&graph("x"))), "what nobody asks for is forgotten");
    }
}
