//! The command line as a process: exit codes, streams, files, git.
#![allow(clippy::unwrap_used, reason = "a test that fails here should stop")]

mod architecture;
mod bad_input;
mod check;
mod demo;
mod fix;
mod fix_and_push;
#[cfg(feature = "cluster")]
mod lab;
mod pages;
mod practice;
mod run;
#[cfg(feature = "cluster")]
mod trace;
