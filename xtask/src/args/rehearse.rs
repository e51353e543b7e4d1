//! The arguments of `rehearse` and `prove`.

use super::{ListFormat, Target};
use clap::Args;
use std::path::PathBuf;

/// How a rehearsal runs and what it tells.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Take this file's AnalysisTemplates instead of the rollout's
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// Value of a template's argument; @canary and @stable are the versions' hashes
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) args: Vec<(String, String)>,
    /// The rollout [default: the only one with an analysis]
    #[arg(long, value_name = "NAME")]
    pub(crate) rollout: Option<String>,
    /// Output format
    #[arg(long, default_value = "human")]
    pub(crate) format: ListFormat,
    /// Write the result as one page with plots, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Show the table of addresses and the processes
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Keep logs and data in this folder [default: a temporary one, removed]
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

impl RunArgs {
    /// A rehearsal that nobody asked anything of.
    pub(crate) fn plain() -> RunArgs {
        RunArgs {
            template: None,
            args: Vec::new(),
            rollout: None,
            format: ListFormat::Human,
            html: None,
            verbose: false,
            keep: None,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is wanted")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct RehearseArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Only this canary; may be given several times
    #[arg(long = "canary", value_name = "NAME")]
    pub(crate) canaries: Vec<String>,
    /// Do it so often, each time at another offset to the clocks of scrapes and flushes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
}
