//! `.hyperspaceignore`: what is no manifest of the release, such as a tool's own test data. gitignore's syntax.
//!
//! A working tree is walked without it and a revision of `--since` is cut afterwards, both by [`Ignored::covers`].

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NAME: &str = ".hyperspaceignore";
/// More paths than this are counted, not named.
const NAMED: usize = 4;

/// The ignore files at and above the checked folder.
#[derive(Clone)]
pub(crate) struct Ignored(Arc<Files>);

#[derive(Default)]
struct Files {
    /// The checked folder as it was named, and without links.
    folder: (PathBuf, PathBuf),
    files: Vec<Gitignore>,
}

impl Ignored {
    /// Nothing is left aside.
    pub(crate) fn none() -> Ignored {
        Ignored(Arc::default())
    }

    /// Reads them, from the folder up to the repository's root; outside a repository the folder's own alone. A file that
    /// ignores the checked folder itself does not hold: who names a folder wants it checked.
    pub(crate) fn above(named: &Path, root: Option<&Path>) -> Ignored {
        let Ok(folder) = named.canonicalize() else { return Ignored::none() };
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
        Ignored(Arc::new(Files { folder: (named.to_owned(), folder), files }))
    }

    /// What the walker asks; paths begin with the folder as it was named.
    pub(crate) fn aside(&self) -> files::Aside {
        let this = self.clone();
        Arc::new(move |path, folder| {
            let below = path.strip_prefix(&this.0.folder.0).unwrap_or(path);
            this.0.matched(below, folder)
        })
    }

    /// Drops what is ignored from a tree that was read as a revision.
    pub(crate) fn cut(&self, tree: &mut files::Tree) {
        if !self.0.files.is_empty() {
            tree.files.retain(|file| !self.covers(&file.path));
            tree.notes.retain(|note| !self.covers(&note.path));
        }
    }

    /// Whether a file below the folder, or one of the folders that it lies in, is ignored. As in git, nothing in an ignored
    /// folder is taken back.
    fn covers(&self, path: &str) -> bool {
        let path = Path::new(path);
        let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
        above.reverse();
        above.into_iter().any(|folder| self.0.matched(folder, true)) || self.0.matched(path, false)
    }
}

impl Files {
    fn matched(&self, below: &Path, folder: bool) -> bool {
        let path = self.folder.1.join(below);
        self.files.iter().any(|ignore| matches(ignore, &path, folder))
    }
}

/// One line about what was left aside.
pub(crate) fn note(left_aside: &[String]) -> Option<String> {
    let more = match left_aside.len().checked_sub(NAMED + 1) {
        None => String::new(),
        Some(more) => format!(" and {} more", more + 1),
    };
    let named = left_aside.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    (!left_aside.is_empty()).then(|| format!("left aside by {NAME}: {named}{more}"))
}

fn matches(ignore: &Gitignore, path: &Path, folder: bool) -> bool {
    path.starts_with(ignore.path()) && ignore.matched_path_or_any_parents(path, folder).is_ignore()
}

#[cfg(test)]
mod tests {
    use super::{Ignored, NAME, note};
    use std::path::Path;

    /// What is read, which is also what is left of a revision that holds everything.
    fn paths(folder: &Path, root: &Path) -> Vec<String> {
        let ignored = Ignored::above(folder, Some(root));
        let paths = |tree: files::Tree| tree.files.into_iter().map(|file| file.path).collect::<Vec<_>>();
        let mut everything = files::read(folder).unwrap();
        ignored.cut(&mut everything);
        let read = paths(files::read_except(folder, &ignored.aside()).unwrap());
        assert_eq!(read, paths(everything));
        read
    }

    #[test]
    fn what_is_ignored_is_left_aside_unless_it_was_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for file in ["tests/bad.yaml", "tests/good.yaml", "deploy/good.yaml", "deploy/tests/bad.yaml"] {
            let file = root.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "a: 1\n").unwrap();
        }
        assert_eq!(paths(&root, &root).len(), 4);
        std::fs::write(root.join(NAME), "tests/\n!tests/good.yaml\n").unwrap();
        assert_eq!(paths(&root, &root), ["deploy/good.yaml"]);
        assert_eq!(paths(&root.join("deploy"), &root), ["good.yaml"]);
        assert_eq!(paths(&root.join("tests"), &root), ["bad.yaml", "good.yaml"]);
        std::fs::write(root.join(NAME), "bad.yaml\n").unwrap();
        assert_eq!(paths(&root, &root), ["deploy/good.yaml", "tests/good.yaml"]);
    }

    #[test]
    fn what_was_left_aside_is_named_or_counted() {
        let paths: Vec<String> = (1..=6).map(|n| format!("{n}/")).collect();
        assert_eq!(note(&[]), None);
        let named = |n: usize| note(&paths[..n]).unwrap();
        assert_eq!(named(1), "left aside by .hyperspaceignore: 1/");
        assert_eq!(named(4), "left aside by .hyperspaceignore: 1/, 2/, 3/, 4/");
        assert_eq!(named(6), "left aside by .hyperspaceignore: 1/, 2/, 3/, 4/ and 2 more");
    }
}
