//! The arguments of `fix-and-push`.

use super::{AccessArgs, EndpointArgs, ListFormat, Target, http_url};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct FixAndPushArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Branch on the remote [default: as `git push` would choose]
    #[arg(long, value_name = "BRANCH")]
    pub(crate) branch: Option<String>,
    /// Remote, by name or URL [default: as `git push` would choose]
    #[arg(long, value_name = "REMOTE")]
    pub(crate) remote: Option<String>,
    /// Commit message
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Say what would happen; write, commit and push nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Commit, but do not push
    #[arg(long)]
    pub(crate) no_push: bool,
    /// Take files with uncommitted changes, and commit them with those
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    /// Let the ApplicationSet follow the branch that is pushed
    #[arg(long)]
    pub(crate) retarget: bool,
    /// Apply the fixes too that need a person's judgement
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Take an interrupted or rejected run back instead
    #[arg(long, conflicts_with_all = ["dry_run", "message", "no_push"])]
    pub(crate) undo: bool,
    /// Do not touch a cluster
    #[arg(long, conflicts_with_all = ["context", "kubeconfig", "retry"])]
    pub(crate) no_cluster: bool,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Take an aborted rollout up again whatever aborted it, a person too
    #[arg(long)]
    pub(crate) retry: bool,
    /// Seconds to follow the release at most
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    pub(crate) timeout: u64,
    /// Output format; json prints JSON Lines, and everything for people on standard error
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
    /// OTLP/HTTP receiver for the trace of this run [default: OTEL_EXPORTER_OTLP_ENDPOINT, else the cluster's collector]
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) otlp: Option<String>,
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
    /// End when the gates have promoted, without the smoke test
    #[arg(long)]
    pub(crate) no_smoke_test: bool,
    /// Rehearse the mended state first, and neither commit nor push what its gates abort
    #[arg(long, conflicts_with_all = ["undo", "dry_run"])]
    pub(crate) rehearse: bool,
}
