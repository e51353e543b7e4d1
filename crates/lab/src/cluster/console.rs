//! The console in the cluster: `manifests/console` with what is not in git, whichever driver made the cluster.

use std::fs;
use std::path::PathBuf;

use super::addons::{self, Workload};
use super::error::ClusterError;
use super::git_server;
use super::images::CONSOLE;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::secrets::{new_password, private};
use super::sources::{self, Sources};

/// Its folder of manifests, which names its Application and namespace. It is no part of the release: only Argo CD deploys it.
pub(super) const FOLDER: &str = "console";

/// What is waited for.
pub(super) const WORKLOAD: Workload = (FOLDER, "deployment/console");

/// What the console asks its readers for, where the lab has one.
#[must_use]
pub fn console_token(layout: &Layout) -> Option<PathBuf> {
    Some(token_file(layout)).filter(|path| path.exists())
}

fn token_file(layout: &Layout) -> PathBuf {
    layout.path("console/token")
}

/// Whether the repository's ApplicationSet deploys one.
pub(super) fn is_deployed_by(sources: &Sources) -> bool {
    sources.folders.iter().any(|folder| sources::name(folder) == FOLDER)
}

/// Makes its namespace and its Secret. The token stays the same for as long as the lab is there.
pub(super) fn prepare(kubectl: &Kubectl<'_>, layout: &Layout) -> Result<(), ClusterError> {
    let folder = layout.path("console");
    fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
    let file = token_file(layout);
    if !file.exists() {
        private(&file, &format!("{}\n", new_password()?), 0o600)?;
    }
    let token = fs::read_to_string(&file).map_err(ClusterError::io("reading", &file))?;
    // The native lab's git server asks for a password, kind's does not.
    let logins = fs::read_to_string(git_server::credentials(layout)).unwrap_or_default();
    kubectl.apply(FOLDER, &addons::namespace(FOLDER))?;
    kubectl.apply(FOLDER, &secret(token.trim(), logins.trim()))
}

fn secret(token: &str, logins: &str) -> String {
    let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: console\nstringData:\n";
    format!("{text}  token: \"{token}\"\n  logins: \"{logins}\"\n")
}

/// Starts it anew where its pods began with another image: the name stays, the program behind it does not.
pub(super) fn renew(kubectl: &Kubectl<'_>, layout: &Layout) -> Result<(), ClusterError> {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let (there, note) = (read(layout.path("images").join(CONSOLE.file_name())), layout.path("console/image"));
    let began = read(note.clone());
    let (namespace, object) = WORKLOAD;
    if !began.is_empty() && began != there && kubectl.has(namespace, object) {
        kubectl.run(&["rollout", "restart", object, "-n", namespace])?;
    }
    fs::write(&note, there).map_err(ClusterError::io("writing", &note))
}
