//! A rollout's versions, as traces know them.

use crate::html::shown;
use crate::live::State;
use crate::release::number;
use delivery::Name;
use telemetry::Digest;

/// One pod hash.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) hash: String,
    /// `canary`, `stable`, or nothing for what was.
    pub(crate) role: &'static str,
    pub(crate) revision: String,
    /// Its ReplicaSet's name, which its pods' names begin with.
    set: String,
}

impl Version {
    /// `canary, revision 7`.
    pub(crate) fn label(&self) -> String {
        match self.role {
            "" => format!("revision {}", self.revision),
            role => format!("{role}, revision {}", self.revision),
        }
    }
}

/// The canary, the stable version, and those before, the newest first.
pub(crate) fn versions(state: &State, name: &Name) -> Vec<Version> {
    let Some(rollout) = state.view.rollout(name) else { return Vec::new() };
    let role = |hash: &str| match hash {
        _ if hash.is_empty() => "",
        _ if hash == rollout.stable => "stable",
        _ if hash == rollout.hash => "canary",
        _ => "",
    };
    let mut sets: Vec<_> = state.view.sets_of(name, rollout).collect();
    sets.sort_by_key(|(_, set)| std::cmp::Reverse(number(set.revision.as_deref()).unwrap_or(0)));
    let mut all: Vec<Version> = sets
        .into_iter()
        .map(|(at, set)| Version {
            hash: set.hash.clone(),
            role: role(&set.hash),
            revision: shown(set.revision.as_deref().unwrap_or("?")),
            set: at.name.clone(),
        })
        .collect();
    let rank = |version: &Version| match version.role {
        "canary" => 0,
        "stable" => 1,
        _ => 2,
    };
    all.sort_by_key(rank);
    all
}

/// Which of them took part in a trace.
pub(crate) fn of_digest<'v>(all: &'v [Version], digest: &Digest) -> Vec<&'v Version> {
    all.iter().filter(|version| took_part(version, digest)).collect()
}

/// Whether a version did.
pub(crate) fn took_part(version: &Version, digest: &Digest) -> bool {
    digest.values.iter().any(|value| is(version, value))
}

/// The value is the hash, or the name of a pod.
fn is(version: &Version, value: &str) -> bool {
    !version.hash.is_empty()
        && (value == version.hash || value.strip_prefix(&version.set).is_some_and(|rest| rest.starts_with('-')))
}

/// The version that an address means: `canary`, `stable` or a hash.
pub(crate) fn meant<'v>(all: &'v [Version], text: &str) -> Option<&'v Version> {
    all.iter().find(|version| version.role == text || version.hash == text)
}
