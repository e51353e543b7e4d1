//! The only place that reads and writes manifests.
//!
//! Reading ([`read`], [`read_stream`]) turns a folder into a [`Tree`] of values, so that everything above does no IO.
//! Writing ([`replace`]) swaps a file whole or not at all.
//!
//! One bad file never hides the others: what cannot be read stands in the tree as [`Unreadable`], and what was left
//! aside on purpose stands in [`Tree::notes`].

mod read;
mod replace;
mod skip;
mod tree;
mod walk;

pub use read::{Aside, FILE_LIMIT, ReadError, STREAM_LIMIT, from_bytes, read, read_except, read_stream};
pub use replace::replace;
pub use skip::{is_manifest_name, is_skipped_folder, is_visible_manifest};
pub use tree::{Note, NoteReason, Reason, SourceFile, Tree, Unreadable};
pub use walk::{folders, repository_root};
