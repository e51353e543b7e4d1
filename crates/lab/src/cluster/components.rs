//! The processes of the cluster: which, in what order, with which arguments, and what says that they are ready.

use super::layout::{GIT_SSH_URL, GIT_URL, Layout, NODE, NODE_IP, SERVICE_CIDR};
use crate::Program;

/// A process of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Containerd,
    Etcd,
    Apiserver,
    ControllerManager,
    Scheduler,
    Kubelet,
    KubeProxy,
    GitHttp,
    GitSsh,
}

/// Where its program comes from.
pub(super) enum Binary {
    Built(Program),
    Installed(&'static str),
}

/// Who says that it is ready.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Plain HTTP: `ADDRESS:PORT` and a path that answers 200.
    Http(&'static str, &'static str),
    /// It asks for a password there.
    Guarded(&'static str, &'static str),
    /// HTTPS with the person's certificate, asked by kubectl: a server and a path.
    Api(&'static str, &'static str),
    /// containerd's socket answers.
    Containerd,
    /// It introduces itself to whoever connects.
    Greets(&'static str, &'static str),
}

impl Component {
    /// In the order in which they start. Each needs those before it, the last four aside.
    pub(super) const ALL: [Self; 9] = [
        Self::Containerd,
        Self::Etcd,
        Self::Apiserver,
        Self::ControllerManager,
        Self::Scheduler,
        Self::Kubelet,
        Self::KubeProxy,
        Self::GitHttp,
        Self::GitSsh,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Etcd => "etcd",
            Self::Apiserver => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::GitHttp => "git-http",
            Self::GitSsh => "git-ssh",
        }
    }

    pub(super) fn binary(self) -> Binary {
        match self {
            Self::Containerd => Binary::Installed("containerd"),
            Self::Etcd => Binary::Built(Program::Etcd),
            Self::Apiserver => Binary::Built(Program::KubeApiserver),
            Self::ControllerManager => Binary::Built(Program::KubeControllerManager),
            Self::Scheduler => Binary::Built(Program::KubeScheduler),
            Self::Kubelet => Binary::Built(Program::Kubelet),
            Self::KubeProxy => Binary::Built(Program::KubeProxy),
            Self::GitHttp => Binary::Installed("lighttpd"),
            Self::GitSsh => Binary::Installed("sshd"),
        }
    }

    pub(super) fn ready(self) -> Ready {
        match self {
            Self::Containerd => Ready::Containerd,
            Self::Etcd => Ready::Http("127.0.0.1:23810", "/health"),
            Self::Apiserver => Ready::Api(super::layout::API, "/readyz"),
            Self::ControllerManager => Ready::Api("https://10.213.0.1:10257", "/healthz"),
            Self::Scheduler => Ready::Api("https://10.213.0.1:10259", "/readyz"),
            Self::Kubelet => Ready::Http("10.213.0.1:10248", "/healthz"),
            Self::KubeProxy => Ready::Http("10.213.0.1:10256", "/healthz"),
            Self::GitHttp => Ready::Guarded("10.213.0.1:3000", "/hyperspace.git/info/refs"),
            Self::GitSsh => Ready::Greets("10.213.0.1:2222", "SSH-2.0-"),
        }
    }

    /// Variables that it gets. An image that is not on the node is nowhere: no pod makes this machine ask a registry.
    pub(super) fn environment(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Containerd => {
                &[("HTTPS_PROXY", "http://127.0.0.1:1"), ("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "")]
            }
            _ => &[],
        }
    }

    pub(super) fn args(self, layout: &Layout) -> Vec<String> {
        let path = |below: &str| layout.text(below);
        let file = |flag: &str, below: &str| format!("--{flag}={}", layout.text(below));
        let here = |flag: &str| format!("--{flag}={NODE_IP}");
        let fixed = |args: &[&str]| args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        match self {
            Self::Containerd => vec!["--config".to_owned(), path("config/containerd.toml")],
            Self::Etcd => [
                vec![
                    file("data-dir", "etcd"),
                    file("cert-file", "pki/serving.crt"),
                    file("key-file", "pki/serving.key"),
                    file("trusted-ca-file", "pki/ca.crt"),
                ],
                fixed(&[
                    "--client-cert-auth",
                    "--listen-client-urls=https://127.0.0.1:23790",
                    "--advertise-client-urls=https://127.0.0.1:23790",
                    "--listen-peer-urls=http://127.0.0.1:23800",
                    "--initial-advertise-peer-urls=http://127.0.0.1:23800",
                    "--initial-cluster=default=http://127.0.0.1:23800",
                    "--listen-metrics-urls=http://127.0.0.1:23810",
                    // A lab's data may be lost with the machine's power.
                    "--unsafe-no-fsync",
                    "--log-level=warn",
                ]),
            ]
            .concat(),
            Self::Apiserver => [
                vec![
                    here("bind-address"),
                    here("advertise-address"),
                    file("etcd-cafile", "pki/ca.crt"),
                    file("etcd-certfile", "pki/admin.crt"),
                    file("etcd-keyfile", "pki/admin.key"),
                    file("client-ca-file", "pki/ca.crt"),
                    file("tls-cert-file", "pki/serving.crt"),
                    file("tls-private-key-file", "pki/serving.key"),
                    file("kubelet-certificate-authority", "pki/ca.crt"),
                    file("kubelet-client-certificate", "pki/apiserver-to-kubelet.crt"),
                    file("kubelet-client-key", "pki/apiserver-to-kubelet.key"),
                    file("service-account-key-file", "pki/service-accounts.pub"),
                    file("service-account-signing-key-file", "pki/service-accounts.key"),
                    format!("--service-cluster-ip-range={SERVICE_CIDR}"),
                ],
                fixed(&[
                    "--secure-port=6443",
                    "--etcd-servers=https://127.0.0.1:23790",
                    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                    "--authorization-mode=Node,RBAC",
                    "--enable-admission-plugins=NodeRestriction",
                    "--allow-privileged=true",
                    // Else `kubectl logs` looks the node's name up.
                    "--kubelet-preferred-address-types=InternalIP",
                    "--profiling=false",
                ]),
            ]
            .concat(),
            Self::ControllerManager => [
                client(layout, "controller-manager"),
                vec![
                    here("bind-address"),
                    file("client-ca-file", "pki/ca.crt"),
                    file("tls-cert-file", "pki/serving.crt"),
                    file("tls-private-key-file", "pki/serving.key"),
                    file("root-ca-file", "pki/ca.crt"),
                    file("service-account-private-key-file", "pki/service-accounts.key"),
                ],
                fixed(&["--leader-elect=false", "--use-service-account-credentials=true", "--profiling=false"]),
            ]
            .concat(),
            Self::Scheduler => [
                client(layout, "scheduler"),
                vec![
                    here("bind-address"),
                    file("client-ca-file", "pki/ca.crt"),
                    file("tls-cert-file", "pki/serving.crt"),
                    file("tls-private-key-file", "pki/serving.key"),
                ],
                fixed(&["--leader-elect=false", "--profiling=false"]),
            ]
            .concat(),
            Self::Kubelet => vec![
                file("config", "config/kubelet.yaml"),
                file("kubeconfig", "config/kubelet.kubeconfig"),
                file("root-dir", "kubelet"),
                file("cert-dir", "kubelet/pki"),
                format!("--hostname-override={NODE}"),
                here("node-ip"),
            ],
            Self::KubeProxy => vec![file("config", "config/kube-proxy.yaml")],
            Self::GitHttp => vec!["-D".to_owned(), "-f".to_owned(), path("git-http/lighttpd.conf")],
            Self::GitSsh => vec!["-D".to_owned(), "-e".to_owned(), "-f".to_owned(), path("git-ssh/sshd_config")],
        }
    }
}

/// A controller that is also a server whose callers the API knows.
fn client(layout: &Layout, name: &str) -> Vec<String> {
    ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"]
        .map(|flag| format!("--{flag}={}", layout.text(&format!("config/{name}.kubeconfig"))))
        .to_vec()
}

/// Where people push to, and what the cluster follows.
#[must_use]
pub fn git_url() -> &'static str {
    GIT_URL
}

/// The same over SSH.
#[must_use]
pub fn git_ssh_url() -> &'static str {
    GIT_SSH_URL
}

#[cfg(test)]
mod tests {
    use super::super::configs;
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn nothing_is_written_elsewhere_and_nobody_else_is_served() {
        let layout = Layout::at(PathBuf::from("/state/lab"));
        let args = Component::ALL.iter().flat_map(|component| component.args(&layout)).collect::<Vec<_>>().join("\n");
        let files: String = configs::files(&layout).into_iter().map(|(_, text)| text).collect();
        // Whatever looks like a path: after a blank, a quote or an equals sign, or behind unix://.
        let text = format!("{args}\n{files}").replace("unix://", " ");
        let words = text.split([' ', '"', '=', '\n', ',']).filter(|word| word.starts_with('/'));
        let elsewhere: Vec<_> = words.filter(|word| !word.starts_with("/state/lab")).collect();
        assert_eq!(elsewhere, ["/usr/lib/cni", "/hyperspace-lab"], "the plugins and the control group");
        assert!(!text.contains("0.0.0.0:") && !text.contains("=0.0.0.0"), "{text}");
    }

    #[test]
    fn files_that_arguments_name_are_written() {
        let layout = Layout::at(PathBuf::from("/state/lab"));
        let pki = super::super::certs::generate().expect("certificates");
        let pki = pki.into_iter().map(|(name, _)| format!("pki/{name}"));
        let written: Vec<_> = configs::files(&layout).into_iter().map(|(name, _)| name).chain(pki).collect();
        for component in Component::ALL {
            for arg in component.args(&layout) {
                let path = arg.rsplit('=').next().unwrap_or(&arg);
                let Some(path) = path.strip_prefix("/state/lab/") else { continue };
                // Folders are the component's own.
                let file = path.starts_with("pki/") || path.starts_with("config/");
                assert!(!file || written.iter().any(|name| name == path), "{}: {path}", component.name());
            }
        }
    }
}
