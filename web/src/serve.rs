//! The server: routes, and the way from a request to a checked folder.

use crate::door::{Door, admit, login};
use crate::live::{self, Cluster, Hub, Live};
use crate::metrics::Metrics;
use crate::pipeline::Layouts;
use crate::upstream::{Asker, Known, Question, Reply, Shelf, Upstream, Who};
use crate::{Snapshot, assets, folder, guard, metrics, page, ready, traces};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use std::collections::HashMap;
use std::future::{Future, IntoFuture as _, pending};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// Where the pages get what they show.
pub trait Source: Send + Sync {
    /// Reads and checks the folder anew. Called every few seconds while somebody looks, never twice at once, on a thread that
    /// may block.
    ///
    /// # Errors
    /// Why the folder cannot be checked, in the user's terms; the page shows it.
    fn load(&self) -> Result<Snapshot, String>;

    /// How the pages name what they show, where that is known only after the start; [`Site::folder`] until then.
    fn name(&self) -> Option<&str> {
        None
    }

    /// How a command names the folder, where that is not how the pages name it.
    fn path(&self) -> Option<&str> {
        None
    }

    /// The folder as a commit (anything that names one to git) has it, checked like [`Source::load`].
    ///
    /// # Errors
    /// Why it cannot be shown.
    fn at(&self, commit: &str) -> Result<Snapshot, String> {
        Err(format!("this console has no git repository to read {commit:?} from"))
    }

    /// The newest commits that touched the folder, the newest first; none where there is no repository.
    fn commits(&self, most: usize) -> Vec<Commit> {
        let _ = most;
        Vec::new()
    }

    /// A commit of the folder's repository, where it has one of that id.
    fn commit(&self, id: &str) -> Option<Commit> {
        let _ = id;
        None
    }
}

/// A commit to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Enough of its hash to name it.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was made, as people read it.
    pub when: String,
}

/// What a console is about.
pub struct Site {
    /// The checked folder, as the person named it.
    pub folder: String,
    /// How the person calls this program, for the hints: `cargo xtask`, `hyperspace`.
    pub program: String,
    /// Where the pages get what they show of the folder.
    pub source: Arc<dyn Source>,
    /// The running cluster.
    pub cluster: Cluster,
    /// Jaeger and Prometheus.
    pub upstream: Upstream,
}

/// A request that is not done by then is cut off.
const GRACE: Duration = Duration::from_secs(10);
/// The only form has a token and an address.
const MOST_POSTED: usize = 8 << 10;

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) folder: String,
    pub(crate) program: String,
    source: Arc<dyn Source>,
    pub(crate) cluster: Cluster,
    /// What wakes the readers: the cluster's news, and other answers of the shelf.
    pub(crate) live: Arc<Live>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) waterfalls: traces::Drawn,
    pub(crate) hub: Hub,
    pub(crate) door: Door,
    pub(crate) metrics: Metrics,
    pub(crate) layouts: Arc<Layouts>,
    commits: std::sync::Mutex<HashMap<String, Option<Commit>>>,
    /// The folder is never checked twice at once.
    turn: Arc<Mutex<()>>,
    pub(crate) assets: assets::Assets,
}

impl Shared {
    /// Jaeger's pages, where they answer.
    pub(crate) fn jaeger_pages(&self) -> Option<&telemetry::Jaeger> {
        let pages = self.shelf.upstream().jaeger_pages.as_ref()?;
        self.has_pages(Who::Jaeger).then_some(pages)
    }

    /// Prometheus' pages, where they answer.
    pub(crate) fn prometheus_pages(&self) -> Option<&telemetry::Prometheus> {
        let pages = self.shelf.upstream().prometheus_pages.as_ref()?;
        self.has_pages(Who::Prometheus).then_some(pages)
    }

    fn has_pages(&self, who: Who) -> bool {
        matches!(self.shelf.look(&Question::Pages(who)), Known { reply: Some(Reply::Pages(true)), .. })
    }

    /// What is shown, as the pages name it.
    pub(crate) fn folder(&self) -> &str {
        self.source.name().unwrap_or(&self.folder)
    }

    /// How a command names the folder.
    pub(crate) fn path(&self) -> &str {
        self.source.path().unwrap_or(&self.folder)
    }

    /// A commit of the folder's repository; looked up once.
    pub(crate) fn commit(&self, id: &str) -> Option<Commit> {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = commits.get(id) {
            return found.clone();
        }
        let found = self.source.commit(id);
        // What is not there may be fetched; ids come from the cluster, so there is an end to what is kept.
        if found.is_some() && commits.len() < 1000 {
            commits.insert(id.to_owned(), found.clone());
        }
        found
    }

    /// What the source has to say; the question may block.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Source) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let source = Arc::clone(&self.source);
        let check = move || {
            // A reader that hangs up does not end the check, so the check itself holds the turn.
            let _turn = turn;
            question(source.as_ref())
        };
        let fault = |_| Err("the check itself failed, which is a fault of this program".to_owned());
        tokio::task::spawn_blocking(check).await.unwrap_or_else(fault)
    }
}

/// The console as a service that answers names of this machine only, see [`serve`].
pub fn router(site: Site) -> Router {
    behind(site, Door::default())
}

/// The console as a service behind a door. A proxy is told by its address: serve it with `ConnectInfo<SocketAddr>`.
pub fn behind(site: Site, door: Door) -> Router {
    routes(shared(site, door, assets::Assets::embedded()))
}

/// A console, with this or other browser code than this build's.
fn shared(site: Site, door: Door, assets: assets::Assets) -> Arc<Shared> {
    let Site { folder, program, source, cluster, upstream } = site;
    let live = match &cluster {
        Cluster::Live(live) => Arc::clone(live),
        Cluster::Absent { .. } => Arc::new(Live::new("", [])),
    };
    let (layouts, turn): (Arc<Layouts>, Arc<Mutex<()>>) = (Arc::default(), Arc::default());
    let (asked, turns) = (Arc::clone(&source), Arc::clone(&turn));
    let asker = Asker { upstream, source: asked, turn: turns, layouts: Arc::clone(&layouts) };
    let (hub, metrics, commits) = (Hub::new(), Metrics::new(), std::sync::Mutex::default());
    let shelf = Shelf::new(asker, Arc::clone(&live), metrics.queries.clone());
    let waterfalls = traces::Drawn::default();
    Arc::new(Shared {
        folder,
        program,
        source,
        cluster,
        live,
        shelf,
        waterfalls,
        hub,
        door,
        metrics,
        layouts,
        commits,
        turn,
        assets,
    })
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(live::home))
        .route("/rollouts", get(live::rollouts))
        .route("/rollouts/{namespace}/{name}", get(live::release))
        .route("/rollouts/{namespace}/{name}/analysis", get(live::analysis))
        .route("/rollouts/{namespace}/{name}/traces", get(live::traces))
        .route("/traces/{id}", get(traces::trace))
        .route("/events/rollouts", get(live::rollouts_events))
        .route("/events/rollouts/{namespace}/{name}", get(live::release_events))
        .route("/events/rollouts/{namespace}/{name}/analysis", get(live::analysis_events))
        .route("/events/rollouts/{namespace}/{name}/traces", get(live::traces_events))
        .route("/findings", get(folder::findings))
        .route("/pipeline", get(folder::pipeline))
        .route("/events/findings", get(folder::findings_events))
        .route("/events/pipeline", get(folder::pipeline_events))
        .route("/rules", get(page::rules))
        .route("/rules/{group}/{name}", get(page::rule))
        .route("/browser-code", get(page::browser_code))
        .route("/assets/{name}", get(assets::asset))
        .route(login::PATH, get(login::form).post(login::enter))
        .route("/healthz", get(|| async { (StatusCode::OK, "ok\n") }))
        .route("/readyz", get(ready::ready))
        .route("/metrics", get(metrics::metrics))
        .fallback(page::not_found)
        .with_state(Arc::clone(&shared))
        .layer(DefaultBodyLimit::max(MOST_POSTED))
        // The last layer is the outermost: refusals are measured and get the headers too.
        .layer(from_fn_with_state(Arc::clone(&shared), admit))
        .layer(from_fn_with_state(shared, metrics::measure))
        .layer(map_response(guard::headers))
}

/// Serves the console until `shutdown` is ready: streams end then, and requests under way are finished first.
///
/// The pages show the folder's files to whoever is let in: behind a door that asks nothing, bind the listener to the loopback
/// interface, as [`listen`] insists. Requests that name another host are refused, since a web page could have pointed its own
/// name here (DNS rebinding).
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    door: Door,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let shared = shared(site, door, assets::Assets::embedded());
    let all = Arc::clone(&shared);
    let mut closing = shared.hub.closing();
    let shutdown = async move {
        shutdown.await;
        // A stream would go on for as long as its page is open.
        all.hub.close();
    };
    // Before its first reader comes.
    shared.shelf.look(&Question::Folder);
    // An event is one small write: it must not wait for the answer to the one before.
    let listener = listener.tap_io(|stream| {
        // A connection that is gone is found out by who writes to it.
        let _ = stream.set_nodelay(true);
    });
    let service = routes(shared).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown).into_future();
    let late = async move {
        // It goes only with the console itself.
        if closing.changed().await.is_err() {
            pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served => served,
        () = late => Ok(()),
    }
}

/// Serves the console until Ctrl-C or SIGTERM. Port 0 takes a free one; `ready` learns the address once it answers.
///
/// # Errors
/// When the port is taken, or the system gives no threads or sockets, or the door lets strangers in at that address.
pub fn run(address: SocketAddr, site: Site, door: Door, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen(address, site, door, ready))
}

/// [`run`] in a runtime of the caller's, where the cluster is watched as well.
///
/// # Errors
/// As [`run`].
pub async fn listen(address: SocketAddr, site: Site, door: Door, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    if !door.may_listen(address.ip()) {
        let why = "beyond this machine a token or an authenticating proxy is needed";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let listener = TcpListener::bind(address).await?;
    let end = told_to_end()?;
    ready(listener.local_addr()?);
    serve(listener, site, door, end).await
}

/// Ctrl-C, or what service managers and Kubernetes send.
fn told_to_end() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        let interrupted = async {
            // Without a handler for Ctrl-C the system's own ends the process, which is as good.
            if tokio::signal::ctrl_c().await.is_err() {
                pending::<()>().await;
            }
        };
        #[cfg(unix)]
        tokio::select! {
            () = interrupted => {}
            _ = terminated.recv() => {}
        }
        #[cfg(not(unix))]
        interrupted.await;
    })
}

#[cfg(test)]
mod tests {
    use super::{Door, Site, Source, routes, serve, shared};
    use crate::Snapshot;
    use crate::assets::Assets;
    use crate::live::Cluster;
    use crate::upstream::Upstream;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpStream};
    use std::sync::Arc;
    use tower::ServiceExt as _;

    struct Broken;

    impl Source for Broken {
        fn load(&self) -> Result<Snapshot, String> {
            panic!("a fault of the program")
        }
    }

    fn site() -> Site {
        let cluster = Cluster::Absent { why: String::new(), hint: String::new() };
        let (folder, program) = (".".to_owned(), "hyperspace".to_owned());
        Site { folder, program, source: Arc::new(Broken), cluster, upstream: Upstream::default() }
    }

    async fn get(missing: Option<&str>, path: &str) -> (StatusCode, String) {
        let assets = Assets { missing: missing.map(str::to_owned) };
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = routes(shared(site(), Door::default(), assets)).oneshot(request).await.unwrap();
        let status = response.status();
        (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn without_npm_the_pages_say_what_is_missing() {
        let reason = "there is no npm on the PATH";
        let (_, page) = get(Some(reason), "/rules").await;
        assert!(page.contains("href=\"/browser-code\"") && !page.contains("<script"), "{page}");
        assert_eq!(get(Some(reason), "/assets/htmx.js").await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(Some(reason), "/assets/style.css").await.0, StatusCode::OK);
        let (status, page) = get(Some(reason), "/browser-code").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(reason) && page.contains("touch web/package.json"), "{page}");
    }

    #[tokio::test]
    async fn with_htmx_there_is_no_banner() {
        let (_, page) = get(None, "/rules").await;
        assert!(!page.contains("href=\"/browser-code\"") && page.contains("src=\"/assets/htmx.js\""), "{page}");
    }

    /// What this very build embedded agrees with what its pages say.
    #[tokio::test]
    async fn this_build_is_of_one_piece() {
        let missing = Assets::embedded().missing;
        let (status, script) = get(missing.as_deref(), "/assets/htmx.js").await;
        assert_eq!(status == StatusCode::OK, missing.is_none());
        assert_eq!(script.contains("htmx"), missing.is_none());
    }

    #[tokio::test]
    async fn a_check_that_panics_is_an_error_page() {
        let (status, page) = get(None, "/findings").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.contains("a fault of this program"), "{page}");
    }

    #[tokio::test]
    async fn serves_on_a_socket_until_told_to_stop() {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, site(), Door::default(), async {
            let _ = stopped.await;
        }));
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(answer.await.unwrap().ends_with("\r\n\r\nok\n"));
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
