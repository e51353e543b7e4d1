//! The server: routes, and the way from a request to a checked folder.

use crate::{Snapshot, assets, guard, page};
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// Where the pages get what they show.
pub trait Source: Send + Sync {
    /// Reads and checks the folder anew. Called for every page, never twice at once, on a thread that may block.
    ///
    /// # Errors
    /// Why the folder cannot be checked, in the user's terms; the page shows it.
    fn load(&self) -> Result<Snapshot, String>;
}

/// What a console is about.
pub struct Site {
    /// The checked folder, as the person named it.
    pub folder: String,
    /// How the person calls this program, for the hints: `cargo xtask`, `hyperspace`.
    pub program: String,
    /// Where the pages get what they show.
    pub source: Arc<dyn Source>,
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) folder: String,
    pub(crate) program: String,
    source: Arc<dyn Source>,
    /// Several open pages wait for each other rather than check the folder at the same time.
    turn: Arc<Mutex<()>>,
    pub(crate) assets: assets::Assets,
}

impl Shared {
    /// The folder as it is now.
    pub(crate) async fn load(&self) -> Loaded {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let source = Arc::clone(&self.source);
        let start = Instant::now();
        let check = move || {
            // A reader that hangs up does not end the check, so the check itself holds the turn.
            let _turn = turn;
            source.load()
        };
        let checked = tokio::task::spawn_blocking(check).await;
        let fault = |_| Err("the check itself failed, which is a fault of this program".to_owned());
        Loaded { snapshot: checked.unwrap_or_else(fault), took: start.elapsed() }
    }
}

/// The outcome of one check.
pub(crate) struct Loaded {
    /// Or why the folder cannot be checked.
    pub(crate) snapshot: Result<Snapshot, String>,
    took: Duration,
}

impl Loaded {
    pub(crate) fn status(&self) -> StatusCode {
        if self.snapshot.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
    }

    /// Seconds until a page asks again: five, more where a check takes seconds, so that an open page costs a small part
    /// of one processor.
    pub(crate) fn refresh(&self) -> u64 {
        self.took.as_secs().saturating_mul(20).clamp(5, 600)
    }
}

/// The console as a service. Answers names of this machine only, see [`serve`].
pub fn router(site: Site) -> Router {
    with_assets(site, assets::Assets::embedded())
}

/// The console with other browser code than this build's.
pub(crate) fn with_assets(site: Site, assets: assets::Assets) -> Router {
    let Site { folder, program, source } = site;
    let shared = Shared { folder, program, source, turn: Arc::default(), assets };
    Router::new()
        .route("/", get(page::findings))
        .route("/fragments/findings", get(page::findings_fragment))
        .route("/pipeline", get(page::pipeline))
        .route("/fragments/pipeline", get(page::pipeline_fragment))
        .route("/rules", get(page::rules))
        .route("/rules/{group}/{name}", get(page::rule))
        .route("/browser-code", get(page::browser_code))
        .route("/assets/{name}", get(assets::asset))
        .route("/healthz", get(|| async { (StatusCode::OK, "ok\n") }))
        .fallback(page::not_found)
        .with_state(Arc::new(shared))
        // The last layer is the outermost: refusals get the headers too.
        .layer(from_fn(guard::local_names_only))
        .layer(map_response(guard::headers))
}

/// Serves the console until `shutdown` is ready; requests under way are finished first.
///
/// The pages show the folder's files to whoever can connect: bind the listener to the loopback interface, as [`run`]
/// does. Requests that name another host are refused, since a web page could have pointed its own name at 127.0.0.1
/// (DNS rebinding).
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(site)).with_graceful_shutdown(shutdown).await
}

/// Serves the console on 127.0.0.1 until Ctrl-C. `port` 0 takes a free one; `ready` learns the address once it answers.
///
/// # Errors
/// When the port is taken, or the system gives no threads or sockets.
pub fn run(port: u16, site: Site, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        ready(listener.local_addr()?);
        serve(listener, site, async {
            // Without a handler for Ctrl-C the system's own ends the process, which is as good.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
        .await
    })
}
