//! What is published, and at which version: of these the devcontainer takes its tools too.

/// kind itself.
pub const KIND: &str = "v0.30.0";
/// The node that this kind was released with.
pub(super) const NODE: &str =
    "kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a";
/// kubectl.
pub const KUBECTL: &str = "v1.34.0";
/// Helm.
pub const HELM: &str = "v3.19.0";
/// Argo CD and its CLI.
pub const ARGOCD: &str = "v3.2.0";
/// Argo Rollouts and its plugin.
pub const ROLLOUTS: &str = "v1.8.3";
/// The chart `prometheus` of prometheus-community.
pub(super) const PROMETHEUS_CHART: &str = "29.1.0";

pub(super) const PROMETHEUS_CHARTS: &str = "https://prometheus-community.github.io/helm-charts";

/// Argo CD's install, as its tag has it.
pub(super) fn argocd_install() -> String {
    format!("https://raw.githubusercontent.com/argoproj/argo-cd/{ARGOCD}/manifests/install.yaml")
}

/// Argo Rollouts' installs, as their tag has them: with images that are called `latest`.
pub(super) fn rollouts_installs() -> [String; 2] {
    ["install.yaml", "dashboard-install.yaml"]
        .map(|file| format!("https://raw.githubusercontent.com/argoproj/argo-rollouts/{ROLLOUTS}/manifests/{file}"))
}

/// What names of images that are called `latest` there.
pub(super) const ROLLOUTS_IMAGES: [&str; 2] =
    ["quay.io/argoproj/argo-rollouts", "quay.io/argoproj/kubectl-argo-rollouts"];
