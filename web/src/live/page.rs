//! The live pages' handlers.

use super::{Cluster, Topic};
use crate::guard::FILTER_POLICY;
use crate::page::{Page, PageError};
use crate::release::overview::NoClusterPage;
use crate::serve::Shared;
use crate::traces::Filter;
use crate::upstream::PATIENCE;
use askama::Template as _;
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect};
use delivery::Name;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;

/// `/`: all rollouts, or the only one, or what can be said without a cluster.
pub(crate) async fn home(State(shared): State<Arc<Shared>>) -> Redirect {
    let Cluster::Live(live) = &shared.cluster else { return Redirect::temporary("/findings") };
    let state = live.read();
    let mut rollouts = state.rollouts();
    match (rollouts.next(), rollouts.next(), state.has_read("rollouts")) {
        (Some((name, _)), None, true) => Redirect::temporary(&super::topic::address(name)),
        _ => Redirect::temporary("/rollouts"),
    }
}

/// `/rollouts`
pub(crate) async fn rollouts(State(shared): State<Arc<Shared>>, Query(query): Query<HashMap<String, String>>) -> Page {
    if let Cluster::Absent { why, hint } = &shared.cluster {
        let page = NoClusterPage::of(&shared, why, hint).render().map_err(PageError::Broken)?;
        return Ok(Html(page).into_response());
    }
    page(&shared, &Topic::rollouts(&query))
}

/// `/rollouts/{namespace}/{name}`
pub(crate) async fn release(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Page {
    page(&shared, &Topic::Release(Name::new(namespace, name)))
}

/// `/rollouts/{namespace}/{name}/analysis`
pub(crate) async fn analysis(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let topic = Topic::analysis(Name::new(namespace, name), &query);
    asked(&shared, &topic).await?;
    page(&shared, &topic)
}

/// `/rollouts/{namespace}/{name}/traces`
pub(crate) async fn traces(
    State(shared): State<Arc<Shared>>,
    Path((namespace, name)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let topic = Topic::Traces(Name::new(namespace, name), Box::new(Filter::parse(&query)));
    asked(&shared, &topic).await?;
    let mut answer = page(&shared, &topic)?;
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILTER_POLICY));
    Ok(answer)
}

/// Waits a moment for what the page is the first to ask, so that it is whole without a script.
pub(crate) async fn asked(shared: &Shared, topic: &Topic) -> Result<(), PageError> {
    let live = topic.live(shared).ok_or(PageError::NotFound)?;
    if !topic.exists(&live.read()) {
        return Err(PageError::NotFound);
    }
    let until = Instant::now() + PATIENCE;
    // What comes of one question may be another one.
    for _ in 0..3 {
        let questions = topic.questions(shared, &live.read());
        let mut waited = false;
        for question in &questions {
            waited |= shared.shelf.look(question).pending();
            shared.shelf.answered(question, until.saturating_duration_since(Instant::now())).await;
        }
        if !waited {
            break;
        }
    }
    Ok(())
}

/// A page with its newest frame.
pub(crate) fn page(shared: &Shared, topic: &Topic) -> Page {
    let live = topic.live(shared).ok_or(PageError::NotFound)?;
    if !topic.exists(&live.read()) {
        return Err(PageError::NotFound);
    }
    let page = shared.hub.page(shared, live, topic).map_err(PageError::Broken)?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}
