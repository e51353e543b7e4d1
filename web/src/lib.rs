//! The console: the findings and the collectors' pipelines of one folder as pages, read-only, for this machine or behind a door.
//!
//! Every page is whole without JavaScript; with htmx embedded (see `build.rs`) it is live. The folder is
//! checked again while somebody looks, by the [`Source`] that the caller gives: this crate reads no files.

mod analysis;
mod assets;
mod door;
mod excerpt;
mod findings;
mod folder;
mod guard;
mod html;
pub mod live;
mod metrics;
mod page;
mod pipeline;
mod ready;
mod release;
mod rule;
mod serve;
mod snapshot;
mod time;
mod traces;
mod upstream;

pub use door::{Door, Entry, Proxy, Token};
pub use serve::{Commit, Site, Source, behind, listen, router, run, serve};
pub use snapshot::Snapshot;
pub use upstream::Upstream;
