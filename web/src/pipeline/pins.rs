//! The check's findings on the nodes that they are about, and the nodes and edges that a fix would add, as missing.

use super::derive;
use super::graph::{Edge, Graph, Kind, Mark, Node, State, Way};
use crate::findings::Finding;
use contract::Contract;
use model::{Context, Repository, SourceFile, Unreadable};
use report::visible;
use rules::{Report, Reported};
use std::collections::HashSet;

/// Fixes that are tried for what they would add; each costs a reading of the folder.
const MOST_TRIED: usize = 12;

/// A finding that the page of the pipeline shows.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Index into the snapshot's findings.
    pub(crate) finding: usize,
    /// What its fix would change, per file.
    pub(crate) diff: Vec<DiffLine>,
    /// Whether it stands at no node or edge: it is about the collector as a whole.
    pub(crate) general: bool,
}

/// A line of a unified diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiffLine {
    /// `added`, `removed`, `hunk`, or nothing.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// Pins the findings to the graph.
pub(crate) fn pin(contract: &Contract<'_>, report: &Report, findings: &[Finding], graph: &mut Graph) -> Vec<Told> {
    let repository = contract.repository;
    let mut places: HashSet<usize> = graph.nodes.iter().filter_map(|node| Some(node.place.as_ref()?.file)).collect();
    for collector in &repository.collectors {
        let runs = collector.workload.and_then(|index| repository.workloads.get(index));
        places.extend(runs.map(|workload| workload.template.file));
        places.extend(collector.config.at.as_ref().map(|at| at.file));
    }
    let (mut told, mut tried, mut healed) = (Vec::new(), 0, HashSet::new());
    for (index, finding) in findings.iter().enumerate() {
        let Some(reported) = report.findings.get(finding.index) else { continue };
        let near = places.contains(&reported.finding.at.file);
        let own = ["collector/", "wiring/", "yaml/"].iter().any(|group| reported.finding.rule.starts_with(group));
        let nodes = nodes_at(repository, graph, reported);
        if nodes.is_empty() && !(own && near) {
            continue;
        }
        let number = told.len();
        let mut general = nodes.is_empty();
        for node in nodes {
            if let Some(node) = graph.nodes.get_mut(node) {
                node.findings.push(number);
            }
        }
        let patched = reported.finding.fix.as_ref().and_then(|fix| rules::patched(repository, fix));
        let diff = patched.as_deref().map(|files| diff(repository, files)).unwrap_or_default();
        if let Some(files) = patched.filter(|_| own && tried < MOST_TRIED && repository.is_small()) {
            tried += 1;
            let mended = mended(repository, contract.context, files);
            general &= !missing(graph, &mended, number, &mut healed);
        }
        told.push(Told { finding: index, diff, general });
    }
    heal(graph, &healed);
    told
}

/// The nodes that a finding stands at: the innermost one that holds its place, and the component that is named there.
fn nodes_at(repository: &Repository, graph: &Graph, reported: &Reported) -> Vec<usize> {
    let at = &reported.finding.at;
    let holds = |node: &Node| {
        let place = node.place.as_ref().filter(|place| place.file == at.file)?;
        at.route.starts_with(&place.route).then_some(place.route.steps.len())
    };
    let depths: Vec<Option<usize>> = graph.nodes.iter().map(holds).collect();
    let Some(deepest) = depths.iter().flatten().max().copied() else { return Vec::new() };
    let mut found: Vec<usize> = (0..depths.len()).filter(|i| depths.get(*i) == Some(&Some(deepest))).collect();
    let named =
        repository.node(&model::Place { file: at.file, route: at.route.clone() }).and_then(|node| node.as_str());
    if let ([only], Some(named)) = (found.as_slice(), named)
        && let Some(hub) = graph.nodes.get(*only).filter(|node| node.kind == Kind::Pipeline)
    {
        let (named, owner) =
            (visible(named.trim()), hub.key.split("/pipelines/").next().unwrap_or_default().to_owned());
        let component = graph.nodes.iter().position(|node| {
            node.title == named
                && node.key.starts_with(&owner)
                && !matches!(node.kind, Kind::Pipeline | Kind::Processor)
        });
        // The component says it better than the whole pipeline.
        found = component.map_or(found, |index| vec![index]);
    }
    found
}

/// The graph of the folder with one fix applied.
fn mended(repository: &Repository, context: &Context, patched: Vec<(usize, String)>) -> Graph {
    let source = |file: &model::File| SourceFile {
        path: file.path.clone(),
        content: match &file.stream {
            Some(stream) => Ok(stream.text().into()),
            None => Err(Unreadable { reason: String::new(), at: None }),
        },
    };
    let mut files: Vec<SourceFile> = repository.files.iter().map(source).collect();
    for (index, text) in patched {
        if let Some(file) = files.get_mut(index) {
            file.content = Ok(text.into());
        }
    }
    let repository = Repository::read(&files, context);
    derive::graph(&Contract::derive(&repository, context))
}

/// Adds what only the mended graph has, as missing; whether there was anything.
fn missing(graph: &mut Graph, mended: &Graph, number: usize, healed: &mut HashSet<(usize, usize)>) -> bool {
    let mut any = false;
    for node in &mended.nodes {
        match graph.find(&node.key).and_then(|index| graph.nodes.get_mut(index)) {
            None if node.kind == Kind::Nowhere || node.state == State::Unused => {}
            None => {
                any = true;
                let ghost =
                    Node { source: None, place: None, findings: vec![number], mark: Mark::Missing, ..node.clone() };
                graph.node(&node.key, || ghost);
            }
            Some(old) => {
                let defined = old.state != State::Defined && node.state == State::Defined;
                if defined || old.mark == Mark::Missing {
                    any = true;
                    if !old.findings.contains(&number) {
                        old.findings.push(number);
                    }
                }
            }
        }
    }
    let has = |graph: &Graph, wanted: &Graph, edge: &Edge| {
        let identity = wanted.identity(edge);
        graph.edges.iter().position(|other| graph.identity(other) == identity)
    };
    for edge in mended.edges.iter().filter(|edge| edge.way == Way::Flows) {
        match has(graph, mended, edge) {
            Some(index) => {
                if let Some(old) = graph.edges.get_mut(index).filter(|old| old.mark == Mark::Missing) {
                    old.findings.push(number);
                    any = true;
                }
            }
            None => {
                let end = |index: usize| graph.find(&mended.nodes.get(index)?.key);
                if let (Some(from), Some(to)) = (end(edge.from), end(edge.to)) {
                    any = true;
                    let findings = vec![number];
                    graph.edges.push(Edge { from, to, findings, mark: Mark::Missing, ..edge.clone() });
                }
            }
        }
    }
    for edge in graph.edges.iter().filter(|edge| edge.way == Way::Broken) {
        if has(mended, graph, edge).is_none() {
            healed.insert((edge.from, edge.to));
        }
    }
    any
}

/// Takes away broken edges in whose place a missing one is drawn, and the ports that nothing leads to any more.
fn heal(graph: &mut Graph, healed: &HashSet<(usize, usize)>) {
    let replaced = |graph: &Graph, edge: &Edge| {
        graph.edges.iter().any(|e| e.mark == Mark::Missing && (e.from == edge.from || e.to == edge.to))
    };
    let gone: HashSet<(usize, usize)> = graph
        .edges
        .iter()
        .filter(|e| e.way == Way::Broken && healed.contains(&(e.from, e.to)) && replaced(graph, e))
        .map(|e| (e.from, e.to))
        .collect();
    graph.edges.retain(|e| e.way != Way::Broken || !gone.contains(&(e.from, e.to)));
    let lost: Vec<usize> = (0..graph.nodes.len())
        .filter(|i| {
            graph.nodes.get(*i).is_some_and(|n| n.kind == Kind::Nowhere)
                && !graph.edges.iter().any(|e| e.from == *i || e.to == *i)
        })
        .collect();
    graph.remove(&lost);
}

fn diff(repository: &Repository, patched: &[(usize, String)]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for (index, after) in patched {
        let Some(file) = repository.files.get(*index) else { continue };
        let before = file.stream.as_ref().map_or("", |stream| stream.text());
        lines.extend(diff_lines(&file.path, before, after));
    }
    lines
}

/// A unified diff, line by line.
pub(crate) fn diff_lines(path: &str, before: &str, after: &str) -> Vec<DiffLine> {
    let text = report::unified(path, before, after, false);
    let line = |text: &str| {
        let class = match text.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "file",
            [b'@', b'@', ..] => "hunk",
            [b'+', ..] => "added",
            [b'-', ..] => "removed",
            _ => "",
        };
        DiffLine { class, text: visible(text).into_owned() }
    };
    text.lines().map(line).collect()
}
