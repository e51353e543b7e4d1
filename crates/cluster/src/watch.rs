//! Watches: what changes, as it changes. Cut, refused or outdated (410 Gone), they begin again by themselves.

use crate::crd::{AnalysisRun, Application, Kind, Rollout};
use crate::error::{innermost, of_status};
use crate::read::{Read, name, observed, version};
use crate::{Cluster, Error};
use delivery::{Name, Observed, Release, View};
use futures_util::stream::{BoxStream, SelectAll, StreamExt, select_all};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};
use std::collections::{BTreeMap, BTreeSet};

/// What a watch brings.
pub(crate) type Item = Result<View, Error>;

impl Cluster {
    /// Watches everything that the release is about.
    pub(crate) fn watch(&self, release: &Release) -> SelectAll<BoxStream<'static, Item>> {
        let mut all = Vec::new();
        let mut places = BTreeSet::new();
        for name in &release.applications {
            if places.insert(&name.namespace) {
                // All of them in one watch: one more Application costs nothing.
                all.push(self.stream::<Application>(&name.namespace, None));
            }
        }
        all.extend(release.collectors.iter().map(|target| self.collector_watch(&target.workload)));
        let mut namespaces = BTreeSet::new();
        for target in &release.rollouts {
            all.push(self.stream::<Rollout>(&target.name.namespace, Some(&target.name.name)));
            if namespaces.insert(&target.name.namespace) {
                all.push(self.stream::<AnalysisRun>(&target.name.namespace, None));
            }
        }
        select_all(all)
    }

    pub(crate) fn stream<K>(&self, namespace: &str, only: Option<&str>) -> BoxStream<'static, Item>
    where
        K: Kind + Read + Send + 'static,
        K::As: Send + 'static,
    {
        let mut config = watcher::Config::default();
        if let Some(name) = only {
            config = config.fields(&format!("metadata.name={name}"));
        }
        let mut known = Known::default();
        let events = watcher(self.api::<K>(namespace), config).default_backoff();
        events.map(move |event| known.take(event)).boxed()
    }
}

/// What a watch has shown, to tell after a gap what is gone.
#[derive(Default)]
pub(crate) struct Known {
    all: BTreeMap<Name, u64>,
    listed: BTreeSet<Name>,
}

impl Known {
    pub(crate) fn take<K>(&mut self, event: Result<watcher::Event<K>, watcher::Error>) -> Item
    where
        K: kube::Resource + Read,
    {
        let mut view = View::default();
        match event.map_err(error)? {
            watcher::Event::Init => self.listed.clear(),
            watcher::Event::InitApply(object) | watcher::Event::Apply(object) => {
                let name = name(object.meta());
                self.listed.insert(name.clone());
                self.all.insert(name.clone(), version(object.meta()));
                K::put(&mut view, name, observed(&object));
            }
            watcher::Event::Delete(object) => {
                let name = name(object.meta());
                self.all.remove(&name);
                K::put(&mut view, name, Observed { version: version(object.meta()), object: None });
            }
            watcher::Event::InitDone => {
                for (name, version) in std::mem::take(&mut self.all) {
                    if self.listed.contains(&name) {
                        self.all.insert(name, version);
                    } else {
                        K::put(&mut view, name, Observed { version, object: None });
                    }
                }
            }
        }
        Ok(view)
    }
}

pub(crate) fn error(error: watcher::Error) -> Error {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => error.into(),
        watcher::Error::WatchError(status) => of_status(&status),
        other => Error::Unreachable(innermost(&other)),
    }
}
