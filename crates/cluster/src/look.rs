//! A fresh look: everything that a release is about, read now and in the order that a verdict needs.

use crate::connect::answer;
use crate::crd::{AnalysisRun, Application, ReplicaSet, Rollout};
use crate::read::{name, observed};
use crate::{Cluster, Error};
use delivery::{Name, Release, View};
use kube::api::ListParams;
use std::collections::BTreeSet;

impl Cluster {
    /// Reads everything that the release is about. Applications first: whatever is read after one that says Synced is at
    /// least as new as that sync. Every read asks for the newest state, not for a cached one.
    ///
    /// # Errors
    /// Where something cannot be read; an object that is not there is none.
    pub async fn look(&self, release: &Release) -> Result<View, Error> {
        let mut view = View::default();
        for name in &release.applications {
            if let Some(object) = answer(self.api::<Application>(&name.namespace).get_opt(&name.name)).await? {
                view.applications.insert(name.clone(), observed(&object));
            }
        }
        for target in &release.collectors {
            if let Some(seen) = self.collector(&target.workload).await? {
                view.collectors.insert(target.workload.clone(), seen);
            }
        }
        for target in &release.rollouts {
            self.look_at_rollout(&target.name, &mut view).await?;
        }
        let namespaces: BTreeSet<&str> = release.rollouts.iter().map(|t| t.name.namespace.as_str()).collect();
        for namespace in namespaces {
            let list = answer(self.api::<AnalysisRun>(namespace).list(&ListParams::default())).await?;
            view.runs.extend(list.items.iter().map(|run| (name(&run.metadata), observed(run))));
        }
        Ok(view)
    }

    async fn look_at_rollout(&self, name: &Name, view: &mut View) -> Result<(), Error> {
        let Some(object) = answer(self.api::<Rollout>(&name.namespace).get_opt(&name.name)).await? else {
            return Ok(());
        };
        let mut seen = observed(&object);
        let hash = &object.status.current_pod_hash;
        if let Some(rollout) = &mut seen.object
            && !hash.is_empty()
        {
            let api = self.api::<ReplicaSet>(&name.namespace);
            let current = answer(api.get_opt(&format!("{}-{hash}", name.name))).await?;
            rollout.template = object.compare(current.as_ref());
        }
        view.rollouts.insert(name.clone(), seen);
        Ok(())
    }
}
