//! Everything that a reader of a cluster's releases looks at, from all namespaces, one watch a kind.

use crate::crd::{AnalysisRun, Application, DaemonSet, Kind, Pod, ReplicaSet, Rollout};
use crate::read::{HASH, Read};
use crate::watch::Known;
use crate::{Cluster, Error};
use delivery::View;
use futures_util::stream::{BoxStream, StreamExt, select_all};
use kube::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};

/// What the watches bring.
#[derive(Debug)]
pub struct Watched {
    /// Which watch.
    pub kind: Watch,
    /// What changed, and whether the watch has caught up with the cluster; or why it shows nothing, for now: it tries again.
    pub news: Result<(View, bool), Error>,
}

/// A watch of all objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watch {
    /// Argo CD's Applications.
    Applications,
    /// Rollouts.
    Rollouts,
    /// Analysis runs.
    AnalysisRuns,
    /// ReplicaSets of rollouts.
    ReplicaSets,
    /// Pods of rollouts.
    Pods,
    /// DaemonSets: collectors are among them.
    DaemonSets,
}

impl Watch {
    /// All of them.
    pub const ALL: [Watch; 6] =
        [Watch::Applications, Watch::Rollouts, Watch::AnalysisRuns, Watch::ReplicaSets, Watch::Pods, Watch::DaemonSets];

    /// What people call them.
    pub fn name(self) -> &'static str {
        match self {
            Watch::Applications => "Applications",
            Watch::Rollouts => "rollouts",
            Watch::AnalysisRuns => "analysis runs",
            Watch::ReplicaSets => "ReplicaSets",
            Watch::Pods => "pods",
            Watch::DaemonSets => "DaemonSets",
        }
    }
}

impl Cluster {
    /// Watches all Applications, rollouts and what belongs to them, for as long as somebody listens.
    pub fn watch_all(&self) -> BoxStream<'static, Watched> {
        let of_a_rollout = || watcher::Config::default().labels(HASH);
        let all = watcher::Config::default;
        select_all([
            self.all::<Application>(Watch::Applications, all()),
            self.all::<Rollout>(Watch::Rollouts, all()),
            self.all::<AnalysisRun>(Watch::AnalysisRuns, all()),
            self.all::<ReplicaSet>(Watch::ReplicaSets, of_a_rollout()),
            self.all::<Pod>(Watch::Pods, of_a_rollout()),
            self.all::<DaemonSet>(Watch::DaemonSets, all()),
        ])
        .boxed()
    }

    fn all<K>(&self, kind: Watch, config: watcher::Config) -> BoxStream<'static, Watched>
    where
        K: Kind + Read + Send + 'static,
        K::As: Send + 'static,
    {
        let mut known = Known::default();
        // Argo CD's Applications live in its own namespace, as the commands take it.
        let api: Api<K> = match kind {
            Watch::Applications => self.api(&self.argocd),
            _ => Api::all(self.client.clone()),
        };
        let events = watcher(api, config).default_backoff();
        let mut listing = true;
        events
            .map(move |event| {
                match &event {
                    Ok(watcher::Event::Init) => listing = true,
                    Ok(watcher::Event::InitDone) => listing = false,
                    _ => {}
                }
                Watched { kind, news: known.take(event).map(|view| (view, !listing)) }
            })
            .boxed()
    }
}
