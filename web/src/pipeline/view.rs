//! One look at the page: a state of the folder, or the way from one to another.

use super::compare::compare;
use super::draw::{self, Badge, Drawing, Figure, Said};
use super::graph::{Edge, Graph, Mark, Source, Way, signal};
use super::kept::Layouts;
use super::link::Link;
use super::pins::{DiffLine, Told, diff_lines};
use super::rates::Rates;
use super::running::Compared;
use crate::findings::Finding;
use crate::live::State;
use crate::serve::Source as Folder;
use crate::snapshot::Snapshot;
use std::sync::Arc;

/// Two states of the folder.
pub(crate) struct Range {
    pub(crate) before: String,
    pub(crate) after: String,
}

/// What the template shows.
pub(crate) struct Shown {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) range: Option<Range>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) legend: Vec<(&'static str, &'static str)>,
    pub(crate) nodes: usize,
    pub(crate) open: Option<Opened>,
    pub(crate) changes: Vec<Change>,
    pub(crate) link: Link,
    graph: Graph,
    rates: Rates,
}

/// A line of the list of what changed.
pub(crate) struct Change {
    pub(crate) mark: Mark,
    pub(crate) text: String,
    pub(crate) href: Option<String>,
}

/// The node whose source lines the page shows.
pub(crate) struct Opened {
    pub(crate) caption: String,
    pub(crate) title: String,
    pub(crate) details: Vec<String>,
    pub(crate) source: Option<Source>,
    /// What changed in it, where two states are compared.
    pub(crate) diff: Vec<DiffLine>,
    pub(crate) comes: Vec<Neighbour>,
    pub(crate) goes: Vec<Neighbour>,
    pub(crate) findings: Vec<(String, String)>,
}

/// A node at the other end of an edge.
pub(crate) struct Neighbour {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) how: String,
}

impl Shown {
    /// The folder as it is.
    pub(crate) fn now(snapshot: Arc<Snapshot>, layouts: &Layouts, link: Link, rates: Rates) -> Shown {
        let pipelines = &snapshot.pipelines;
        let graph = if rates.any() { pipelines.metered() } else { pipelines.graph.clone() };
        Shown::new(graph, snapshot, layouts, link, rates)
    }

    /// A commit, or what lies between two.
    pub(crate) fn commit(source: &dyn Folder, layouts: &Layouts, link: Link, commit: &str) -> Result<Shown, String> {
        let plain = |graph, after, link| Shown::new(graph, Arc::new(after), layouts, link, Rates::default());
        let Some((before, after)) = link.range() else {
            let after = source.at(commit)?;
            return Ok(plain(after.pipelines.graph.clone(), after, link));
        };
        let range = Range { before: before.to_owned(), after: after.to_owned() };
        // Like git: a side that is left out is the newest state there is, here the folder itself.
        let state = |rev: &str| if rev.is_empty() { source.load() } else { source.at(rev) };
        let (before, after) = (state(before)?, state(after)?);
        let graph = compare(&before.pipelines.graph, &after.pipelines.graph);
        let changes = changes(&graph, &link);
        Ok(Shown { range: Some(range), changes, ..plain(graph, after, link) })
    }

    fn new(graph: Graph, snapshot: Arc<Snapshot>, layouts: &Layouts, link: Link, rates: Rates) -> Shown {
        let open = link.node.as_deref().and_then(|key| graph.find(key));
        let said = said(&snapshot);
        let figures = draw::figures(&graph, layouts, &Drawing { said: &said, link: &link, open, rates: &rates });
        let mut shown = Shown {
            range: None,
            figures,
            legend: legend(&graph),
            nodes: graph.nodes.len(),
            open: None,
            changes: Vec::new(),
            link,
            graph,
            rates,
            snapshot,
        };
        shown.open = open.and_then(|index| shown.opened(index));
        shown
    }

    fn opened(&self, index: usize) -> Option<Opened> {
        let node = self.graph.nodes.get(index)?;
        let neighbours = |from: bool| -> Vec<Neighbour> {
            let drawn = self.graph.edges.iter().enumerate().filter(|(_, edge)| edge.way != Way::Hidden);
            let near = drawn.filter(|(_, edge)| if from { edge.to == index } else { edge.from == index });
            near.filter_map(|(at, edge)| self.neighbour(at, edge, from)).collect()
        };
        let text = |source: &Option<Source>| source.as_ref().map(|s| s.lines.join("\n") + "\n").unwrap_or_default();
        let path = node.source.as_ref().map_or("", |source| source.at.file.as_str());
        let changed = node.mark == Mark::Changed && node.before.is_some();
        let told = node.findings.iter().filter_map(|number| self.finding(self.snapshot.pipelines.told.get(*number)?));
        Some(Opened {
            caption: draw::caption(node),
            title: node.title.clone(),
            details: node.details.clone(),
            source: node.source.clone(),
            diff: if changed { diff_lines(path, &text(&node.before), &text(&node.source)) } else { Vec::new() },
            comes: neighbours(true),
            goes: neighbours(false),
            findings: told.map(|finding| (finding.id.clone(), finding.message.plain())).collect(),
        })
    }

    fn neighbour(&self, at: usize, edge: &Edge, from: bool) -> Option<Neighbour> {
        let node = self.graph.nodes.get(if from { edge.from } else { edge.to })?;
        let mut how = if edge.label.is_empty() { signal(edge.signal).to_owned() } else { edge.label.clone() };
        if edge.mark != Mark::Same {
            how = format!("{how}, {}", edge.mark.word());
        } else if edge.way == Way::Broken {
            how.push_str(", arrives nowhere");
        }
        if let Some(rate) = self.rates.of(at) {
            how = format!("{how}, {rate}");
        }
        Some(Neighbour { href: self.link.node(&node.key), title: node.title.clone(), how })
    }

    /// The collectors of git against those of the cluster.
    pub(crate) fn running(&self, state: &State) -> Vec<Compared> {
        self.snapshot.pipelines.declared.iter().map(|declared| declared.compare(state)).collect()
    }

    /// The finding behind what the page tells.
    pub(crate) fn finding(&self, told: &Told) -> Option<&Finding> {
        self.snapshot.findings.get(told.finding)
    }

    /// Whether any is known.
    pub(crate) fn has_rates(&self) -> bool {
        self.rates.any()
    }

    /// How much comes to a component, or else leaves it.
    pub(crate) fn rate(&self, key: &str) -> Option<String> {
        let node = self.graph.find(key)?;
        let known = |own: fn(&Edge) -> usize| {
            let near = self.graph.edges.iter().enumerate().filter(move |(_, edge)| own(edge) == node);
            near.filter_map(|(at, _)| self.rates.of(at)).next()
        };
        known(|edge| edge.to).or_else(|| known(|edge| edge.from))
    }

    /// Address and number of findings of a component in the list.
    pub(crate) fn component(&self, key: &str) -> Option<(String, Option<Badge>)> {
        let node = self.graph.nodes.get(self.graph.find(key)?)?;
        Some((self.link.node(key), draw::badge(&node.findings, &said(&self.snapshot))))
    }
}

/// What the drawing needs to know of the findings.
fn said(snapshot: &Snapshot) -> Vec<Said<'_>> {
    let told = snapshot.pipelines.told.iter().filter_map(|told| snapshot.findings.get(told.finding));
    told.map(|finding| Said { id: &finding.id, severity: finding.severity }).collect()
}

/// What the picture's lines and signs mean, as far as it has them.
fn legend(graph: &Graph) -> Vec<(&'static str, &'static str)> {
    let drawn = || graph.edges.iter().filter(|edge| edge.way != Way::Hidden);
    let marked = |mark: Mark| graph.nodes.iter().any(|n| n.mark == mark) || drawn().any(|e| e.mark == mark);
    let mut legend = Vec::new();
    for (class, word) in [("traces", "traces"), ("metrics", "metrics"), ("logs", "logs"), ("profiles", "profiles")] {
        if drawn().any(|edge| edge.mark != Mark::Missing && signal(edge.signal) == class) {
            legend.push((class, word));
        }
    }
    if drawn().any(|edge| edge.way == Way::Broken) {
        legend.push(("broken", "arrives nowhere"));
    }
    for (mark, words) in [
        (Mark::Missing, "missing, a finding says why"),
        (Mark::Added, "+ added"),
        (Mark::Removed, "− removed"),
        (Mark::Changed, "± changed"),
    ] {
        if marked(mark) {
            legend.push((mark.word(), words));
        }
    }
    legend
}

/// The comparison in words.
fn changes(graph: &Graph, link: &Link) -> Vec<Change> {
    let differs = |mark: Mark| matches!(mark, Mark::Added | Mark::Removed | Mark::Changed);
    let nodes = graph.nodes.iter().filter(|node| differs(node.mark)).map(|node| Change {
        mark: node.mark,
        text: format!("{} {}", node.kind.word(), node.title),
        href: Some(link.node(&node.key)),
    });
    let edges = graph.edges.iter().filter(|edge| differs(edge.mark)).map(|edge| Change {
        mark: edge.mark,
        text: graph.sentence(edge),
        href: None,
    });
    nodes.chain(edges).collect()
}
