//! The lab in a container: kind, with the published images and charts, where Docker is.
//!
//! Thin on purpose: what is called with what is data and pure functions ([`calls`]), what is installed is what its projects
//! publish ([`versions`]).

mod calls;
pub mod versions;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::archive::{Content, Found};
use super::error::ClusterError;
use super::images::CONSOLE;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::sources::{self, Sources};
use super::start::Start;
use super::{Disturbance, Driver, Event, Extent, Shell, State, Tell, addons, console, machine, release, workloads};
use crate::poll;
use calls::Call;

/// The cluster's name, and with it that of its container.
const CLUSTER: &str = "hyperspace";

/// The git server's NodePort.
const GIT_PORT: u16 = 30105;

/// Images come over the network: on a first start that takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Programs that are called, with where they are to be had.
const NEEDED: [(&str, &str); 5] = [
    ("docker", "https://docs.docker.com/engine/install"),
    ("kind", "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"),
    ("kubectl", "https://kubernetes.io/docs/tasks/tools"),
    ("helm", "https://helm.sh/docs/intro/install"),
    ("git", "https://git-scm.com/downloads"),
];

/// What has a log: its name, namespace and object.
const LOGS: [(&str, &str, &str); 11] = [
    ("argocd-server", "argocd", "deployment/argocd-server"),
    ("argocd-repo-server", "argocd", "deployment/argocd-repo-server"),
    ("argocd-application-controller", "argocd", "statefulset/argocd-application-controller"),
    ("argocd-applicationset-controller", "argocd", "deployment/argocd-applicationset-controller"),
    ("argo-rollouts", "argo-rollouts", "deployment/argo-rollouts"),
    ("argo-rollouts-dashboard", "argo-rollouts", "deployment/argo-rollouts-dashboard"),
    ("prometheus", "prometheus", "deployment/prometheus-server"),
    ("jaeger", "jaeger", "deployment/jaeger"),
    ("collector", "otel", "daemonset/collector"),
    ("git", "git", "deployment/git"),
    ("console", "console", "deployment/console"),
];

/// The node's own.
const NODE_LOG: &str = "node";

/// The lab in a container.
#[derive(Clone, Debug)]
pub struct Kind {
    layout: Layout,
    /// Where programs are looked for; [`machine`]'s folders too where it is `None`.
    path: Option<OsString>,
    /// What the console's image is made of; this program where it is `None`.
    itself: Option<PathBuf>,
}

impl Kind {
    /// A lab whose kubeconfig lies in this folder.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self { layout, path: None, itself: None }
    }

    /// Whether kind is installed and Docker answers.
    #[must_use]
    pub fn can_run(&self) -> bool {
        self.find("kind").is_some() && self.run(&calls::docker_answers()).is_ok()
    }

    /// Whether a lab of this kind has its state in the folder.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.note().exists()
    }

    fn note(&self) -> PathBuf {
        self.layout.path("kind")
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        match &self.path {
            Some(path) => std::env::split_paths(path).map(|folder| folder.join(program)).find(|path| path.is_file()),
            None => machine::find(program),
        }
    }

    fn run(&self, call: &Call) -> Result<String, ClusterError> {
        let mut command = Command::new(self.find(call.program).unwrap_or_else(|| call.program.into()));
        // The person's own cluster is none of the lab's business.
        command.args(&call.args).env_remove("KUBECONFIG");
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        let said = format!("{} {}", call.program, call.args.join(" "));
        machine::output(&mut command, &said, &call.input).map(|output| output.trim().to_owned())
    }

    fn kubectl(&self) -> Kubectl<'_> {
        match self.find("kubectl") {
            Some(program) => Kubectl::called(program, &self.layout),
            None => Kubectl::of(&self.layout),
        }
    }

    /// What is missing, in one error that says where it is to be had.
    fn check(&self) -> Result<(), ClusterError> {
        let missing: Vec<_> = NEEDED.iter().filter(|(name, _)| self.find(name).is_none()).collect();
        if !missing.is_empty() {
            let from = missing.iter().map(|(name, from)| format!("{name}: {from}"));
            return Err(ClusterError::Missing {
                what: missing.iter().map(|(name, _)| *name).collect(),
                install: from.collect::<Vec<_>>().join(", "),
            });
        }
        self.run(&calls::docker_answers()).map(drop)
    }

    fn exists(&self) -> Result<bool, ClusterError> {
        Ok(self.run(&calls::clusters())?.lines().any(|name| name.trim() == CLUSTER))
    }

    fn cluster(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubeconfig = self.layout.kubeconfig();
        let folder = self.layout.root();
        fs::create_dir_all(folder.join("bin")).map_err(ClusterError::io("creating", folder))?;
        fs::write(self.note(), "").map_err(ClusterError::io("writing", self.note()))?;
        if self.exists()? {
            tell(Event::Step("kind: the cluster is there".to_owned()));
            return self.run(&calls::export(&kubeconfig)).map(drop);
        }
        tell(Event::Step("kind: making the cluster".to_owned()));
        // A node that is gone had them.
        drop(fs::remove_dir_all(self.images()));
        self.run(&calls::create(&kubeconfig)).map(drop)
    }

    fn base(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubectl = self.kubectl();
        tell(Event::Step("applying Prometheus, Jaeger and Argo Rollouts".to_owned()));
        self.run(&calls::prometheus(&self.layout.kubeconfig()))?;
        kubectl.apply("jaeger", addons::JAEGER)?;
        kubectl.apply("argo-rollouts", &addons::namespace("argo-rollouts"))?;
        let folder = self.layout.path("rollouts");
        fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
        let file = folder.join("kustomization.yaml");
        fs::write(&file, calls::rollouts(&versions::rollouts_installs()))
            .map_err(ClusterError::io("writing", &file))?;
        kubectl.apply_kustomization("argo-rollouts", &folder)?;
        kubectl.apply_over("argo-rollouts", addons::ROLLOUTS_PORT)
    }

    /// The settings first: Argo CD's server reads some of them only as it starts.
    fn argocd(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubectl = self.kubectl();
        tell(Event::Step("applying Argo CD".to_owned()));
        kubectl.apply("argocd", &addons::namespace("argocd"))?;
        kubectl.apply_over("argocd", addons::ARGOCD_SETTINGS)?;
        kubectl.apply_url("argocd", &versions::argocd_install())?;
        kubectl.apply("git", calls::GIT)
    }

    /// The console's image and its token, where the repository deploys one. It is packed as for the native lab: what brings the
    /// lab up has been compiled, and a build in Docker would compile it once more.
    fn console(&self, repository: &Path, tell: Tell<'_>) -> Result<bool, ClusterError> {
        if !console::is_deployed_by(&Sources::of(repository)?) {
            return Ok(false);
        }
        tell(Event::Step("the console's image".to_owned()));
        let itself = self.itself.clone().map_or_else(env::current_exe, Ok);
        let itself = itself.map_err(ClusterError::io("finding", "this program"))?;
        let content = Content::of(&CONSOLE, &Found { itself: &itself, built: &|_| None })?;
        let folder = self.images();
        fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
        content.place(&CONSOLE, &folder, &folder, tell, |archive| self.run(&calls::load(archive)).map(drop))?;
        console::prepare(&self.kubectl(), &self.layout)?;
        Ok(true)
    }

    /// The archives of images, and notes of what is on the node.
    fn images(&self) -> PathBuf {
        self.layout.path("images")
    }

    fn follow(&self, repository: &Path, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubectl = self.kubectl();
        workloads::wait(&kubectl, &[("git", "deployment/git")], PATIENCE, tell)?;
        let url = self.git_url()?;
        // The Service may lead there a moment after the pod is ready.
        let mut main = poll(Duration::from_secs(30), || self.run(&calls::main_of(&url)).ok())
            .map_or_else(|| self.run(&calls::main_of(&url)), Ok)?;
        if main.is_empty() {
            self.run(&calls::push(repository, &url))?;
            main = self.run(&calls::main_of(&url))?;
        }
        // One of that name that is there already may be the person's own.
        drop(self.run(&calls::add_remote(repository, &url)));
        tell(Event::Step("waiting for Argo CD".to_owned()));
        workloads::wait(&kubectl, &addons::ARGOCD, PATIENCE, tell)?;
        let console = self.console(repository, tell)?;
        tell(Event::Step("applying the ApplicationSet".to_owned()));
        kubectl.apply("argocd", &addons::following(&sources::texts(&repository.join("appset"))?, &url))?;
        let head = main.split_whitespace().next().unwrap_or_default();
        let format = "jsonpath={range .items[*]}{.status.sync.status} {.status.sync.revision},{end}";
        let mut last = String::new();
        let synced = poll(PATIENCE, || {
            last = kubectl.run(&["get", "applications", "-n", "argocd", "-o", format]).unwrap_or_default();
            let mut all = last.split_terminator(',').peekable();
            (all.peek().is_some() && all.all(|one| one == format!("Synced {head}"))).then_some(())
        });
        synced.ok_or_else(|| ClusterError::NotReady {
            component: "Argo CD's Applications".to_owned(),
            why: format!("not all have synced {head}"),
            log: last,
        })?;
        if console {
            console::renew(&kubectl, &self.layout)?;
            workloads::wait(&kubectl, &[console::WORKLOAD], PATIENCE, tell)?;
        }
        Ok(())
    }

    fn git_url(&self) -> Result<String, ClusterError> {
        Ok(calls::git_url(&self.run(&calls::node_address())?))
    }
}

impl Driver for Kind {
    fn up(&self, repository: &Path, extent: Extent, tell: Tell<'_>) -> Result<(), ClusterError> {
        self.check()?;
        self.cluster(tell)?;
        let kubectl = self.kubectl();
        if extent == Extent::Kubernetes {
            return workloads::wait(&kubectl, &[("kube-system", "deployment/coredns")], PATIENCE, tell);
        }
        // Applied before anything is waited for: the images come side by side.
        self.base(tell)?;
        if extent == Extent::All {
            self.argocd(tell)?;
        }
        tell(Event::Step("waiting for Prometheus, Jaeger and Argo Rollouts".to_owned()));
        workloads::wait(&kubectl, &addons::BASE, PATIENCE, tell)?;
        tell(Event::Step("HotROD on the old version".to_owned()));
        release::apply_old(&kubectl, &Sources::of(repository)?)?;
        workloads::wait(&kubectl, &[("otel", "daemonset/collector")], PATIENCE, tell)?;
        // Before Argo CD changes it: a canary beside nothing is no canary.
        let limit = format!("--timeout={}s", PATIENCE.as_secs());
        kubectl.run(&["wait", "--for=jsonpath={.status.stableRS}", "rollout/hotrod", "-n", "hotrod", &limit])?;
        match extent {
            Extent::All => self.follow(repository, tell),
            _ => Ok(()),
        }
    }

    fn reset(&self, _: &Start, _: Tell<'_>) -> Result<String, ClusterError> {
        Err(ClusterError::NoReset)
    }

    fn disturb(&self, _: Disturbance) -> Result<(), ClusterError> {
        Err(ClusterError::NoDisturbance)
    }

    fn status(&self) -> Result<Vec<State>, ClusterError> {
        let there = self.is_here() && self.exists()?;
        let says = if there { "its container is there" } else { "not running" };
        let mut states = vec![State { name: "kind".to_owned(), ready: there, says: says.to_owned() }];
        if there {
            states.extend(workloads::states(&self.kubectl()));
        }
        Ok(states)
    }

    fn down(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        if !self.is_here() {
            return Ok(());
        }
        tell(Event::Step("kind: taking the cluster away".to_owned()));
        self.run(&calls::delete(&self.layout.kubeconfig()))?;
        let root = self.layout.root();
        fs::remove_dir_all(root).map_err(ClusterError::io("removing", root))
    }

    fn log(&self, component: &str, lines: usize) -> Result<String, ClusterError> {
        let known = LOGS.iter().find(|(name, _, _)| *name == component);
        if known.is_none() && component != NODE_LOG {
            return Err(ClusterError::NoComponent(component.to_owned()));
        }
        if !self.is_here() {
            return Err(ClusterError::NotUp);
        }
        match known {
            None => self.run(&calls::node_log(lines)),
            Some((_, namespace, object)) => {
                let tail = format!("--tail={lines}");
                self.kubectl().run(&["logs", object, "-n", namespace, &tail, "--all-containers"])
            }
        }
    }

    fn components(&self) -> Vec<&'static str> {
        [NODE_LOG].into_iter().chain(LOGS.iter().map(|(name, _, _)| *name)).collect()
    }

    fn git_urls(&self) -> Result<Vec<String>, ClusterError> {
        if self.is_here() { Ok(vec![self.git_url()?]) } else { Err(ClusterError::NotUp) }
    }

    fn shell(&self) -> Result<Shell, ClusterError> {
        let shell = Shell {
            kubeconfig: self.layout.kubeconfig(),
            programs: self.layout.path("bin"),
            ssh_config: None,
            git_config: Vec::new(),
        };
        if shell.kubeconfig.exists() { Ok(shell) } else { Err(ClusterError::NotUp) }
    }
}

#[cfg(test)]
mod containerfile;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod devcontainer;
