//! One trace as a waterfall: a table of spans, each below what caused it.

use super::list::no_jaeger;
use super::tree::{Node, Tree};
use super::versions::{self, Version};
use super::words::took;
use crate::html::shown;
use crate::live::{Cluster, State, address, encode};
use crate::page::{Frame, PageError, count};
use crate::serve::Shared;
use crate::time;
use crate::upstream::{Question, Reply, Who};
use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shareds};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use delivery::Name;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Rows of a page: what a browser lays out at once without a pause.
const PAGE: usize = 250;
/// Failed spans that are listed above.
const MOST_FAILED: usize = 10;
/// Attributes and events of a span.
const MOST_FACTS: usize = 200;
/// Colours; more services share them, and are told by their names.
const COLOURS: u16 = 8;
/// Levels that are indented; deeper ones say their number.
const DEEPEST: u16 = 14;
/// A trace of thousands of spans takes Jaeger a moment.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage<'a> {
    frame: Frame<'a>,
    id: String,
    back: Back,
    /// The same in Jaeger.
    jaeger: Option<String>,
    trace: Result<Shown, Missing>,
}

/// Where its reader came from.
struct Back {
    /// The rollout with its traces' page.
    rollout: Option<(String, String)>,
    version: Option<String>,
}

/// Why there is none.
struct Missing {
    title: String,
    why: String,
    hint: String,
}

struct Shown {
    headline: String,
    tone: &'static str,
    began: String,
    facts: String,
    /// Since when it cannot be asked for again.
    stale: Option<String>,
    services: Vec<Service>,
    failed: Vec<(String, String)>,
    more_failed: usize,
    rows: Vec<Row>,
    /// Times over the bars.
    scale: [String; 3],
    open: Option<Open>,
    page: usize,
    pages: usize,
    earlier: Option<String>,
    later: Option<String>,
}

struct Service {
    name: String,
    colour: u16,
    spans: String,
    errors: usize,
}

struct Row {
    id: String,
    address: String,
    name: String,
    service: String,
    colour: u16,
    indent: u16,
    level: u16,
    orphan: bool,
    failed: bool,
    here: bool,
    after: String,
    took: String,
    /// Of the trace, in ten thousand parts.
    x: i64,
    width: i64,
}

/// A span with all that it says.
struct Open {
    name: String,
    service: String,
    colour: u16,
    failed: bool,
    facts: Vec<(String, String)>,
    process: Vec<(String, String)>,
    events: Vec<(String, Vec<(String, String)>)>,
    close: String,
    jaeger: Option<String>,
}

/// What an address says beside the trace's ID.
struct Asked {
    id: String,
    of: Option<Name>,
    span: Option<String>,
    page: usize,
}

impl Asked {
    /// None for what is no trace's ID.
    fn parse(id: &str, query: &HashMap<String, String>) -> Option<Asked> {
        let hex = |text: &str| !text.is_empty() && text.len() <= 32 && text.chars().all(|c| c.is_ascii_hexdigit());
        let of = query.get("of").and_then(|of| of.split_once('/')).map(|(namespace, name)| Name::new(namespace, name));
        let page = query.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).clamp(1, 1_000_000) - 1;
        hex(id).then(|| Asked { id: id.to_ascii_lowercase(), of, span: query.get("span").cloned(), page })
    }

    fn address(&self, page: usize, span: Option<&str>) -> String {
        let of = self.of.as_ref().map(|name| format!("of={}", encode(&name.to_string())));
        let page = (page > 0).then(|| format!("page={}", page + 1));
        let span = span.map(|span| format!("span={}", encode(span)));
        let query: Vec<String> = [of, page, span].into_iter().flatten().collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/traces/{}{mark}{}", self.id, query.join("&"))
    }
}

/// `/traces/{id}`
pub(crate) async fn trace(
    Shareds(shared): Shareds<Arc<Shared>>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let missing = |title: String, why: &str, hint: &str| Missing { title, why: why.to_owned(), hint: hint.to_owned() };
    let Some(asked) = Asked::parse(&id, &query) else {
        let why = "A trace's ID has up to 32 hexadecimal digits.";
        let found = missing(format!("{} is no trace's ID", shown(&id)), why, "Look for it in its rollout's table.");
        let asked = Asked { id: shown(&id), of: None, span: None, page: 0 };
        return answer(&shared, &asked, StatusCode::NOT_FOUND, Err(found), Back::none());
    };
    if shared.shelf.upstream().jaeger.is_none() {
        let absent = no_jaeger();
        let found = missing(absent.title.to_owned(), &absent.why, &absent.hint);
        return answer(&shared, &asked, StatusCode::SERVICE_UNAVAILABLE, Err(found), Back::of(&shared, &asked, None));
    }
    let question = Question::Trace(asked.id.clone());
    let (pages, known) = tokio::join!(
        shared.shelf.answered(&Question::Pages(Who::Jaeger), PATIENCE),
        shared.shelf.answered(&question, PATIENCE)
    );
    drop(pages);
    let tree = match &known.reply {
        Some(Reply::Trace(tree)) => tree.clone(),
        _ => None,
    };
    let version = match &shared.cluster {
        Cluster::Live(live) => live.version(),
        Cluster::Absent { .. } => 0,
    };
    let (address, linked) = (asked.address(asked.page, asked.span.as_deref()), shared.jaeger_pages().is_some());
    // One that is stale says since when, which no other page does.
    let fresh = tree.clone().filter(|_| known.trouble.is_none());
    if let Some(page) = fresh.as_ref().and_then(|tree| shared.waterfalls.get(&address, tree, version, linked)) {
        return Ok(Html(page).into_response());
    }
    let back = Back::of(&shared, &asked, tree.as_deref());
    let (status, found) = match (tree, &known.reply, &known.trouble) {
        (Some(tree), _, trouble) => {
            let stale = trouble.as_ref().map(|(since, why)| format!("since {}: {}", time::moment(*since), shown(why)));
            (StatusCode::OK, Ok(Shown::of(&shared, &tree, &asked, stale)))
        }
        (None, Some(_), _) => (
            StatusCode::NOT_FOUND,
            Err(missing(
                "No such trace".to_owned(),
                &format!("Jaeger has no trace {}.", asked.id),
                "It may have been forgotten since, or have not arrived yet: a collector sends spans on with a delay.",
            )),
        ),
        (None, None, Some((since, why))) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Err(missing(
                "Jaeger does not answer".to_owned(),
                &format!("Since {}: {}.", time::moment(*since), shown(why)),
                "`--jaeger URL` names its query service.",
            )),
        ),
        (None, None, None) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Err(missing("Jaeger is slow".to_owned(), "It has not answered yet.", "Load this page again in a moment.")),
        ),
    };
    let Some(tree) = fresh else { return answer(&shared, &asked, status, found, back) };
    let page = Bytes::from(drawn(&shared, &asked, found, back)?);
    shared.waterfalls.keep(address, &tree, version, linked, page.clone());
    Ok((status, Html(page)).into_response())
}

fn answer(
    shared: &Shared,
    asked: &Asked,
    status: StatusCode,
    trace: Result<Shown, Missing>,
    back: Back,
) -> Result<Response, PageError> {
    Ok((status, Html(drawn(shared, asked, trace, back)?)).into_response())
}

fn drawn(shared: &Shared, asked: &Asked, trace: Result<Shown, Missing>, back: Back) -> Result<String, PageError> {
    let jaeger = shared.jaeger_pages().filter(|_| trace.is_ok()).map(|jaeger| jaeger.trace_page(&asked.id));
    let page = TracePage { frame: shared.frame("/rollouts/"), id: asked.id.clone(), back, jaeger, trace };
    page.render().map_err(PageError::Broken)
}

impl Back {
    fn none() -> Back {
        Back { rollout: None, version: None }
    }

    /// The rollout that the address names, or the one whose pods took part.
    fn of(shared: &Shared, asked: &Asked, tree: Option<&Tree>) -> Back {
        let Cluster::Live(live) = &shared.cluster else { return Back::none() };
        let state = live.read();
        let version = |name: &Name| took_part(&versions::versions(&state, name), tree?);
        let named = asked.of.as_ref().filter(|name| state.view.rollout(name).is_some());
        let found = match named {
            Some(name) => Some((name.clone(), version(name))),
            None => guess(&state, tree),
        };
        let Some((name, version)) = found else { return Back::none() };
        Back { rollout: Some((shown(&name.to_string()), address(&name))), version }
    }
}

fn guess(state: &State, tree: Option<&Tree>) -> Option<(Name, Option<String>)> {
    let tree = tree?;
    state.rollouts().find_map(|(name, _)| {
        let version = took_part(&versions::versions(state, name), tree)?;
        Some((name.clone(), Some(version)))
    })
}

fn took_part(all: &[Version], tree: &Tree) -> Option<String> {
    let values = tree.services.iter().flat_map(|service| service.process.values().cloned()).collect();
    let digest = telemetry::Digest { values, ..telemetry::Digest::default() };
    versions::of_digest(all, &digest).first().map(|version| version.label())
}

impl Shown {
    fn of(shared: &Shared, tree: &Tree, asked: &Asked, stale: Option<String>) -> Shown {
        let place = asked.span.as_deref().and_then(|id| tree.spans.iter().position(|node| &*node.id == id));
        let pages = tree.spans.len().div_ceil(PAGE).max(1);
        let page = place.map_or(asked.page, |place| place / PAGE).min(pages - 1);
        let here = |index: usize| asked.address(index / PAGE, None);
        let failed = tree.spans.iter().enumerate().filter(|(_, node)| node.failed);
        let root = tree.spans.first();
        let name = root.map_or_else(String::new, |node| format!("{} {}", tree.service(node), node.operation));
        let errors = tree.errors();
        let fault = if errors == 0 { String::new() } else { format!(", {} failed", count(errors, "span")) };
        let all = count(tree.spans.len() + tree.cut, "span");
        let services = count(tree.services.len(), "service");
        let cut = if tree.cut == 0 { String::new() } else { format!("; {} are left out here", tree.cut) };
        Shown {
            headline: format!("{}: {}{fault}", shown(&name), took(tree.duration)),
            tone: match root {
                Some(root) if root.failed => "bad",
                _ if errors > 0 => "doubtful",
                _ => "good",
            },
            began: Timestamp::from_microsecond(tree.start).map(time::moment).unwrap_or_default(),
            facts: format!("{all} of {services}{cut}"),
            stale,
            services: tree.services.iter().zip(0..).map(|(service, index)| legend(service, index)).collect(),
            failed: failed
                .clone()
                .take(MOST_FAILED)
                .map(|(index, node)| (format!("{}#s{index}", here(index)), shown(&label(tree, node))))
                .collect(),
            more_failed: failed.count().saturating_sub(MOST_FAILED),
            rows: {
                let rows = tree.spans.iter().enumerate().skip(page * PAGE).take(PAGE);
                rows.map(|(index, node)| row(tree, asked, index, node, place == Some(index))).collect()
            },
            scale: [0, tree.duration / 2, tree.duration].map(took),
            open: place.and_then(|place| Open::of(shared, tree, asked, place)),
            page: page + 1,
            pages,
            earlier: (page > 0).then(|| asked.address(page - 1, None)),
            later: (page + 1 < pages).then(|| asked.address(page + 1, None)),
        }
    }
}

fn legend(service: &super::tree::Service, index: u16) -> Service {
    Service {
        name: shown(&service.name),
        colour: index % COLOURS,
        spans: count(service.spans, "span"),
        errors: service.errors,
    }
}

fn label(tree: &Tree, node: &Node) -> String {
    format!("{} {}, {}", tree.service(node), node.operation, took(node.duration))
}

fn row(tree: &Tree, asked: &Asked, index: usize, node: &Node, here: bool) -> Row {
    let whole = tree.duration.max(1) as f64;
    let part = |micros: i64| (micros.max(0) as f64 / whole * 10_000.0) as i64;
    let x = part(node.after).min(9_980);
    Row {
        id: format!("s{index}"),
        address: format!("{}#open", asked.address(index / PAGE, Some(&node.id))),
        name: if node.operation.is_empty() { "no name".to_owned() } else { shown(&node.operation) },
        service: shown(tree.service(node)),
        colour: node.service % COLOURS,
        indent: node.depth.min(DEEPEST),
        level: node.depth.saturating_add(1),
        orphan: node.orphan,
        failed: node.failed,
        here,
        after: took(node.after),
        took: took(node.duration),
        x,
        // The shortest is still to be seen.
        width: part(node.duration).clamp(20, 10_000 - x),
    }
}

impl Open {
    fn of(shared: &Shared, tree: &Tree, asked: &Asked, index: usize) -> Option<Open> {
        let node = tree.spans.get(index)?;
        let pair = |(key, value): (&str, &str)| (shown(key), shown(value));
        let pairs = |list: &[(Arc<str>, Arc<str>)]| -> Vec<(String, String)> {
            list.iter().take(MOST_FACTS).map(|(key, value)| pair((key, value))).collect()
        };
        let mut facts = vec![
            ("began after".to_owned(), took(node.after)),
            ("took".to_owned(), took(node.duration)),
            ("span ID".to_owned(), shown(&node.id)),
        ];
        facts.extend(pairs(&node.tags));
        let process = tree.services.get(usize::from(node.service)).map(|service| &service.process);
        let process = process.into_iter().flat_map(|process| process.iter());
        Some(Open {
            name: shown(&node.operation),
            service: shown(tree.service(node)),
            colour: node.service % COLOURS,
            failed: node.failed,
            facts,
            process: process.take(MOST_FACTS).map(|(key, value)| pair((key, value))).collect(),
            events: node
                .events
                .iter()
                .take(MOST_FACTS)
                .map(|event| (took(event.after), pairs(&event.fields)))
                .collect(),
            close: format!("{}#s{index}", asked.address(index / PAGE, None)),
            jaeger: shared.jaeger_pages().map(|jaeger| {
                let span: String = node.id.chars().filter(char::is_ascii_hexdigit).collect();
                format!("{}?uiFind={span}", jaeger.trace_page(&asked.id))
            }),
        })
    }
}
