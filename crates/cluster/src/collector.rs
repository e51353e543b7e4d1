//! What runs a collector: a DaemonSet, a Deployment or a StatefulSet, seen as one.

use crate::connect::answer;
use crate::crd::{DaemonSet, Deployment, Kind, PodTemplate, StatefulSet};
use crate::read::{Read, observed};
use crate::watch::Item;
use crate::{Cluster, Error};
use delivery::{Collector, Controller, Name, Observed, View, Workload};
use futures_util::stream::BoxStream;
use kube::core::ObjectMeta;
use serde_json::Value;

impl Cluster {
    /// Reads a collector's workload; `None` where it is not there.
    pub(crate) async fn collector(&self, workload: &Workload) -> Result<Option<Observed<Collector>>, Error> {
        match workload.kind {
            Controller::DaemonSet => self.one::<DaemonSet>(&workload.name).await,
            Controller::Deployment => self.one::<Deployment>(&workload.name).await,
            Controller::StatefulSet => self.one::<StatefulSet>(&workload.name).await,
        }
    }

    async fn one<K: Kind + Read<As = Collector>>(&self, name: &Name) -> Result<Option<Observed<Collector>>, Error> {
        let found = answer(self.api::<K>(&name.namespace).get_opt(&name.name)).await?;
        Ok(found.as_ref().map(observed))
    }

    /// Watches a collector's workload.
    pub(crate) fn collector_watch(&self, workload: &Workload) -> BoxStream<'static, Item> {
        let Name { namespace, name } = &workload.name;
        match workload.kind {
            Controller::DaemonSet => self.stream::<DaemonSet>(namespace, Some(name)),
            Controller::Deployment => self.stream::<Deployment>(namespace, Some(name)),
            Controller::StatefulSet => self.stream::<StatefulSet>(namespace, Some(name)),
        }
    }

    /// Patches a collector's workload; gives its version since then.
    pub(crate) async fn patch_collector(&self, workload: &Workload, patch: &Value) -> Result<u64, Error> {
        match workload.kind {
            Controller::DaemonSet => self.patch::<DaemonSet>(&workload.name, patch).await,
            Controller::Deployment => self.patch::<Deployment>(&workload.name, patch).await,
            Controller::StatefulSet => self.patch::<StatefulSet>(&workload.name, patch).await,
        }
    }
}

fn put(view: &mut View, kind: Controller, name: Name, seen: Observed<Collector>) {
    view.collectors.insert(Workload { kind, name }, seen);
}

/// What all of them say alike.
fn common(metadata: &ObjectMeta, template: &PodTemplate, observed: i64) -> Collector {
    Collector {
        generation: metadata.generation.unwrap_or(0),
        observed,
        annotations: template.metadata.annotations.clone().unwrap_or_default(),
        images: template.spec.containers.iter().map(|container| container.image.clone()).collect(),
        ..Collector::default()
    }
}

impl Read for DaemonSet {
    type As = Collector;

    fn put(view: &mut View, name: Name, seen: Observed<Collector>) {
        put(view, Controller::DaemonSet, name, seen);
    }

    fn read(&self) -> Collector {
        let status = &self.status;
        Collector {
            desired: status.desired_number_scheduled,
            updated: status.updated_number_scheduled,
            available: status.number_available,
            ..common(&self.metadata, &self.spec.template, status.observed_generation)
        }
    }
}

impl Read for Deployment {
    type As = Collector;

    fn put(view: &mut View, name: Name, seen: Observed<Collector>) {
        put(view, Controller::Deployment, name, seen);
    }

    fn read(&self) -> Collector {
        let status = &self.status;
        Collector {
            desired: self.spec.replicas.unwrap_or(1),
            updated: status.updated_replicas,
            available: status.available_replicas,
            old: status.replicas.saturating_sub(status.updated_replicas),
            ..common(&self.metadata, &self.spec.template, status.observed_generation)
        }
    }
}

impl Read for StatefulSet {
    type As = Collector;

    fn put(view: &mut View, name: Name, seen: Observed<Collector>) {
        put(view, Controller::StatefulSet, name, seen);
    }

    fn read(&self) -> Collector {
        let status = &self.status;
        // Once all pods are of one revision, how many were updated is no longer counted everywhere.
        let through = !status.update_revision.is_empty() && status.current_revision == status.update_revision;
        let updated = if through { status.replicas } else { status.updated_replicas };
        Collector {
            desired: self.spec.replicas.unwrap_or(1),
            updated,
            available: status.available_replicas,
            old: status.replicas.saturating_sub(updated),
            ..common(&self.metadata, &self.spec.template, status.observed_generation)
        }
    }
}
