//! Finds and reads the policy file.

use crate::error::{CommandError, Doing};
use crate::ui::program_name;
use model::Policy;
use std::path::{Path, PathBuf};

const NAMES: [&str; 2] = ["hyperspace.yaml", "hyperspace.yml"];

/// The policy in force for the checked folder: the file that was named, else the nearest one in the folder or above it
/// up to the repository's root, else the mission's.
pub(crate) fn load(named: Option<&Path>, folder: &Path, root: Option<&Path>) -> Result<Policy, CommandError> {
    let Some(file) = named.map(Path::to_owned).or_else(|| discover(folder, root)) else {
        return Ok(Policy::default());
    };
    let opened = std::fs::File::open(&file).doing(format!("read the policy {}", file.display()))?;
    let fault = |at: Option<(usize, usize)>, message: &dyn std::fmt::Display| {
        let place = at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        CommandError::config(format!("{}{place}: {message}", file.display())).hint(format!(
            "`{} policy` prints the default policy with every key explained; a section that yours has replaces the \
             default one as a whole",
            program_name()
        ))
    };
    // Whatever was named: a device that never ends must not fill the memory.
    let text = files::read_stream(opened).content.map_err(|unreadable| fault(unreadable.at, &unreadable.reason))?;
    Policy::parse(&text).map_err(|error| fault(error.at, &error))
}

/// Outside a repository only the folder itself is looked at: a file further up belongs to somebody else.
fn discover(folder: &Path, root: Option<&Path>) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    for above in folder.ancestors() {
        let found = NAMES.iter().map(|name| above.join(name)).find(|file| file.is_file());
        if found.is_some() {
            return found;
        }
        if root.is_none_or(|root| above == root) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::discover;

    #[test]
    fn the_nearest_up_to_the_root() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        let (repo, folder) = (top.join("repo"), top.join("repo/a/b"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(top.join("hyperspace.yaml"), "").unwrap();
        assert_eq!(discover(&folder, Some(&repo)), None, "above the root is somebody else's");
        assert_eq!(discover(&folder, None), None);
        std::fs::write(repo.join("hyperspace.yml"), "").unwrap();
        assert_eq!(discover(&folder, Some(&repo)), Some(repo.join("hyperspace.yml")));
        std::fs::write(folder.join("hyperspace.yaml"), "").unwrap();
        assert_eq!(discover(&folder, Some(&repo)), Some(folder.join("hyperspace.yaml")));
    }
}
