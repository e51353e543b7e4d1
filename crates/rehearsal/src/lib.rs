//! A release's telemetry chain on this machine, and its gates before it.
//!
//! [`Plan`] works out from the contract what runs where; [`rehearse`] starts the real programs, sends riders, and takes every
//! canary through its analysis over Prometheus' own API.

mod analysis;
mod canary;
mod live;
mod plan;
mod proof;
mod run;
pub mod show;

pub use analysis::{Asks, Event, Measurement, MetricRun, Stop, Verdict, verdict};
pub use canary::{Expected, Fault};
pub use live::{Binaries, LiveError, Tally};
pub use plan::{Address, CollectorPlan, Hashes, Metric, Plan, PlanError, PodPlan, Riders, metrics, rollout};
pub use proof::{Fit, Proof, Remark, Row, fit, stopping};
pub use run::{CanaryRun, Order, Outcome, Progress, RunError, rehearse};
