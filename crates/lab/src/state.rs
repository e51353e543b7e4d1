//! Where a person's lab keeps its state, for who asks whether there is one.

use std::env;
use std::path::PathBuf;

/// `$XDG_STATE_HOME/hyperspace/lab`, else `~/.local/state/hyperspace/lab`; `None` where neither is known.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(absolute);
    let state = state.or_else(|| env::home_dir().filter(absolute).map(|home| home.join(".local/state")));
    Some(state?.join("hyperspace/lab"))
}

/// The kubeconfig of the person's lab; `None` where no lab is up.
#[must_use]
pub fn kubeconfig() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("kubeconfig")).filter(|file| file.is_file())
}
