//! `.hyperspaceignore`: what is no manifest of the release, such as a tool's own test data. gitignore's syntax.
//!
//! It is applied to what was read, so that a revision of `--since` and the working tree are cut alike.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::Path;

const NAME: &str = ".hyperspaceignore";

/// The ignore files at and above the checked folder.
pub(crate) struct Ignored {
    files: Vec<Gitignore>,
}

impl Ignored {
    /// Nothing is left aside.
    pub(crate) fn none() -> Ignored {
        Ignored { files: Vec::new() }
    }

    /// Reads them, from the folder up to the repository's root; outside a repository the folder's own alone. A file that
    /// ignores the checked folder itself does not hold: who names a folder wants it checked.
    pub(crate) fn above(folder: &Path, root: Option<&Path>) -> Ignored {
        let Ok(folder) = folder.canonicalize() else { return Ignored::none() };
        let mut files = Vec::new();
        for above in folder.ancestors() {
            let file = above.join(NAME);
            if file.is_file() {
                let mut builder = GitignoreBuilder::new(above);
                builder.add(&file);
                files.extend(builder.build().ok().filter(|ignore| above == folder || !matches(ignore, &folder, true)));
            }
            if root.is_none_or(|root| above == root) {
                break;
            }
        }
        Ignored { files }
    }

    /// Drops what is ignored from a tree below `folder`; says how many files those were.
    pub(crate) fn apply(&self, tree: &mut files::Tree) -> Option<String> {
        if self.files.is_empty() {
            return None;
        }
        let folder = tree.root.canonicalize().unwrap_or_else(|_| tree.root.clone());
        let ignored = |path: &str| self.files.iter().any(|ignore| matches(ignore, &folder.join(path), false));
        let before = tree.files.len();
        tree.files.retain(|file| !ignored(&file.path));
        tree.notes.retain(|note| !ignored(&note.path));
        match before - tree.files.len() {
            0 => None,
            1 => Some(format!("1 file is left aside by {NAME}")),
            n => Some(format!("{n} files are left aside by {NAME}")),
        }
    }
}

fn matches(ignore: &Gitignore, path: &Path, folder: bool) -> bool {
    path.starts_with(ignore.path()) && ignore.matched_path_or_any_parents(path, folder).is_ignore()
}

#[cfg(test)]
mod tests {
    use super::{Ignored, NAME};

    fn paths(folder: &std::path::Path, root: &std::path::Path) -> Vec<String> {
        let mut tree = files::read(folder).unwrap();
        Ignored::above(folder, Some(root)).apply(&mut tree);
        tree.files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn what_is_ignored_is_left_aside_unless_it_was_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for file in ["tests/bad.yaml", "deploy/good.yaml", "deploy/tests/bad.yaml"] {
            let file = root.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "a: 1\n").unwrap();
        }
        assert_eq!(paths(&root, &root).len(), 3);
        std::fs::write(root.join(NAME), "tests/\n").unwrap();
        assert_eq!(paths(&root, &root), ["deploy/good.yaml"]);
        assert_eq!(paths(&root.join("deploy"), &root), ["good.yaml"]);
        assert_eq!(paths(&root.join("tests"), &root), ["bad.yaml"]);
    }
}
