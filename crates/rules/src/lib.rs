//! The checks, one file a rule, and the engine that applies their fixes until nothing changes. No IO.

mod engine;
mod finding;
mod outcome;
mod registry;

pub use engine::{check, fix};
pub use finding::{FileEdit, Finding, Fix, Location, Safety, Severity};
pub use outcome::{Applied, Changed, Fixed, Judged, Report, Reported};
pub use registry::{Rule, rule, rules};
