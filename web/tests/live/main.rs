//! The live pages and their streams: a cluster is made up by feeding it, and read as a browser would.

#![allow(clippy::unwrap_used, reason = "a test helper has nobody to hand an error to")]

mod cluster;
mod machines;
mod pages;
mod running;
mod streams;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use hyperspace_web::live::{Cluster, Live};
use hyperspace_web::{Commit, Site, Snapshot, Source, Upstream, router};
use std::sync::Arc;
use tower::ServiceExt as _;

struct NoFolder;

impl Source for NoFolder {
    fn load(&self) -> Result<Snapshot, String> {
        Err("no folder".to_owned())
    }

    fn commit(&self, id: &str) -> Option<Commit> {
        let (subject, when) = ("Raise <b>limits</b>".to_owned(), "2026-11-26 03:00 +00:00".to_owned());
        id.starts_with('1').then(|| Commit { id: id.to_owned(), subject, when })
    }
}

fn site(live: &Arc<Live>) -> Router {
    router(Site {
        folder: "deploy".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(NoFolder),
        cluster: Cluster::Live(Arc::clone(live)),
        upstream: Upstream::default(),
    })
}

async fn ask(site: &Router, path: &str, last: Option<&str>) -> Response<Body> {
    let mut request = Request::get(path).header("host", "localhost");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn get(site: &Router, path: &str) -> (StatusCode, String) {
    let response = ask(site, path, None).await;
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 24).await.unwrap().to_vec()).unwrap())
}
