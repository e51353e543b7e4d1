//! What we may do, asked before anything is done.

use crate::connect::answer;
use crate::error::Right;
use crate::{Cluster, Error};
use delivery::{Controller, Release, View, Workload};
use futures_util::future::try_join_all;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;
use std::collections::BTreeSet;

const ARGO: &str = "argoproj.io";
const READ: [&str; 3] = ["get", "list", "watch"];

/// A right that something needs: verb, group, resource (perhaps with its part), namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    namespace: String,
}

impl Need {
    fn all<'v>(
        verbs: &'v [&'static str],
        group: &'static str,
        resource: &'static str,
        namespace: &'v str,
    ) -> impl Iterator<Item = Need> + 'v {
        verbs.iter().map(move |verb| Need { verb, group, resource, namespace: namespace.to_owned() })
    }

    /// To list the pods of a namespace.
    pub fn pods(namespace: &str) -> impl Iterator<Item = Need> + '_ {
        Need::all(&["list"], "", "pods", namespace)
    }

    /// To apply an ApplicationSet in a namespace.
    pub fn set(namespace: &str) -> impl Iterator<Item = Need> + '_ {
        Need::all(&["get", "patch"], ARGO, "applicationsets", namespace)
    }

    /// To see a release through from what `view` shows: to follow it, and to do what it may ask for.
    pub fn of(release: &Release, view: &View) -> BTreeSet<Need> {
        let mut all = BTreeSet::new();
        for name in &release.applications {
            all.extend(Need::all(&["get", "list", "watch", "patch"], ARGO, "applications", &name.namespace));
        }
        for name in &release.sets {
            all.extend(Need::all(&["patch"], ARGO, "applicationsets", &name.namespace));
        }
        for target in &release.rollouts {
            all.extend(Need::all(&READ, ARGO, "rollouts", &target.name.namespace));
            all.extend(Need::all(&READ, ARGO, "analysisruns", &target.name.namespace));
            all.extend(Need::all(&["get"], "apps", "replicasets", &target.name.namespace));
        }
        for name in release.retries(view) {
            all.extend(Need::all(&["patch"], ARGO, "rollouts/status", &name.namespace));
        }
        for target in &release.collectors {
            all.extend(Need::all(&READ, "apps", plural(&target.workload), &target.workload.name.namespace));
        }
        for target in release.restarts() {
            all.extend(Need::all(&["patch"], "apps", plural(&target.workload), &target.workload.name.namespace));
        }
        all
    }
}

fn plural(workload: &Workload) -> &'static str {
    match workload.kind {
        Controller::DaemonSet => "daemonsets",
        Controller::Deployment => "deployments",
        Controller::StatefulSet => "statefulsets",
    }
}

impl Cluster {
    /// The first right that is missing.
    ///
    /// # Errors
    /// Where the cluster cannot be asked.
    pub async fn missing_right(&self, needs: &BTreeSet<Need>) -> Result<Option<Right>, Error> {
        let answers = try_join_all(needs.iter().map(|need| self.may(need))).await?;
        let missing = needs.iter().zip(answers).find(|(_, may)| !may).map(|(need, _)| need);
        Ok(missing.map(|need| Right {
            verb: need.verb.to_owned(),
            resource: match need.group {
                "" => need.resource.to_owned(),
                group => format!("{}.{group}", need.resource),
            },
            namespace: Some(need.namespace.clone()),
            user: format!("the account of context {}", self.context()),
        }))
    }

    async fn may(&self, need: &Need) -> Result<bool, Error> {
        let (resource, part) =
            need.resource.split_once('/').map_or((need.resource, None), |(all, part)| (all, Some(part)));
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    verb: Some(need.verb.to_owned()),
                    group: Some(need.group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: part.map(str::to_owned),
                    namespace: Some(need.namespace.clone()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let api: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        let reviewed = answer(api.create(&PostParams::default(), &review)).await?;
        Ok(reviewed.status.is_some_and(|status| status.allowed))
    }
}
