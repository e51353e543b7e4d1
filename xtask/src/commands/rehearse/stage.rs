//! From files to what a rehearsal runs.

use crate::args::RunArgs;
use crate::commands::lab::show;
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use contract::Contract;
use lab::BuildError;
use model::{Context, Repository, SourceFile};
use rehearsal::{Binaries, Fault, Hashes, Metric, Plan, PlanError, RunError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder of the run's, removed unless somebody wants it.
pub(crate) enum Folder {
    Kept(PathBuf),
    Removed(tempfile::TempDir),
}

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Folder::Kept(path) => path,
            Folder::Removed(folder) => folder.path(),
        }
    }
}

pub(crate) fn folder(args: &RunArgs) -> Result<Folder, CommandError> {
    match &args.keep {
        Some(path) => {
            std::fs::create_dir_all(path).doing(format!("create {}", path.display()))?;
            Ok(Folder::Kept(std::path::absolute(path).doing("tell where this is")?))
        }
        None => Ok(Folder::Removed(
            tempfile::Builder::new().prefix("hyperspace-").tempdir().doing("create a temporary folder")?,
        )),
    }
}

/// Canaries with the gates as each meets them.
pub(crate) type Cast = Vec<(Fault, Vec<Metric>)>;

/// A repository, and the file of templates that takes its own ones' place.
pub(crate) struct Stage {
    repository: Repository,
    template: Option<String>,
}

impl Stage {
    pub(crate) fn set(mut files: Vec<SourceFile>, context: &Context, args: &RunArgs) -> Result<Stage, CommandError> {
        let template = match &args.template {
            Some(path) => {
                let text = std::fs::read_to_string(path).doing(format!("read {}", path.display()))?;
                // A name that no file of the folder has.
                let name = format!("--template {}", path.display());
                files.push(SourceFile { path: name.clone(), content: Ok(text.into()) });
                Some(name)
            }
            None => None,
        };
        Ok(Stage { repository: Repository::read(&files, context), template })
    }

    /// The plan, and each canary with the gates as it meets them.
    pub(crate) fn ready(
        &self,
        context: &Context,
        args: &RunArgs,
        faults: &[Fault],
    ) -> Result<(Plan, Cast), CommandError> {
        let contract = Contract::derive(&self.repository, context);
        let rollout = rehearsal::rollout(&contract, args.rollout.as_deref()).map_err(unplanned)?;
        let plan = Plan::of(&contract, rollout).map_err(unplanned)?;
        let gates: Vec<contract::gates::Gate> = match &self.template {
            Some(name) => {
                let file = self.repository.file(name);
                let templates = self.repository.templates.iter().enumerate();
                let here = templates.filter(|(_, t)| Some(t.spec.file) == file);
                here.flat_map(|(index, _)| contract::gates::as_run_by(&contract, index, rollout)).collect()
            }
            None => contract.gates.iter().filter(|g| g.rollout == Some(rollout)).cloned().collect(),
        };
        if gates.is_empty() {
            return Err(CommandError::user("there are no gates to rehearse")
                .hint("an AnalysisTemplate with metrics is wanted, and a rollout that runs it"));
        }
        let given: BTreeMap<String, String> = args.args.iter().cloned().collect();
        let canaries = faults.iter().map(|fault| {
            let hash = if faults.len() == 1 { contract::CANARY_HASH.to_owned() } else { fault.hash() };
            let hashes = Hashes { canary: &hash, stable: contract::STABLE_HASH };
            Ok((*fault, rehearsal::metrics(&contract, &gates, &hashes, &given).map_err(unplanned)?))
        });
        let canaries = canaries.collect::<Result<Vec<_>, CommandError>>()?;
        if canaries.iter().any(|(_, metrics)| metrics.iter().all(|m| m.duration().is_none())) {
            return Err(CommandError::user("no metric ever ends: each has an interval and no count"));
        }
        Ok((plan, canaries))
    }
}

fn unplanned(error: PlanError) -> CommandError {
    let hint = match &error {
        PlanError::Several(_) => Some("name one with --rollout"),
        PlanError::Gate { why, .. } if why.contains("arguments") => Some("give each with --arg NAME=VALUE"),
        _ => None,
    };
    CommandError::user("this cannot be rehearsed").because(&error).maybe_hint(hint)
}

/// The real programs for a plan, built where they are not there yet.
pub(crate) fn binaries(ui: &Ui, plan: &Plan) -> Result<Binaries, CommandError> {
    let bar = ui.progress();
    let version = plan.collector.as_ref().and_then(|c| c.version.as_deref());
    let built = Binaries::ensure(version, &mut |program, step| show(&bar, program.name(), step));
    bar.done();
    for program in built.iter().flat_map(|b| &b.installed) {
        ui.status(&format!("taking {program}"));
    }
    built.map_err(|error| {
        let command = CommandError::user("the real programs cannot be built").because(&error);
        match error {
            BuildError::NoGo => command.hint("install Go 1.26 or later, or put it on PATH"),
            BuildError::NoCache => command.hint("set XDG_CACHE_HOME"),
            _ => command,
        }
    })
}

/// Why a rehearsal has no result.
pub(crate) fn failed(error: RunError) -> CommandError {
    match error {
        RunError::Interrupted => CommandError::user("interrupted: everything that was started is ended"),
        error => CommandError::user("the rehearsal could not run")
            .because(&error)
            .hint("--keep DIR keeps every program's whole log"),
    }
}
