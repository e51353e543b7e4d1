//! The arguments of `console`.

use super::{AccessArgs, Target, http_url};
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) copy: CopyArgs,
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 8500)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) door: DoorArgs,
    #[command(flatten)]
    pub(crate) cluster: ConsoleCluster,
    #[command(flatten)]
    pub(crate) upstream: UpstreamArgs,
}

/// The servers that the pages ask, and those that they link to; no other is asked.
#[derive(Clone, Debug, Default, Args)]
#[cfg_attr(not(feature = "console"), allow(dead_code, reason = "parsed alike in every build"))]
pub(crate) struct UpstreamArgs {
    /// Prometheus, which tells the stable version's values [default: http://localhost:30102 where a cluster is shown]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus: Option<String>,
    /// Prometheus' pages as a browser reaches them [default: --prometheus, where that is on this machine]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) prometheus_ui: Option<String>,
    /// Jaeger's query service, which tells the traces [default: http://localhost:30103 where a cluster is shown]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) jaeger: Option<String>,
    /// Jaeger's pages as a browser reaches them [default: --jaeger, where that is on this machine]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) jaeger_ui: Option<String>,
    /// Browsers reach those pages and this program does not, as in a pod: --prometheus and --jaeger tell whether there are any
    #[arg(long)]
    pub(crate) ui_elsewhere: bool,
}

/// A remote repository in place of PATH.
#[derive(Debug, Default, Args)]
#[cfg_attr(not(feature = "console"), allow(dead_code, reason = "parsed alike in every build"))]
pub(crate) struct CopyArgs {
    /// Show this remote repository in place of PATH: a copy that is kept fresh
    #[arg(long, value_name = "URL", conflicts_with = "path")]
    pub(crate) repository: Option<String>,
    /// Its branch [default: the remote's]
    #[arg(long, value_name = "NAME", requires = "repository")]
    pub(crate) branch: Option<String>,
    /// Show the repository and branch that the cluster's Applications follow in place of PATH
    #[arg(long, conflicts_with_all = ["path", "repository", "no_cluster"])]
    pub(crate) follow: bool,
    /// File of users and passwords for such a repository, a URL a line, as git's helper `store` keeps it
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    pub(crate) logins: Option<PathBuf>,
}

/// Who may read the console.
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "console"), allow(dead_code, reason = "parsed alike in every build"))]
pub(crate) struct DoorArgs {
    /// Address to listen on; beyond this machine readers need a token, or a proxy asks who they are
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Name beside localhost under which it is reached; may be given several times
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    /// File with the token that readers need [default: the variable HYPERSPACE_CONSOLE_TOKEN; beyond this machine, one is made]
    #[arg(long, value_name = "FILE", conflicts_with = "trust_proxy_auth")]
    pub(crate) token_file: Option<PathBuf>,
    /// Header in which an authenticating proxy names the user: who comes with it is let in, without a token
    #[arg(long, value_name = "HEADER")]
    pub(crate) trust_proxy_auth: Option<String>,
    /// Address or network of that proxy; may be given several times [default: this machine]
    #[arg(long = "proxy", value_name = "IP", requires = "trust_proxy_auth")]
    pub(crate) proxies: Vec<String>,
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

impl ConsoleArgs {
    /// Whether a cluster is asked for by name.
    #[cfg(feature = "console")]
    pub(crate) fn asks_for_a_cluster(&self) -> bool {
        self.cluster.asked() || self.copy.follow
    }
}

impl ConsoleCluster {
    /// Whether a cluster is asked for by name.
    #[cfg(feature = "console")]
    pub(crate) fn asked(&self) -> bool {
        self.cluster || self.access.context.is_some() || self.access.kubeconfig.is_some()
    }
}
