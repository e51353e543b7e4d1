//! Feeds the console with what the cluster's watches bring.

use super::copy::{Find, Remote};
use super::door::Opened;
use super::folder;
use super::upstream::upstream;
use crate::args::ConsoleArgs;
use crate::commands::cluster::which::{access, run, said};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::{Cluster, Found, Watch, Watched};
use delivery::Name;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use web::live::{Config, Live, News};

/// A copy of a repository is looked for this often, until it is there.
const AGAIN: Duration = Duration::from_secs(2);

/// Serves the console on a folder and a cluster until it is told to end.
pub(super) fn serve(ui: &Ui, args: &ConsoleArgs) -> Result<Exit, CommandError> {
    let opened = Opened::by(&args.door, args.port)?;
    run(async {
        let which = &args.cluster;
        let mut feeds: Option<(Cluster, Arc<Live>)> = None;
        let mut followed = None;
        let cluster = match Cluster::connect(&access(&which.access)).await {
            Ok(cluster) => {
                followed = args.copy.follow.then(|| follow(cluster.clone()));
                let live = Arc::new(Live::new(cluster.context(), Watch::ALL.map(Watch::name)));
                feeds = Some((cluster, Arc::clone(&live)));
                web::live::Cluster::Live(live)
            }
            Err(error) if args.asks_for_a_cluster() => return Err(said(error)),
            Err(error) => {
                let hint =
                    "`KUBECONFIG` names the file of a cluster's access; `--kubeconfig` and `--context` name it here.";
                web::live::Cluster::Absent { why: error.to_string(), hint: hint.to_owned() }
            }
        };
        let upstream = upstream(&args.upstream, matches!(cluster, web::live::Cluster::Live(_)))?;
        let (site, now) = folder::site(ui, &args.target, &args.copy, followed, cluster, upstream)?;
        // They end with the runtime.
        if let Some((cluster, live)) = feeds {
            match now {
                Some(now) => feed_configs(&cluster, &live, &now),
                None => drop(tokio::spawn(feed_configs_of_a_copy(
                    Arc::clone(&site.source),
                    cluster.clone(),
                    Arc::clone(&live),
                ))),
            }
            drop(tokio::spawn(feed(cluster, live)));
        }
        let served = web::listen(opened.address, site, opened.door.clone(), |address| opened.tell(ui, address));
        served.await.map_err(|error| opened.taken(&error))?;
        Ok(Exit::Done)
    })
}

/// Asks the cluster what its Applications follow. From another thread than the runtime's.
fn follow(cluster: Cluster) -> Find {
    let handle = tokio::runtime::Handle::current();
    Box::new(move || {
        let all = handle.block_on(cluster.applications()).map_err(|error| error.to_string())?;
        most_followed(&all)
            .ok_or_else(|| format!("no Application in namespace {} follows a repository", cluster.argocd()))
    })
}

/// What most Applications follow; of several, the first by name.
fn most_followed(all: &[Found]) -> Option<Remote> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for source in all.iter().flat_map(|found| &found.sources) {
        *counts.entry((&source.url, &source.revision)).or_default() += 1;
    }
    let most = counts.values().max()?;
    let ((url, revision), _) = counts.iter().find(|(_, count)| *count == most)?;
    let branch = Some(*revision).filter(|revision| !matches!(*revision, "" | "HEAD"));
    Some(Remote { url: (*url).to_owned(), branch: branch.map(str::to_owned) })
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

/// The ConfigMaps that the repository names, each watched alone.
fn feed_configs(cluster: &Cluster, live: &Arc<Live>, now: &web::Snapshot) {
    for map in now.config_maps() {
        drop(tokio::spawn(feed_config(cluster.clone(), Arc::clone(live), map)));
    }
}

/// The same, once there is a copy of the repository.
async fn feed_configs_of_a_copy(source: Arc<dyn web::Source>, cluster: Cluster, live: Arc<Live>) {
    loop {
        let source = Arc::clone(&source);
        if let Ok(Ok(now)) = tokio::task::spawn_blocking(move || source.load()).await {
            return feed_configs(&cluster, &live, &now);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn feed_config(cluster: Cluster, live: Arc<Live>, map: Name) {
    let mut seen = cluster.watch_config(&map);
    while let Some(seen) = seen.next().await {
        let config = seen.map_or_else(|error| Config::Lost(error.to_string()), Config::Seen);
        live.config(map.clone(), config);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::Source;

    #[test]
    fn the_repository_is_what_most_applications_follow() {
        let application = |url: &str, revision: &str| Found {
            name: delivery::Name::new("argocd", url),
            set: None,
            sources: vec![Source { url: url.to_owned(), revision: revision.to_owned(), path: "x".to_owned() }],
            namespace: String::new(),
            history: vec![],
            state: delivery::Application::default(),
        };
        let most = |all: &[(&str, &str)]| {
            let all: Vec<Found> = all.iter().map(|(url, revision)| application(url, revision)).collect();
            most_followed(&all).map(|remote| (remote.url, remote.branch))
        };
        let some = |url: &str, branch: Option<&str>| Some((url.to_owned(), branch.map(str::to_owned)));
        assert_eq!(most(&[]), None);
        assert_eq!(most(&[("b", "HEAD"), ("a", ""), ("b", "HEAD")]), some("b", None));
        assert_eq!(most(&[("b", "main"), ("a", "release")]), some("a", Some("release")));
    }
}
