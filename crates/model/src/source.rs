//! What comes in from outside, as values: files and facts about the git repository.

use crate::directories::Directories;
use std::sync::Arc;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the checked folder, with `/` as separator.
    pub path: String,
    /// Its text, or why there is none.
    pub content: Result<Arc<str>, Unreadable>,
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// In the user's terms: not UTF-8, too large…
    pub reason: String,
    /// Line and column (from 1) of the first bad byte, where that is known.
    pub at: Option<(usize, usize)>,
}

/// Facts about the git repository that holds the checked folder.
#[derive(Clone, Debug, Default)]
pub struct GitFacts {
    /// The checked folder relative to the repository's root; empty for the root itself.
    pub prefix: String,
    /// Every folder of the repository, relative to its root.
    pub directories: Directories,
    /// The current branch.
    pub branch: Option<String>,
    /// URLs of the remotes, without credentials; the one that a push goes to first.
    pub remotes: Vec<String>,
}

/// The push that is about to happen, where there is one.
#[derive(Clone, Debug)]
pub struct PushTarget {
    /// The branch pushed to.
    pub branch: String,
    /// The remote's URL, without credentials.
    pub url: String,
    /// Whether a cluster follows this repository; then a placeholder URL is an error.
    pub cluster: bool,
    /// The repository's URL as that cluster sees it, where it was asked.
    pub seen: Option<String>,
    /// Whether `--retarget` asked for the ApplicationSet to follow the branch.
    pub retarget: bool,
}

/// Everything a check knows beside the files.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Thresholds, target image, gate kinds, what lives elsewhere.
    pub policy: crate::Policy,
    /// `None` where the folder lies in no git repository: rules that need the root stay silent.
    pub git: Option<GitFacts>,
    /// `None` unless a push is about to happen.
    pub push: Option<PushTarget>,
    /// Folders that hold a Helm chart (a `Chart.yaml`), relative to the checked folder.
    pub charts: Vec<String>,
}

impl Context {
    /// A policy and nothing else.
    pub fn of(policy: crate::Policy) -> Context {
        Context { policy, git: None, push: None, charts: Vec::new() }
    }
}
