//! The command lines of kind, Docker and Helm, and what they are given.

use super::versions::{NODE, PROMETHEUS_CHART, PROMETHEUS_CHARTS, ROLLOUTS, ROLLOUTS_IMAGES};
use super::{CLUSTER, GIT_PORT};
use crate::cluster::ADDRESSES;
use std::path::Path;

/// A command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) program: &'static str,
    pub(super) args: Vec<String>,
    /// For its standard input.
    pub(super) input: String,
}

fn call(program: &'static str, args: &[&str]) -> Call {
    Call { program, args: args.iter().map(|arg| (*arg).to_owned()).collect(), input: String::new() }
}

/// Whether Docker's daemon answers.
pub(super) fn docker_answers() -> Call {
    call("docker", &["info", "--format", "{{.ServerVersion}}"])
}

/// The names of all clusters.
pub(super) fn clusters() -> Call {
    call("kind", &["get", "clusters"])
}

/// Makes the cluster.
pub(super) fn create(kubeconfig: &Path) -> Call {
    let kubeconfig = kubeconfig.display().to_string();
    let args = ["create", "cluster", "--name", CLUSTER, "--kubeconfig", &kubeconfig, "--wait", "5m", "--config", "-"];
    Call { input: config(), ..call("kind", &args) }
}

/// Writes the kubeconfig of a cluster that is there.
pub(super) fn export(kubeconfig: &Path) -> Call {
    call("kind", &["export", "kubeconfig", "--name", CLUSTER, "--kubeconfig", &kubeconfig.display().to_string()])
}

/// Takes the cluster away.
pub(super) fn delete(kubeconfig: &Path) -> Call {
    call("kind", &["delete", "cluster", "--name", CLUSTER, "--kubeconfig", &kubeconfig.display().to_string()])
}

/// Puts an image on the node.
pub(super) fn load(archive: &Path) -> Call {
    call("kind", &["load", "image-archive", &archive.display().to_string(), "--name", CLUSTER])
}

/// The node's address on Docker's network, which this machine and the cluster's pods reach alike.
pub(super) fn node_address() -> Call {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    call("docker", &["inspect", "--format", format, &node()])
}

/// The last lines of the node's log.
pub(super) fn node_log(lines: usize) -> Call {
    call("docker", &["logs", "--tail", &lines.to_string(), &node()])
}

fn node() -> String {
    format!("{CLUSTER}-control-plane")
}

/// Installs Prometheus, or brings it to these values.
pub(super) fn prometheus(kubeconfig: &Path) -> Call {
    let kubeconfig = kubeconfig.display().to_string();
    let args = [
        "upgrade",
        "--install",
        "prometheus",
        "prometheus",
        "--repo",
        PROMETHEUS_CHARTS,
        "--version",
        PROMETHEUS_CHART,
        "--namespace",
        "prometheus",
        "--create-namespace",
        "--kubeconfig",
        &kubeconfig,
        "--values",
        "-",
    ];
    Call { input: PROMETHEUS_VALUES.to_owned(), ..call("helm", &args) }
}

/// What of the chart differs from its defaults.
pub(super) const PROMETHEUS_VALUES: &str = include_str!("../../../cluster/kind/prometheus-values.yaml");

/// The git server.
pub(super) const GIT: &str = include_str!("../../../cluster/kind/git.yaml");

/// Argo Rollouts' installs with this version's images, for kustomize.
pub(super) fn rollouts(installs: &[String]) -> String {
    let mut text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n".to_owned();
    installs.iter().for_each(|install| text.push_str(&format!("  - {install}\n")));
    text.push_str("images:\n");
    ROLLOUTS_IMAGES.iter().for_each(|name| text.push_str(&format!("  - {{name: {name}, newTag: {ROLLOUTS}}}\n")));
    text
}

/// One node, whose NodePorts are this machine's, and no other machine's.
pub(super) fn config() -> String {
    let mut text = format!(
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n  - role: control-plane\n    image: {NODE}\n    \
         extraPortMappings:\n"
    );
    for port in ADDRESSES.iter().filter_map(|(_, address)| address.rsplit_once(':')).map(|(_, port)| port) {
        text.push_str(&format!(
            "      - {{containerPort: {port}, hostPort: {port}, listenAddress: 127.0.0.1, protocol: TCP}}\n"
        ));
    }
    text
}

/// Where people push to, and what the cluster follows.
pub(super) fn git_url(node: &str) -> String {
    format!("git://{node}:{GIT_PORT}/hyperspace.git")
}

/// The commit of `main`; nothing where there is none.
pub(super) fn main_of(url: &str) -> Call {
    call("git", &["ls-remote", url, "refs/heads/main"])
}

/// Begins `main` with what is checked out.
pub(super) fn push(repository: &Path, url: &str) -> Call {
    call("git", &["-C", &repository.display().to_string(), "push", "--quiet", url, "HEAD:refs/heads/main"])
}

/// Names the git server `lab`.
pub(super) fn add_remote(repository: &Path, url: &str) -> Call {
    call("git", &["-C", &repository.display().to_string(), "remote", "add", "lab", url])
}
