//! Git through libgit2: what is changed, a commit of only that, a push that is never forced, and a journal that
//! survives a kill.
//!
//! A run has three parts. [`preflight`] checks a [`Request`] and writes nothing: what it returns is the dry run.
//! [`deliver`] writes, commits and pushes. [`pending`], [`finish`] and [`undo`] deal with a run that was killed.
//!
//! What libgit2 does not do: it runs no hooks of the clone (said in [`Note::HooksNotRun`]; the remote's hooks do run).
//! Of `~/.ssh/config` host names, ports, users and key files are honoured, `ProxyJump`, `Match` and hardware keys are not.
//!
//! No error, progress step or outcome holds credentials: see [`redact()`].

mod commit;
mod credentials;
mod deliver;
mod environment;
mod error;
mod glance;
mod journal;
mod mirror;
mod plan;
mod preflight;
mod progress;
mod receive_pack;
mod recovery;
mod redact;
mod refusal;
mod replay;
mod repository;
mod revision;
mod sign;
mod ssh;
mod target;
mod transport;

pub use deliver::{Context, Delivery, PushOutcome, Recheck, deliver, finish};
pub use environment::Environment;
pub use error::{Error, GitError};
pub use git2::Oid;
pub use glance::{Glance, glance};
pub use journal::Stage;
pub use mirror::{Mirror, Tip};
pub use plan::{Edit, Note, Person, Prepared, Request};
pub use preflight::preflight;
pub use progress::{Progress, Silent, Step};
pub use recovery::{Pending, pending, undo};
pub use redact::redact;
pub use refusal::{Operation, Refusal};
pub use replay::Stuck;
pub use repository::{FileStatus, Head, Repository, Upstream};
pub use revision::Listed;
pub use target::Target;
pub use transport::{Rejection, Remote};
