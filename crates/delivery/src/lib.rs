//! A release as a state machine: what was observed goes in, what to do and the verdict come out.
//!
//! No IO, no clock: whoever runs it performs the [`Effect`]s, and hands over what the cluster says as [`Event`]s. Events may
//! come twice, late, out of order, or after a gap: of every object the newest version counts, and **a verdict falls only on a
//! fresh look** ([`Effect::Look`]) that was asked for after the watches had shown what it is about. The look reads Applications
//! first and what they deploy after them, so that a rollout from before the sync is never taken for one after it.

mod assess;
mod judge;
mod name;
mod observed;
mod pace;
mod release;
mod retry;
mod state;
mod verdict;
mod view;
mod waiting;
mod workload;

pub use assess::{Standing, assess};
pub use judge::{RESTARTED_FOR, progress, seems, short, step_of};
pub use name::Name;
pub use observed::{
    Application, Collector, Deployed, Measurement, Metric, Observed, Operation, Pod, ReplicaSet, Requires, Rollout,
    Run, Step, Template,
};
pub use pace::{Pace, pace};
pub use release::{CollectorTarget, Release, RetryPolicy, RolloutTarget};
pub use state::{Effect, Event, State, step};
pub use verdict::{FailedGate, Stop, Verdict};
pub use view::View;
pub use waiting::Waiting;
pub use workload::{Controller, Workload};
