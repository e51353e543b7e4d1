//! `bench`: our speed beside the peers', as ratios from one run.

mod generate;
mod measure;

use crate::args::{BenchArgs, Target};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use lab::Program;
use measure::{Timing, alternate};
use model::Repository;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs of each program on a small folder.
const SMALL_RUNS: usize = 40;
/// And on a large one.
const LARGE_RUNS: usize = 3;

/// Runs `bench`: whole processes, ours and a peer's in turn, so that both see the same machine.
pub(crate) fn cmd_bench(ui: &Ui, args: &BenchArgs) -> Result<Exit, CommandError> {
    let ours = std::env::current_exe().doing("find this program")?;
    if cfg!(debug_assertions) {
        ui.status("this is a build without optimisation: its figures say nothing");
    }
    let scratch = tempfile::tempdir().doing("create a scratch folder")?;
    small(ui, &ours, &args.path, scratch.path())?;
    large(ui, &ours, args, scratch.path())?;
    Ok(Exit::Done)
}

/// A folder such as this repository: our check of all of it against the collector's of its configuration alone, and
/// against promtool's of the gates' queries.
fn small(ui: &Ui, ours: &Path, folder: &Path, scratch: &Path) -> Result<(), CommandError> {
    ui.heading(&format!("{}, {SMALL_RUNS} runs each", folder.display()))?;
    let mut check = Command::new(ours);
    check.arg("check").arg(folder);
    let (config, queries) = facts(folder, scratch)?;
    let collector = config.and_then(|config| peer(ui, Program::Collector, "validate", &["--config".into(), config]));
    let promtool = queries.and_then(|rules| peer(ui, Program::Promtool, "check", &["rules".into(), rules]));
    let mut commands = vec![Command::new("true"), check];
    let names: Vec<&str> = [("otelcol validate", collector), ("promtool check rules", promtool)]
        .into_iter()
        .filter_map(|(name, command)| command.map(|command| (name, commands.push(command)).0))
        .collect();
    let timings = alternate(&mut commands, SMALL_RUNS)?;
    let mut rows = timings.iter();
    let (Some(empty), Some(check)) = (rows.next(), rows.next()) else { return Ok(()) };
    ui.line(&format!("an empty process        {empty}"))?;
    ui.line(&format!("check                   {check}"))?;
    for (name, timing) in names.iter().zip(rows) {
        ui.line(&format!("{name:22}  {timing}, {:.1} times ours", timing.median() / check.median()))?;
    }
    Ok(())
}

/// A generated repository, and one ten times as large.
fn large(ui: &Ui, ours: &Path, args: &BenchArgs, scratch: &Path) -> Result<(), CommandError> {
    let sizes = if args.quick { vec![args.manifests] } else { vec![args.manifests, args.manifests.saturating_mul(10)] };
    let mut medians = Vec::new();
    for size in sizes {
        let folder = scratch.join(format!("large-{size}"));
        let made = generate::repository(&folder, size)?;
        // Else the kernel writes the files out while they are read. Where there is no such program, it does.
        drop(Command::new("sync").status());
        ui.heading(&format!("{made}, {LARGE_RUNS} runs each"))?;
        let mut check = Command::new(ours);
        check.args(["check", "--format", "json"]).arg(&folder);
        let mut commands = vec![check];
        let arguments = ["-schema-location".into(), "/nonexistent".into(), folder.clone()];
        let kubeconform =
            medians.is_empty().then(|| peer(ui, Program::Kubeconform, "-ignore-missing-schemas", &arguments));
        commands.extend(kubeconform.flatten());
        let timings = alternate(&mut commands, LARGE_RUNS)?;
        let mut rows = timings.iter();
        let Some(check) = rows.next() else { continue };
        ui.line(&format!("check        {check}, {:.0} files a second{}", size as f64 / check.median(), memory(check)))?;
        for timing in rows {
            ui.line(&format!("kubeconform  {timing}, {:.1} times ours", timing.median() / check.median()))?;
        }
        medians.push(check.median());
        std::fs::remove_dir_all(&folder).doing(format!("remove {}", folder.display()))?;
    }
    if let [once, tenfold] = medians.as_slice() {
        ui.line(&format!("\nten times the files take {:.1} times as long", tenfold / once))?;
    }
    Ok(())
}

fn memory(timing: &Timing) -> String {
    timing.peak_mib.map(|mib| format!(", {mib:.0} MiB at most")).unwrap_or_default()
}

/// A peer's command, built where that is needed; `None`, said loudly, where it cannot be.
fn peer(ui: &Ui, program: Program, verb: &str, arguments: &[PathBuf]) -> Option<Command> {
    let bar = ui.progress();
    let built = lab::ensure(program, &mut |progress| {
        if matches!(progress, lab::Progress::Building) {
            bar.step(&format!("building {}", program.name()));
        }
    });
    bar.done();
    match built {
        Ok(path) => {
            let mut command = Command::new(path);
            command.arg(verb).args(arguments);
            Some(command)
        }
        Err(error) => {
            ui.status(&format!("SKIPPED {}: {error}", program.name()));
            None
        }
    }
}

/// The folder's first collector configuration and its gates' queries (as recording rules), each in a file of its own.
fn facts(folder: &Path, scratch: &Path) -> Result<(Option<PathBuf>, Option<PathBuf>), CommandError> {
    let input = Input::load(&Target { path: folder.to_owned(), policy: None })?;
    let repository = Repository::read(&input.files, &input.context);
    let config = repository.config_maps.iter().flat_map(|map| &map.keys).find_map(|(_, place)| {
        let text = repository.node(place)?.as_str()?;
        text.contains("pipelines:").then(|| text.to_owned())
    });
    let contract = contract::Contract::derive(&repository, &input.context);
    let rules: Vec<_> = contract::cards(&contract)
        .into_iter()
        .enumerate()
        .filter_map(|(index, card)| Some(serde_json::json!({ "record": format!("gate:{index}"), "expr": card.query? })))
        .collect();
    let write = |name: &str, text: String| {
        let path = scratch.join(name);
        std::fs::write(&path, text).doing(format!("write {}", path.display())).map(|()| path)
    };
    let config = config.map(|text| write("collector.yaml", text)).transpose()?;
    // JSON is YAML.
    let groups = serde_json::json!({ "groups": [{ "name": "gates", "rules": rules }] });
    let queries = (!rules.is_empty()).then(|| write("rules.yaml", groups.to_string())).transpose()?;
    Ok((config, queries))
}
