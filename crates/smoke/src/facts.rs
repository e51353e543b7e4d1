//! What was found, by whoever asked. An error is the words of who could not be asked.

use crate::Wanted;
use delivery::{Name, View};
use gate::condition::Measured;

/// Everything that the checks look at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The repository here.
    pub git: Git,
    /// Applications that follow its branch.
    pub applications: Vec<Name>,
    /// What the others follow, in words.
    pub elsewhere: String,
    /// A look at the cluster.
    pub view: View,
    /// The rollouts that something is asked of.
    pub releases: Vec<Seen>,
    /// Rollouts of the repository that no such Application deploys.
    pub undeployed: Vec<String>,
}

/// The repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Git {
    /// The commit that is checked out.
    pub commit: String,
    /// Its branch.
    pub branch: String,
    /// Where it is pushed to, without credentials.
    pub url: String,
    /// What is not committed.
    pub uncommitted: Vec<String>,
    /// The commit of that branch on the remote; `None` where it has no such branch.
    pub remote: Option<Result<Option<String>, String>>,
}

/// What was found of one rollout.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was asked for.
    pub wanted: Wanted,
    /// Names of the pods of the current template.
    pub pods: Result<Vec<String>, String>,
    /// Of each of [`Wanted::series`], what the pods have.
    pub series: Vec<Result<Vec<PodCount>, String>>,
    /// Traces that [`Wanted::trace`] asks for.
    pub traces: Result<Vec<Trace>, String>,
    /// Of each of [`Wanted::gates`], what its query answers.
    pub measured: Vec<Result<Measured, String>>,
}

/// A sample summed over a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodCount {
    /// The pod; empty where no label names it.
    pub pod: String,
    /// The sum.
    pub count: f64,
}

/// A trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its ID.
    pub id: String,
    /// Its spans.
    pub spans: Vec<Span>,
}

/// A span, as far as it says where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The service.
    pub service: String,
    /// What was done.
    pub operation: String,
    /// The hash in its resource.
    pub hash: Option<String>,
    /// The pod in its resource.
    pub pod: Option<String>,
}
