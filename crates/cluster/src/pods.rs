//! Which pods run.

use crate::connect::answer;
use crate::crd::Pod;
use crate::{Cluster, Error};
use kube::api::ListParams;

impl Cluster {
    /// Names of the pods in a namespace that run and are to stay, of those with these labels (`app=x,tier=y`).
    ///
    /// # Errors
    /// Where they cannot be listed.
    pub async fn pods(&self, namespace: &str, labels: &str) -> Result<Vec<String>, Error> {
        let list = answer(self.api::<Pod>(namespace).list(&ListParams::default().labels(labels))).await?;
        let stay = list
            .items
            .into_iter()
            .filter(|pod| pod.status.phase == "Running" && pod.metadata.deletion_timestamp.is_none());
        Ok(stay.filter_map(|pod| pod.metadata.name).collect())
    }
}
