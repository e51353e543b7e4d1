//! Which names are read: one rule for the working tree, for revisions, and for whoever lists folders.

use std::path::Path;

/// Whether a file of this name is a manifest by its extension. Case matters, as it does to `kubectl apply -f DIR` and
/// to Argo CD's directory source.
#[must_use]
pub fn is_manifest_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yaml" | "yml" | "json"))
}

/// Whether a folder of this name is never entered: dot-folders and `node_modules`. Build output (`target`) is told by
/// its neighbours, not by its name alone: `is_build_output`.
#[must_use]
pub fn is_skipped_folder(name: &str) -> bool {
    name.starts_with('.') || name == "node_modules"
}

/// Whether a path (relative, `/` separated) would be read if it were in a working tree without a `.gitignore`.
#[must_use]
pub fn is_visible_manifest(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    is_manifest_name(name) && !name.starts_with('.') && !folders.split('/').any(is_skipped_folder)
}

/// Whether `folder` is a build tool's output: called `target`, and Cargo or Maven says so (a `CACHEDIR.TAG` inside, or a
/// `Cargo.toml` or `pom.xml` beside it). An application may be called `target`, and skipping it would be a green
/// report over unread manifests.
pub(crate) fn is_build_output(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "target")
        && (folder.join("CACHEDIR.TAG").exists()
            || ["Cargo.toml", "pom.xml"].iter().any(|name| folder.with_file_name(name).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a.yaml", "a.b.yml", "x.json"] {
            assert!(is_manifest_name(name), "{name}");
        }
        for name in ["yaml", "a.YAML", "a.yaml.bak", "Makefile"] {
            assert!(!is_manifest_name(name), "{name}");
        }
    }

    #[test]
    fn paths() {
        assert!(is_visible_manifest("a/b/c.yaml"));
        assert!(is_visible_manifest("c.yaml"));
        for path in [".github/x.yaml", "a/.x/b.yaml", "a/node_modules/p.json", "a/.golangci.yml", "a/b.txt"] {
            assert!(!is_visible_manifest(path), "{path}");
        }
    }
}
