//! The real HotROD and the real collector as judges of what we derive: the policy's description of the one, and the
//! names, labels and values that spans have on the other's metrics page.
//!
//! They run where Go is on the machine, and are skipped loudly where it is not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cases;
mod hotrod;
mod naming;
mod recording;
