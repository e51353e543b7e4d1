//! What we may do, asked before anything is done.

use crate::connect::answer;
use crate::error::Right;
use crate::{Cluster, Error};
use delivery::Release;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;
use std::collections::BTreeSet;

/// Verb, group, resource (perhaps with its part), namespace.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

impl Cluster {
    /// The first right that is missing to see a release through, short of a restart and a retry, which not every one needs.
    ///
    /// # Errors
    /// Where the cluster cannot be asked.
    pub async fn missing_right(&self, release: &Release) -> Result<Option<Right>, Error> {
        for asked in needed(release) {
            if !self.may(asked).await? {
                return Ok(Some(Right {
                    verb: asked.0.to_owned(),
                    resource: format!("{}.{}", asked.2, asked.1),
                    namespace: Some(asked.3.to_owned()),
                    user: format!("the account of context {}", self.context()),
                }));
            }
        }
        Ok(None)
    }

    async fn may(&self, (verb, group, resource, namespace): Asked<'_>) -> Result<bool, Error> {
        let (resource, part) = resource.split_once('/').map_or((resource, None), |(all, part)| (all, Some(part)));
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    verb: Some(verb.to_owned()),
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: part.map(str::to_owned),
                    namespace: Some(namespace.to_owned()),
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

fn needed(release: &Release) -> BTreeSet<Asked<'_>> {
    let mut all = BTreeSet::new();
    let mut add = |verbs: &[&'static str], group, resource, namespace| {
        all.extend(verbs.iter().map(|verb| (*verb, group, resource, namespace)));
    };
    const READ: [&str; 3] = ["get", "list", "watch"];
    for name in &release.applications {
        add(&READ, "argoproj.io", "applications", name.namespace.as_str());
        add(&["patch"], "argoproj.io", "applications", &name.namespace);
    }
    for name in &release.sets {
        add(&["patch"], "argoproj.io", "applicationsets", name.namespace.as_str());
    }
    for target in &release.rollouts {
        add(&READ, "argoproj.io", "rollouts", target.name.namespace.as_str());
        add(&READ, "argoproj.io", "analysisruns", &target.name.namespace);
        add(&["get"], "apps", "replicasets", &target.name.namespace);
    }
    if let Some(target) = &release.collector {
        add(&READ, "apps", "daemonsets", target.name.namespace.as_str());
    }
    all
}
