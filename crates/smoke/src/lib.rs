//! What the mission asks of the running system, and whether it is so: facts in, checks out. No IO, no clock.
//!
//! [`Wanted`] says what to ask the cluster, Prometheus and Jaeger, derived from the repository; whoever asked puts the answers
//! into [`Facts`], and [`judge`] makes [`Check`]s of them. No answer, an empty answer and a wrong answer all fail.

mod certificate;
mod chain;
mod check;
mod facts;
mod judge;
mod wanted;

pub use certificate::{Certificate, Measure, commit_url, owner};
pub use chain::{Chain, Link, canaries};
pub use check::{Check, passed};
pub use facts::{Facts, Git, PodCount, Seen, Span, Trace};
pub use judge::{judge, proof};
pub use wanted::{CollectorPods, Series, TraceWanted, Wanted, asked};
