//! Feeds the console with what the cluster's watches bring.

use super::door::Opened;
use super::folder;
use super::upstream::upstream;
use crate::args::ConsoleArgs;
use crate::commands::cluster::which::{access, run, said};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::{Cluster, Watch, Watched};
use delivery::Name;
use futures_util::StreamExt as _;
use std::sync::Arc;
use web::live::{Config, Live, News};

/// Serves the console on a folder and a cluster until it is told to end.
pub(super) fn serve(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    let opened = Opened::by(&args.door, args.port)?;
    run(async {
        let which = &args.cluster;
        let mut feeds: Option<(Cluster, Arc<Live>)> = None;
        let cluster = match Cluster::connect(&access(&which.access)).await {
            Ok(cluster) => {
                let live = Arc::new(Live::new(cluster.context(), Watch::ALL.map(Watch::name)));
                feeds = Some((cluster, Arc::clone(&live)));
                web::live::Cluster::Live(live)
            }
            Err(error) if which.asked() => return Err(said(error)),
            Err(error) => {
                let hint =
                    "`KUBECONFIG` names the file of a cluster's access; `--kubeconfig` and `--context` name it here.";
                web::live::Cluster::Absent { why: error.to_string(), hint: hint.to_owned() }
            }
        };
        let upstream = upstream(&args.upstream, matches!(cluster, web::live::Cluster::Live(_)))?;
        let (site, now) = folder::site(ui, &args.target, cluster, upstream)?;
        // They end with the runtime.
        if let Some((cluster, live)) = feeds {
            for map in now.config_maps() {
                drop(tokio::spawn(feed_config(cluster.clone(), Arc::clone(&live), map)));
            }
            drop(tokio::spawn(feed(cluster, live)));
        }
        let served = web::listen(opened.address, site, opened.door.clone(), |address| opened.tell(ui, address));
        served.await.map_err(|error| opened.taken(&error))?;
        Ok(Exit::Done)
    })
}

async fn feed(cluster: Cluster, live: Arc<Live>) {
    let mut watches = cluster.watch_all();
    while let Some(Watched { kind, news }) = watches.next().await {
        let news = match news {
            Ok((view, whole)) => News::Seen { view, whole },
            Err(error) => News::Lost { message: error.to_string(), hint: error.hint().map(str::to_owned) },
        };
        live.feed(kind.name(), news);
    }
}

async fn feed_config(cluster: Cluster, live: Arc<Live>, map: Name) {
    let mut seen = cluster.watch_config(&map);
    while let Some(seen) = seen.next().await {
        let config = seen.map_or_else(|error| Config::Lost(error.to_string()), Config::Seen);
        live.config(map.clone(), config);
    }
}
