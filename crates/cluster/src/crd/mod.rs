//! The kinds that are read, with the fields that are judged. Whatever is missing is empty: other versions write less.

mod application;
mod rollout;
mod run;
mod workload;

use kube::core::{NamespaceResourceScope, ObjectMeta};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

pub(crate) use application::{Application, ApplicationSet, History, Source, all};
pub(crate) use rollout::{Rollout, Step};
pub(crate) use run::{AnalysisRun, IntOrString, Metric, MetricResult};
pub(crate) use workload::{DaemonSet, Deployment, Pod, PodTemplate, ReplicaSet, StatefulSet};

/// An object with what is read of its spec and status.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Object<S, T> {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: S,
    #[serde(default)]
    pub(crate) status: T,
}

/// A kind of ours.
pub(crate) trait Kind:
    kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

impl<K> Kind for K where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

/// Says what a type of ours is called by the apiserver. All of them live in namespaces.
macro_rules! resource {
    ($type:ty, $group:literal, $version:literal, $kind:literal, $plural:literal) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = kube::core::NamespaceResourceScope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $kind.into()
            }

            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }

            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }

            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &kube::core::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut kube::core::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
pub(crate) use resource;
