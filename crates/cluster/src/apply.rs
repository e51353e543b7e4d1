//! ApplicationSets that no Application covers: applied from a file.

use crate::connect::answer;
use crate::crd::ApplicationSet;
use crate::{Cluster, Error};
use delivery::Name;
use kube::api::{Patch, PatchParams};
use serde_json::Value;

/// What the apiserver notes beside the fields that we set.
const MANAGER: &str = "hyperspace";

impl Cluster {
    /// Whether there is an ApplicationSet of that name.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn has_set(&self, name: &Name) -> Result<bool, Error> {
        Ok(answer(self.api::<ApplicationSet>(&name.namespace).get_opt(&name.name)).await?.is_some())
    }

    /// Applies a file's ApplicationSet on the server's side; fields that somebody else set are taken over only where the
    /// server says that they stand in the way. Gives its words then.
    ///
    /// # Errors
    /// Where the cluster does not take it.
    pub async fn apply_set(&self, name: &Name, file: &Value) -> Result<Option<String>, Error> {
        let api = self.api::<ApplicationSet>(&name.namespace);
        let params = PatchParams::apply(MANAGER);
        match answer(api.patch(&name.name, &params, &Patch::Apply(file))).await {
            Ok(_) => Ok(None),
            Err(Error::Refused { code: 409, message }) => {
                answer(api.patch(&name.name, &params.force(), &Patch::Apply(file))).await?;
                Ok(Some(message))
            }
            Err(error) => Err(error),
        }
    }
}
