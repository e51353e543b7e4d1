//! How a release ended, in words for people.

use crate::{Measurement, Metric, Name, Run};
use serde::Serialize;
use std::fmt;

/// The end of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Everything is where it should be, and the gates have promoted it.
    Done {
        /// The runs that promoted, in the order of their steps.
        runs: Vec<Name>,
    },
    /// Argo CD has applied it; what became of what it deploys cannot be seen.
    Synced {
        /// That.
        unseen: Vec<String>,
    },
    /// It will not get there by itself.
    Stopped {
        /// What stopped.
        what: Name,
        /// Why.
        why: Stop,
    },
    /// It took too long.
    TimedOut {
        /// What it waited for.
        waiting: String,
    },
    /// Something could not be done or seen.
    Broken {
        /// What, and why.
        message: String,
    },
}

/// Why it stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Stop {
    /// Gates said no.
    GateFailed {
        /// The analysis run.
        run: Name,
        /// The gates that failed.
        gates: Vec<FailedGate>,
        /// What the controller says.
        message: String,
    },
    /// Aborted, and no gate's doing.
    Aborted {
        /// What the controller says.
        message: String,
    },
    /// It waits for a person.
    Paused {
        /// What for.
        reason: String,
    },
    /// Degraded for another reason.
    Degraded {
        /// What the controller says.
        message: String,
    },
    /// The target runs, and no gate let it through.
    NotByGates {
        /// What is missing.
        missing: String,
    },
    /// Argo CD could not apply the commit.
    SyncFailed {
        /// Argo CD's words.
        message: String,
    },
    /// Another commit came after this one.
    Superseded {
        /// The commit that is deployed now.
        by: String,
    },
}

/// A gate that failed, and on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedGate {
    /// The metric's name.
    pub name: String,
    /// The controller's words.
    pub message: String,
    /// What it measured.
    pub measurements: Vec<Measurement>,
    /// The query with its arguments filled in.
    pub query: Option<String>,
}

impl FailedGate {
    /// The gates that a run stopped by.
    pub fn of(run: &Run) -> Vec<FailedGate> {
        let gate = |metric: &Metric| FailedGate {
            name: metric.name.clone(),
            message: metric.message.clone(),
            measurements: metric.measurements.clone(),
            query: metric.query.clone(),
        };
        run.metrics.iter().filter(|metric| metric.stops()).map(gate).collect()
    }
}

impl Verdict {
    /// Whether the release is where it should be.
    pub fn is_done(&self) -> bool {
        matches!(self, Verdict::Done { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Done { runs } if runs.is_empty() => write!(f, "done: synced"),
            Verdict::Done { runs } => {
                let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
                write!(f, "done: promoted by {}", names.join(", "))
            }
            Verdict::Synced { unseen } => {
                write!(f, "synced; what was deployed is not followed: {}", unseen.join(", "))
            }
            Verdict::Stopped { what, why } => write!(f, "{what} {why}"),
            Verdict::TimedOut { waiting } => write!(f, "timed out waiting for {waiting}"),
            Verdict::Broken { message } => f.write_str(message),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::GateFailed { run, gates, message } => {
                write!(f, "was stopped by {}", if gates.len() == 1 { "its gate " } else { "its gates " })?;
                let words: Vec<String> = gates.iter().map(ToString::to_string).collect();
                if words.is_empty() {
                    // A run fails as a whole where an argument or a template is wrong.
                    write!(f, "({message})")?;
                }
                write!(f, "{} in {}", words.join(" and "), run.name)
            }
            Stop::Aborted { message } => write!(f, "was aborted, and by no gate: {message}"),
            Stop::Paused { reason } => write!(f, "is paused: {reason}"),
            Stop::Degraded { message } => write!(f, "is degraded: {message}"),
            Stop::NotByGates { missing } => {
                write!(f, "runs its target, but its gates did not let it through: {missing}")
            }
            Stop::SyncFailed { message } => write!(f, "could not be synced: {message}"),
            Stop::Superseded { by } => write!(f, "has moved on to commit {by}, which came after this one"),
        }
    }
}

impl fmt::Display for FailedGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        let values: Vec<&str> = self
            .measurements
            .iter()
            .filter(|m| m.phase != "Successful")
            .map(|m| match (m.value.as_str(), m.message.as_str()) {
                ("", "") => "nothing",
                ("", message) => message,
                ("[]", _) => "no data",
                (value, _) => value,
            })
            .collect();
        if !values.is_empty() {
            write!(f, " on {}", values.join(", "))?;
        }
        Ok(())
    }
}
