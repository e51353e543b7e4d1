//! The arguments of the commands that talk to a cluster.

use super::{EndpointArgs, ListFormat};
use clap::Args;
use std::path::PathBuf;

/// Which cluster.
#[derive(Clone, Debug, Args)]
pub(crate) struct AccessArgs {
    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Kubeconfig [default: those of KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespace of Argo CD
    #[arg(long, value_name = "NAMESPACE", default_value = "argocd")]
    pub(crate) argocd: String,
}

/// Which cluster, and what of it.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClusterArgs {
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Only this Application; may be given several times [default: those that follow this folder's repository, else all]
    #[arg(long = "app", value_name = "NAME")]
    pub(crate) apps: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Go on, and show what changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
    /// The commit that must be deployed
    #[arg(long, value_name = "REV")]
    pub(crate) commit: Option<String>,
    /// Seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    pub(crate) timeout: u64,
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RolloutArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// The rollout, as NAME or NAMESPACE/NAME [default: the only one]
    #[arg(value_name = "ROLLOUT")]
    pub(crate) rollout: Option<String>,
}
