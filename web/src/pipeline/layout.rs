//! Where everything stands: layers from left to right, by dugong (a port of dagre). Nothing else here knows that library.

use super::draw::room;
use super::graph::{Edge, Graph, Kind, Mark, Node, Way};
use dugong::graphlib::{Graph as Dagre, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, LabelPos, NodeLabel, RankDir};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Longest text in a box, in columns; the rest is in the node's accessible name and on the page.
pub(crate) const MOST_TITLE: usize = 26;
pub(crate) const MOST_DETAIL: usize = 34;
/// Width of a character of the title's and of the small text, the widest of the usual fonts.
const TITLE_COLUMN: f64 = 7.9;
pub(crate) const SMALL_COLUMN: f64 = 6.1;
/// A processor in its pipeline's box, and the room below it.
const ROW: f64 = 28.0;
const ROW_GAP: f64 = 6.0;
/// Room around what is drawn: badges stand out.
const MARGIN: f64 = 14.0;

/// The node that holds the first layer together; not drawn.
const ROOT: &str = "root";

/// Nodes that hang together, with their places. Nodes are in reading order: layer by layer, each from the top.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) nodes: Vec<Placed>,
    pub(crate) edges: Vec<Routed>,
}

/// A node's box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Index into the graph's nodes.
    pub(crate) node: usize,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// An edge's way.
#[derive(Clone, Debug)]
pub(crate) struct Routed {
    /// Index into the graph's edges.
    pub(crate) edge: usize,
    pub(crate) points: Vec<Point>,
    /// Whether it runs from left to right, as all do but those that close a circle.
    pub(crate) forward: bool,
    /// The middle of its label.
    pub(crate) label: Point,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Each group of nodes that hang together, the largest first.
pub(crate) fn layouts(graph: &Graph) -> Vec<Layout> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, group) in groups_of(graph).into_iter().enumerate() {
        groups.entry(group).or_default().push(node);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|nodes| std::cmp::Reverse(nodes.len()));
    groups.iter().map(|nodes| layout(graph, nodes)).collect()
}

/// For each node the least node that it hangs together with.
fn groups_of(graph: &Graph) -> Vec<usize> {
    let mut group: Vec<usize> = (0..graph.nodes.len()).collect();
    fn root(group: &mut [usize], mut at: usize) -> usize {
        while let Some(above) = group.get(at).copied().filter(|above| *above != at) {
            let next = group.get(above).copied().unwrap_or(above);
            if let Some(slot) = group.get_mut(at) {
                *slot = next;
            }
            at = above;
        }
        at
    }
    for edge in &graph.edges {
        let (a, b) = (root(&mut group, edge.from), root(&mut group, edge.to));
        if let Some(slot) = group.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
    (0..graph.nodes.len()).map(|node| root(&mut group, node)).collect()
}

fn layout(graph: &Graph, nodes: &[usize]) -> Layout {
    let units = Units::of(graph, nodes);
    let Some(dagre) = arranged(graph, &units) else { return stacked(graph, nodes) };
    let mut placed: Vec<Placed> = Vec::with_capacity(units.list.len());
    for unit in &units.list {
        let Some(label) = dagre.node(&unit.node.to_string()) else { continue };
        let (Some(x), Some(y)) = (label.x, label.y) else { continue };
        let (width, height) = (label.width, label.height);
        placed.push(Placed { node: unit.node, x: x - width / 2.0, y: y - height / 2.0, width, height });
    }
    let left = placed.iter().map(|p| p.x).fold(f64::INFINITY, f64::min) - MARGIN;
    let columns = Columns::of(&placed);
    placed.sort_by(|a, b| (a.middle().x.total_cmp(&b.middle().x)).then(a.y.total_cmp(&b.y)));
    let at: BTreeMap<usize, Placed> = placed.iter().map(|p| (p.node, *p)).collect();
    let mut edges = Vec::new();
    for (index, from, to) in units.edges(graph) {
        if graph.edges.get(index).is_none_or(|edge| edge.way == Way::Hidden) {
            continue;
        }
        let (Some(start), Some(end)) = (at.get(&from), at.get(&to)) else { continue };
        let name = index.to_string();
        let Some(label) = dagre.edge(&from.to_string(), &to.to_string(), Some(&name)) else { continue };
        edges.push((from, to, columns.route(index, start, end, label)));
    }
    spread(&mut edges, &at);
    let mut edges: Vec<Routed> = edges.into_iter().map(|(_, _, routed)| routed).collect();
    placed.iter_mut().for_each(|place| place.x -= left);
    for routed in &mut edges {
        routed.label.x -= left;
        routed.points.iter_mut().for_each(|point| point.x -= left);
    }
    let size = dagre.graph();
    let nodes = placed.iter().flat_map(|place| units.unfold(graph, place)).collect();
    Layout { width: size.width - left, height: size.height, nodes, edges }
}

/// A box of the arrangement: a node, or a pipeline with its processors.
struct Unit {
    node: usize,
    /// Processors in their order.
    rows: Vec<usize>,
}

struct Units {
    list: Vec<Unit>,
    /// The unit's node for every node of the graph; itself where it is no processor.
    of: Vec<usize>,
}

impl Units {
    fn of(graph: &Graph, nodes: &[usize]) -> Units {
        let owner =
            |(index, node): (usize, &Node)| node.within.as_ref().and_then(|key| graph.find(key)).unwrap_or(index);
        let of: Vec<usize> = graph.nodes.iter().enumerate().map(owner).collect();
        let depths = depths(graph, &of);
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in nodes {
            if let Some(unit) = of.get(*node).filter(|unit| *unit != node) {
                rows.entry(*unit).or_default().push(*node);
            }
        }
        let list = nodes.iter().filter(|node| of.get(**node) == Some(node)).map(|node| {
            let mut rows = rows.remove(node).unwrap_or_default();
            rows.sort_by_key(|row| (depths.get(*row).copied().unwrap_or_default(), *row));
            Unit { node: *node, rows }
        });
        Units { list: list.collect(), of }
    }

    /// Edges between units: index, and the units' nodes. One that is missing beside one that is there says nothing.
    fn edges(&self, graph: &Graph) -> Vec<(usize, usize, usize)> {
        let unit = |node: usize| self.of.get(node).copied().unwrap_or(node);
        let ends = |edge: &Edge| (unit(edge.from), unit(edge.to), edge.signal);
        let there: HashSet<_> = graph
            .edges
            .iter()
            .filter(|e| e.mark != Mark::Missing && e.way == Way::Flows)
            .map(|e| (unit(e.from), unit(e.to), e.signal))
            .collect();
        let mut found = Vec::new();
        for (index, edge) in graph.edges.iter().enumerate() {
            let (from, to, signal) = ends(edge);
            let doubled = edge.mark == Mark::Missing && there.contains(&(from, to, signal));
            if from != to && !doubled {
                found.push((index, from, to));
            }
        }
        found
    }

    /// A unit's box, and those in it.
    fn unfold(&self, graph: &Graph, place: &Placed) -> Vec<Placed> {
        let mut places = vec![*place];
        let unit = self.list.iter().find(|unit| unit.node == place.node);
        let header = graph.nodes.get(place.node).map_or(0.0, |node| size(node).1);
        for (row, node) in unit.into_iter().flat_map(|unit| unit.rows.iter().enumerate()) {
            let y = place.y + header + (ROW + ROW_GAP) * row as f64;
            places.push(Placed { node: *node, x: place.x + 10.0, y, width: place.width - 20.0, height: ROW });
        }
        places
    }
}

/// How far along its pipeline each processor stands.
fn depths(graph: &Graph, of: &[usize]) -> Vec<usize> {
    let mut depths = vec![0; graph.nodes.len()];
    let inner: Vec<(usize, usize)> =
        graph.edges.iter().map(|e| (e.from, e.to)).filter(|(from, to)| of.get(*from) == of.get(*to)).collect();
    // A pipeline that names a processor twice is a circle: it ends after as many rounds as there can be steps.
    for _ in 0..inner.len().min(64) {
        let mut moved = false;
        for (from, to) in &inner {
            let next = depths.get(*from).copied().unwrap_or_default() + 1;
            if let Some(depth) = depths.get_mut(*to).filter(|depth| **depth < next) {
                (*depth, moved) = (next, true);
            }
        }
        if !moved {
            break;
        }
    }
    depths
}

/// What dugong makes of it; `None` where it fails, which no graph of ours has made it do.
fn arranged(graph: &Graph, units: &Units) -> Option<Dagre<NodeLabel, EdgeLabel, GraphLabel>> {
    let options = GraphOptions { directed: true, multigraph: true, compound: false };
    let mut dagre: Dagre<NodeLabel, EdgeLabel, GraphLabel> = Dagre::new(options);
    dagre.set_graph(GraphLabel {
        rankdir: RankDir::LR,
        nodesep: 22.0,
        ranksep: 40.0,
        edgesep: 14.0,
        marginx: MARGIN,
        marginy: MARGIN,
        ..GraphLabel::default()
    });
    let mut member: HashSet<usize> = HashSet::new();
    for unit in &units.list {
        let (mut width, mut height) = size(graph.nodes.get(unit.node)?);
        for row in &unit.rows {
            width = width.max(size(graph.nodes.get(*row)?).0 + 20.0);
            height += ROW + ROW_GAP;
        }
        height += if unit.rows.is_empty() { 0.0 } else { 4.0 };
        dagre.set_node(unit.node.to_string(), NodeLabel { width, height, ..NodeLabel::default() });
        member.insert(unit.node);
    }
    let edges = units.edges(graph);
    for (index, from, to) in edges.iter().copied().filter(|(_, from, _)| member.contains(from)) {
        let Some(edge) = graph.edges.get(index) else { continue };
        let (width, height) = room(edge);
        let label = EdgeLabel {
            width,
            height,
            labelpos: LabelPos::C,
            minlen: 1,
            weight: weight(graph, edge),
            ..EdgeLabel::default()
        };
        dagre.set_edge_named(from.to_string(), to.to_string(), Some(index.to_string()), Some(label));
    }
    // What nothing leads to stands in the first layer.
    let entered: HashSet<usize> = edges.iter().map(|(_, _, to)| *to).collect();
    dagre.set_node(ROOT, NodeLabel { width: 1.0, height: 1.0, ..NodeLabel::default() });
    for index in member.iter().filter(|index| !entered.contains(index)).collect::<BTreeSet<_>>() {
        let label = EdgeLabel { minlen: 1, weight: 4.0, ..EdgeLabel::default() };
        dagre.set_edge_named(ROOT, index.to_string(), None::<String>, Some(label));
    }
    dugong::layout(&mut dagre).ok()?;
    Some(dagre)
}

/// How much an edge wants to be short. Where a way is shorter than another, the room is left before what several share.
fn weight(graph: &Graph, edge: &Edge) -> f64 {
    let shared = |kind: Kind| matches!(kind, Kind::Exporter | Kind::Connector | Kind::Backend | Kind::Prometheus);
    match (edge.way, graph.nodes.get(edge.to)) {
        (Way::Hidden, _) => 0.1,
        (_, Some(node)) if shared(node.kind) => 1.0,
        _ => 6.0,
    }
}

/// One below the other, without edges: better than no picture.
fn stacked(graph: &Graph, nodes: &[usize]) -> Layout {
    let (mut y, mut width) = (MARGIN, 0.0_f64);
    let mut placed = Vec::new();
    for index in nodes {
        let Some(node) = graph.nodes.get(*index) else { continue };
        let (own, height) = size(node);
        placed.push(Placed { node: *index, x: MARGIN, y, width: own, height });
        y += height + 16.0;
        width = width.max(own);
    }
    Layout { width: width + 2.0 * MARGIN, height: y, nodes: placed, edges: Vec::new() }
}

/// The room that a node's text takes.
fn size(node: &Node) -> (f64, f64) {
    let title = columns(&node.title).min(MOST_TITLE as f64) * TITLE_COLUMN;
    let details = node.details.iter().map(|text| columns(text).min(MOST_DETAIL as f64) * SMALL_COLUMN);
    let caption = columns(&super::draw::caption(node)) * SMALL_COLUMN;
    let width = details.fold(title.max(caption), f64::max) + 26.0;
    (width.max(84.0).round(), 46.0 + 15.0 * node.details.len() as f64)
}

/// Columns that a text takes in a terminal: most scripts one a character, East Asian ones two.
pub(crate) fn columns(text: &str) -> f64 {
    text.chars().map(|c| if matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f300..=0x1faff | 0x20000..=0x3fffd) { 2.0 } else { 1.0 }).sum()
}

impl Placed {
    pub(crate) fn middle(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }
}

/// The layers' middles and half widths: an edge crosses a layer straight, so that it keeps off the boxes there.
struct Columns(Vec<(f64, f64)>);

impl Columns {
    fn of(placed: &[Placed]) -> Columns {
        let mut columns: Vec<(f64, f64)> = Vec::new();
        for node in placed {
            let x = node.middle().x;
            match columns.iter_mut().find(|(middle, _)| (*middle - x).abs() < 1.0) {
                Some((_, half)) => *half = half.max(node.width / 2.0),
                None => columns.push((x, node.width / 2.0)),
            }
        }
        Columns(columns)
    }

    fn at(&self, x: f64) -> Option<(f64, f64)> {
        self.0.iter().find(|(middle, _)| (*middle - x).abs() < 1.0).copied()
    }

    fn route(&self, edge: usize, from: &Placed, to: &Placed, label: &EdgeLabel) -> Routed {
        let forward = from.x + from.width <= to.x;
        let inner = label.points.get(1..label.points.len().saturating_sub(1)).unwrap_or_default();
        let (start, end) = (from.middle(), to.middle());
        let mut points = Vec::new();
        if forward {
            points.push(Point { x: from.x + from.width, y: start.y });
            if let Some((middle, half)) = self.at(start.x) {
                points.push(Point { x: middle + half, y: start.y });
            }
            for point in inner {
                let half = match self.at(point.x) {
                    Some((_, half)) => half,
                    None if label.width > 0.0 && label.x.is_some_and(|x| (x - point.x).abs() < 1.0) => {
                        label.width / 2.0
                    }
                    None => continue,
                };
                points.push(Point { x: point.x - half, y: point.y });
                points.push(Point { x: point.x + half, y: point.y });
            }
            if let Some((middle, half)) = self.at(end.x) {
                points.push(Point { x: middle - half, y: end.y });
            }
            points.push(Point { x: to.x, y: end.y });
        } else {
            points.extend(label.points.iter().map(|p| Point { x: p.x, y: p.y }));
        }
        let middle = Point { x: (start.x + end.x) / 2.0, y: (start.y + end.y) / 2.0 };
        let label = match (label.x, label.y, label.width > 0.0) {
            (Some(x), Some(y), true) => Point { x, y },
            _ => points
                .get(points.len() / 2)
                .zip(points.get((points.len() / 2).saturating_sub(1)))
                .map_or(middle, |(a, b)| Point { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 }),
        };
        Routed { edge, points, forward, label }
    }
}

/// Edges that meet at a box's side keep apart, in the order in which they come.
fn spread(edges: &mut [(usize, usize, Routed)], at: &BTreeMap<usize, Placed>) {
    for (node, place) in at {
        for leaving in [true, false] {
            let here = |(from, to, routed): &(usize, usize, Routed)| {
                routed.forward && if leaving { from == node } else { to == node }
            };
            let mut here: Vec<usize> = (0..edges.len()).filter(|i| edges.get(*i).is_some_and(here)).collect();
            // The height of the next point, seen from this box.
            let toward = |index: &usize| {
                let points = edges.get(*index).map(|(_, _, r)| r.points.as_slice()).unwrap_or_default();
                let next =
                    if leaving { points.get(2) } else { points.len().checked_sub(3).and_then(|i| points.get(i)) };
                next.map_or(0.0, |p| p.y)
            };
            here.sort_by(|a, b| toward(a).total_cmp(&toward(b)).then(a.cmp(b)));
            let step = ((place.height - 16.0) / here.len().max(1) as f64).min(12.0);
            let first = place.middle().y - step * (here.len().saturating_sub(1)) as f64 / 2.0;
            for (position, index) in here.into_iter().enumerate() {
                let Some((_, _, routed)) = edges.get_mut(index) else { continue };
                let count = routed.points.len();
                // The box's side, and the layer's.
                let ends = if leaving { 0..2.min(count) } else { count.saturating_sub(2)..count };
                for point in routed.points.get_mut(ends).into_iter().flatten() {
                    point.y = first + step * position as f64;
                }
            }
        }
    }
}
