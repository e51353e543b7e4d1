//! What a release waits for: never for nothing.

use std::fmt;

use crate::Name;

/// The first thing that keeps a release from its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The object is not there, or was not seen yet.
    Appear {
        /// `Application`, `Rollout`, a collector's kind.
        kind: &'static str,
        /// Its name.
        name: Name,
    },
    /// Argo CD, for the commit.
    Sync {
        /// The Application.
        name: Name,
        /// Where it is.
        state: String,
    },
    /// The controller, for what it has not seen yet.
    Controller {
        /// The object.
        name: Name,
        /// What it has to see.
        what: String,
    },
    /// Pods.
    Pods {
        /// Their owner.
        name: Name,
        /// How many of how many.
        state: String,
    },
    /// The canary's steps.
    Canary {
        /// The rollout.
        name: Name,
        /// Step and measurements.
        state: String,
    },
    /// The Application's health.
    Health {
        /// The Application.
        name: Name,
        /// What it says.
        state: String,
    },
    /// A fresh look, before anything is said.
    Look,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Waiting::Appear { kind, name } => write!(f, "{kind} {name} to be there"),
            Waiting::Sync { name, state } => write!(f, "Argo CD to sync {}: {state}", name.name),
            Waiting::Controller { name, what } => write!(f, "the controller of {name} to see {what}"),
            Waiting::Pods { name, state } => write!(f, "the pods of {name}: {state}"),
            Waiting::Canary { name, state } => write!(f, "the canary {name}: {state}"),
            Waiting::Health { name, state } => write!(f, "Application {} to be Healthy: it is {state}", name.name),
            Waiting::Look => f.write_str("a fresh look at the cluster"),
        }
    }
}
