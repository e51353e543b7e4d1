//! A repository in memory: the clean manifests, and text edits that fail loudly when there is nothing to edit.

use model::{Context, GitFacts, SourceFile};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

pub(crate) const TEMPLATE: &str = "manifests/hotrod/analysis-template.yaml";
pub(crate) const ROLLOUT: &str = "manifests/hotrod/rollout.yaml";
pub(crate) const HOTROD_SERVICE: &str = "manifests/hotrod/service.yaml";
pub(crate) const CONFIG: &str = "manifests/otel/config.yaml";
pub(crate) const DAEMONSET: &str = "manifests/otel/daemonset.yaml";
pub(crate) const SERVICE: &str = "manifests/otel/service.yaml";
pub(crate) const RIDERS: &str = "manifests/traffic-generator/deployment.yaml";
pub(crate) const APPSET: &str = "appset/hyperspace-operations-and-transport.yaml";

/// The remote of the repository that the states are made to lie in.
pub(crate) const REMOTE: &str = "https://git.hyperspace-fleet.example/transport/hyperspace.git";

/// Files with what is known about them.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) context: Context,
}

impl State {
    /// This repository's manifests.
    pub(crate) fn clean() -> State {
        static CLEAN: OnceLock<State> = OnceLock::new();
        CLEAN.get_or_init(read).clone()
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        &self.files.iter().find(|(p, _)| p == path).unwrap_or_else(|| panic!("no {path}")).1
    }

    pub(crate) fn set(&mut self, path: &str, text: impl Into<String>) {
        match self.files.iter_mut().find(|(p, _)| p == path) {
            Some((_, old)) => *old = text.into(),
            None => self.files.push((path.to_owned(), text.into())),
        }
        self.files.sort();
    }

    pub(crate) fn remove(&mut self, path: &str) -> String {
        let at = self.files.iter().position(|(p, _)| p == path).unwrap_or_else(|| panic!("no {path}"));
        self.files.remove(at).1
    }

    /// Replaces the first occurrence.
    pub(crate) fn swap(&mut self, path: &str, from: &str, to: &str) {
        self.swap_nth(path, 0, from, to);
    }

    /// Replaces the occurrence with that index.
    pub(crate) fn swap_nth(&mut self, path: &str, nth: usize, from: &str, to: &str) {
        let text = self.text(path);
        let Some((at, _)) = text.match_indices(from).nth(nth) else { panic!("{path}: {from:?} is not there") };
        let edited = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        self.set(path, edited);
    }

    /// Replaces every occurrence.
    pub(crate) fn swap_all(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path}: {from:?} is not there");
        let edited = text.replace(from, to);
        self.set(path, edited);
    }

    /// Removes the first line that contains `needle`.
    pub(crate) fn cut_line(&mut self, path: &str, needle: &str) {
        let text = self.text(path);
        let at = text.lines().position(|l| l.contains(needle)).unwrap_or_else(|| panic!("{path}: no {needle:?}"));
        let left: Vec<&str> = text.lines().enumerate().filter(|(i, _)| *i != at).map(|(_, l)| l).collect();
        self.set(path, left.join("\n") + "\n");
    }

    /// Moves or renames files: the state as another layout has it. The git facts follow.
    pub(crate) fn relocate(&mut self, rename: impl Fn(&str) -> String) {
        for (path, _) in &mut self.files {
            *path = rename(path);
        }
        self.files.sort();
        self.settle();
    }

    /// Makes the git facts those of these files.
    pub(crate) fn settle(&mut self) {
        let directories = directories(&self.files);
        if let Some(git) = &mut self.context.git {
            git.directories = directories.into();
        }
    }

    pub(crate) fn sources(&self) -> Vec<SourceFile> {
        let files = self.files.iter();
        files.map(|(path, text)| SourceFile { path: path.clone(), content: Ok(text.as_str().into()) }).collect()
    }
}

fn directories(files: &[(String, String)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, _) in files {
        for (at, _) in path.match_indices('/') {
            found.insert(path[..at].to_owned());
        }
    }
    found
}

fn read() -> State {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    walk(&root, "manifests", &mut files);
    // Beside the release, and no part of it: that nothing is said of it is `check .`'s to show.
    files.retain(|(path, _)| !path.starts_with("manifests/console/"));
    walk(&root, "appset", &mut files);
    files.sort();
    let git = GitFacts {
        prefix: String::new(),
        directories: directories(&files).into(),
        branch: Some("main".to_owned()),
        remotes: vec![REMOTE.to_owned()],
    };
    State { files, context: Context { git: Some(git), ..Context::default() } }
}

fn walk(root: &Path, at: &str, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(root.join(at)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{at}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            walk(root, &path, into);
        } else {
            into.push((path, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
}
