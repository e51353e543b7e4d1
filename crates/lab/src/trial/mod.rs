//! Real programs on loopback ports, for tests that compare what we say with what they do.
//!
//! Everything here ends with its value: a [`Process`] is killed when it is dropped, also by a panic. Nothing waits
//! longer than it is told to, and nothing sleeps instead of looking.

mod exposition;
mod http;
mod programs;

pub use crate::process::{Process, free_ports, on_free_ports, poll};
pub use exposition::{Sample, parse};
pub use http::{Response, get, post_json, scrape};
pub use programs::{HotRod, collector, hotrod};
