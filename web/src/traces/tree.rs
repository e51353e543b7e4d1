//! One trace's spans in the order in which they caused each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use telemetry::Trace;

/// Spans that are kept; a trace of more is cut, and says so.
const MOST: usize = 20_000;

/// A trace.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tree {
    pub(crate) id: String,
    /// Microseconds since 1970.
    pub(crate) start: i64,
    pub(crate) duration: i64,
    /// Each before what it caused.
    pub(crate) spans: Vec<Node>,
    /// In the order in which they first appear.
    pub(crate) services: Vec<Service>,
    /// Spans that were left out.
    pub(crate) cut: usize,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Service {
    pub(crate) name: Arc<str>,
    pub(crate) spans: usize,
    pub(crate) errors: usize,
    /// Attributes of its process; of the first, where several are called so.
    pub(crate) process: Arc<BTreeMap<String, String>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) id: Arc<str>,
    pub(crate) depth: u16,
    pub(crate) service: u16,
    pub(crate) operation: Arc<str>,
    /// Microseconds after the trace's begin.
    pub(crate) after: i64,
    pub(crate) duration: i64,
    pub(crate) failed: bool,
    /// Its parent is none of the spans that came.
    pub(crate) orphan: bool,
    pub(crate) tags: Box<[(Arc<str>, Arc<str>)]>,
    pub(crate) events: Box<[Written]>,
}

/// What a span wrote down.
#[derive(Debug, PartialEq)]
pub(crate) struct Written {
    /// Microseconds after the trace's begin.
    pub(crate) after: i64,
    pub(crate) fields: Box<[(Arc<str>, Arc<str>)]>,
}

/// Each text once: thousands of spans say the same few.
#[derive(Default)]
struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }

    fn pairs(&mut self, from: &BTreeMap<String, String>) -> Box<[(Arc<str>, Arc<str>)]> {
        from.iter().map(|(key, value)| (self.of(key), self.of(value))).collect()
    }
}

impl Tree {
    pub(crate) fn of(trace: &Trace) -> Tree {
        let all = &trace.spans;
        let start = trace.start();
        let end = all.iter().map(|span| span.start.saturating_add(span.duration)).max().unwrap_or(start);
        let order = order(trace);
        let mut texts = Texts::default();
        let mut services: Vec<Service> = Vec::new();
        let mut places: HashMap<&str, u16> = HashMap::new();
        let mut spans = Vec::with_capacity(order.len().min(MOST));
        for &(index, depth, orphan) in order.iter().take(MOST) {
            let Some(span) = all.get(index) else { continue };
            let place = *places.entry(&span.service).or_insert_with(|| {
                let (name, process) = (texts.of(&span.service), Arc::clone(&span.process));
                services.push(Service { name, process, ..Service::default() });
                u16::try_from(services.len() - 1).unwrap_or(u16::MAX)
            });
            if let Some(service) = services.get_mut(usize::from(place)) {
                service.spans += 1;
                service.errors += usize::from(span.failed());
            }
            let events = span
                .events
                .iter()
                .map(|event| Written { after: event.at.saturating_sub(start), fields: texts.pairs(&event.fields) });
            spans.push(Node {
                events: events.collect(),
                id: texts.of(&span.id),
                depth,
                service: place,
                operation: texts.of(&span.operation),
                after: span.start.saturating_sub(start),
                duration: span.duration.max(0),
                failed: span.failed(),
                orphan,
                tags: texts.pairs(&span.tags),
            });
        }
        let cut = all.len().saturating_sub(spans.len());
        Tree { id: trace.id.clone(), start, duration: end.saturating_sub(start), spans, services, cut }
    }

    pub(crate) fn service(&self, node: &Node) -> &str {
        self.services.get(usize::from(node.service)).map_or("", |service| &service.name)
    }

    pub(crate) fn errors(&self) -> usize {
        self.services.iter().map(|service| service.errors).sum()
    }
}

/// Every span once, each before what it caused, earlier ones first: its index, its depth, and whether its parent did not come.
/// Chains may be as long as the trace and, in broken data, run in circles.
fn order(trace: &Trace) -> Vec<(usize, u16, bool)> {
    let all = &trace.spans;
    let mut by_id: HashMap<&str, usize> = HashMap::with_capacity(all.len());
    for (index, span) in all.iter().enumerate() {
        by_id.entry(&span.id).or_insert(index);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut roots = Vec::new();
    for (index, span) in all.iter().enumerate() {
        let parent = span.parent.as_deref().filter(|parent| !parent.is_empty());
        match parent.and_then(|parent| by_id.get(parent)).filter(|parent| **parent != index) {
            Some(parent) => children[*parent].push(index),
            None => roots.push((index, parent.is_some())),
        }
    }
    let begun = |index: &usize| all.get(*index).map_or(0, |span| span.start);
    children.iter_mut().for_each(|list| list.sort_by_key(begun));
    roots.sort_by_key(|(index, _)| begun(index));
    let mut seen = vec![false; all.len()];
    let mut ordered = Vec::with_capacity(all.len());
    // What runs in circles hangs on no root.
    for (root, orphan) in roots.into_iter().chain((0..all.len()).map(|index| (index, true))) {
        let mut stack = vec![(root, 0_u16, orphan)];
        while let Some((index, depth, orphan)) = stack.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            ordered.push((index, depth, orphan));
            stack.extend(children[index].iter().rev().map(|child| (*child, depth.saturating_add(1), false)));
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::Span;

    fn span(id: &str, parent: Option<&str>, start: i64) -> Span {
        let service = if id.starts_with('r') { "root" } else { "other" };
        Span {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            service: service.to_owned(),
            start,
            duration: 10,
            ..Span::default()
        }
    }

    fn shape(spans: Vec<Span>) -> Vec<(String, u16, bool)> {
        let tree = Tree::of(&Trace { id: "t".to_owned(), spans });
        tree.spans.iter().map(|node| (node.id.to_string(), node.depth, node.orphan)).collect()
    }

    #[test]
    fn each_span_stands_below_what_caused_it_in_time() {
        let spans = vec![span("b", Some("r"), 5), span("r", None, 0), span("a", Some("r"), 2), span("c", Some("b"), 6)];
        let expected = [("r", 0, false), ("a", 1, false), ("b", 1, false), ("c", 2, false)];
        assert_eq!(shape(spans), expected.map(|(id, depth, orphan)| (id.to_owned(), depth, orphan)));
    }

    #[test]
    fn broken_traces_lose_no_span() {
        // A parent that never came; a span that caused itself; a circle; one ID twice.
        let spans = vec![
            span("o", Some("gone"), 1),
            span("s", Some("s"), 2),
            span("x", Some("y"), 3),
            span("y", Some("x"), 4),
            span("o", None, 5),
        ];
        let shape = shape(spans);
        assert_eq!(shape.len(), 5);
        assert_eq!(shape[0], ("o".to_owned(), 0, true));
        assert_eq!((&shape[3], &shape[4]), (&("x".to_owned(), 0, true), &("y".to_owned(), 1, false)));
    }

    #[test]
    fn a_chain_as_long_as_the_trace_is_no_trouble() {
        let spans: Vec<Span> = (0..100_000_u32)
            .map(|n| span(&n.to_string(), n.checked_sub(1).map(|parent| parent.to_string()).as_deref(), i64::from(n)))
            .collect();
        let tree = Tree::of(&Trace { id: "t".to_owned(), spans });
        assert_eq!((tree.spans.len(), tree.cut), (MOST, 80_000));
        assert_eq!(tree.services[0].spans, MOST);
    }
}
