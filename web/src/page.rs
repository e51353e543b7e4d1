//! The pages that do not change while they are looked at, and what all pages share. Each is a typed template beside its handler.

use crate::html::Sentence;
use crate::rule::Markdown;
use crate::serve::Shared;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use rules::Rule;
use std::borrow::Borrow;
use std::sync::Arc;

pub(crate) type Page = Result<Response, PageError>;

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
        let frame = Frame { folder: "", path: "", program: "", here: "", missing: false };
        match (ErrorPage { frame, title, text: &text }).render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => (status, text).into_response(),
        }
    }
}

/// What stands around every page.
pub(crate) struct Frame<'a> {
    pub(crate) folder: &'a str,
    /// The same for commands.
    pub(crate) path: &'a str,
    pub(crate) program: &'a str,
    /// The page's address, for the navigation; with a slash at its end for a page below that one.
    pub(crate) here: &'static str,
    /// Whether this build has no htmx.
    pub(crate) missing: bool,
}

impl Frame<'_> {
    /// A command on this folder, to be copied.
    pub(crate) fn command(&self, name: &str) -> String {
        let plain = |c: char| c.is_alphanumeric() || "/._-+~".contains(c);
        let folder = if self.path.chars().all(plain) {
            self.path.to_owned()
        } else {
            format!("'{}'", self.path.replace('\'', "'\\''"))
        };
        format!("{} {name} {folder}", self.program)
    }
}

impl Shared {
    pub(crate) fn frame(&self, here: &'static str) -> Frame<'_> {
        let missing = self.assets.missing.is_some();
        Frame { folder: self.folder(), path: self.path(), program: &self.program, here, missing }
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

pub(crate) fn answer(status: StatusCode, page: &impl Template) -> Page {
    let page = page.render().map_err(PageError::Broken)?;
    Ok((status, Html(page)).into_response())
}

/// `1 error`, `2 errors`.
pub(crate) fn count(n: impl Borrow<usize>, word: &str) -> String {
    let n = n.borrow();
    format!("{n} {word}{}", if *n == 1 { "" } else { "s" })
}
