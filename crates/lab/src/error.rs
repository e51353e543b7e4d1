//! Why a program is not there.

use std::io;
use std::path::PathBuf;

/// Why [`ensure`](crate::ensure) has no binary to offer.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Go is not on the machine: neither in `PATH` nor in `/usr/local/go/bin`.
    #[error("Go is not on this machine")]
    NoGo,
    /// No place for the cache: neither `XDG_CACHE_HOME` nor a home directory is set.
    #[error("no cache directory: neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// Reading or writing below the cache directory failed.
    #[error("{action} {path}", path = path.display())]
    Io {
        /// What was tried, in words: "creating", "locking"…
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Go was started and did not build the program.
    #[error("go could not build {program}:\n{output}")]
    Failed {
        /// Which program.
        program: &'static str,
        /// The end of what Go wrote, at most 40 lines.
        output: String,
    },
}
