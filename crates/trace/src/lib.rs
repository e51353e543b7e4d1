//! A run of this program as an OpenTelemetry trace.
//!
//! [`Run`] takes in what a release does and says, step by step; [`Recorder`] holds the spans. What time it is, they are told.
//! [`Trace`] is what came of it, as OTLP's own message; [`post`] hands
//! that to an OTLP/HTTP receiver at a URL. Whoever knows another way there sends [`Trace::encode`] as
//! [`CONTENT_TYPE`] to [`PATH`].

mod endpoint;
mod recorder;
mod release;
mod run;
mod send;

pub use endpoint::{Endpoint, Told, endpoint};
pub use recorder::{Outcome, Recorder, SpanId, Trace, Value};
pub use run::Run;
pub use send::{SendError, post};

/// What [`Trace::encode`] is, for an HTTP header.
pub const CONTENT_TYPE: &str = "application/x-protobuf";

/// Where OTLP/HTTP takes traces, below the receiver's address.
pub const PATH: &str = "/v1/traces";
