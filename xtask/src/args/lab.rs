//! The arguments of `lab`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

const E2E_EXAMPLES: &str = "\
Examples:
  hyperspace lab e2e --releases 10 --canaries 0      ten releases from the broken start
  hyperspace lab e2e --canaries 5 --only slow        five slow canaries and nothing else
  hyperspace lab e2e --releases 3 --by-hand 3        side by side with the commands typed by hand
  hyperspace lab e2e --fault all --output docs/e2e.md
  hyperspace lab e2e --fault prometheus --fault clock
  hyperspace lab e2e --pushes 20                     from a push to what Argo CD has applied";

#[derive(Debug, Args)]
pub(crate) struct LabArgs {
    #[command(subcommand)]
    pub(crate) command: LabCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// Build the programs into the shared cache (needs Go)
    Build(BuildArgs),
    /// Bring the whole environment up on this machine: a real one-node Kubernetes, Argo CD, a git server, the release
    ///
    /// Native: Linux and root, without Docker and without a registry; the programs are built from pinned Go modules, their
    /// images packed here. Kind: the published images in a container. It starts only what does not run yet, so it can be interrupted and run again. HotROD begins with its old
    /// version.
    Up(UpArgs),
    /// Say how each part of it is
    Status,
    /// Go back to the broken start: in its git server, and in the cluster, where HotROD's old version is the stable one
    ///
    /// What was pushed to the lab's git server is gone with that; your own repository is left alone.
    Reset(ResetArgs),
    /// Run whole releases in it, good and bad ones, and write down what came of them
    ///
    /// A release: back to the broken start, a fresh clone, `fix-and-push` in it and nothing else. By hand: the same start,
    /// mended, pushed with plain git and taken up with `argocd app get --refresh`, `kubectl argo rollouts retry` and `kubectl
    /// rollout restart`. A bad canary: this repository's release with the old version, then a commit whose canary is idle,
    /// failing, slow or silent; its gate must abort it while a steady client of the stable version sees no failed request. A
    /// fault: a release during which something breaks; `fix-and-push` must recover or say what to do, and what it says is
    /// done. A push: a change that needs no release, until Argo CD has applied it.
    ///
    /// Needs a lab that is up; what it deploys is replaced.
    #[command(after_help = E2E_EXAMPLES)]
    E2e(E2eArgs),
    /// End it, and put back what it changed on this machine; what was built stays
    Down,
    /// Show the last lines of a component's log
    Logs(LogsArgs),
    /// Print the exports for a shell: KUBECONFIG, PATH with the kubectl plugin and argocd, GIT_SSH_COMMAND with the lab's key
    Env,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Those of the cluster as well
    #[arg(long)]
    pub(crate) cluster: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// The repository with manifests/ and appset/
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// How far it comes up
    #[arg(long, value_name = "STAGE", default_value = "argocd")]
    pub(crate) until: Until,
    /// How it runs [default: as the lab that is there, else kind where Docker and kind are, else native]
    #[arg(long, value_name = "DRIVER")]
    pub(crate) driver: Option<LabDriver>,
}

/// How the lab runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LabDriver {
    /// Processes of this machine: Linux and root, no Docker, no registry
    Native,
    /// A container by kind, with the published images and their web UIs: not run yet
    Kind,
}

/// How far the lab comes up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Until {
    /// Kubernetes and CoreDNS
    Kubernetes,
    /// Prometheus, Jaeger, Argo Rollouts, and the manifests with HotROD's old version, without Argo CD
    Release,
    /// Everything: Argo CD and a git server too, which deploy what the repository's HEAD says
    Argocd,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Another start than `practice`'s: a folder of manifests with an ApplicationSet, or a repository
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct E2eArgs {
    /// The repository whose release the bad canaries are made of
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Releases from the broken start [default: 1 where nothing else is asked for]
    #[arg(long, value_name = "N")]
    pub(crate) releases: Option<usize>,
    /// Bad canaries of each kind [default: 1 where nothing else is asked for]
    #[arg(long, value_name = "N")]
    pub(crate) canaries: Option<usize>,
    /// Releases from the broken start with the adventure's own commands
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) by_hand: usize,
    /// Pushes of a change that needs no release, with the median at the end
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) pushes: usize,
    /// A release during which this breaks, or `all`; may be given several times
    #[arg(long, value_name = "KIND")]
    pub(crate) fault: Vec<String>,
    /// Bad canaries of this kind alone (idle, failing, slow, silent); may be given several times
    #[arg(long, value_name = "KIND")]
    pub(crate) only: Vec<String>,
    /// The broken start, as `lab reset` takes it
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// Adds what came of the runs to this Markdown file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The component; without one, their names
    pub(crate) component: Option<String>,
    /// How many lines
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    pub(crate) lines: usize,
}
