//! Against the real apiserver with Argo's own CRDs. The controllers' part is played by the test, which writes the statuses
//! that they would write.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests")]

extern crate hyperspace_cluster as cluster;

mod acts;
mod argo_server;
mod argocd;
mod collectors;
mod console;
mod fake_argocd;
mod gone;
mod objects;
mod plane;
mod proxy;
mod releases;
mod watching;
