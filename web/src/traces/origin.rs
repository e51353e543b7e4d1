//! Which traces are a rollout's, worked out from the repository: the service that requests reach first, and the attributes by
//! which the collector tells versions apart.

use crate::upstream::{Period, TraceSearch};
use contract::{Contract, Hashes};
use delivery::Name;
use smoke::{TraceWanted, Wanted};

/// Of one rollout of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    namespace: Option<String>,
    name: String,
    /// Or why its traces cannot be told.
    traces: Result<TraceWanted, String>,
}

/// Of every rollout.
pub(crate) fn origins(contract: &Contract<'_>) -> Vec<Origin> {
    // Which versions there are the cluster knows, and in which namespace.
    let unknown = Hashes { canary: "", stable: "" };
    let one = |(index, rollout): (usize, &model::Rollout)| {
        let wanted = Wanted::of(contract, index, Name::new("", &rollout.name), &unknown);
        Origin { namespace: rollout.namespace.clone(), name: rollout.name.clone(), traces: wanted.trace }
    };
    contract.repository.rollouts.iter().enumerate().map(one).collect()
}

impl Origin {
    /// Of the rollout that the cluster calls so.
    pub(crate) fn of<'o>(all: &'o [Origin], name: &Name) -> Option<&'o Origin> {
        let ours = |origin: &&Origin| {
            origin.name == name.name && origin.namespace.as_ref().is_none_or(|own| *own == name.namespace)
        };
        all.iter().find(ours)
    }

    /// The search for its traces, of one version or of all.
    pub(crate) fn search(&self, name: &Name, hash: Option<&str>, period: Period) -> Result<TraceSearch, String> {
        let wanted = self.traces.as_ref().map_err(Clone::clone)?;
        let mut tags = wanted.attributes.clone();
        // What is not the hash's is the namespace's.
        tags.retain(|attribute, _| Some(attribute) != wanted.hash.as_ref());
        tags.values_mut().for_each(|value| value.clone_from(&name.namespace));
        if let Some((attribute, hash)) = wanted.hash.as_ref().zip(hash) {
            tags.insert(attribute.clone(), hash.to_owned());
        }
        let attribute = wanted.hash.clone().or_else(|| wanted.pod.clone());
        Ok(TraceSearch { service: wanted.service.clone(), tags, attribute, period })
    }

    /// Whether a search can tell one version's from another's.
    pub(crate) fn tells_versions(&self) -> bool {
        self.traces.as_ref().is_ok_and(|wanted| wanted.hash.is_some())
    }

    /// The attribute that holds the hash.
    pub(crate) fn hash_attribute(&self) -> Option<&str> {
        self.traces.as_ref().ok()?.hash.as_deref()
    }
}
