//! Runs the rules, resolves routes to spans, applies fixes until stable.

use crate::finding::Safety;
use crate::outcome::{Fixed, Report};
use model::{Context, Repository, SourceFile};

/// Checks a repository.
pub fn check(repository: &Repository, context: &Context) -> Report {
    let _ = (repository, context);
    Report::default()
}

/// Applies every fix up to `level` until nothing changes.
pub fn fix(files: Vec<SourceFile>, context: &Context, level: Safety) -> Fixed {
    let repository = Repository::read(&files, context);
    let _ = level;
    Fixed { changed: Vec::new(), applied: Vec::new(), report: check(&repository, context), files, repository }
}
