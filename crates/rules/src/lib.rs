//! The checks, one file a rule, and the engine that applies their fixes until nothing changes. No IO.

mod collector;
mod draft;
mod engine;
mod finding;
mod gate;
mod gitops;
mod outcome;
mod registry;
mod release;
mod resolve;
mod suppress;
mod wiring;
mod yaml_rules;

pub use collector::stale_after_change::ANNOTATION as CONFIG_HASH;
pub use engine::{check, fix, patched};
pub use finding::{FileEdit, Finding, Fix, Location, Safety, Severity};
pub use outcome::{Applied, Changed, Evidence, Fixed, Judged, Report, Reported};
pub use registry::{Rule, rule, rules};
