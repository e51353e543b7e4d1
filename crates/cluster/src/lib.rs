//! A running cluster, as far as a release is about it: Applications, rollouts, analysis runs, the collector's pods.
//!
//! Objects are read into small types of our own with nothing but the fields that are judged; what is missing is empty. What is
//! read is handed to [`delivery`] as values, and its effects are carried out here. A right that is missing is reported by its
//! name; everything else that may pass (a connection refused, a watch cut, a version that is gone) is tried again.

mod act;
mod apply;
mod argocd;
mod collector;
mod config;
mod connect;
mod crd;
mod error;
mod find;
mod follow;
mod look;
mod pods;
mod proxy;
mod read;
mod rights;
mod template;
mod time;
mod watch;
mod watch_all;

pub use argocd::{ArgoCd, Server, Trouble};
pub use connect::{Access, Cluster};
pub use error::{Error, Right};
pub use find::{Found, Source};
pub use follow::{Heard, Patience, Way};
pub use rights::Need;
pub use time::age;
pub use watch_all::{Watch, Watched};
