//! Facts about the repository around the checked folder.

use crate::error::CommandError;
use model::{Directories, GitFacts, SourceFile};
use std::collections::BTreeSet;
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

/// What git knows, at a glance: without libgit2, whose start costs more than a check. `None` where `folder` lies in no
/// repository. A folder that was read but is not tracked yet counts too: it is about to be committed.
pub(crate) fn gather(folder: &Path, files: &[SourceFile]) -> Result<Option<GitFacts>, CommandError> {
    let Some(glance) = git::glance(folder)? else { return Ok(None) };
    let mut read = BTreeSet::new();
    for file in files {
        let full =
            if glance.prefix.is_empty() { file.path.clone() } else { format!("{}/{}", glance.prefix, file.path) };
        let mut rest = full.as_str();
        while let Some(slash) = rest.rfind('/') {
            rest = &rest[..slash];
            if !read.insert(rest.to_owned()) {
                break;
            }
        }
    }
    let (prefix, branch, remotes) = (glance.prefix.clone(), glance.branch.clone(), glance.remotes.clone());
    let directories = Directories::and_more(read, move || glance.tracked_directories().ok());
    Ok(Some(GitFacts { prefix, directories, branch, remotes }))
}
