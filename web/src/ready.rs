//! Whether every source has answered once, for who sends readers here.

use crate::html::shown;
use crate::live::{Cluster, Feed};
use crate::serve::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// `/readyz`: what is missing, a line each. A source that breaks later is told by the pages, which go on with what they have.
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let missing = missing(&shared);
    if missing.is_empty() {
        return (StatusCode::OK, "ready\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready\n{missing}")).into_response()
}

fn missing(shared: &Shared) -> String {
    let Cluster::Live(live) = &shared.cluster else { return String::new() };
    let state = live.read();
    let unread = state.feeds.iter().filter(|(name, _)| !state.has_read(name));
    let line = |(name, feed): (&&str, &Feed)| match feed {
        Feed::Broken { message, .. } => format!("cluster, {name}: {}\n", shown(message)),
        Feed::Reading | Feed::Current => format!("cluster, {name}: not read yet\n"),
    };
    unread.map(line).collect()
}
