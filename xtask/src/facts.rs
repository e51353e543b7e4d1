//! Facts about the repository around the checked folder.

use crate::error::CommandError;
use model::{GitFacts, SourceFile};
use std::path::Path;

/// Whether a rule would ask about the repository: only Argo CD's Applications and ApplicationSets name it. Everything
/// else is checked without opening git, which costs more than checking a small folder.
pub(crate) fn wanted(files: &[SourceFile]) -> bool {
    files.iter().filter_map(|file| file.content.as_ref().ok()).any(|text| {
        text.match_indices("Application").any(|(at, _)| {
            // `kind: Application`, `"kind": "ApplicationSet"`: a word of its own, somewhere after `kind`.
            text.as_bytes().get(at.wrapping_sub(1)).is_none_or(|byte| !byte.is_ascii_alphanumeric())
        })
    })
}

/// What git knows; `None` where `folder` lies in no repository.
pub(crate) fn gather(folder: &Path, root: Option<&Path>) -> Result<Option<GitFacts>, CommandError> {
    let Some(root) = root else { return Ok(None) };
    let Some(repository) = git::Repository::discover(folder)? else { return Ok(None) };
    let Some(prefix) = repository.relative(folder) else { return Ok(None) };
    let head = repository.head()?;
    let mut remotes = repository.remotes()?;
    // The one that a push goes to first; without one (no remote, detached) their order says nothing.
    if let Some(target) = head.branch.as_deref().and_then(|branch| repository.target(branch, None, None).ok()) {
        remotes.sort_by_key(|name| *name != target.remote);
    }
    let remotes = remotes.iter().filter_map(|name| repository.remote_url(name).ok()).collect();
    // What git tracks and what lies there: a folder that is about to be committed counts too.
    let mut directories = files::folders(root);
    directories.extend(repository.tracked_directories()?);
    Ok(Some(GitFacts { prefix, directories, branch: head.branch, remotes }))
}
