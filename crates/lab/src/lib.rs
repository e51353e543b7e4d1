//! The real programs on one machine: Go modules that build the judges.
//!
//! What we say about the collector, PromQL and analysis conditions is compared with the programs
//! themselves. Their sources are not ours: each small module under `go/` names a version and its
//! sums, and [`ensure`] builds it once into a cache that all checkouts of one person share.
//!
//! [`trial`] starts the real collector and HotROD on loopback ports and asks them; [`stack`] runs many programs together, for
//! as long as a rehearsal takes.
//!
//! This crate does IO, and says so: it runs `go`, reads the environment (`PATH`,
//! `XDG_CACHE_HOME`, `HOME`) and writes below the cache directory, nowhere else. It prints
//! nothing, except for [`judge`], which tests call to be skipped loudly.
//!
//! ```no_run
//! use hyperspace_lab::{Program, ensure};
//! let judge = ensure(Program::Evaluate, &mut |_progress| {})?;
//! # Ok::<(), hyperspace_lab::BuildError>(())
//! ```

mod build;
mod cache;
#[cfg(feature = "cluster")]
pub mod cluster;
mod error;
mod image;
mod installed;
mod process;
mod program;
pub mod stack;
#[cfg(test)]
mod stand_in;
mod state;
pub mod trial;
mod watchdog;

pub use build::{Progress, built, ensure, judge};
pub use error::BuildError;
pub use image::from_image;
pub use installed::{Installed, installed};
pub use process::{Process, free_port_list, free_ports, on_free_ports, poll};
pub use program::Program;
pub use state::{kubeconfig, state_folder};
pub use watchdog::Watchdog;
