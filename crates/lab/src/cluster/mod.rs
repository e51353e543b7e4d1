//! A real Kubernetes on this machine, with everything that the adventure has: `lab up` and its kin.
//!
//! What is started in which order with which arguments, from which images and with which certificates is data and pure
//! functions; a [`Driver`] brings it up. [`Native`] runs the real programs as processes of this machine, without Docker and
//! without a registry; [`Kind`] installs the published images and charts in a container, where Docker is.

mod addons;
mod archive;
mod certs;
mod choice;
mod components;
mod configs;
mod console;
mod disturb;
mod error;
mod git_server;
mod images;
pub mod kind;
mod kubectl;
mod layout;
mod machine;
mod native;
mod ready;
mod release;
mod reset;
mod secrets;
mod sources;
mod start;
mod supervise;
mod workloads;

pub use addons::ADDRESSES;
pub use choice::{Choice, choose, present};
pub use components::{git_ssh_url, git_url};
pub use console::console_token;
pub use error::ClusterError;
pub use kind::Kind;
pub use layout::Layout;
pub use native::Native;
pub use start::Start;

use crate::{Program, Progress};
use std::path::PathBuf;

/// How far a lab comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Kubernetes with CoreDNS.
    Kubernetes,
    /// Prometheus, Jaeger, Argo Rollouts, and the release's manifests with the old HotROD, applied by hand.
    Release,
    /// Argo CD and a git server as well, which take the release to what the repository says.
    All,
}

/// What happens while a lab comes up or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A step begins.
    Step(String),
    /// Something within a step.
    Detail(String),
    /// A program is being built.
    Build(Program, Progress),
}

/// Who is told; several things go on side by side.
pub type Tell<'a> = &'a (dyn Fn(Event) + Sync);

/// A part of a lab, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The component, or the workload with its namespace.
    pub name: String,
    /// Whether it serves.
    pub ready: bool,
    /// In words: `ready`, `not running`, `1 of 2 available`.
    pub says: String,
}

/// A fault of the control plane, made on purpose; it serves again afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The apiserver ends as it does for an update, and comes back.
    ApiserverRestarted,
    /// etcd forgets all versions but the present ones, and the apiserver is killed and comes back: who watched is cut off, and
    /// who asks for what came after the last version that it saw is told that this is gone (410).
    WatchesOutdated,
}

/// Something that brings the adventure's environment up and takes it away again.
pub trait Driver {
    /// Brings it up as far as it is not up; the repository's HEAD is what the lab's git server begins with.
    ///
    /// # Errors
    /// What is missing, or the component that does not get ready, with the end of its log.
    fn up(&self, repository: &std::path::Path, extent: Extent, tell: Tell<'_>) -> Result<(), ClusterError>;

    /// Goes back to a start: the git server's branch, what is deployed from it, and what was measured of it. The commit.
    ///
    /// # Errors
    /// Where no lab is up, or the start does not get deployed.
    fn reset(&self, start: &Start, tell: Tell<'_>) -> Result<String, ClusterError>;

    /// Makes a fault, and waits until the control plane serves again.
    ///
    /// # Errors
    /// Where no lab is up, or what was ended does not come back.
    fn disturb(&self, how: Disturbance) -> Result<(), ClusterError>;

    /// Every part of it, in the order in which they start.
    ///
    /// # Errors
    /// Where it cannot be asked; a lab that is not up is no error.
    fn status(&self) -> Result<Vec<State>, ClusterError>;

    /// Takes it away with all that it put on the machine; built programs and images are kept.
    ///
    /// # Errors
    /// What could not be taken away.
    fn down(&self, tell: Tell<'_>) -> Result<(), ClusterError>;

    /// The last lines of a component's log.
    ///
    /// # Errors
    /// For a name that is none of [`components`](Self::components).
    fn log(&self, component: &str, lines: usize) -> Result<String, ClusterError>;

    /// Those that have a log.
    fn components(&self) -> Vec<&'static str>;

    /// Where people push to: the first one is what the cluster follows.
    ///
    /// # Errors
    /// Where no lab is up.
    fn git_urls(&self) -> Result<Vec<String>, ClusterError>;

    /// What a shell needs: `KUBECONFIG` and folders in front of its `PATH`.
    ///
    /// # Errors
    /// Where no lab is up.
    fn shell(&self) -> Result<Shell, ClusterError>;
}

/// What a shell needs to use a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// For `KUBECONFIG`.
    pub kubeconfig: PathBuf,
    /// For the front of `PATH`: the kubectl plugin, and the `argocd` CLI where it is built.
    pub programs: PathBuf,
    /// For `ssh -F`: reaches the lab's git server with its key, and everything else as the person's own does.
    pub ssh_config: Option<PathBuf>,
    /// git's settings for the lab's git server: keys and values.
    pub git_config: Vec<(String, String)>,
}
