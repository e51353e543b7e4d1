//! All rollouts, the worst first.

use super::outlook::Outlook;
use crate::html::{Sentence, shown};
use crate::live::{Live, Sources, State, Stream, address};
use crate::page::Frame;
use crate::serve::Shared;
use askama::Template;
use delivery::Name;

/// Rollouts on one page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "rollouts.html", blocks = ["live"])]
pub(crate) struct RolloutsPage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    sources: Sources,
    headline: String,
    tone: &'static str,
    rows: Vec<Row>,
    page: usize,
    pages: usize,
    read: bool,
}

struct Row {
    name: String,
    address: String,
    outlook: Outlook,
    images: String,
}

/// The same address without a cluster.
#[derive(Template)]
#[template(path = "no-cluster.html")]
pub(crate) struct NoClusterPage<'a> {
    frame: Frame<'a>,
    why: Sentence,
    hint: Sentence,
}

impl<'a> NoClusterPage<'a> {
    pub(crate) fn of(shared: &'a Shared, why: &str, hint: &str) -> NoClusterPage<'a> {
        let (why, hint) = (Sentence::new(&shown(why)), Sentence::new(&shown(hint)));
        NoClusterPage { frame: shared.frame("/rollouts"), why, hint }
    }
}

impl<'a> RolloutsPage<'a> {
    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }

    pub(crate) fn of(shared: &'a Shared, live: &Live, state: &State, page: usize) -> RolloutsPage<'a> {
        let mut all: Vec<(&Name, Outlook)> =
            state.rollouts().map(|(name, _)| (name, Outlook::of(state, name))).collect();
        all.sort_by(|(a, x), (b, y)| (x.rank, a).cmp(&(y.rank, b)));
        let pages = all.len().div_ceil(PAGE).max(1);
        let page = page.min(pages);
        let (headline, tone) = headline(&all);
        let rows = all.into_iter().skip((page - 1) * PAGE).take(PAGE);
        RolloutsPage {
            frame: shared.frame("/rollouts"),
            stream: None,
            sources: Sources::of(live, state),
            headline,
            tone,
            rows: rows.map(|(name, outlook)| row(state, name, outlook)).collect(),
            page,
            pages,
            read: state.has_read("rollouts"),
        }
    }
}

fn row(state: &State, name: &Name, outlook: Outlook) -> Row {
    let images = state.view.rollout(name).map(|rollout| rollout.images.join(", ")).unwrap_or_default();
    Row { name: shown(&name.to_string()), address: address(name), outlook, images: shown(&images) }
}

/// `2 aborted, 1 in progress, 7 promoted`, and the worst one's tone.
fn headline(all: &[(&Name, Outlook)]) -> (String, &'static str) {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (_, outlook) in all {
        match counts.iter_mut().find(|(word, _)| *word == outlook.word) {
            Some((_, count)) => *count += 1,
            None => counts.push((outlook.word, 1)),
        }
    }
    let words: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    (words.join(", "), all.first().map_or("", |(_, outlook)| outlook.tone))
}
