//! The collectors of a folder, who sends to them and who receives, as one graph.

use super::rates::Unit;
use crate::snapshot::Spot;
use catalogue::Signal;
use model::Place;
use std::collections::HashMap;

/// Nodes and edges; edges name nodes by index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    by_key: HashMap<String, usize>,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A workload that sends to a collector.
    Sender,
    Receiver,
    /// A pipeline itself, between what it takes from and what it does first.
    Pipeline,
    Processor,
    Connector,
    Exporter,
    /// The collector's own metrics.
    Telemetry,
    /// Where an exporter sends to.
    Backend,
    /// Who scrapes the collector.
    Prometheus,
    /// An address at which nothing answers.
    Nowhere,
}

impl Kind {
    /// The word above a node's name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Sender => "sender",
            Kind::Receiver => "receiver",
            Kind::Pipeline => "pipeline",
            Kind::Processor => "processor",
            Kind::Connector => "connector",
            Kind::Exporter => "exporter",
            Kind::Telemetry => "own metrics",
            Kind::Backend => "backend",
            Kind::Prometheus => "scraper",
            Kind::Nowhere => "nothing answers",
        }
    }

    /// Whether it stands outside the collectors.
    pub(crate) fn outside(self) -> bool {
        matches!(self, Kind::Sender | Kind::Backend | Kind::Prometheus | Kind::Nowhere)
    }
}

/// How a component is set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Defined,
    /// A pipeline names it, and nothing defines it.
    Undefined,
    /// Defined, and no pipeline names it.
    Unused,
}

/// How a node or edge differs from the other side: the commit before, or the graph that the check asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    #[default]
    Same,
    Added,
    Removed,
    Changed,
    /// Not there; a finding says that it should be.
    Missing,
}

impl Mark {
    /// For class attributes and accessible names.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Mark::Same => "",
            Mark::Added => "added",
            Mark::Removed => "removed",
            Mark::Changed => "changed",
            Mark::Missing => "missing",
        }
    }

    /// What stands beside it in the drawing.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Mark::Added => "+",
            Mark::Removed => "−",
            Mark::Changed => "±",
            Mark::Same | Mark::Missing => "",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Names it in addresses; the same from one state of the folder to the next.
    pub(crate) key: String,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    /// For a processor the key of its pipeline, in whose box it is drawn.
    pub(crate) within: Option<String>,
    /// Short facts below the title.
    pub(crate) details: Vec<String>,
    pub(crate) state: State,
    pub(crate) place: Option<Place>,
    pub(crate) source: Option<Source>,
    /// What it was, for one that is changed.
    pub(crate) before: Option<Source>,
    /// Indices into what the page tells.
    pub(crate) findings: Vec<usize>,
    pub(crate) mark: Mark,
}

/// The lines that make a node what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) at: Spot,
    /// From that line on.
    pub(crate) lines: Vec<String>,
    /// Lines beyond what is shown.
    pub(crate) more: usize,
}

/// How an edge is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    #[default]
    Flows,
    /// What goes in there arrives nowhere.
    Broken,
    /// Not drawn: it only keeps an unused component at its usual side.
    Hidden,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) signal: Option<Signal>,
    pub(crate) label: String,
    pub(crate) way: Way,
    pub(crate) findings: Vec<usize>,
    pub(crate) mark: Mark,
    /// What its rate is counted in, where it is to have room for one.
    pub(crate) unit: Option<Unit>,
}

/// The word for a signal.
pub(crate) fn signal(signal: Option<Signal>) -> &'static str {
    match signal {
        Some(Signal::Traces) => "traces",
        Some(Signal::Metrics) => "metrics",
        Some(Signal::Logs) => "logs",
        Some(Signal::Profiles) => "profiles",
        None => "unknown",
    }
}

impl Graph {
    /// The node of that key; made by `make` where there is none yet.
    pub(crate) fn node(&mut self, key: &str, make: impl FnOnce() -> Node) -> usize {
        if let Some(index) = self.by_key.get(key) {
            return *index;
        }
        let index = self.nodes.len();
        self.by_key.insert(key.to_owned(), index);
        self.nodes.push(Node { key: key.to_owned(), ..make() });
        index
    }

    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// One edge for each pair, signal and way: a second one says nothing new.
    pub(crate) fn edge(&mut self, edge: Edge) -> usize {
        let same = |e: &Edge| (e.from, e.to, e.signal, e.way) == (edge.from, edge.to, edge.signal, edge.way);
        match self.edges.iter().position(same) {
            Some(index) => index,
            None => {
                self.edges.push(edge);
                self.edges.len() - 1
            }
        }
    }

    /// Takes nodes away; no edge may lead to one of them.
    pub(crate) fn remove(&mut self, nodes: &[usize]) {
        let mut moved = Vec::with_capacity(self.nodes.len());
        let mut kept = Vec::with_capacity(self.nodes.len());
        for (index, node) in std::mem::take(&mut self.nodes).into_iter().enumerate() {
            moved.push(kept.len());
            if !nodes.contains(&index) {
                kept.push(node);
            }
        }
        self.nodes = kept;
        for edge in &mut self.edges {
            edge.from = moved.get(edge.from).copied().unwrap_or(edge.from);
            edge.to = moved.get(edge.to).copied().unwrap_or(edge.to);
        }
        self.by_key = self.nodes.iter().enumerate().map(|(index, node)| (node.key.clone(), index)).collect();
    }

    /// An edge in words.
    pub(crate) fn sentence(&self, edge: &Edge) -> String {
        let end =
            |index: usize| self.nodes.get(index).map(|n| format!("{} {}", n.kind.word(), n.title)).unwrap_or_default();
        format!("{} from {} to {}", signal(edge.signal), end(edge.from), end(edge.to))
    }

    /// What an edge is, whatever the nodes' indices.
    pub(crate) fn identity(&self, edge: &Edge) -> (&str, &str, Option<Signal>, bool) {
        let key = |index: usize| self.nodes.get(index).map_or("", |node| node.key.as_str());
        (key(edge.from), key(edge.to), edge.signal, edge.way == Way::Broken)
    }
}

impl Node {
    pub(crate) fn new(kind: Kind, title: impl Into<String>) -> Node {
        Node {
            key: String::new(),
            kind,
            title: title.into(),
            within: None,
            details: Vec::new(),
            state: State::Defined,
            place: None,
            source: None,
            before: None,
            findings: Vec::new(),
            mark: Mark::Same,
        }
    }
}
