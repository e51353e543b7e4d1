//! Which Applications there are, what they follow, and what they deploy.

use crate::connect::answer;
use crate::crd::{self, Application};
use crate::read::{Read, name};
use crate::{Cluster, Error};
use delivery::Name;
use kube::api::ListParams;

/// An Application that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: Name,
    /// The ApplicationSet that made it.
    pub set: Option<Name>,
    /// What it follows.
    pub sources: Vec<Source>,
    /// Where objects go that name no namespace.
    pub namespace: String,
    /// What it deployed, oldest first: when, as Kubernetes writes times, and which commits.
    pub history: Vec<(String, Vec<String>)>,
    /// Its state.
    pub state: delivery::Application,
}

/// A source of an Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The repository, as the cluster sees it.
    pub url: String,
    /// Branch, tag or commit; empty for the repository's HEAD.
    pub revision: String,
    /// The folder.
    pub path: String,
}

impl Found {
    /// Names of what it deploys of one kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Name> {
        self.state.deploys.iter().filter(move |deployed| deployed.kind == kind).map(|deployed| &deployed.name)
    }
}

impl Cluster {
    /// All Applications in Argo CD's namespace.
    ///
    /// # Errors
    /// Where they cannot be listed.
    pub async fn applications(&self) -> Result<Vec<Found>, Error> {
        let api = self.api::<Application>(&self.argocd);
        let list = answer(api.list(&ListParams::default())).await?;
        Ok(list.items.iter().map(found).collect())
    }
}

pub(crate) fn found(application: &Application) -> Found {
    let at = name(&application.metadata);
    let owners = application.metadata.owner_references.iter().flatten();
    let set =
        owners.filter(|owner| owner.kind == "ApplicationSet").map(|owner| Name::new(&at.namespace, &owner.name)).next();
    let sources = application.spec.source.iter().chain(&application.spec.sources);
    Found {
        set,
        // A chart's repository is no git repository.
        sources: sources.filter(|source| source.chart.is_empty()).map(source).collect(),
        namespace: application.spec.destination.namespace.clone(),
        history: application.status.history.iter().map(|entry| (entry.deployed_at.clone(), entry.all())).collect(),
        state: application.read(),
        name: at,
    }
}

fn source(source: &crd::Source) -> Source {
    Source { url: source.repo_url.clone(), revision: source.target_revision.clone(), path: source.path.clone() }
}
