//! The formats, on hand-made reports.
#![allow(clippy::unwrap_used, reason = "a test that fails here should stop")]

mod github;
mod human;
mod json;
mod make;
mod sarif;
mod since;
