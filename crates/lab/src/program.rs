//! Which programs there are, and the modules that build them.

use sha2::{Digest, Sha256};

/// A real program that our verdicts are compared with, or that the lab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Argo Rollouts' condition evaluator, 1.8.3, as JSON lines.
    Evaluate,
    /// Argo Rollouts' analysis controller, 1.8.3, on a clock and a Prometheus of ours, as JSON lines.
    Analysis,
    /// Prometheus' PromQL parser and engine, 0.307.3, as JSON lines. What says whether a query
    /// parses: it is the parser that promtool uses, in a fifth of promtool's build time.
    PromEval,
    /// promtool 0.307.3.
    Promtool,
    /// kubeconform 0.7.0, the peer of the large-repository benchmark.
    Kubeconform,
    /// Jaeger's HotROD 1.76.0, the workload that the canary carries.
    HotRod,
    /// HotROD 1.71.0, the stable version beside the canary: 1.75.0 is not to be had as a module.
    HotRodOld,
    /// The Prometheus server 0.307.3, which is 3.7.3.
    Prometheus,
    /// Jaeger 1.65.0, all in one.
    Jaeger,
    /// The OpenTelemetry Collector 0.145.0 with the 18 components of `go/collector/components`.
    Collector,
    /// Reads the collector's configuration structs for the catalogue.
    CollectorKeys,
    /// etcd 3.5.21.
    Etcd,
    /// Kubernetes 1.34.4: the API.
    KubeApiserver,
    /// Kubernetes 1.34.4: the controllers.
    KubeControllerManager,
    /// Kubernetes 1.34.4: the scheduler.
    KubeScheduler,
    /// Kubernetes 1.34.4: the node's agent.
    Kubelet,
    /// Kubernetes 1.34.4: Services' addresses.
    KubeProxy,
    /// CoreDNS 1.12.4.
    CoreDns,
    /// Argo Rollouts' controller, 1.8.3.
    RolloutsController,
    /// Argo Rollouts' plugin for kubectl, 1.8.3.
    RolloutsPlugin,
    /// Argo CD 3.2.0: the server and all controllers, and the CLI.
    ArgoCd,
}

/// One Go module: files by their path in it. They are part of this library, so an installed
/// program builds them as a checkout does, and a build never writes into a checkout.
pub(crate) struct Module {
    pub(crate) files: &'static [(&'static str, &'static str)],
}

macro_rules! module {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        Module { files: &[$(($file, include_str!(concat!("../go/", $folder, "/", $file)))),+] }
    };
}

static EVALUATE: Module = module!("evaluate": "go.mod", "go.sum", "main.go");
static ANALYSIS: Module = module!("analysis": "go.mod", "go.sum", "linkname.s", "main.go");
static PROMTOOL: Module = module!("promtool": "go.mod", "go.sum", "promeval/main.go", "promeval/memory.go");
static KUBECONFORM: Module = module!("kubeconform": "go.mod", "go.sum");
static HOTROD: Module = module!("hotrod": "go.mod", "go.sum");
static HOTROD_OLD: Module = module!("hotrod-old": "go.mod", "go.sum");
static PROMETHEUS: Module = module!("prometheus": "go.mod", "go.sum");
static JAEGER: Module = module!("jaeger": "go.mod", "go.sum");
static COLLECTOR: Module = module!(
    "collector":
    "go.mod",
    "go.sum",
    "main.go",
    "components/components.go",
    "keys/main.go",
    "keys/special.go",
    "keys/walk.go",
);

static ETCD: Module = module!("etcd": "go.mod", "go.sum");
static KUBERNETES: Module = module!("kubernetes": "go.mod", "go.sum");
static COREDNS: Module = module!("coredns": "go.mod", "go.sum");
static ROLLOUTS: Module = module!("rollouts": "go.mod", "go.sum");
static ARGOCD: Module = module!("argocd": "go.mod", "go.sum");

impl Program {
    /// Every program that tests and rehearsals use.
    pub const ALL: [Self; 11] = [
        Self::Evaluate,
        Self::Analysis,
        Self::PromEval,
        Self::Promtool,
        Self::Kubeconform,
        Self::HotRod,
        Self::HotRodOld,
        Self::Collector,
        Self::CollectorKeys,
        Self::Prometheus,
        Self::Jaeger,
    ];

    /// What a rehearsal runs.
    pub const STACK: [Self; 5] = [Self::HotRod, Self::HotRodOld, Self::Collector, Self::Prometheus, Self::Jaeger];

    /// What the lab's cluster adds to these.
    pub const CLUSTER: [Self; 10] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::KubeScheduler,
        Self::Kubelet,
        Self::KubeProxy,
        Self::CoreDns,
        Self::RolloutsController,
        Self::RolloutsPlugin,
        Self::ArgoCd,
    ];

    /// The name of the binary, as it appears in the cache and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Analysis => "analysis",
            Self::PromEval => "promeval",
            Self::Promtool => "promtool",
            Self::Kubeconform => "kubeconform",
            Self::HotRod => "hotrod",
            Self::HotRodOld => "hotrod-old",
            Self::Prometheus => "prometheus",
            Self::Jaeger => "jaeger",
            Self::Collector => "collector",
            Self::CollectorKeys => "collector-keys",
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::CoreDns => "coredns",
            Self::RolloutsController => "rollouts-controller",
            Self::RolloutsPlugin => "kubectl-argo-rollouts",
            Self::ArgoCd => "argocd",
        }
    }

    /// The program with that [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain(Self::CLUSTER).find(|program| program.name() == name)
    }

    pub(crate) fn module(self) -> &'static Module {
        match self {
            Self::Evaluate => &EVALUATE,
            Self::Analysis => &ANALYSIS,
            Self::PromEval | Self::Promtool => &PROMTOOL,
            Self::Kubeconform => &KUBECONFORM,
            Self::HotRod => &HOTROD,
            Self::HotRodOld => &HOTROD_OLD,
            Self::Prometheus => &PROMETHEUS,
            Self::Jaeger => &JAEGER,
            Self::Collector | Self::CollectorKeys => &COLLECTOR,
            Self::Etcd => &ETCD,
            Self::KubeApiserver
            | Self::KubeControllerManager
            | Self::KubeScheduler
            | Self::Kubelet
            | Self::KubeProxy => &KUBERNETES,
            Self::CoreDns => &COREDNS,
            Self::RolloutsController | Self::RolloutsPlugin => &ROLLOUTS,
            Self::ArgoCd => &ARGOCD,
        }
    }

    /// The package to build, as seen from the module's root.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Evaluate | Self::Analysis | Self::Collector => ".",
            Self::PromEval => "./promeval",
            Self::Promtool => "github.com/prometheus/prometheus/cmd/promtool",
            Self::Kubeconform => "github.com/yannh/kubeconform/cmd/kubeconform",
            Self::HotRod | Self::HotRodOld => "github.com/jaegertracing/jaeger/examples/hotrod",
            Self::Prometheus => "github.com/prometheus/prometheus/cmd/prometheus",
            Self::Jaeger => "github.com/jaegertracing/jaeger/cmd/all-in-one",
            Self::CollectorKeys => "./keys",
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::KubeScheduler => "k8s.io/kubernetes/cmd/kube-scheduler",
            Self::Kubelet => "k8s.io/kubernetes/cmd/kubelet",
            Self::KubeProxy => "k8s.io/kubernetes/cmd/kube-proxy",
            Self::CoreDns => "github.com/coredns/coredns",
            Self::RolloutsController => "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
            Self::RolloutsPlugin => "github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts",
            Self::ArgoCd => "github.com/argoproj/argo-cd/v3/cmd",
        }
    }

    /// Build tags. The collector's leave out the service discoveries of clouds that no config
    /// of ours names (they are a fifth of its build); static, file, http, Kubernetes and DNS stay.
    pub(crate) fn tags(self) -> &'static str {
        match self {
            Self::Collector | Self::CollectorKeys => "remove_all_sd,enable_kubernetes_sd,enable_dns_sd",
            _ => "",
        }
    }

    /// What the linker is told. Kubernetes' programs say v0.0.0 of themselves unless they are told their version.
    pub(crate) fn ldflags(self) -> &'static str {
        match self {
            Self::KubeApiserver
            | Self::KubeControllerManager
            | Self::KubeScheduler
            | Self::Kubelet
            | Self::KubeProxy => concat!(
                "-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4",
                " -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
            ),
            _ => "-s -w",
        }
    }

    /// What the binary depends on: its sources and sums, how it is built, and by which Go.
    pub(crate) fn fingerprint(self, go: &str) -> String {
        let mut digest = Sha256::new();
        let mut field = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text.as_bytes());
        };
        field(go);
        field(self.package());
        field(self.tags());
        if self.ldflags() != "-s -w" {
            field(self.ldflags());
        }
        for (path, text) in self.module().files {
            field(path);
            field(text);
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn below(folder: &Path, prefix: &str, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of Go sources") {
            let entry = entry.expect("a readable entry");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                below(&entry.path(), &format!("{name}/"), into);
            } else {
                into.insert(name);
            }
        }
    }

    #[test]
    fn every_go_file_is_part_of_the_library() {
        let go = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
        for (folder, module) in [
            ("evaluate", &EVALUATE),
            ("analysis", &ANALYSIS),
            ("promtool", &PROMTOOL),
            ("kubeconform", &KUBECONFORM),
            ("hotrod", &HOTROD),
            ("hotrod-old", &HOTROD_OLD),
            ("prometheus", &PROMETHEUS),
            ("jaeger", &JAEGER),
            ("collector", &COLLECTOR),
            ("etcd", &ETCD),
            ("kubernetes", &KUBERNETES),
            ("coredns", &COREDNS),
            ("rollouts", &ROLLOUTS),
            ("argocd", &ARGOCD),
        ] {
            let mut on_disk = BTreeSet::new();
            below(&go.join(folder), "", &mut on_disk);
            let held: BTreeSet<_> = module.files.iter().map(|(path, _)| path.to_string()).collect();
            assert_eq!(held, on_disk, "{folder}");
        }
    }

    #[test]
    fn the_fingerprint_follows_go_and_the_program() {
        let of = |program: Program, go| program.fingerprint(go);
        assert_eq!(of(Program::Evaluate, "go1"), of(Program::Evaluate, "go1"));
        assert_ne!(of(Program::Evaluate, "go1"), of(Program::Evaluate, "go2"));
        assert_ne!(of(Program::PromEval, "go1"), of(Program::Promtool, "go1"));
    }

    #[test]
    fn names_are_unique() {
        for program in Program::ALL.into_iter().chain(Program::CLUSTER) {
            assert_eq!(Program::by_name(program.name()), Some(program));
        }
        assert_eq!(Program::by_name("gofmt"), None);
    }
}
