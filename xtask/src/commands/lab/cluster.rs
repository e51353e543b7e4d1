//! `lab up`, `down`, `status`, `logs` and `env`: the cluster on this machine.

use super::build;
use crate::args::{LabDriver, LogsArgs, Until, UpArgs};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::{Progress, Ui};
use lab::cluster::{ADDRESSES, Choice, ClusterError, Driver, Event, Extent, Layout, choose, console_token, present};
use std::path::Path;
use std::time::Instant;

fn layout() -> Result<Layout, CommandError> {
    Layout::of_this_person().map_err(|error| failed("find the lab", error))
}

/// The lab that is up, or was left half up.
pub(super) fn lab() -> Result<Box<dyn Driver>, CommandError> {
    Ok(present(layout()?))
}

pub(super) fn up(ui: &Ui, args: &UpArgs) -> Result<Exit, CommandError> {
    let extent = match args.until {
        Until::Kubernetes => Extent::Kubernetes,
        Until::Release => Extent::Release,
        Until::Argocd => Extent::All,
    };
    let repository = args.path.canonicalize().doing(format!("find {}", args.path.display()))?;
    let asked = args.driver.map(|driver| match driver {
        LabDriver::Native => Choice::Native,
        LabDriver::Kind => Choice::Kind,
    });
    let (choice, lab) = choose(asked, layout()?).map_err(|error| failed("bring the lab up", error))?;
    let began = Instant::now();
    let bar = ui.progress();
    let result = lab.up(&repository, extent, &|event| show(&bar, event));
    bar.done();
    result.map_err(|error| failed("bring the lab up", error))?;
    ui.line(&format!("the {} lab is up ({:.0} s)", choice.name(), began.elapsed().as_secs_f32()))?;
    let token = console_token(&layout()?);
    let [argocd, base @ .., console] = &ADDRESSES;
    let addresses = match extent {
        Extent::Kubernetes => Vec::new(),
        Extent::Release => base.iter().collect(),
        Extent::All => [argocd].into_iter().chain(base).chain(token.as_ref().map(|_| console)).collect(),
    };
    for (what, address) in addresses {
        ui.line(&format!("  {what:14} {address}"))?;
    }
    if let (Extent::All, Some(token)) = (extent, &token) {
        ui.line(&format!("  {:14} in {}", "its token", token.display()))?;
    }
    if extent == Extent::All {
        ui.line("  Argo CD's account: readonly, a-super-secure-password")?;
        let urls = lab.git_urls().map_err(|error| failed("find the git server", error))?;
        let says = ["remote `lab`: git push lab HEAD:main", "in a shell with `lab env`"];
        for (what, (url, says)) in ["git", ""].into_iter().zip(urls.iter().zip(says)) {
            ui.line(&format!("  {what:14} {url}, {says}"))?;
        }
    }
    let shell = format!("eval \"$({} lab env)\"", ui.program);
    ui.next(&[
        (shell, "kubectl and its rollouts plugin on it"),
        (format!("{} lab status", ui.program), "how each part is"),
        (format!("{} lab down", ui.program), "end it"),
    ])?;
    Ok(Exit::Done)
}

pub(super) fn status(ui: &Ui) -> Result<Exit, CommandError> {
    let states = lab()?.status().map_err(|error| failed("ask the lab", error))?;
    let width = states.iter().map(|state| state.name.len()).max().unwrap_or_default();
    for state in &states {
        // An error of a component may have many lines.
        let says = state.says.lines().next_back().unwrap_or_default();
        ui.line(&format!("{} {:width$}  {says}", if state.ready { "ok" } else { "--" }, state.name))?;
    }
    let [.., (_, address)] = &ADDRESSES;
    if let Some(token) = console_token(&layout()?) {
        ui.status(&format!("the console is on {address}, its token in {}", token.display()));
    }
    Ok(if states.iter().all(|state| state.ready) { Exit::Done } else { Exit::Faults })
}

pub(super) fn down(ui: &Ui) -> Result<Exit, CommandError> {
    let bar = ui.progress();
    let result = lab()?.down(&|event| show(&bar, event));
    bar.done();
    result.map_err(|error| failed("end the lab", error))?;
    ui.status("the lab is down");
    Ok(Exit::Done)
}

pub(super) fn logs(ui: &Ui, args: &LogsArgs) -> Result<Exit, CommandError> {
    let lab = lab()?;
    let Some(component) = &args.component else {
        lab.components().iter().try_for_each(|name| ui.line(name))?;
        return Ok(Exit::Done);
    };
    let log = lab.log(component, args.lines).map_err(|error| failed("read the log", error))?;
    ui.line(&log)?;
    Ok(Exit::Done)
}

pub(super) fn env(ui: &Ui) -> Result<Exit, CommandError> {
    let shell = lab()?.shell().map_err(|error| failed("print the exports", error))?;
    ui.line(&format!("export KUBECONFIG={}", quoted(&shell.kubeconfig)))?;
    ui.line(&format!("export PATH={}:\"$PATH\"", quoted(&shell.programs)))?;
    if let Some(config) = &shell.ssh_config {
        ui.line(&format!("export GIT_SSH_COMMAND={}", quoted(Path::new(&format!("ssh -F {}", quoted(config))))))?;
    }
    // In the environment: nothing of the person's git is changed, and every clone has it.
    if !shell.git_config.is_empty() {
        ui.line(&format!("export GIT_CONFIG_COUNT={}", shell.git_config.len()))?;
    }
    for (index, (key, value)) in shell.git_config.iter().enumerate() {
        ui.line(&format!("export GIT_CONFIG_KEY_{index}={}", quoted(Path::new(key))))?;
        ui.line(&format!("export GIT_CONFIG_VALUE_{index}={}", quoted(Path::new(value))))?;
    }
    Ok(Exit::Done)
}

/// As one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

pub(super) fn show(bar: &Progress, event: Event) {
    match event {
        Event::Step(text) => bar.step(&text),
        Event::Detail(text) => bar.detail(&text),
        Event::Build(program, progress) => build::show(bar, program.name(), progress),
    }
}

pub(super) fn failed(doing: &str, error: ClusterError) -> CommandError {
    let hint = match &error {
        ClusterError::Missing { install, .. } => Some(install.as_str()),
        ClusterError::NotRoot => Some("run it as root"),
        ClusterError::NoDriver => {
            Some("kind needs Docker and kind (https://kind.sigs.k8s.io); native needs Linux and root")
        }
        ClusterError::OtherDriver(_) => Some("lab down ends it"),
        ClusterError::NotUp => Some("lab up"),
        ClusterError::NoReset => Some("lab down, and lab up in a repository that is at its start"),
        ClusterError::NoComponent(_) => Some("lab logs, without a name, prints those there are"),
        ClusterError::OtherKubernetes | ClusterError::OtherLab(_) => Some("end it first, or use another machine"),
        ClusterError::NotReady { .. } => Some("lab up goes on from here; lab logs COMPONENT shows more"),
        _ => None,
    };
    let command = match &error {
        ClusterError::Build(error) => build::failed(error),
        _ => CommandError::user(format!("cannot {doing}")).because(&error),
    };
    command.maybe_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_one_word() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
