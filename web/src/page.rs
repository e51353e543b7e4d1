//! The pages: each a typed template beside its handler. A fragment is a block of its page's template, so that the two
//! cannot drift apart.

use crate::html::Sentence;
use crate::live::Cluster;
use crate::pipeline::{Compared, Link, Shown};
use crate::rule::Markdown;
use crate::serve::{self, Commit, Loaded, Shared};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use rules::Rule;
use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Instant;

type Page = Result<Response, PageError>;

/// Why there is no page. A folder that cannot be checked is no such error: its page says so and goes on refreshing.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Nothing at this address.
    NotFound,
    /// A template failed to render.
    Broken(askama::Error),
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            PageError::NotFound => {
                (StatusCode::NOT_FOUND, "Nothing here", "No page of the console has this address.".to_owned())
            }
            PageError::Broken(error) => (StatusCode::INTERNAL_SERVER_ERROR, "This page is broken", error.to_string()),
        };
        let frame = Frame { folder: "", program: "", here: "", missing: false };
        match (ErrorPage { frame, title, text: &text }).render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => (status, text).into_response(),
        }
    }
}

/// What stands around every page.
pub(crate) struct Frame<'a> {
    pub(crate) folder: &'a str,
    pub(crate) program: &'a str,
    /// The page's address, for the navigation; with a slash at its end for a page below that one.
    pub(crate) here: &'static str,
    /// Whether this build has no htmx.
    pub(crate) missing: bool,
}

impl Frame<'_> {
    /// A command on this folder, to be copied.
    fn command(&self, name: &str) -> String {
        let plain = |c: char| c.is_alphanumeric() || "/._-+~".contains(c);
        let folder = if self.folder.chars().all(plain) {
            self.folder.to_owned()
        } else {
            format!("'{}'", self.folder.replace('\'', "'\\''"))
        };
        format!("{} {name} {folder}", self.program)
    }
}

impl Shared {
    pub(crate) fn frame(&self, here: &'static str) -> Frame<'_> {
        Frame { folder: &self.folder, program: &self.program, here, missing: self.assets.missing.is_some() }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame<'a>,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "findings.html", blocks = ["findings"])]
struct FindingsPage<'a> {
    frame: Frame<'a>,
    loaded: Loaded,
}

#[derive(Template)]
#[template(path = "pipeline.html", blocks = ["pipeline"])]
struct PipelinePage<'a> {
    frame: Frame<'a>,
    link: Link,
    shown: Result<Shown, String>,
    /// Of the folder itself, where there is a cluster.
    running: Vec<Compared>,
    /// Seconds until it asks again; `None` for what no longer changes.
    refresh: Option<u64>,
    /// Empty in a fragment, which does not show them.
    commits: Vec<Choice>,
}

/// A commit, and the one before it.
struct Choice {
    commit: Commit,
    earlier: Option<String>,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage<'a> {
    frame: Frame<'a>,
    groups: Vec<(&'static str, Vec<Listed>)>,
}

struct Listed {
    rule: &'static Rule,
    summary: Sentence,
}

#[derive(Template)]
#[template(path = "rule.html")]
struct RulePage<'a> {
    frame: Frame<'a>,
    rule: &'static Rule,
    page: Markdown,
}

#[derive(Template)]
#[template(path = "browser-code.html")]
struct BrowserCodePage<'a> {
    frame: Frame<'a>,
    reason: &'a Option<String>,
}

/// `/findings`
pub(crate) async fn findings(State(shared): State<Arc<Shared>>) -> Page {
    let page = FindingsPage { frame: shared.frame("/findings"), loaded: shared.load().await };
    answer(page.loaded.status(), &page)
}

/// The part of `/findings` that refreshes.
pub(crate) async fn findings_fragment(State(shared): State<Arc<Shared>>) -> Page {
    let page = FindingsPage { frame: shared.frame("/findings"), loaded: shared.load().await };
    answer(page.loaded.status(), &page.as_findings())
}

/// `/pipeline`
pub(crate) async fn pipeline(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Page {
    let (status, page) = look(&shared, query.as_deref(), true).await;
    answer(status, &page)
}

/// The part of `/pipeline` that refreshes.
pub(crate) async fn pipeline_fragment(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Page {
    let (status, page) = look(&shared, query.as_deref(), false).await;
    answer(status, &page.as_pipeline())
}

/// Commits to choose from.
const MOST_COMMITS: usize = 8;

async fn look<'a>(shared: &'a Shared, query: Option<&str>, whole: bool) -> (StatusCode, PipelinePage<'a>) {
    let link = Link::parse(query);
    let start = Instant::now();
    let asked = link.clone();
    let layouts = Arc::clone(&shared.layouts);
    let looked = shared.ask(move |source| {
        let commits = if whole { source.commits(MOST_COMMITS) } else { Vec::new() };
        Ok((Shown::ask(source, &layouts, asked), commits))
    });
    let (shown, commits) = looked.await.unwrap_or_else(|fault| (Err(fault), Vec::new()));
    let earlier: Vec<Option<String>> =
        commits.iter().skip(1).map(|c: &Commit| Some(c.id.clone())).chain([None]).collect();
    let commits = commits.into_iter().zip(earlier).map(|(commit, earlier)| Choice { commit, earlier }).collect();
    let status = match (&shown, &link.commit) {
        (Ok(_), _) => StatusCode::OK,
        (Err(_), Some(_)) => StatusCode::NOT_FOUND,
        (Err(_), None) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    // A branch's name may mean another commit soon; what cannot be shown may come.
    let refresh = link.commit.is_none().then(|| serve::refresh(start.elapsed()));
    let running = match (&shared.cluster, &shown) {
        (Cluster::Live(live), Ok(shown)) if link.commit.is_none() => shown.running(&live.read()),
        _ => Vec::new(),
    };
    (status, PipelinePage { frame: shared.frame("/pipeline"), link, shown, running, refresh, commits })
}

/// `/rules`: in the catalogue's order.
pub(crate) async fn rules(State(shared): State<Arc<Shared>>) -> Page {
    let mut groups: Vec<(&'static str, Vec<Listed>)> = Vec::new();
    for rule in rules::rules() {
        let listed = Listed { rule, summary: Sentence::new(rule.summary) };
        match groups.iter_mut().find(|(name, _)| *name == rule.group()) {
            Some((_, list)) => list.push(listed),
            None => groups.push((rule.group(), vec![listed])),
        }
    }
    answer(StatusCode::OK, &RulesPage { frame: shared.frame("/rules"), groups })
}

/// `/rules/{group}/{name}`: what `explain` prints.
pub(crate) async fn rule(State(shared): State<Arc<Shared>>, Path((group, name)): Path<(String, String)>) -> Page {
    let rule = rules::rule(&format!("{group}/{name}")).ok_or(PageError::NotFound)?;
    answer(StatusCode::OK, &RulePage { frame: shared.frame("/rules/"), rule, page: Markdown::new(rule.page) })
}

/// `/browser-code`: what is missing in a build without npm.
pub(crate) async fn browser_code(State(shared): State<Arc<Shared>>) -> Page {
    answer(StatusCode::OK, &BrowserCodePage { frame: shared.frame(""), reason: &shared.assets.missing })
}

/// Any other address.
pub(crate) async fn not_found() -> PageError {
    PageError::NotFound
}

fn answer(status: StatusCode, page: &impl Template) -> Page {
    let page = page.render().map_err(PageError::Broken)?;
    Ok((status, Html(page)).into_response())
}

/// The address of the way from one commit to another.
fn against(before: &str, after: &str) -> String {
    Link::default().commit(&format!("{before}..{after}"))
}

/// `1 error`, `2 errors`.
pub(crate) fn count(n: impl Borrow<usize>, word: &str) -> String {
    let n = n.borrow();
    format!("{n} {word}{}", if *n == 1 { "" } else { "s" })
}
