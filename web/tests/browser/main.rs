//! The console in a real browser: Debian's chromium, driven by WebDriver. Without it these tests skip themselves, loudly.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that fails here should stop"
)]

mod accessibility;
mod console;
mod driver;
#[allow(dead_code, reason = "the live tests use more of it")]
#[path = "../live/cluster.rs"]
mod fleet;
mod folder;
mod hostile;
mod keyboard;
mod layout;
mod live;
#[path = "../../npm.rs"]
mod npm;
mod pages;
mod pictures;
mod rides;
#[allow(dead_code, reason = "the tests of what pages ask others for use more of it")]
#[path = "../upstream/stand_in.rs"]
mod stand_in;
mod tab;
mod weight;
