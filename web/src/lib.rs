//! The console: the findings and the collectors' pipelines of one folder as pages, read-only and for this machine alone.
//!
//! Every page is whole without JavaScript; with htmx embedded (see `build.rs`) it refreshes its own part. The folder is
//! checked again for every page, by the [`Source`] that the caller gives: this crate reads no files.

mod assets;
mod excerpt;
mod findings;
mod guard;
mod html;
mod page;
mod pipeline;
mod rule;
mod serve;
mod snapshot;

pub use serve::{Commit, Site, Source, router, run, serve};
pub use snapshot::Snapshot;
