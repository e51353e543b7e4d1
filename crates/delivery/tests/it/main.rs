//! The machine, on made-up clusters.

#![allow(clippy::expect_used, reason = "helpers of tests")]

extern crate hyperspace_delivery as delivery;

mod orders;
mod verdicts;
mod world;
