//! Our reading of PromQL against Prometheus's own parser and engine (`promeval`, built by the lab crate). Skipped, loudly,
//! where Go is absent.

mod evaluation;
mod generate;
mod judge;
mod verdicts;
