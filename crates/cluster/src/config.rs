//! A ConfigMap, as it changes.

use crate::watch::error;
use crate::{Cluster, Error};
use delivery::Name;
use futures_util::stream::{BoxStream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use std::collections::BTreeMap;

impl Cluster {
    /// The data of one ConfigMap whenever it changes, `None` while there is no such ConfigMap, for as long as somebody listens.
    pub fn watch_config(&self, name: &Name) -> BoxStream<'static, Result<Option<BTreeMap<String, String>>, Error>> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &name.namespace);
        let seen = watch_object(api, &name.name).default_backoff();
        seen.map(|seen| seen.map(|map| map.map(|map| map.data.unwrap_or_default())).map_err(error)).boxed()
    }
}
