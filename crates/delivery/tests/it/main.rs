//! The machine, on made-up clusters.

extern crate hyperspace_delivery as delivery;

mod orders;
mod verdicts;
mod world;
