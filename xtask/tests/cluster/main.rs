//! `fix-and-push` against the real apiserver with Argo's own kinds. Argo CD's part is played by the test: it applies what is
//! in git and writes the status that Argo CD would write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails here should stop"
)]

mod argo;
#[allow(dead_code, reason = "the tests of the crate `cluster` use more of it")]
#[path = "../../../crates/cluster/tests/it/argo_server.rs"]
mod argo_server;
mod by_argocd;
mod console;
#[cfg(feature = "browser-tests")]
#[path = "../../../web/tests/browser/driver.rs"]
mod driver;
mod following;
mod labs;
#[allow(dead_code, reason = "the tests of the crate `cluster` use more of it")]
#[path = "../../../crates/cluster/tests/it/plane.rs"]
mod plane;
mod refusals;
#[cfg(feature = "browser-tests")]
mod replay;
mod retrying;
mod rights;
#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../it/run.rs"]
mod run;
mod smoke;
#[cfg(feature = "browser-tests")]
#[allow(dead_code, reason = "the console's own tests use more of it")]
#[path = "../../../web/tests/browser/tab.rs"]
mod tab;
