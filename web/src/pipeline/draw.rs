//! A layout as what the template writes: numbers, texts and class names.

use super::graph::{Edge, Graph, Kind, Mark, Node, State, Way, signal};
use super::kept::Layouts;
use super::layout::{Layout, MOST_DETAIL, MOST_TITLE, Point, Routed};
use super::link::Link;
use super::rates::Rates;
use std::fmt::Write as _;
use std::sync::Arc;

/// More than this no page shows, and no layout arranges in reasonable time.
pub(crate) const MOST_NODES: usize = 600;

/// One drawing: nodes that hang together.
pub(crate) struct Figure {
    /// Unique on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Narrow enough to be shown whole on most screens.
    pub(crate) fits: bool,
    pub(crate) boxes: Vec<Shape>,
    pub(crate) lines: Vec<Line>,
}

/// A node.
pub(crate) struct Shape {
    pub(crate) href: String,
    pub(crate) class: String,
    /// What a screen reader says.
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) round: f64,
    pub(crate) caption: String,
    pub(crate) title: String,
    /// The title's height.
    pub(crate) line: f64,
    /// Each with its height.
    pub(crate) details: Vec<(f64, String)>,
    pub(crate) badge: Option<Badge>,
    pub(crate) sign: &'static str,
    /// Whether it is the one whose source the page shows.
    pub(crate) open: bool,
}

/// How much the check has to say.
pub(crate) struct Badge {
    pub(crate) severity: &'static str,
    pub(crate) count: usize,
}

/// An edge.
pub(crate) struct Line {
    pub(crate) class: String,
    pub(crate) path: String,
    pub(crate) arrow: String,
    pub(crate) name: String,
    pub(crate) label: Option<Label>,
    pub(crate) rate: Option<Label>,
    /// The middle of both.
    pub(crate) at: Point,
    /// Where its finding is, for one that is missing.
    pub(crate) finding: Option<(String, Badge)>,
}

/// A text on an edge.
pub(crate) struct Label {
    pub(crate) text: String,
    /// Its middle's height.
    pub(crate) y: f64,
    /// Width of the ground under it.
    pub(crate) plate: f64,
}

/// What is drawn beside the graph itself.
pub(crate) struct Drawing<'a> {
    pub(crate) said: &'a [Said<'a>],
    pub(crate) link: &'a Link,
    pub(crate) open: Option<usize>,
    pub(crate) rates: &'a Rates,
}

/// What the page knows of a finding.
pub(crate) struct Said<'a> {
    pub(crate) id: &'a str,
    pub(crate) severity: &'static str,
}

/// Every figure of the graph; none where it is too large.
pub(crate) fn figures(graph: &Graph, layouts: &Layouts, drawing: &Drawing<'_>) -> Vec<Figure> {
    let draw = |(number, layout): (usize, &Layout)| figure(graph, layout, number, drawing);
    arranged(graph, layouts).iter().enumerate().map(draw).collect()
}

/// Every figure's layout; none where the graph is too large.
pub(crate) fn arranged(graph: &Graph, layouts: &Layouts) -> Arc<[Layout]> {
    if graph.nodes.len() > MOST_NODES { Arc::default() } else { layouts.of(graph) }
}

fn figure(graph: &Graph, layout: &Layout, number: usize, drawing: &Drawing<'_>) -> Figure {
    let Drawing { said, link, open, .. } = *drawing;
    let shape = |placed: &super::layout::Placed| {
        let node = graph.nodes.get(placed.node)?;
        let badge = badge(&node.findings, said);
        let row = node.within.is_some();
        let round = if node.kind == Kind::Pipeline { 20.0 } else { 7.0 };
        let details = node.details.iter().enumerate();
        Some(Shape {
            href: link.node(&node.key),
            class: classes(node),
            name: accessible(node, badge.as_ref()),
            x: round1(placed.x),
            y: round1(placed.y),
            width: placed.width,
            height: placed.height,
            round,
            // In its pipeline's box a processor needs no word above its name.
            caption: if row { String::new() } else { caption(node) },
            line: if row { 19.0 } else { 35.0 },
            title: shortened(&node.title, MOST_TITLE),
            details: details.map(|(row, text)| (52.0 + 15.0 * row as f64, shortened(text, MOST_DETAIL))).collect(),
            badge,
            sign: node.mark.sign(),
            open: open == Some(placed.node),
        })
    };
    let line = |routed: &Routed| Some(drawn(graph, graph.edges.get(routed.edge)?, routed, drawing));
    let boxes: Vec<Shape> = layout.nodes.iter().filter_map(shape).collect();
    let lines: Vec<Line> = layout.edges.iter().filter_map(line).collect();
    Figure {
        id: format!("figure-{}", number + 1),
        title: format!("Pipeline {}", number + 1),
        summary: summary(graph, layout),
        width: layout.width.ceil(),
        height: layout.height.ceil(),
        fits: layout.width <= 1640.0,
        boxes,
        lines,
    }
}

/// What a person would say of the picture in a sentence.
fn summary(graph: &Graph, layout: &Layout) -> String {
    let count = |kinds: &[Kind]| {
        let nodes = layout.nodes.iter().filter_map(|placed| graph.nodes.get(placed.node));
        nodes.filter(|node| kinds.contains(&node.kind)).count()
    };
    let parts = [
        (count(&[Kind::Sender]), "sender"),
        (count(&[Kind::Receiver]), "receiver"),
        (count(&[Kind::Pipeline]), "pipeline"),
        (count(&[Kind::Processor]), "processor"),
        (count(&[Kind::Connector]), "connector"),
        (count(&[Kind::Exporter]), "exporter"),
        (count(&[Kind::Backend, Kind::Prometheus]), "backend"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| crate::page::count(n, word)).collect();
    format!("From left to right: {}. Each is a link to its source lines.", parts.join(", "))
}

/// The small word above the title.
pub(crate) fn caption(node: &Node) -> String {
    let state = match (node.mark, node.state) {
        (Mark::Missing, _) => ", missing",
        (_, State::Undefined) => ", not defined",
        (_, State::Unused) => ", unused",
        (_, State::Defined) => "",
    };
    format!("{}{state}", node.kind.word())
}

fn classes(node: &Node) -> String {
    let mut class = format!("node {}", if node.kind.outside() { "outside" } else { "inside" });
    if node.kind == Kind::Pipeline {
        class.push_str(" hub");
    }
    if node.within.is_some() {
        class.push_str(" row");
    }
    if node.kind == Kind::Nowhere || node.state == State::Undefined {
        class.push_str(" undefined");
    }
    if node.state == State::Unused {
        class.push_str(" unused");
    }
    if node.mark != Mark::Same {
        let _ = write!(class, " {}", node.mark.word());
    }
    class
}

/// Whatever the picture tells by shape, place and colour.
fn accessible(node: &Node, badge: Option<&Badge>) -> String {
    let mut name = format!("{} {}", caption(node), node.title);
    for detail in &node.details {
        let _ = write!(name, ", {detail}");
    }
    if !matches!(node.mark, Mark::Same | Mark::Missing) {
        let _ = write!(name, ", {}", node.mark.word());
    }
    if let Some(badge) = badge {
        let _ = write!(name, ", {}", crate::page::count(badge.count, "finding"));
    }
    name
}

pub(crate) fn badge(findings: &[usize], said: &[Said<'_>]) -> Option<Badge> {
    let own: Vec<&Said<'_>> = findings.iter().filter_map(|index| said.get(*index)).collect();
    let severity = if own.iter().any(|s| s.severity == "error") { "error" } else { "warning" };
    (!own.is_empty()).then_some(Badge { severity, count: own.len() })
}

fn drawn(graph: &Graph, edge: &Edge, routed: &Routed, drawing: &Drawing<'_>) -> Line {
    let mut class = format!("edge {}", signal(edge.signal));
    let mut name = graph.sentence(edge);
    if edge.way == Way::Broken {
        class.push_str(" broken");
        name.push_str(", arrives nowhere");
    }
    if edge.mark != Mark::Same {
        let _ = write!(class, " {}", edge.mark.word());
        let _ = write!(name, ", {}", edge.mark.word());
    }
    let rate = drawing.rates.of(routed.edge);
    if let Some(rate) = &rate {
        let _ = write!(name, ", {rate}");
    }
    // A new box carries the findings of the edges around it.
    let carried = |number: &usize| graph.nodes.iter().any(|n| n.mark == Mark::Missing && n.findings.contains(number));
    let own: Vec<usize> = edge.findings.iter().copied().filter(|number| !carried(number)).collect();
    let first = own.first().and_then(|index| drawing.said.get(*index));
    let sign = edge.mark.sign();
    let words = [sign, edge.label.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let at = Point { x: round1(routed.label.x), y: round1(routed.label.y) };
    let short = drawing.rates.drawn(routed.edge).unwrap_or_default();
    // One ground under both.
    let plate = round1(text_width(&words).max(text_width(&short)) + 6.0);
    let label = |text: String, aside: f64| (!text.is_empty()).then(|| Label { text, y: round1(at.y + aside), plate });
    let aside = if rate.is_some() && !words.is_empty() { LINE / 2.0 } else { 0.0 };
    Line {
        class,
        path: path(routed),
        arrow: arrow(routed),
        name,
        label: label(words, -aside),
        rate: label(short, aside),
        at,
        finding: first.map(|s| s.id.to_owned()).zip(badge(&own, drawing.said)),
    }
}

/// Height of a line of an edge's texts.
const LINE: f64 = 16.0;
/// Columns of a rate's number.
const NUMBER: f64 = 5.0;

fn text_width(text: &str) -> f64 {
    super::layout::columns(text) * super::layout::SMALL_COLUMN
}

/// The room that an edge's texts take: width and height, nothing where it has none.
pub(crate) fn room(edge: &Edge) -> (f64, f64) {
    let sign = edge.mark.sign();
    // A sign alone needs its room as well.
    let label = text_width(&edge.label) + 2.0 * text_width(sign);
    let rate = edge.unit.map_or(0.0, |unit| text_width(unit.sign()) + NUMBER * super::layout::SMALL_COLUMN);
    let lines = [label, rate].into_iter().filter(|width| *width > 0.0).count() as f64;
    (if lines > 0.0 { round1(label.max(rate) + 10.0) } else { 0.0 }, LINE * lines)
}

/// A curve that leaves and enters every point level.
fn path(routed: &Routed) -> String {
    let mut path = String::new();
    let mut last: Option<Point> = None;
    let count = routed.points.len();
    for (position, point) in routed.points.iter().enumerate() {
        // The arrow's head covers the end.
        let short = if position + 1 == count && routed.forward { 6.0 } else { 0.0 };
        let (x, y) = (round1(point.x - short), round1(point.y));
        // Writing to a String cannot fail.
        let _ = match last {
            None => write!(path, "M{x} {y}"),
            Some(before) if !routed.forward || (before.y - y).abs() < 0.5 => write!(path, "L{x} {y}"),
            Some(before) => {
                let middle = round1(f64::midpoint(before.x, x));
                write!(path, "C{middle} {} {middle} {y} {x} {y}", before.y)
            }
        };
        last = Some(Point { x, y });
    }
    path
}

/// The head at the end of an edge.
fn arrow(routed: &Routed) -> String {
    let (Some(end), Some(before)) =
        (routed.points.last(), routed.points.len().checked_sub(2).and_then(|i| routed.points.get(i)))
    else {
        return String::new();
    };
    let (dx, dy) = if routed.forward { (1.0, 0.0) } else { (end.x - before.x, end.y - before.y) };
    let length = dx.hypot(dy).max(0.1);
    let (dx, dy) = (dx / length, dy / length);
    let (bx, by) = (end.x - 8.0 * dx, end.y - 8.0 * dy);
    let corner = |side: f64| (round1(bx - side * 4.5 * dy), round1(by + side * 4.5 * dx));
    let ((ax, ay), (cx, cy)) = (corner(1.0), corner(-1.0));
    format!("M{ax} {ay}L{} {}L{cx} {cy}Z", round1(end.x), round1(end.y))
}

fn shortened(text: &str, most: usize) -> String {
    if super::layout::columns(text) <= most as f64 {
        return text.to_owned();
    }
    // The ends of a name tell more than its middle.
    let characters: Vec<char> = text.chars().collect();
    let keep = most.min(characters.len()).saturating_sub(1);
    let (head, tail) = (keep - keep / 2, keep / 2);
    let head: String = characters.iter().take(head).collect();
    let tail: String = characters.iter().skip(characters.len() - tail).collect();
    format!("{head}…{tail}")
}

fn round1(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
