//! kubectl, on the lab's kubeconfig and no other.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;
use super::layout::Layout;
use super::machine;

/// kubectl for one lab.
pub(super) struct Kubectl<'a> {
    program: PathBuf,
    layout: &'a Layout,
}

impl<'a> Kubectl<'a> {
    pub(super) fn of(layout: &'a Layout) -> Self {
        Self::called(machine::find("kubectl").unwrap_or_else(|| "kubectl".into()), layout)
    }

    /// One in particular.
    pub(super) fn called(program: PathBuf, layout: &'a Layout) -> Self {
        Self { program, layout }
    }

    /// Runs it, and returns what it wrote.
    pub(super) fn run(&self, args: &[&str]) -> Result<String, ClusterError> {
        self.with_input(args, "")
    }

    /// Applies manifests. On the server's side: a large CRD has no room in the annotation of the other way, and whoever else
    /// owns a field keeps it.
    pub(super) fn apply(&self, namespace: &str, manifests: &str) -> Result<(), ClusterError> {
        self.apply_by("hyperspace-lab", namespace, manifests)
    }

    /// Applies over what [`apply`](Self::apply) did. As another owner: from the same one, the API would take what these
    /// manifests leave out, labels for one, as given up.
    pub(super) fn apply_over(&self, namespace: &str, manifests: &str) -> Result<(), ClusterError> {
        self.apply_by("hyperspace-lab-settings", namespace, manifests)
    }

    /// As [`apply`](Self::apply), what is published at a URL.
    pub(super) fn apply_url(&self, namespace: &str, url: &str) -> Result<(), ClusterError> {
        self.apply_from("hyperspace-lab", namespace, ["-f", url], "")
    }

    /// The same with what a folder's kustomization says.
    pub(super) fn apply_kustomization(&self, namespace: &str, folder: &Path) -> Result<(), ClusterError> {
        self.apply_from("hyperspace-lab", namespace, ["-k", &folder.display().to_string()], "")
    }

    fn apply_by(&self, owner: &str, namespace: &str, manifests: &str) -> Result<(), ClusterError> {
        self.apply_from(owner, namespace, ["-f", "-"], manifests)
    }

    fn apply_from(&self, owner: &str, namespace: &str, from: [&str; 2], input: &str) -> Result<(), ClusterError> {
        let owner = format!("--field-manager={owner}");
        let args = ["apply", "--server-side", "--force-conflicts", &owner, "-n", namespace, from[0], from[1]];
        self.with_input(&args, input).map(drop)
    }

    /// Applies as Argo CD does, which then finds nothing to take over.
    pub(super) fn apply_as_argocd(&self, namespace: &str, manifests: &str) -> Result<(), ClusterError> {
        self.with_input(&["apply", "-n", namespace, "-f", "-"], manifests).map(drop)
    }

    /// Whether the object is there.
    pub(super) fn has(&self, namespace: &str, object: &str) -> bool {
        self.run(&["get", object, "-n", namespace, "-o", "name"]).is_ok()
    }

    fn with_input(&self, args: &[&str], input: &str) -> Result<String, ClusterError> {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(self.layout.kubeconfig()).args(args).env_remove("KUBECONFIG");
        let output = machine::output(&mut command, &format!("kubectl {}", args.join(" ")), input)?;
        Ok(output.trim().to_owned())
    }
}
