//! One file a command.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod completions;
#[cfg(feature = "console")]
pub(crate) mod console;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod fix_and_push;
pub(crate) mod gates;
pub(crate) mod lab;
pub(crate) mod policy;
pub(crate) mod practice;
pub(crate) mod prove;
pub(crate) mod rehearse;
pub(crate) mod rules;
#[cfg(not(all(feature = "cluster", feature = "console", feature = "remotes")))]
pub(crate) mod whole;
