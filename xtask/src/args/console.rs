//! The arguments of `console`.

use super::{AccessArgs, Target, http_url};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Port on this machine; 0 takes a free one
    #[arg(long, default_value_t = 8500)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) cluster: ConsoleCluster,
    /// Address of Prometheus' pages, to link to
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus: Option<String>,
}

/// Which cluster the console shows.
#[derive(Debug, Args)]
pub(crate) struct ConsoleCluster {
    /// Show the cluster of the kubeconfig's current context, too
    #[arg(long)]
    pub(crate) cluster: bool,
    /// Show the folder alone
    #[arg(long, conflicts_with_all = ["cluster", "context", "kubeconfig"])]
    pub(crate) no_cluster: bool,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

impl ConsoleCluster {
    /// Whether a cluster is asked for by name.
    pub(crate) fn asked(&self) -> bool {
        self.cluster || self.access.context.is_some() || self.access.kubeconfig.is_some()
    }
}
