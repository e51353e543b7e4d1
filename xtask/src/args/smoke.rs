//! The arguments of what looks at a release's telemetry.

use super::{ClusterArgs, ListFormat, Target};
use clap::Args;
use std::path::PathBuf;

/// Where the cluster's Prometheus and Jaeger answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct EndpointArgs {
    /// Prometheus
    #[arg(long, value_name = "URL", default_value = "http://localhost:30102")]
    pub(crate) prometheus: String,
    /// Jaeger's query service
    #[arg(long, value_name = "URL", default_value = "http://localhost:30103")]
    pub(crate) jaeger: String,
}

#[derive(Debug, Args)]
pub(crate) struct SmokeTestArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
    /// Remote, by name or URL [default: the one that Applications follow]
    #[arg(long, value_name = "REMOTE")]
    pub(crate) remote: Option<String>,
    /// Branch on the remote [default: as `git push` would choose]
    #[arg(long, value_name = "BRANCH")]
    pub(crate) branch: Option<String>,
    /// Seconds to wait for what is still on its way: new pods' series, a sync
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    /// Write the certificate to this file [default: hyperspace/certificate.txt in git's folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run, as NAME or NAMESPACE/NAME [default: the newest]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
    /// Folder with the manifests: it tells which traces are the canary's, and what the check says of its gates
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Write to this file [default: the run's name, with .html, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
