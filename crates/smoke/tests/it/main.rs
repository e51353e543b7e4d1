//! A finished release of this repository's manifests, and everything that can be wrong with it.

mod release;
mod wrong;
