//! Our reading of PromQL against Prometheus's own parser and engine (`promeval`, built by the lab crate). Skipped, loudly,
//! where Go is absent.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's helpers fail it, and it says how much it compared"
)]

mod evaluation;
mod generate;
mod judge;
mod verdicts;
