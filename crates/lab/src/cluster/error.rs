//! What keeps the lab's cluster from coming up, or from going.

use std::io;
use std::path::PathBuf;

use crate::BuildError;

/// What keeps the lab's cluster from coming up, or from going.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Programs of the machine that are not there.
    #[error("this machine lacks {}", what.join(", "))]
    Missing {
        /// The programs.
        what: Vec<&'static str>,
        /// The command that installs them on Debian.
        install: String,
    },
    /// Containers, bridges and mounts are root's.
    #[error("a cluster of processes needs root")]
    NotRoot,
    /// Another `lab up` or `lab down` works on the same lab.
    #[error("another `lab` command works on {}", .0.display())]
    Busy(PathBuf),
    /// Somebody else's kube-proxy has its rules on this machine.
    #[error("another Kubernetes runs on this machine: iptables has KUBE- chains that are not the lab's")]
    OtherKubernetes,
    /// The bridge is there, and this lab did not make it.
    #[error("another lab is up on this machine, with its state in another folder: it has the bridge {0}")]
    OtherLab(&'static str),
    /// Neither driver can run here.
    #[error("this machine can run neither a lab in a container nor one of processes")]
    NoDriver,
    /// A lab is up that another driver made.
    #[error("the {0} lab is up")]
    OtherDriver(&'static str),
    /// No lab runs where one is needed.
    #[error("no lab is up")]
    NotUp,
    /// There is no such component.
    #[error("the lab has no component {0}")]
    NoComponent(String),
    /// The git server is a pod, whose repository is out of reach.
    #[error("a lab of kind cannot go back to a start")]
    NoReset,
    /// Its control plane runs in a container.
    #[error("the control plane of a lab of kind is out of reach")]
    NoDisturbance,
    /// Nothing says what Argo CD is to deploy.
    #[error("{} has no ApplicationSet whose git generator names `FOLDER/*`", .0.display())]
    NoRelease(PathBuf),
    /// Neither `XDG_STATE_HOME` nor a home folder is known.
    #[error("no folder for the lab's state")]
    NoStateFolder,
    /// The file system refuses.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program that the lab calls failed.
    #[error("`{command}` failed:\n{output}")]
    Command {
        /// The command, without its long arguments.
        command: String,
        /// What it wrote.
        output: String,
    },
    /// A component did not get ready.
    #[error("{component} is not ready: {why}\n{log}")]
    NotReady {
        /// Its name.
        component: String,
        /// What it says, or that it ended.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// A program could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A certificate could not be made.
    #[error("cannot make the certificate of {name}")]
    Certificate {
        /// Whose.
        name: String,
        /// What rcgen says.
        source: rcgen::Error,
    },
}

impl ClusterError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
