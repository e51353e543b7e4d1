//! The folder's own pages, findings and pipeline: live like the cluster's, with or without one.

use crate::live::{self, Cluster, Sources, State, Stream, Topic};
use crate::page::{Frame, Page, PageError, answer, count};
use crate::pipeline::{Compared, Link, Rates, Shown};
use crate::serve::{Commit, Shared};
use crate::snapshot::Snapshot;
use crate::upstream::{MOST_COMMITS, PATIENCE, Question, Reply};
use askama::Template;
use axum::extract;
use axum::extract::{Query, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known of the folder.
pub(crate) enum Folder {
    Checked(Arc<Snapshot>),
    /// Why it cannot be checked.
    Broken(String),
    /// Its first check is under way.
    Pending,
}

impl Folder {
    fn of(shared: &Shared) -> Folder {
        let known = shared.shelf.look(&Question::Folder);
        match (known.trouble, known.reply) {
            (Some((_, why)), _) => Folder::Broken(why),
            (None, Some(Reply::Folder(snapshot))) => Folder::Checked(snapshot),
            _ => Folder::Pending,
        }
    }

    fn status(&self) -> StatusCode {
        if matches!(self, Folder::Broken(_)) { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    }
}

#[derive(Template)]
#[template(path = "findings.html", blocks = ["live"])]
pub(crate) struct FindingsPage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    folder: Folder,
}

impl<'a> FindingsPage<'a> {
    pub(crate) fn of(shared: &'a Shared) -> FindingsPage<'a> {
        FindingsPage { frame: shared.frame("/findings"), stream: None, folder: Folder::of(shared) }
    }

    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }
}

#[derive(Template)]
#[template(path = "pipeline.html", blocks = ["live"])]
pub(crate) struct PipelinePage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    sources: Sources,
    link: Link,
    /// None while the folder's first check is under way.
    shown: Option<Result<Shown, String>>,
    /// What there is to know of the rates.
    rates: Option<&'static str>,
    /// Of the folder itself, where there is a cluster.
    running: Vec<Compared>,
    commits: Vec<Choice>,
}

/// A commit, and the one before it.
struct Choice {
    commit: Commit,
    earlier: Option<String>,
}

impl<'a> PipelinePage<'a> {
    pub(crate) fn of(shared: &'a Shared, state: &State, link: &Link) -> PipelinePage<'a> {
        let mut sources = Sources::none(&shared.live);
        let shown = match Folder::of(shared) {
            Folder::Checked(snapshot) => {
                let rates = rates(shared, &snapshot, &mut sources);
                Some(Ok(Shown::now(snapshot, &shared.layouts, link.clone(), rates)))
            }
            Folder::Broken(why) => Some(Err(why)),
            Folder::Pending => None,
        };
        let running = match (&shared.cluster, &shown) {
            (Cluster::Live(_), Some(Ok(shown))) => shown.running(state),
            _ => Vec::new(),
        };
        let commits = match shared.shelf.look(&Question::Commits).reply {
            Some(Reply::Commits(commits)) => choices(&commits),
            _ => Vec::new(),
        };
        let told = match &shown {
            Some(Ok(shown)) if shared.shelf.upstream().prometheus.is_some() => told(shown, &sources),
            _ => None,
        };
        let (frame, link) = (shared.frame("/pipeline"), link.clone());
        PipelinePage { frame, stream: None, sources, link, shown, rates: told, running, commits }
    }

    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }
}

fn choices(commits: &[Commit]) -> Vec<Choice> {
    let earlier = commits.iter().skip(1).map(|commit| Some(commit.id.clone())).chain([None]);
    commits.iter().cloned().zip(earlier).map(|(commit, earlier)| Choice { commit, earlier }).collect()
}

/// What the rates are, or why there are none.
fn told(shown: &Shown, sources: &Sources) -> Option<&'static str> {
    if shown.has_rates() {
        Some("Rates are from Prometheus. Where none stands, nothing that it scrapes counts what flows there.")
    } else if sources.asking.is_empty() && sources.troubles.is_empty() {
        Some("No rates: Prometheus holds no series that counts what flows here.")
    } else {
        None
    }
}

/// What the pipeline's page asks, as far as that is known.
pub(crate) fn questions(shared: &Shared) -> Vec<Question> {
    let mut all = vec![Question::Folder, Question::Commits];
    if let (Folder::Checked(snapshot), Some(_)) = (Folder::of(shared), &shared.shelf.upstream().prometheus) {
        all.extend(snapshot.pipelines.meters.iter().map(|meter| Question::Samples(meter.query.clone())));
    }
    all
}

/// None are known where there is no Prometheus.
fn rates(shared: &Shared, snapshot: &Snapshot, sources: &mut Sources) -> Rates {
    let mut rates = Rates::default();
    if shared.shelf.upstream().prometheus.is_none() {
        return rates;
    }
    for meter in &snapshot.pipelines.meters {
        let question = Question::Samples(meter.query.clone());
        let known = shared.shelf.look(&question);
        sources.upstream(&question, &known);
        if let Some(Reply::Samples(samples)) = &known.reply {
            rates.take(meter, samples);
        }
    }
    rates
}

/// `/findings`
pub(crate) async fn findings(extract::State(shared): extract::State<Arc<Shared>>) -> Page {
    now(&shared, &Topic::Findings).await
}

/// `/pipeline`: of the folder as it is, or of a commit, which does not change.
pub(crate) async fn pipeline(extract::State(shared): extract::State<Arc<Shared>>, RawQuery(query): RawQuery) -> Page {
    let link = Link::parse(query.as_deref());
    match link.commit.clone() {
        Some(asked) => commit(&shared, link, asked).await,
        None => now(&shared, &Topic::Pipeline(link)).await,
    }
}

/// `/events/findings`
pub(crate) async fn findings_events(
    extract::State(shared): extract::State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    live::events(shared, Topic::Findings, &query, &headers)
}

/// `/events/pipeline`
pub(crate) async fn pipeline_events(
    extract::State(shared): extract::State<Arc<Shared>>,
    RawQuery(raw): RawQuery,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let link = Link { commit: None, ..Link::parse(raw.as_deref()) };
    live::events(shared, Topic::Pipeline(link), &query, &headers)
}

async fn now(shared: &Shared, topic: &Topic) -> Page {
    shared.shelf.fresh(&Question::Folder, PATIENCE).await;
    live::asked(shared, topic).await?;
    let mut page = live::page(shared, topic)?;
    *page.status_mut() = Folder::of(shared).status();
    Ok(page)
}

async fn commit(shared: &Shared, link: Link, commit: String) -> Page {
    let (asked, layouts) = (link.clone(), Arc::clone(&shared.layouts));
    let looked = shared.ask(move |source| {
        let shown = Shown::commit(source, &layouts, asked, &commit);
        Ok((shown, source.commits(MOST_COMMITS)))
    });
    let (shown, commits) = looked.await.unwrap_or_else(|fault| (Err(fault), Vec::new()));
    // A branch's name may mean another commit soon; what cannot be shown may come.
    let status = if shown.is_ok() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let page = PipelinePage {
        frame: shared.frame("/pipeline"),
        stream: None,
        sources: Sources::none(&shared.live),
        link,
        shown: Some(shown),
        rates: None,
        running: Vec::new(),
        commits: choices(&commits),
    };
    answer(status, &page)
}

/// The address of the way from one commit to another.
fn against(before: &str, after: &str) -> String {
    Link::default().commit(&format!("{before}..{after}"))
}
