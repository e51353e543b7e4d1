//! Typed views of a GitOps repository. Every value keeps its route. No IO.

mod policy;
mod repository;
mod source;

pub use policy::Policy;
pub use repository::Repository;
pub use source::{Context, GitFacts, PushTarget, SourceFile, Unreadable};
