//! A finished release of this repository's manifests, and everything that can be wrong with it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod release;
mod wrong;
