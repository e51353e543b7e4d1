//! What is done to the cluster. Every act is one patch.

use crate::connect::answer;
use crate::crd::{Application, ApplicationSet, Kind, Rollout};
use crate::read::{REFRESH, version};
use crate::{Cluster, Error};
use delivery::{Name, RESTARTED_FOR, Workload};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

const REFRESH_SET: &str = "argocd.argoproj.io/application-set-refresh";
/// Where `kubectl rollout restart` says when; the value itself means nothing to anybody.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

impl Cluster {
    pub(crate) fn api<K: Kind>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    pub(crate) async fn patch<K: Kind>(&self, name: &Name, patch: &Value) -> Result<u64, Error> {
        let api = self.api::<K>(&name.namespace);
        let patched = answer(api.patch(&name.name, &PatchParams::default(), &Patch::Merge(patch))).await?;
        Ok(version(patched.meta()))
    }

    /// Asks Argo CD to compare an Application with git now.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn refresh(&self, application: &Name) -> Result<(), Error> {
        let patch = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
        self.patch::<Application>(application, &patch).await.map(drop)
    }

    /// Asks the ApplicationSet's controller to run its generators now.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn refresh_set(&self, set: &Name) -> Result<(), Error> {
        let patch = json!({"metadata": {"annotations": {REFRESH_SET: "true"}}});
        self.patch::<ApplicationSet>(set, &patch).await.map(drop)
    }

    /// Restarts a collector's pods as `kubectl rollout restart` does, and keeps beside it for which commit. Gives the
    /// version of the object since then.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn restart(&self, workload: &Workload, commit: &str) -> Result<u64, Error> {
        let now = k8s_openapi::jiff::Timestamp::now().to_string();
        let annotations = json!({RESTARTED_AT: now, RESTARTED_FOR: commit});
        let patch = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
        self.patch_collector(workload, &patch).await
    }

    /// Takes an aborted rollout up again, as kubectl's plugin does. Gives the version of the object since then.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn retry(&self, rollout: &Name) -> Result<u64, Error> {
        self.set_abort(rollout, false).await
    }

    /// Aborts a rollout, as kubectl's plugin does: the stable version takes over. Gives the version of the object since then.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn abort(&self, rollout: &Name) -> Result<u64, Error> {
        self.set_abort(rollout, true).await
    }

    async fn set_abort(&self, rollout: &Name, abort: bool) -> Result<u64, Error> {
        let patch = json!({"status": {"abort": abort}});
        let api = self.api::<Rollout>(&rollout.namespace);
        match answer(api.patch_status(&rollout.name, &PatchParams::default(), &Patch::Merge(&patch))).await {
            Ok(patched) => Ok(version(&patched.metadata)),
            // An installation of before the status subresource.
            Err(Error::NotFound(_)) => self.patch::<Rollout>(rollout, &patch).await,
            Err(error) => Err(error),
        }
    }
}
