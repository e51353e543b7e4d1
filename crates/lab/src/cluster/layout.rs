//! Where everything of a lab lies, and its addresses.

use std::path::{Path, PathBuf};

use super::error::ClusterError;
use crate::state::state_folder;

/// The bridge of the pods. Its address is the node's.
pub(super) const BRIDGE: &str = "hyperlab0";
/// The node's address, which only this machine and its pods reach.
pub(super) const NODE_IP: &str = "10.213.0.1";
/// The node's address on its network.
pub(super) const NODE_ADDRESS: &str = "10.213.0.1/24";
/// Where the pods are.
pub(super) const POD_CIDR: &str = "10.213.0.0/24";
/// Where the Services are.
pub(super) const SERVICE_CIDR: &str = "10.214.0.0/24";
/// The Service of the API.
pub(super) const API_SERVICE_IP: &str = "10.214.0.1";
/// The Service of CoreDNS, also in `cluster/coredns.yaml`.
pub(super) const DNS_IP: &str = "10.214.0.10";
/// The API as clients reach it.
pub(super) const API: &str = "https://10.213.0.1:6443";
/// The node's name.
pub(super) const NODE: &str = "lab";
/// The parent of all pods' control groups.
pub(super) const CGROUP: &str = "hyperspace-lab";
/// The repository that Argo CD pulls from and people push to.
pub(super) const GIT_URL: &str = "http://10.213.0.1:3000/hyperspace.git";
/// The port in it.
pub(super) const GIT_HTTP_PORT: u16 = 3000;
/// The same repository over SSH. The user is the machine's: the lab makes none.
pub(super) const GIT_SSH_URL: &str = "ssh://root@10.213.0.1:2222/hyperspace.git";
/// The port in it.
pub(super) const GIT_SSH_PORT: u16 = 2222;

/// The folder of one lab.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// `$XDG_STATE_HOME/hyperspace/lab`, else `~/.local/state/hyperspace/lab`.
    ///
    /// # Errors
    /// Where neither is known.
    pub fn of_this_person() -> Result<Self, ClusterError> {
        state_folder().map(Self::at).ok_or(ClusterError::NoStateFolder)
    }

    /// A lab in this folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the lab.
    #[must_use]
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// The same, for a command line or a configuration.
    pub(super) fn text(&self, below: &str) -> String {
        self.path(below).display().to_string()
    }

    /// The kubeconfig of the person.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.path("kubeconfig")
    }

    pub(super) fn log(&self, component: &str) -> PathBuf {
        self.path("logs").join(format!("{component}.log"))
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path("containerd.sock")
    }
}
