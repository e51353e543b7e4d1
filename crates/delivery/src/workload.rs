//! What keeps a collector's pods.

use crate::Name;
use serde::Serialize;
use std::fmt;

/// A kind of it: those of which Kubernetes says how far an update of their pods is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Controller {
    /// A pod on every node.
    DaemonSet,
    /// Pods that are all alike.
    Deployment,
    /// Pods with names of their own.
    StatefulSet,
}

impl Controller {
    /// All of them.
    pub const ALL: [Controller; 3] = [Controller::DaemonSet, Controller::Deployment, Controller::StatefulSet];

    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Controller::DaemonSet => "DaemonSet",
            Controller::Deployment => "Deployment",
            Controller::StatefulSet => "StatefulSet",
        }
    }

    /// The kind of that name; `None` for any other.
    pub fn of(kind: &str) -> Option<Controller> {
        Controller::ALL.into_iter().find(|controller| controller.as_str() == kind)
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Workload {
    /// Its kind.
    pub kind: Controller,
    /// Its name.
    pub name: Name,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}
