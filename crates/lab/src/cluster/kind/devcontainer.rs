//! The devcontainer against the lab: one set of ports, versions and folders. Its image cannot be built where there is no Docker.

use super::versions::{ARGOCD, HELM, KIND, KUBECTL, ROLLOUTS};
use crate::cluster::ADDRESSES;
use crate::stand_in;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn container() -> Value {
    let text = fs::read_to_string(root().join(".devcontainer/devcontainer.json")).expect("a devcontainer");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn it_forwards_what_the_lab_serves() {
    let container = container();
    let served = ADDRESSES.iter().map(|(name, address)| (*name, address.rsplit(':').next().expect("a port")));
    let served: Vec<_> = served.collect();
    let ports: Vec<Value> = served.iter().map(|(_, port)| json!(port.parse::<u16>().expect("a port"))).collect();
    assert_eq!(container["forwardPorts"], json!(ports));
    let labels = container["portsAttributes"].as_object().expect("labels");
    assert_eq!(labels.len(), served.len());
    for (name, port) in served {
        assert_eq!(labels[port]["label"], name);
    }
}

#[test]
fn it_starts_the_lab_with_docker_and_the_compiler_that_we_ask_for() {
    let container = container();
    assert_eq!(container["postStartCommand"], "cargo xtask lab up");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let rust = &container["features"]["ghcr.io/devcontainers/features/rust:1"]["version"];
    assert!(manifest.contains(&format!("\nrust-version = {rust}\n")), "{rust}");
    assert!(container["features"]["ghcr.io/devcontainers/features/docker-in-docker:2"].is_object());
    let home = format!("/home/{}", container["remoteUser"].as_str().expect("a user"));
    assert_eq!(container["remoteEnv"]["KUBECONFIG"], format!("{home}/.local/state/hyperspace/lab/kubeconfig"));
    let dockerfile = fs::read_to_string(root().join(".devcontainer/Dockerfile")).expect("a Dockerfile");
    assert_eq!(container["build"]["dockerfile"], "Dockerfile");
    assert!(dockerfile.contains("COPY tools.sh ") && dockerfile.contains("RUN sh /tmp/tools.sh /usr/local/bin"));
}

/// With stand-ins for everything that downloads and installs.
#[test]
fn its_tools_have_the_labs_versions() {
    let folder = tempfile::tempdir().expect("a folder");
    let calls = folder.path().join("calls");
    for (name, does) in [
        ("curl", "echo \"$6\" >> \"$CALLS\""),
        ("install", "echo \"-> $4\" >> \"$CALLS\""),
        ("dpkg", "echo amd64"),
        ("tar", ":"),
    ] {
        let path = folder.path().join(name);
        stand_in::script(&path, &format!("#!/bin/sh\n{does}\n"));
    }
    let script = root().join(".devcontainer/tools.sh");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let status = Command::new("sh").arg(script).arg("/x").env("PATH", path).env("CALLS", &calls).status();
    assert!(status.expect("a shell").success());
    let github = "https://github.com";
    let expected = format!(
        "\
https://kind.sigs.k8s.io/dl/{KIND}/kind-linux-amd64
-> /x/kind
https://dl.k8s.io/release/{KUBECTL}/bin/linux/amd64/kubectl
-> /x/kubectl
{github}/argoproj/argo-cd/releases/download/{ARGOCD}/argocd-linux-amd64
-> /x/argocd
{github}/argoproj/argo-rollouts/releases/download/{ROLLOUTS}/kubectl-argo-rollouts-linux-amd64
-> /x/kubectl-argo-rollouts
https://get.helm.sh/helm-{HELM}-linux-amd64.tar.gz
-> /x/helm
{github}/derailed/k9s/releases/download/v0.50.16/k9s_Linux_amd64.tar.gz
-> /x/k9s
{github}/ahmetb/kubectx/releases/download/v0.9.5/kubens_v0.9.5_linux_x86_64.tar.gz
-> /x/kubens
"
    );
    assert_eq!(fs::read_to_string(&calls).expect("calls"), expected);
}
