//! What every run needs: the lab, a clone of what it deploys, and addresses.

use super::super::cluster::{failed, lab, show};
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use lab::cluster::{Disturbance, Shell, Start, git_url};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempDir;

pub(super) struct Stage {
    shell: Shell,
}

impl Stage {
    pub(super) fn new() -> Result<Stage, CommandError> {
        let shell = lab()?.shell().map_err(|error| failed("use the lab", error))?;
        Ok(Stage { shell })
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.shell.kubeconfig.clone()
    }

    /// Takes the lab to a start, and clones it.
    pub(super) fn clone_of(&self, ui: &Ui, start: &Start) -> Result<TempDir, CommandError> {
        // An end in the middle of a run may have left it.
        self.refuse_pushes(false)?;
        let bar = ui.progress();
        let result = lab()?.reset(start, &|event| show(&bar, event));
        bar.done();
        result.map_err(|error| failed("reset the lab", error))?;
        let scratch = TempDir::with_prefix("hyperspace-e2e-").doing("create a scratch folder")?;
        let mut command = Command::new("git");
        for (key, value) in &self.shell.git_config {
            // Once for the clone itself, once for what is done in it.
            command.args(["-c", &format!("{key}={value}")]);
        }
        command.args(["clone", "--quiet", git_url()]).arg(scratch.path().join("fork"));
        run(&mut command)?;
        let fork = fork(&scratch);
        for (key, value) in &self.shell.git_config {
            run(git(&fork).args(["config", "--add", key, value]))?;
        }
        for (key, value) in [("user.name", "Ground Control"), ("user.email", "control@hyperspace.invalid")] {
            run(git(&fork).args(["config", key, value]))?;
        }
        Ok(scratch)
    }

    /// The repository that is served: the state folder is where the kubeconfig is.
    fn bare(&self) -> PathBuf {
        self.shell.kubeconfig.with_file_name("git").join("hyperspace.git")
    }

    /// The commit at which the served branch is, and since when.
    pub(super) fn served(&self) -> Option<(String, SystemTime)> {
        // A branch that was just written is a file of its own.
        let file = self.bare().join("refs/heads/main");
        let commit = std::fs::read_to_string(&file).ok()?.trim().to_owned();
        Some((commit, std::fs::metadata(&file).ok()?.modified().ok()?))
    }

    /// Lets the git server refuse every push, or no longer.
    pub(super) fn refuse_pushes(&self, refuse: bool) -> Result<(), CommandError> {
        let hook = self.bare().join("hooks/pre-receive");
        if refuse {
            let script = "#!/bin/sh\necho 'the branch is frozen' >&2\nexit 1\n";
            fs::write(&hook, script).doing("write a hook")?;
            return fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).doing("write a hook");
        }
        match fs::remove_file(&hook) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).doing("remove a hook"),
            _ => Ok(()),
        }
    }

    /// Makes a fault of the control plane.
    pub(super) fn disturb(&self, how: Disturbance) -> Result<(), CommandError> {
        lab()?.disturb(how).map_err(|error| failed("disturb the control plane", error))
    }

    /// A Deployment with so many pods.
    pub(super) fn scale(&self, namespace: &str, deployment: &str, replicas: u32) -> Result<(), CommandError> {
        let replicas = format!("--replicas={replicas}");
        self.kubectl(&["scale", &format!("deployment/{deployment}"), "-n", namespace, &replicas]).map(drop)
    }

    /// Waits until all of a Deployment serves.
    pub(super) fn settled(&self, namespace: &str, deployment: &str) -> Result<(), CommandError> {
        let name = format!("deployment/{deployment}");
        self.kubectl(&["rollout", "status", &name, "-n", namespace, "--timeout=120s"]).map(drop)
    }

    /// kubectl on the lab.
    pub(super) fn kubectl(&self, args: &[&str]) -> Result<String, CommandError> {
        run(self.kubectl_command().args(args))
    }

    /// The same, to be run by somebody else.
    pub(super) fn kubectl_command(&self) -> Command {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(&self.shell.kubeconfig);
        command
    }

    /// A Service of the pods of one version alone, so that a client of it neither judges nor feeds the canary.
    pub(super) fn service_of(&self, hash: &str) -> Result<SocketAddr, CommandError> {
        let name = "lab-e2e-stable";
        let pods = format!(r#"{{"app": "hotrod", "rollouts-pod-template-hash": "{hash}"}}"#);
        let patch = format!(r#"[{{"op": "replace", "path": "/spec/selector", "value": {pods}}}]"#);
        self.kubectl(&["delete", "service", name, "-n", "hotrod", "--ignore-not-found"])?;
        self.kubectl(&["create", "service", "clusterip", name, "-n", "hotrod", "--tcp=8080:8080"])?;
        self.kubectl(&["patch", "service", name, "-n", "hotrod", "--type=json", "-p", &patch])?;
        let address =
            self.kubectl(&["get", "service", name, "-n", "hotrod", "-o", "jsonpath={.spec.clusterIP}:8080"])?;
        address.parse().map_err(|_| CommandError::internal(format!("no address: {address}")))
    }
}

/// The clone in a scratch folder.
pub(super) fn fork(scratch: &TempDir) -> PathBuf {
    scratch.path().join("fork")
}

/// git in a folder.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    command
}

/// What a command says; or that it failed, with what it said of that.
pub(super) fn run(command: &mut Command) -> Result<String, CommandError> {
    let output = command.output().doing(format!("run {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(CommandError::user(format!("{} failed: {said}", command.get_program().display())))
}
