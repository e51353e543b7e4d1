//! The release's own part: HotROD's old version first, then a git server with the repository, and Argo CD following it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::addons;
use super::console;
use super::error::ClusterError;
use super::git_server::BARE;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::machine;
use super::sources::{self, Sources};
use crate::process::poll;

/// For what Argo CD does within seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// Applies the manifests, once: what a release made of them since is left alone.
pub(super) fn apply_old(kubectl: &Kubectl<'_>, sources: &Sources) -> Result<(), ClusterError> {
    if kubectl.has("hotrod", "rollout/hotrod") {
        return Ok(());
    }
    // The Rollout comes last: until it is there, an interrupted `up` begins again.
    let mut folders = sources.folders.clone();
    folders.retain(|folder| sources::name(folder) != console::FOLDER);
    folders.sort_by_key(|folder| folder.ends_with("hotrod"));
    for folder in folders {
        let name = sources::name(&folder);
        kubectl.apply(&name, &addons::namespace(&name))?;
        kubectl.apply_as_argocd(&name, &addons::before_the_release(&sources::texts(&folder)?))?;
    }
    Ok(())
}

/// The Rollout before Argo CD changes it: a canary beside nothing is no canary.
pub(super) fn wait_for_hotrod(kubectl: &Kubectl<'_>) -> Result<(), ClusterError> {
    let query = "jsonpath={.status.stableRS}";
    let stable = || kubectl.run(&["get", "rollout/hotrod", "-n", "hotrod", "-o", query]).unwrap_or_default();
    let found = poll(PATIENCE, || (!stable().is_empty()).then_some(()));
    found.ok_or_else(|| ClusterError::NotReady {
        component: "hotrod/rollout/hotrod".to_owned(),
        why: "it has no stable version".to_owned(),
        log: kubectl.run(&["get", "pods", "-n", "hotrod"]).unwrap_or_default(),
    })
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

/// What the served repository says, laid out below `deployed`.
pub(super) fn deployed(layout: &Layout) -> Result<Sources, ClusterError> {
    let (bare, folder) = (layout.text(BARE), layout.path("deployed"));
    // Of an earlier commit.
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
    let (tree, index) = (folder.display().to_string(), layout.text("deployed/.index"));
    // An index of its own: nothing is written into the repository.
    let index = format!("GIT_INDEX_FILE={index}");
    let args = [&index, "git", "--git-dir", &bare, "--work-tree", &tree];
    machine::run("env", &[&args[..], &["read-tree", "main"]].concat())?;
    machine::run("env", &[&args[..], &["checkout-index", "--all"]].concat())?;
    Sources::of(&folder)
}

/// Applies the ApplicationSet on the lab's git server, and waits until its Applications have synced what is in it.
pub(super) fn follow(kubectl: &Kubectl<'_>, layout: &Layout, sources: &Sources) -> Result<(), ClusterError> {
    kubectl.apply("argocd", &addons::following_the_lab(&sources.set))?;
    // One that could not read the repository waits longer each time.
    let again = "argocd.argoproj.io/application-set-refresh=true";
    kubectl.run(&["annotate", "applicationsets", "--all", "-n", "argocd", "--overwrite", again])?;
    let (head, wanted) = (head(layout)?, sources.folders.len());
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
