//! Asks a running Prometheus and a running Jaeger, over their HTTP APIs.
//!
//! Prometheus' answers come as what Argo Rollouts' provider hands to a condition: the values, without their labels. Every
//! request has a time limit and every answer a size limit; no error and no link shows a password of the address.

mod answer;
mod error;
mod jaeger;
mod prometheus;
mod server;
mod target;

pub use answer::{Answer, Line, Sample};
pub use error::QueryError;
pub use jaeger::{Digest, Event, Found, Jaeger, Search, Span, Trace};
pub use prometheus::Prometheus;
pub use target::Target;
