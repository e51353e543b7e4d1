//! Consoles to look at: what they show, served as the program serves it.

use crate::fleet::{FEEDS, How, live, release};
use crate::folder::Folder;
use crate::rides::upstreams;
use crate::stand_in::upstream;
use hyperspace_web::live::{Cluster, Live, News};
use hyperspace_web::{Commit, Door, Entry, Site, Source, Token, Upstream, serve};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// One that answers until it is stopped.
pub(crate) struct Console {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Console {
    pub(crate) async fn start(site: Site) -> Console {
        Console::start_at(0, site, Door::default()).await
    }

    pub(crate) async fn start_at(port: u16, site: Site, door: Door) -> Console {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, site, door, async {
            // Whoever forgets it stops it as well.
            let _ = stopped.await;
        }));
        Console { address, stop, server }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// As Ctrl-C does.
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.server.await.expect("it ends").expect("without a fault");
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// What `practice` writes.
pub(crate) fn broken_start() -> PathBuf {
    repository().join("xtask/practice/scenario")
}

fn commit(id: &str, subject: &str, when: &str) -> Commit {
    Commit { id: id.to_owned(), subject: subject.to_owned(), when: when.to_owned() }
}

/// This repository's own manifests, and the broken start as the commit before them.
pub(crate) fn mended() -> Folder {
    let mend = commit("1111111111", "Mend the release's telemetry", "2026-11-26 03:00 +00:00");
    let start = commit("2222222222", "Start", "2026-11-25 17:12 +00:00");
    let now = repository().join("manifests");
    Folder::new(&now).before(mend, &now).before(start, broken_start().join("manifests"))
}

/// A site as the command line makes it.
pub(crate) fn site(source: impl Source + 'static, cluster: Cluster) -> Site {
    Site {
        folder: "manifests".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(source),
        cluster,
        upstream: Upstream::default(),
    }
}

/// One that knows of a Jaeger and a Prometheus there, which have pages.
pub(crate) fn asking(mut site: Site, address: &str) -> Site {
    site.upstream = upstream(address, Some(address), true);
    site
}

/// What a caller of a guarded console must show.
pub(crate) const TOKEN: &str = "correct-horse-battery";

pub(crate) fn guarded() -> Door {
    Door { hosts: Vec::new(), entry: Entry::Token(Token::new(TOKEN).expect("long enough")) }
}

pub(crate) fn nowhere() -> Cluster {
    Cluster::Absent {
        why: "This console shows a repository alone.".to_owned(),
        hint: "`cargo xtask console --cluster` shows the current kubeconfig's cluster, too.".to_owned(),
    }
}

/// Four releases, one in each state.
pub(crate) fn fleet() -> Arc<Live> {
    live([
        release("shop", "cart", How::Promoted),
        release("shop", "checkout", How::Paused),
        release("shop", "pay", How::Aborted),
        release("hotrod", "hotrod", How::Measuring),
    ])
}

/// A cluster that answered, and does no more.
pub(crate) fn cut_off() -> Arc<Live> {
    let live = fleet();
    for feed in FEEDS {
        let message = "the apiserver does not answer: connection refused".to_owned();
        live.feed(feed, News::Lost { message, hint: Some("`kubectl cluster-info` says whether it runs.".to_owned()) });
    }
    live
}

/// All pages with all that may be on them.
pub(crate) struct Consoles {
    all: Vec<(Console, &'static [(&'static str, &'static str)])>,
}

impl Consoles {
    pub(crate) async fn start() -> Consoles {
        let unread = Arc::new(Live::new("kind-fleet", FEEDS));
        let known = upstreams().await.address;
        // Nobody listens there.
        let silent = "http://127.0.0.1:1";
        let open = Door::default;
        let all = [
            (site(Folder::new(broken_start()), nowhere()), open(), BROKEN),
            (asking(site(mended(), Cluster::Live(fleet())), &known), open(), WHOLE),
            (asking(site(mended(), Cluster::Live(cut_off())), silent), open(), CUT),
            (site(Folder::new("/no/such/folder"), Cluster::Live(cut_off())), open(), LOST),
            (site(Folder::new(repository().join("web/assets")), Cluster::Live(unread)), open(), EMPTY),
            (site(mended(), Cluster::Live(fleet())), guarded(), GUARDED),
        ];
        let mut started = Vec::new();
        for (site, door, pages) in all {
            started.push((Console::start_at(0, site, door).await, pages));
        }
        Consoles { all: started }
    }

    /// Each page's address, and what its main heading says.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (String, &'static str)> {
        self.all.iter().flat_map(|(console, pages)| pages.iter().map(|(path, says)| (console.at(path), *says)))
    }
}

const BROKEN: &[(&str, &str)] = &[
    ("/findings", "errors and"),
    ("/pipeline", "Pipeline"),
    ("/pipeline?node=collector%2Fotel%2Fcollector-config", "Pipeline"),
    ("/rules", "Rules"),
    ("/rules/collector/no-receiver", "collector/no-receiver"),
    ("/rollouts", "No cluster"),
    ("/nothing/here", "Nothing here"),
    ("/browser-code", "The browser code is there"),
];

const WHOLE: &[(&str, &str)] = &[
    ("/findings", "Clean: nothing found"),
    ("/pipeline", "Pipeline"),
    ("/pipeline?commit=2222222222..1111111111", "Pipeline: 2222222222 against 1111111111"),
    ("/pipeline?commit=3333333333", "This commit cannot be shown"),
    ("/rollouts", "1 aborted, 1 paused, 1 in progress, 1 promoted"),
    ("/rollouts/shop/cart", "promoted"),
    ("/rollouts/shop/checkout", "paused"),
    ("/rollouts/shop/pay", "aborted"),
    ("/rollouts/hotrod/hotrod", "in progress"),
    ("/rollouts/shop/cart/analysis", "promoted"),
    ("/rollouts/shop/checkout/analysis", "paused"),
    ("/rollouts/shop/pay/analysis", "aborted"),
    ("/rollouts/hotrod/hotrod/analysis", "in progress"),
    ("/rollouts/hotrod/nothing", "Nothing here"),
    ("/rollouts/hotrod/hotrod/traces", "6 traces in the last hour"),
    ("/rollouts/hotrod/hotrod/traces?run=hotrod-bbbb-2-2&sort=slowest", "traces in the time of hotrod-bbbb-2-2"),
    ("/rollouts/hotrod/hotrod/traces?service=nobody", "No such trace"),
    ("/rollouts/shop/pay/traces", "Its traces cannot be told"),
    ("/traces/70f4e9", "frontend"),
    ("/traces/70f4e9?span=fc962426bb01a412", "frontend"),
    ("/traces/ffffff", "trace"),
];

const CUT: &[(&str, &str)] = &[
    ("/rollouts/hotrod/hotrod", "in progress"),
    ("/rollouts/hotrod/hotrod/analysis", "in progress"),
    ("/rollouts/hotrod/hotrod/traces", "Traces"),
    ("/traces/70f4e9", "Jaeger"),
];

const LOST: &[(&str, &str)] = &[
    ("/findings", "This folder cannot be checked"),
    ("/pipeline", "This folder cannot be checked"),
    ("/rollouts", "1 aborted"),
    ("/rollouts/shop/pay", "aborted"),
];

const GUARDED: &[(&str, &str)] =
    &[("/rollouts/shop/pay", "This console needs its token"), ("/login", "This console needs its token")];

const EMPTY: &[(&str, &str)] = &[
    ("/findings", "Nothing to judge"),
    ("/pipeline", "Pipeline"),
    ("/rollouts", "Rollouts"),
    ("/rollouts/hotrod/hotrod", "hotrod/hotrod is not there"),
];
