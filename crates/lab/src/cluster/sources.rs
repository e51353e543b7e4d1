//! Where a repository keeps its release: the ApplicationSet, and a folder of manifests for every Application.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ClusterError;

/// A repository's release.
pub(super) struct Sources {
    /// The folders of manifests, each named as its Application and its namespace.
    pub(super) folders: Vec<PathBuf>,
    /// The ApplicationSet.
    pub(super) set: String,
}

impl Sources {
    /// Of what lies in a folder.
    pub(super) fn of(root: &Path) -> Result<Self, ClusterError> {
        let nothing = || ClusterError::NoRelease(root.to_owned());
        let (_, set) = find_set(root, 0).ok_or_else(nothing)?;
        let manifests = root.join(generated_from(&set).ok_or_else(nothing)?);
        let entries = fs::read_dir(&manifests).map_err(ClusterError::io("reading", &manifests))?;
        let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        folders.sort();
        Ok(Self { folders, set })
    }
}

/// The name of a folder of manifests.
pub(super) fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// All manifests of a folder, as one stream.
pub(super) fn texts(folder: &Path) -> Result<String, ClusterError> {
    let entries = fs::read_dir(folder).map_err(ClusterError::io("reading", folder))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| is_yaml(path)).collect();
    files.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).map_err(ClusterError::io("reading", path));
    Ok(files.iter().map(read).collect::<Result<Vec<_>, _>>()?.join("\n---\n"))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml")
}

/// The nearest file with an ApplicationSet, at most this many folders down.
const DEPTH: usize = 5;

/// Folders without a release of their own. The last two are this program's.
const SKIPPED: [&str; 4] = ["target", "node_modules", "crates", "xtask"];

fn find_set(folder: &Path, depth: usize) -> Option<(PathBuf, String)> {
    let mut entries: Vec<_> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let here = entries.iter().filter(|path| is_yaml(path)).find_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        is_set(&text).then(|| (path.clone(), text))
    });
    let skipped = |path: &PathBuf| SKIPPED.contains(&name(path).as_str()) || name(path).starts_with('.');
    let below = || {
        let folders = entries.iter().filter(|path| path.is_dir() && !skipped(path));
        folders.filter(|_| depth < DEPTH).find_map(|path| find_set(path, depth + 1))
    };
    here.or_else(below)
}

/// Whether a text holds an ApplicationSet.
pub(super) fn is_set(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "kind: ApplicationSet")
}

/// The folder whose folders become Applications: `a/b` of `- path: a/b/*`.
pub(super) fn generated_from(set: &str) -> Option<&str> {
    let mut paths = set.lines().filter_map(|line| line.trim().strip_prefix("- path:")?.split(" #").next());
    paths.find_map(|path| path.trim().trim_matches(['"', '\'']).strip_suffix("/*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_found_where_its_set_says() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        assert!(matches!(Sources::of(root.path()), Err(ClusterError::NoRelease(_))));
        write("target/x.yaml", "kind: ApplicationSet\n- path: wrong/*\n");
        write("deep/er/set.yaml", "kind: ApplicationSet\n        - path: 'deep/er/*' # all\n");
        write("deep/er/b/two.yml", "2");
        write("deep/er/b/one.yaml", "1");
        write("deep/er/a/x.txt", "");
        let found = Sources::of(root.path()).expect("a release");
        assert_eq!(found.folders.iter().map(|folder| name(folder)).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(texts(&found.folders[1]).expect("texts"), "1\n---\n2");
    }

    #[test]
    fn ours_is_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = Sources::of(&root).expect("a release");
        assert_eq!(
            found.folders,
            ["console", "hotrod", "otel", "traffic-generator"].map(|name| root.join("manifests").join(name))
        );
    }
}
