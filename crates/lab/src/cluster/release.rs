//! The release's own part: HotROD's old version first, then a git server with the repository, and Argo CD following it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::addons;
use super::error::ClusterError;
use super::git_server::BARE;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::machine;
use crate::process::poll;

/// For what Argo CD does within seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// Applies the manifests, once: what a release made of them since is left alone.
pub(super) fn apply_old(kubectl: &Kubectl<'_>, repository: &Path) -> Result<(), ClusterError> {
    if kubectl.has("hotrod", "rollout/hotrod") {
        return Ok(());
    }
    // The Rollout comes last: until it is there, an interrupted `up` begins again.
    let mut folders = folders(repository)?;
    folders.sort_by_key(|folder| folder.ends_with("hotrod"));
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        kubectl.apply(&name, &addons::namespace(&name))?;
        kubectl.apply_as_argocd(&name, &addons::before_the_release(&texts(&folder)?))?;
    }
    Ok(())
}

/// The folders below `manifests/`.
fn folders(repository: &Path) -> Result<Vec<PathBuf>, ClusterError> {
    let manifests = repository.join("manifests");
    let entries = fs::read_dir(&manifests).map_err(ClusterError::io("reading", &manifests))?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// All manifests of a folder, as one stream.
fn texts(folder: &Path) -> Result<String, ClusterError> {
    let entries = fs::read_dir(folder).map_err(ClusterError::io("reading", folder))?;
    let yaml = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(yaml).collect();
    files.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).map_err(ClusterError::io("reading", path));
    Ok(files.iter().map(read).collect::<Result<Vec<_>, _>>()?.join("\n---\n"))
}

/// The served repository begins with the HEAD of the person's. Pushes to it stay.
pub(super) fn fill_repository(layout: &Layout, repository: &Path) -> Result<(), ClusterError> {
    let bare = layout.text(BARE);
    if machine::run("git", &["-C", &bare, "rev-parse", "--verify", "--quiet", "main"]).is_err() {
        let from = repository.display().to_string();
        machine::run("git", &["-C", &from, "push", "--quiet", &bare, "HEAD:refs/heads/main"])?;
    }
    Ok(())
}

/// The commit that Argo CD is to deploy.
pub(super) fn head(layout: &Layout) -> Result<String, ClusterError> {
    let bare = layout.text(BARE);
    Ok(machine::run("git", &["-C", &bare, "rev-parse", "main"])?.trim().to_owned())
}

/// Applies the repository's ApplicationSet on the lab's git server, and waits until its Applications have synced what is in it.
pub(super) fn follow(kubectl: &Kubectl<'_>, layout: &Layout, repository: &Path) -> Result<(), ClusterError> {
    let appset = addons::following_the_lab(&texts(&repository.join("appset"))?);
    kubectl.apply("argocd", &appset)?;
    let (head, wanted) = (head(layout)?, folders(repository)?.len());
    let format =
        "jsonpath={range .items[*]}{.metadata.name} {.status.sync.status} {.status.sync.revision}{\"\\n\"}{end}";
    let mut last = String::new();
    let synced = poll(PATIENCE, || {
        last = kubectl.run(&["get", "applications", "-n", "argocd", "-o", format]).unwrap_or_default();
        let done = last.lines().filter(|line| line.ends_with(&format!(" Synced {head}"))).count();
        (done >= wanted).then_some(())
    });
    synced.ok_or_else(|| ClusterError::NotReady {
        component: "Argo CD's Applications".to_owned(),
        why: format!("not all of the {wanted} have synced {head}"),
        log: last,
    })
}
