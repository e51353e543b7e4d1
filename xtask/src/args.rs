//! The arguments, and their help.

mod cluster;
mod console;
mod fix_and_push;
mod lab;
mod rehearse;
mod smoke;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use cluster::{AccessArgs, ClusterArgs, RolloutArgs, StatusArgs, WatchArgs};
pub(crate) use console::ConsoleArgs;
#[cfg(feature = "console")]
pub(crate) use console::{CopyArgs, DoorArgs, UpstreamArgs};
pub(crate) use fix_and_push::FixAndPushArgs;
pub(crate) use lab::{BuildArgs, LabArgs, LabCommand};
#[cfg(feature = "cluster")]
pub(crate) use lab::{E2eArgs, LabDriver, LogsArgs, ResetArgs, Until, UpArgs};
pub(crate) use rehearse::{ProveArgs, RehearseArgs, RunArgs};
pub(crate) use smoke::{EndpointArgs, ReportArgs, SmokeTestArgs};

/// Finds, explains and mends what keeps a GitOps repository's collector and canary gates from working.
#[derive(Debug, Parser)]
#[command(name = "hyperspace", version, max_term_width = 100, propagate_version = true, subcommand_required = true)]
#[command(after_help = "\
Exit codes: 0 done or clean, 1 faults left or a gate failed, 2 could not run, 3 push rejected, 4 timed out.

  hyperspace demo            a broken repository, mended and pushed, in a scratch folder
  hyperspace check DIR       your own repository
  hyperspace practice DIR    mend one by hand")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour; NO_COLOR and CLICOLOR_FORCE hold for `auto`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = false)]
    pub(crate) color: Color,
    /// Print results only, no progress
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report what is wrong
    #[command(after_help = "\
Examples:
  hyperspace check                                what is below the current folder
  hyperspace check deploy --format json           for programs
  hyperspace check --since origin/main            only what this branch brings in
  kustomize build overlays/prod | hyperspace check -
  hyperspace check --format sarif > report.sarif  for code scanning

Exit codes: 0 no errors (warnings do not count), 1 errors, 2 could not run.")]
    Check(CheckArgs),
    /// Apply the fixes until nothing changes
    #[command(after_help = "\
Examples:
  hyperspace fix --diff           show the patch, write nothing
  hyperspace fix deploy
  hyperspace fix --unsafe-fixes   those too that need a person's judgement
  hyperspace fix --diff | git apply

Exit codes: as check on what is left; nothing is written with --diff.")]
    Fix(FixArgs),
    /// Apply the fixes, commit exactly them, and push
    #[command(after_help = "\
Examples:
  hyperspace fix-and-push --dry-run              what would happen, nothing written
  hyperspace fix-and-push ~/fork/expert -m 'Restore the uplink'
  hyperspace fix-and-push --branch rescue --retarget   and let the ApplicationSet follow that branch
  hyperspace fix-and-push --no-push              commit only
  hyperspace fix-and-push --rehearse             only what its own gates promote, on the real programs

Other staged, unstaged and untracked work stays as it is, nothing is ever force-pushed, \
and a run that was killed is finished by the next one.

The cluster, first line that fits:
  --no-cluster, --no-push                none is touched
  --context, --kubeconfig, KUBECONFIG    that one
  pushed to the lab's git server         the lab
  ~/.kube/config, or in a pod            its current context, or the pod's cluster
  ARGOCD_SERVER, or `argocd login`       Argo CD's API, as its own CLI finds it: the commit is synced, the rollout not followed
  else                                   none is configured, and none is touched
Where there is one, its Applications must follow the repository and branch that are pushed to, or nothing is written. After \
the push they are refreshed, the release is followed until its gates have decided, and the smoke test ends it. Ctrl-C detaches.
Where neither --context nor --kubeconfig names the cluster and it cannot be reached or shows no Application, Argo CD's API is \
asked in its place (ARGOCD_SERVER, ARGOCD_AUTH_TOKEN, ARGOCD_OPTS, the file of `argocd login`). The run then ends with exit code 2 \
when the commit is synced and deploys rollouts or collectors: what becomes of them that API does not tell.

Exit codes: 0 done and clean, 1 faults left or a gate failed, 2 could not run, refused or detached, 3 push rejected, \
4 timed out.")]
    FixAndPush(FixAndPushArgs),
    /// Tell all about a rule
    #[command(after_help = "Example:\n  hyperspace explain gate/vacuous")]
    Explain(ExplainArgs),
    /// List the rules
    #[command(after_help = "Example:\n  hyperspace rules --format json")]
    Rules(RulesArgs),
    /// Show what each canary gate reads, when it passes, and what it misses
    #[command(after_help = "Example:\n  hyperspace gates deploy")]
    Gates(GatesArgs),
    /// Write a broken repository to mend by hand, with hints
    #[command(after_help = "\
Examples:
  hyperspace practice orbit          write it and tell the story
  hyperspace practice orbit --hint   the next hint for what is still wrong there")]
    Practice(PracticeArgs),
    /// See a broken repository found, explained, mended and pushed, in a scratch folder
    #[command(after_help = "Example:\n  hyperspace demo --open   and look at it in the browser")]
    Demo(DemoArgs),
    /// Serve releases, findings and pipeline as pages
    #[command(after_help = "\
Examples:
  hyperspace console deploy                        for this machine, on port 8500
  hyperspace console --jaeger http://localhost:16686       with traces from there
  hyperspace console --listen 0.0.0.0              for others: readers need a token
  hyperspace console --listen 0.0.0.0 --host console.example --token-file /run/token
  hyperspace console --trust-proxy-auth X-Forwarded-User   behind a proxy on this machine that asks who comes

A token comes from --token-file, or HYPERSPACE_CONSOLE_TOKEN, or is made up and kept in the state folder. Browsers exchange it \
once for a cookie at /login, programs send `Authorization: Bearer TOKEN`. /healthz and /readyz need none.
Jaeger and Prometheus are asked only while somebody looks; without --jaeger-ui and --prometheus-ui their own pages are \
linked to where they are on this machine.
/metrics tells how the console itself does. Ctrl-C and SIGTERM end it.")]
    Console(ConsoleArgs),
    /// Run the release's telemetry chain here, and take its canary through its gates
    #[command(after_help = "\
Examples:
  hyperspace rehearse                     the real collector, Prometheus, HotROD; needs Go, the first time to build them
  hyperspace rehearse deploy --html result.html
  hyperspace rehearse --verbose           and which address is where on this machine
  hyperspace rehearse --template mine.yaml --format json

Exit codes: 0 promoted, 1 aborted, 2 could not run.")]
    Rehearse(RehearseArgs),
    /// Show for every gate that it stops what it is there to stop: twelve canaries, each with its own fault, at once
    #[command(after_help = "\
Examples:
  hyperspace prove                        this repository's gates, in the time that one analysis takes
  hyperspace prove --template mine.yaml   anybody's gates
  hyperspace prove --canary healthy --canary idle --canary slow
  hyperspace prove --repeat 10 --format json > proof.json

Exit codes: 0 every canary ended as it should, 1 one did not, 2 could not run.")]
    Prove(ProveArgs),
    /// Show where the release is: Applications, rollouts, measurements
    #[command(after_help = "\
Examples:
  hyperspace status                       of the Applications that follow this repository, else of all
  hyperspace status --watch
  hyperspace status --app hotrod --context lab --format json

Exit codes: 0 shown, 2 could not run.")]
    Status(StatusArgs),
    /// Follow the release until its gates have decided
    #[command(after_help = "\
Examples:
  hyperspace watch                        whatever is deployed now
  hyperspace watch --commit HEAD          this commit, and nothing older
  hyperspace watch --format json          JSON Lines

Nothing is changed, except that with --commit Argo CD is asked to look into git. Ctrl-C detaches; another `watch` picks up.

Exit codes: 0 promoted by its gates, 1 a gate failed, aborted, paused or past its gates, 2 could not run or detached, \
4 timed out.")]
    Watch(WatchArgs),
    /// Check on the running system what the mission asks, and certify it
    #[command(after_help = "\
Examples:
  hyperspace smoke-test                   the commit that is checked out, on the current context
  hyperspace smoke-test ~/fork/expert --context lab --format json
  hyperspace smoke-test --prometheus http://prometheus.example --jaeger http://jaeger.example

Applications synced and healthy at this commit, the target promoted by its own gates, span metrics and a trace of its pods \
through the collector, each gate within its bound now, everything committed and pushed.

Exit codes: 0 all of it, with a certificate; 1 something is not so; 2 could not run.")]
    SmokeTest(SmokeTestArgs),
    /// Write an analysis run as one HTML file, before the cluster forgets it
    #[command(after_help = "\
Examples:
  hyperspace report                       the newest run
  hyperspace report hotrod-6f48664448-2-1 --output run.html
  hyperspace report hotrod/hotrod-6f48664448-2-1 --prometheus http://prometheus.example

Its gates with each measurement against the bound as plots, their queries and conditions, the traces of that time with links, \
and what the repository's check says of a gate that failed.

Exit codes: 0 written, 2 could not run.")]
    Report(ReportArgs),
    /// Ask Argo CD to look into git now
    #[command(after_help = "Example:\n  hyperspace refresh --app hotrod")]
    Refresh(ClusterArgs),
    /// Take an aborted rollout up again
    #[command(after_help = "Example:\n  hyperspace retry hotrod/hotrod")]
    Retry(RolloutArgs),
    /// Abort a rollout: the stable version takes over
    #[command(after_help = "Example:\n  hyperspace abort hotrod/hotrod")]
    Abort(RolloutArgs),
    /// The real programs: built as judges for the tests, or run as a cluster on this machine
    #[command(after_help = "\
Examples:
  hyperspace lab build                    the judges, ahead of the tests
  hyperspace lab up                       Kubernetes, Argo Rollouts, Prometheus, Jaeger and HotROD's old version
  eval \"$(hyperspace lab env)\"           kubectl and its rollouts plugin on it
  hyperspace lab down                     nothing of it stays but what was built")]
    Lab(LabArgs),
    /// Measure speed, beside the peers
    #[command(after_help = "Example:\n  hyperspace bench --quick")]
    Bench(BenchArgs),
    /// Print the default policy, to write your own from
    #[command(after_help = "Example:\n  hyperspace policy > hyperspace.yaml")]
    Policy(PolicyArgs),
    /// Print a completion script
    #[command(
        after_help = "Example:\n  hyperspace completions bash > ~/.local/share/bash-completion/completions/hyperspace"
    )]
    Completions(CompletionsArgs),
}

/// What to look at.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Folder that holds the manifests anywhere below it, or one file; check and gates take - for a stream on standard
    /// input
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Policy file [default: hyperspace.yaml in PATH or above, else the mission's policy]
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
    /// Report only what a change brings in against this revision
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object, schema 1
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitHub Actions annotations
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct FixArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Print a unified diff and write nothing
    #[arg(long)]
    pub(crate) diff: bool,
    /// Apply the fixes too that need a person's judgement
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Its name, as in a report
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct GatesArgs {
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct PracticeArgs {
    /// Folder to write to, or that was written
    #[arg(default_value = "hyperspace-practice", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Show the next hint for the first thing that is still wrong
    #[arg(long, conflicts_with = "force")]
    pub(crate) hint: bool,
    /// Show this step of the hint, 1 the vaguest
    #[arg(long, value_name = "N", requires = "hint", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) step: Option<u8>,
    /// Write into a folder that is not empty
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Serve the console on the mended folder
    #[arg(long)]
    pub(crate) open: bool,
    /// Work in this empty folder [default: a new one in the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Small folder to measure on
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Manifests in the generated repository
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) manifests: usize,
    /// Leave out the repository that is ten times as large
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Parses; the help speaks of the program as it was called.
pub(crate) fn parse(program: &str, args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = command(program);
    let matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// A URL that is asked, or that a browser follows.
fn http_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err("give a URL that begins with http:// or https://".to_owned()),
    }
}

/// The whole command line as clap sees it.
pub(crate) fn command(program: &str) -> clap::Command {
    let called = |command: clap::Command| {
        let help = command.get_after_help().map(|help| help.to_string().replace("hyperspace ", &format!("{program} ")));
        match help {
            Some(help) => command.after_help(help),
            None => command,
        }
    };
    called(Cli::command().bin_name(program)).mut_subcommands(called)
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_definition_holds() {
        command("cargo xtask").debug_assert();
    }

    #[test]
    fn help_speaks_of_the_program_as_it_was_called() {
        let help = command("cargo xtask").render_long_help().to_string();
        assert!(help.contains("cargo xtask demo") && !help.contains("hyperspace demo"), "{help}");
    }
}
