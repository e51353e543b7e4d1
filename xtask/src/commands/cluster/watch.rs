//! `watch`: the release, until its gates have decided.

use super::chain::Telemetry;
use super::tell::{self, Beside};
use super::which::{Scope, run};
use crate::args::WatchArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::Way;
use std::path::Path;

/// Runs `watch`.
pub(crate) fn cmd_watch(ui: &Ui, args: &WatchArgs) -> Result<Exit, CommandError> {
    let commit = args.commit.as_deref().map(resolve).transpose()?;
    args.endpoints.open()?;
    run(async {
        let scope = Scope::of(ui, &args.cluster).await?;
        let telemetry = Telemetry::here(&args.endpoints, Path::new("."))?;
        let release = scope.release(commit);
        let beside = Beside { telemetry: telemetry.as_ref(), trace: None };
        let verdict =
            tell::follow(ui, Way::Cluster(&scope.cluster), release, args.timeout, args.format, beside).await?;
        Ok(tell::exit(verdict.as_ref()))
    })
}

/// The commit that a revision names here; forty hex digits need no repository.
fn resolve(revision: &str) -> Result<String, CommandError> {
    if revision.len() == 40 && revision.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(revision.to_ascii_lowercase());
    }
    let named = || {
        let repository = git2::Repository::discover(".")?;
        let commit = repository.revparse_single(revision)?.peel_to_commit()?;
        Ok::<_, git2::Error>(commit.id().to_string())
    };
    named().map_err(|error| CommandError::user(format!("{revision} names no commit here")).because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_commit_needs_no_repository() {
        let commit = "ABCDEF0123456789abcdef0123456789abcdef01";
        assert_eq!(resolve(commit).expect("a commit"), commit.to_lowercase());
    }
}
