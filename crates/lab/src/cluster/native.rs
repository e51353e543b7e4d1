//! The lab as processes of this machine.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::components::{Binary, Component};
use super::error::ClusterError;
use super::images::{IMAGES, Image};
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::sources::Sources;
use super::start::Start;
use super::{
    Disturbance, Driver, Event, Extent, Shell, State, Tell, addons, archive, certs, configs, console, disturb,
    git_server, machine, ready, release, reset, supervise,
};
use crate::{Program, build, cache, ensure, poll};

/// For a component to get ready: a machine that builds something beside it is slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The lines of a log that an error shows.
const LINES: usize = 12;

/// The lab as processes of this machine: Linux, root, no Docker.
#[derive(Clone, Debug)]
pub struct Native {
    layout: Layout,
}

/// Where the lab's programs are.
type Programs = HashMap<Program, PathBuf>;

impl Native {
    /// A lab in this folder.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// Held while a command changes the lab.
    fn lock(&self) -> Result<fs::File, ClusterError> {
        let root = self.layout.root();
        fs::create_dir_all(root).map_err(ClusterError::io("creating", root))?;
        // Keys lie below it.
        fs::set_permissions(root, PermissionsExt::from_mode(0o700)).map_err(ClusterError::io("protecting", root))?;
        let path = root.with_extension("lock");
        let file = fs::File::create(&path).map_err(ClusterError::io("creating", &path))?;
        file.try_lock().map_err(|_| ClusterError::Busy(root.to_owned()))?;
        Ok(file)
    }

    fn write_files(&self) -> Result<(), ClusterError> {
        let layout = &self.layout;
        for folder in ["logs", "processes", "images", "pki", "bin", "config/cni", "kubelet-plugins", "pod-logs"] {
            let path = layout.path(folder);
            fs::create_dir_all(&path).map_err(ClusterError::io("creating", &path))?;
        }
        let mut files = configs::files(layout);
        // The authority's file is the last one written: where it is, all are.
        if !layout.path("pki/ca.crt").exists() {
            let pki = certs::generate()?.into_iter().rev();
            files.extend(pki.map(|(name, text)| (format!("pki/{name}"), text)));
        }
        for (name, text) in files {
            let path = layout.path(&name);
            if fs::read_to_string(&path).is_ok_and(|there| there == text) {
                continue;
            }
            fs::write(&path, text).map_err(ClusterError::io("writing", &path))?;
            if name.ends_with(".key") {
                fs::set_permissions(&path, PermissionsExt::from_mode(0o600))
                    .map_err(ClusterError::io("protecting", &path))?;
            }
        }
        Ok(())
    }

    /// Starts a component unless it runs, and waits until it says that it is ready.
    fn start(&self, component: Component, programs: &Programs, tell: Tell<'_>) -> Result<(), ClusterError> {
        let name = component.name();
        if supervise::running(&self.layout, name).is_none() {
            tell(Event::Step(format!("{name}: starting")));
            let binary = match component.binary() {
                Binary::Built(program) => programs.get(&program).cloned(),
                Binary::Installed(name) => machine::find(name),
            };
            let binary = binary.unwrap_or_else(|| name.into());
            supervise::start_component(
                &self.layout,
                name,
                &binary,
                &component.args(&self.layout),
                component.environment(),
            )?;
        }
        let mut ended = false;
        let ready = poll(PATIENCE, || {
            ended = supervise::running(&self.layout, name).is_none();
            let ready = !ended && ready::ask(&self.layout, component).is_ok();
            (ready || ended).then_some(ready)
        });
        if ready == Some(true) {
            return Ok(());
        }
        let why = match ready::ask(&self.layout, component) {
            _ if ended => "the process ended".to_owned(),
            Err(why) => why,
            Ok(()) => return Ok(()),
        };
        let log = supervise::last_lines(&self.layout, name, LINES);
        Err(ClusterError::NotReady { component: name.to_owned(), why, log })
    }

    /// Puts the images on the node that are not there as they should be.
    fn images(&self, extent: Extent, programs: &Programs, tell: Tell<'_>) -> Result<(), ClusterError> {
        let folder = cache::root()?.join("images");
        fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
        for image in IMAGES.iter().filter(|image| image.programs().all(|program| programs.contains_key(&program))) {
            if needed(image, extent) {
                self.image(image, &folder, programs, tell)?;
            }
        }
        Ok(())
    }

    fn image(&self, image: &Image, folder: &Path, programs: &Programs, tell: Tell<'_>) -> Result<(), ClusterError> {
        let itself = env::current_exe().map_err(ClusterError::io("finding", "this program"))?;
        let built = |program| programs.get(&program).cloned();
        let content = archive::Content::of(image, &archive::Found { itself: &itself, built: &built })?;
        content.place(image, folder, &self.layout.path("images"), tell, |archive| {
            ready::ctr(&self.layout, &["images", "import", &archive.display().to_string()]).map(drop)
        })
    }

    fn wait_for_node(&self) -> Result<(), ClusterError> {
        let kubectl = Kubectl::of(&self.layout);
        let query = "jsonpath={.items[0].status.conditions[?(@.type==\"Ready\")].status}";
        let ready = || kubectl.run(&["get", "nodes", "-o", query]).is_ok_and(|status| status == "True");
        poll(PATIENCE, || ready().then_some(())).ok_or_else(|| {
            let query = "jsonpath={.items[0].status.conditions[?(@.type==\"Ready\")].message}";
            ClusterError::NotReady {
                component: "the node".to_owned(),
                why: kubectl.run(&["get", "nodes", "-o", query]).unwrap_or_default(),
                log: supervise::last_lines(&self.layout, Component::Kubelet.name(), LINES),
            }
        })
    }

    fn wait_for_workloads(&self, workloads: &[addons::Workload], tell: Tell<'_>) -> Result<(), ClusterError> {
        super::workloads::wait(&Kubectl::of(&self.layout), workloads, PATIENCE, tell)
    }

    fn kubernetes(&self, extent: Extent, programs: &Programs, tell: Tell<'_>) -> Result<(), ClusterError> {
        self.start(Component::Containerd, programs, tell)?;
        thread::scope(|scope| {
            // Unpacking keeps one processor busy while the control plane comes up on the other.
            let images = scope.spawn(|| self.images(extent, programs, tell));
            let control_plane = [
                Component::Etcd,
                Component::Apiserver,
                Component::ControllerManager,
                Component::Scheduler,
                Component::Kubelet,
                Component::KubeProxy,
            ];
            let up = control_plane.iter().try_for_each(|component| self.start(*component, programs, tell));
            up?;
            tell(Event::Step("waiting for the node".to_owned()));
            self.wait_for_node()?;
            tell(Event::Step("importing images".to_owned()));
            let failed = |_| Err(ClusterError::io("importing", "images")(io::ErrorKind::Other.into()));
            images.join().unwrap_or_else(failed)
        })?;
        // A pod that comes before its image waits ten seconds for the next try.
        Kubectl::of(&self.layout).apply("kube-system", addons::COREDNS)
    }

    fn apply_base(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubectl = Kubectl::of(&self.layout);
        tell(Event::Step("applying Prometheus, Jaeger and Argo Rollouts".to_owned()));
        kubectl.apply("prometheus", addons::PROMETHEUS)?;
        kubectl.apply("jaeger", addons::JAEGER)?;
        kubectl.apply("argo-rollouts", &addons::namespace("argo-rollouts"))?;
        let module = build::module_folder(Program::RolloutsController, "github.com/argoproj/argo-rollouts")?;
        for file in ["manifests/install.yaml", "manifests/dashboard-install.yaml"] {
            kubectl.apply("argo-rollouts", &addons::rollouts(&read(&module.join(file))?))?;
        }
        kubectl.apply_over("argo-rollouts", addons::ROLLOUTS_PORT)?;
        let crds = ["rollouts", "analysistemplates", "analysisruns"].map(|name| format!("crd/{name}.argoproj.io"));
        let mut args = vec!["wait", "--for=condition=Established", "--timeout=60s"];
        args.extend(crds.iter().map(String::as_str));
        kubectl.run(&args).map(drop)
    }

    fn apply_argocd(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        let kubectl = Kubectl::of(&self.layout);
        tell(Event::Step("applying Argo CD".to_owned()));
        kubectl.apply("argocd", &addons::namespace("argocd"))?;
        // Before its server starts, which reads once whether it serves plain HTTP: else no push is told to it.
        kubectl.apply_over("argocd", addons::ARGOCD_SETTINGS)?;
        let module = build::module_folder(Program::ArgoCd, "github.com/argoproj/argo-cd/v3")?;
        kubectl.apply("argocd", &addons::argocd(&read(&module.join("manifests/install.yaml"))?))
    }

    /// The git server, and Argo CD reading from it.
    fn serve_repository(&self, repository: &Path, programs: &Programs, tell: Tell<'_>) -> Result<(), ClusterError> {
        self.start(Component::GitHttp, programs, tell)?;
        self.start(Component::GitSsh, programs, tell)?;
        git_server::add_remote(&self.layout, repository)?;
        let kubectl = Kubectl::of(&self.layout);
        kubectl.apply("argocd", &git_server::argocd_secret(&self.layout)?)?;
        tell(Event::Step("waiting for Argo CD".to_owned()));
        self.wait_for_workloads(&addons::ARGOCD, tell)?;
        let query = "jsonpath={.spec.clusterIP}";
        let sets = kubectl.run(&["get", "service/argocd-applicationset-controller", "-n", "argocd", "-o", query])?;
        git_server::announce_pushes(&self.layout, &sets)
    }

    /// The release's manifests: with a git server what it serves, else what lies in the folder.
    fn sources(&self, repository: &Path, extent: Extent) -> Result<Sources, ClusterError> {
        if extent < Extent::All {
            return Sources::of(repository);
        }
        git_server::prepare(&self.layout)?;
        release::fill_repository(&self.layout, repository)?;
        release::deployed(&self.layout)
    }

    fn link_programs(&self, programs: &Programs) -> Result<(), ClusterError> {
        for program in [Program::ArgoCd, Program::RolloutsPlugin] {
            // The CLI serves a lab that runs no Argo CD yet.
            let Some(binary) = programs.get(&program).cloned().or_else(|| build::built(program)) else { continue };
            let link = self.layout.path("bin").join(program.name());
            // There may be none, or one to an older build.
            drop(fs::remove_file(&link));
            symlink(binary, &link).map_err(ClusterError::io("linking", &link))?;
        }
        Ok(())
    }
}

impl Driver for Native {
    fn up(&self, repository: &Path, extent: Extent, tell: Tell<'_>) -> Result<(), ClusterError> {
        machine::check()?;
        let mut programs = Programs::new();
        for program in needed_programs(extent) {
            programs.insert(program, ensure(program, &mut |progress| tell(Event::Build(program, progress)))?);
        }
        let _lock = self.lock()?;
        self.write_files()?;
        machine::prepare(&self.layout)?;
        self.link_programs(&programs)?;
        self.kubernetes(extent, &programs, tell)?;
        if extent == Extent::Kubernetes {
            return self.wait_for_workloads(&[("kube-system", "deployment/coredns")], tell);
        }
        // Applied before anything is waited for: the pods start side by side.
        self.apply_base(tell)?;
        if extent == Extent::All {
            self.apply_argocd(tell)?;
        }
        tell(Event::Step("waiting for Prometheus, Jaeger and Argo Rollouts".to_owned()));
        self.wait_for_workloads(&addons::BASE, tell)?;
        tell(Event::Step("HotROD on the old version".to_owned()));
        let (kubectl, sources) = (Kubectl::of(&self.layout), self.sources(repository, extent)?);
        release::apply_old(&kubectl, &sources)?;
        release::wait_for_hotrod(&kubectl)?;
        if extent < Extent::All {
            return self.wait_for_workloads(&[("otel", "daemonset/collector")], tell);
        }
        self.serve_repository(repository, &programs, tell)?;
        let console = console::is_deployed_by(&sources);
        if console {
            console::prepare(&kubectl, &self.layout)?;
        }
        tell(Event::Step("waiting for the Applications".to_owned()));
        release::follow(&kubectl, &self.layout, &sources)?;
        if console {
            console::renew(&kubectl, &self.layout)?;
            self.wait_for_workloads(&[console::WORKLOAD], tell)?;
        }
        Ok(())
    }

    fn reset(&self, start: &Start, tell: Tell<'_>) -> Result<String, ClusterError> {
        if supervise::running(&self.layout, Component::GitHttp.name()).is_none() {
            return Err(ClusterError::NotUp);
        }
        let _lock = self.lock()?;
        reset::reset(&self.layout, start, tell)
    }

    fn disturb(&self, how: Disturbance) -> Result<(), ClusterError> {
        let _lock = self.lock()?;
        let programs = Programs::from([(Program::KubeApiserver, ensure(Program::KubeApiserver, &mut |_| {})?)]);
        disturb::end_apiserver(&self.layout, how)?;
        self.start(Component::Apiserver, &programs, &|_| {})
    }

    fn status(&self) -> Result<Vec<State>, ClusterError> {
        let mut states: Vec<_> =
            Component::ALL.iter().map(|component| ready::state(&self.layout, *component)).collect();
        if supervise::running(&self.layout, Component::Apiserver.name()).is_some() {
            states.extend(super::workloads::states(&Kubectl::of(&self.layout)));
        }
        Ok(states)
    }

    fn down(&self, tell: Tell<'_>) -> Result<(), ClusterError> {
        if !self.layout.root().exists() {
            return Ok(());
        }
        let lock = self.lock()?;
        git_server::forget_remotes(&self.layout);
        tell(Event::Step("components: ending".to_owned()));
        // All at once: the API waits for its watchers to go.
        Component::ALL.iter().for_each(|component| supervise::ask_to_end(&self.layout, component.name()));
        for component in Component::ALL.iter().rev() {
            tell(Event::Detail(format!("{}: ending", component.name())));
            supervise::end_component(&self.layout, component.name());
        }
        tell(Event::Step("pods: ending".to_owned()));
        let socket = self.layout.socket().display().to_string();
        let gone = poll(PATIENCE, || {
            // Everything in this control group is the lab's, whatever started it.
            machine::in_groups().into_iter().filter_map(supervise::Record::of).for_each(|process| process.kill());
            supervise::with_argument(&socket).iter().for_each(supervise::Record::kill);
            (machine::in_groups().is_empty() && supervise::with_argument(&socket).is_empty()).then_some(())
        });
        tell(Event::Step("network, mounts and settings: putting back".to_owned()));
        machine::restore(&self.layout)?;
        if gone.is_none() {
            let component = "the pods".to_owned();
            let log = format!("{:?}", machine::in_groups());
            return Err(ClusterError::NotReady { component, why: "some processes do not end".to_owned(), log });
        }
        let root = self.layout.root();
        fs::remove_dir_all(root).map_err(ClusterError::io("removing", root))?;
        drop(fs::remove_file(root.with_extension("lock")));
        drop(lock);
        Ok(())
    }

    fn log(&self, component: &str, lines: usize) -> Result<String, ClusterError> {
        if !self.components().contains(&component) {
            return Err(ClusterError::NoComponent(component.to_owned()));
        }
        if !self.layout.log(component).exists() {
            return Err(ClusterError::NotUp);
        }
        Ok(supervise::last_lines(&self.layout, component, lines))
    }

    fn components(&self) -> Vec<&'static str> {
        Component::ALL.iter().map(|component| component.name()).collect()
    }

    fn git_urls(&self) -> Result<Vec<String>, ClusterError> {
        Ok([super::git_url(), super::git_ssh_url()].map(str::to_owned).into())
    }

    fn shell(&self) -> Result<Shell, ClusterError> {
        let shell = Shell {
            kubeconfig: self.layout.kubeconfig(),
            programs: self.layout.path("bin"),
            ssh_config: Some(git_server::ssh_config(&self.layout)).filter(|path| path.exists()),
            git_config: git_server::settings(&self.layout),
        };
        if shell.kubeconfig.exists() { Ok(shell) } else { Err(ClusterError::NotUp) }
    }
}

/// Whether the extent runs a pod of it. Kubernetes alone runs CoreDNS; everything else belongs to the release.
fn needed(image: &Image, extent: Extent) -> bool {
    match extent {
        Extent::Kubernetes => matches!(image.short(), "pause" | "coredns"),
        Extent::Release => !matches!(image.short(), "argocd" | "redis" | "console"),
        Extent::All => true,
    }
}

fn needed_programs(extent: Extent) -> Vec<Program> {
    let processes = Component::ALL.iter().filter_map(|component| match component.binary() {
        Binary::Built(program) => Some(program),
        Binary::Installed(_) => None,
    });
    let pods = IMAGES.iter().filter(|image| needed(image, extent)).flat_map(Image::programs);
    processes.chain(pods).collect()
}

fn read(path: &Path) -> Result<String, ClusterError> {
    fs::read_to_string(path).map_err(ClusterError::io("reading", path))
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
