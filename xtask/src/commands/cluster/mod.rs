//! The commands that talk to a cluster. Without the feature `cluster` this program has none of them.

#[cfg(feature = "cluster")]
mod abort;
#[cfg(feature = "cluster")]
pub(crate) mod branch;
#[cfg(feature = "cluster")]
pub(crate) mod chain;
#[cfg(feature = "cluster")]
mod endpoints;
#[cfg(feature = "cluster")]
pub(crate) mod evidence;
#[cfg(feature = "cluster")]
mod measured;
#[cfg(feature = "cluster")]
pub(crate) mod reach;
#[cfg(feature = "cluster")]
mod refresh;
#[cfg(feature = "cluster")]
mod report;
#[cfg(feature = "cluster")]
mod retry;
#[cfg(feature = "cluster")]
mod show;
#[cfg(feature = "cluster")]
pub(crate) mod smoke_test;
#[cfg(feature = "cluster")]
mod status;
#[cfg(feature = "cluster")]
pub(crate) mod tell;
#[cfg(feature = "cluster")]
mod trail;
#[cfg(feature = "cluster")]
mod watch;
#[cfg(feature = "cluster")]
pub(crate) mod which;

#[cfg(feature = "cluster")]
pub(crate) use self::{
    abort::cmd_abort, refresh::cmd_refresh, report::cmd_report, retry::cmd_retry, smoke_test::cmd_smoke_test,
    status::cmd_status, watch::cmd_watch,
};
