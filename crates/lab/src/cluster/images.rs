//! The images of the pods, from programs on this machine: no registry is asked.

use crate::Program;

/// An image as data.
pub(super) struct Image {
    /// The reference under which manifests name it, in full.
    pub(super) name: &'static str,
    /// What is in it.
    pub(super) parts: &'static [Part],
    /// A number: Kubernetes cannot tell whether a name is root.
    pub(super) user: &'static str,
    pub(super) entrypoint: &'static [&'static str],
    /// The arguments where a manifest gives none.
    pub(super) arguments: &'static [&'static str],
    pub(super) folder: &'static str,
}

/// A part of an image.
#[derive(Debug)]
pub(super) enum Part {
    /// A program of the lab's, at this path.
    Built(Program, &'static str),
    /// The program that packs it, at this path, with the libraries that it is linked to.
    Itself(&'static str),
    /// A program of this machine with the libraries that it is linked to, below `/usr/bin`.
    Installed(&'static str),
    /// A folder of this machine, the programs in it with their libraries.
    Folder(&'static str),
    /// A symbolic link: its path and where it leads.
    Link(&'static str, &'static str),
    /// A folder that everybody may write to.
    Scratch(&'static str),
    Text(&'static str, &'static str),
}

use Part::{Built, Folder, Installed, Itself, Link, Scratch, Text};

/// What holds a pod's namespaces.
pub(super) const PAUSE: &str = "docker.io/hyperspace/pause:lab";

const PLAIN: Image = Image { name: "", parts: &[], user: "65532", entrypoint: &[], arguments: &[], folder: "/" };

const PEOPLE: Part = Text(
    "etc/passwd",
    "root:x:0:0:root:/root:/bin/sh\ncurl_user:x:100:101::/home/curl_user:/bin/sh\n\
     argocd:x:999:999::/home/argocd:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
);

const CERTIFICATES: Part = Folder("/etc/ssl/certs");

/// The console, as `manifests/console` names it. It is what runs the lab: whoever changes a page sees it at the next `lab up`.
pub(super) const CONSOLE: Image = Image {
    name: "registry.hyperspace-fleet.example/transport/console:0.1.0",
    parts: &[Itself("usr/bin/hyperspace"), CERTIFICATES, Scratch("tmp")],
    entrypoint: &["/usr/bin/hyperspace"],
    arguments: &["console"],
    ..PLAIN
};

/// All of them.
pub(super) const IMAGES: [Image; 13] = [
    Image { name: PAUSE, parts: &[Installed("sleep")], entrypoint: &["/usr/bin/sleep", "infinity"], ..PLAIN },
    Image {
        name: "docker.io/jaegertracing/example-hotrod:1.76.0",
        parts: &[Built(Program::HotRod, "go/bin/hotrod-linux"), Scratch("tmp")],
        entrypoint: &["/go/bin/hotrod-linux"],
        arguments: &["all"],
        ..PLAIN
    },
    // 1.75.0 is not to be had as a module: 1.71.0 stands in for it.
    Image {
        name: "docker.io/jaegertracing/example-hotrod:1.75.0",
        parts: &[Built(Program::HotRodOld, "go/bin/hotrod-linux"), Scratch("tmp")],
        entrypoint: &["/go/bin/hotrod-linux"],
        arguments: &["all"],
        ..PLAIN
    },
    // 0.145.0 of eighteen components stands in for the distribution.
    Image {
        name: "docker.io/otel/opentelemetry-collector-contrib:0.142.0",
        parts: &[Built(Program::Collector, "otelcol-contrib"), Scratch("tmp")],
        user: "10001",
        entrypoint: &["/otelcol-contrib"],
        arguments: &["--config", "/etc/otelcol-contrib/config.yaml"],
        ..PLAIN
    },
    Image {
        name: "docker.io/prom/prometheus:v3.7.3",
        parts: &[Built(Program::Prometheus, "bin/prometheus"), Scratch("prometheus"), Scratch("tmp")],
        user: "65534",
        entrypoint: &["/bin/prometheus"],
        arguments: &["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
        folder: "/prometheus",
    },
    Image {
        name: "docker.io/jaegertracing/all-in-one:1.65.0",
        parts: &[Built(Program::Jaeger, "go/bin/all-in-one-linux"), Scratch("tmp")],
        user: "10001",
        entrypoint: &["/go/bin/all-in-one-linux"],
        ..PLAIN
    },
    Image {
        name: "docker.io/curlimages/curl:8.11.1",
        parts: &[
            Installed("curl"),
            Installed("sh"),
            Installed("sleep"),
            // For whoever looks around in the pod.
            Installed("cat"),
            Installed("date"),
            Installed("env"),
            Installed("head"),
            Installed("ls"),
            CERTIFICATES,
            PEOPLE,
            Scratch("tmp"),
            Scratch("home/curl_user"),
        ],
        user: "100",
        entrypoint: &["/usr/bin/curl"],
        folder: "/home/curl_user",
        ..PLAIN
    },
    Image {
        name: "registry.k8s.io/coredns/coredns:v1.12.4",
        parts: &[Built(Program::CoreDns, "coredns")],
        entrypoint: &["/coredns"],
        ..PLAIN
    },
    Image {
        name: "quay.io/argoproj/argo-rollouts:v1.8.3",
        parts: &[Built(Program::RolloutsController, "bin/rollouts-controller"), CERTIFICATES, Scratch("tmp")],
        user: "999",
        entrypoint: &["/bin/rollouts-controller"],
        ..PLAIN
    },
    Image {
        name: "quay.io/argoproj/kubectl-argo-rollouts:v1.8.3",
        parts: &[Built(Program::RolloutsPlugin, "bin/kubectl-argo-rollouts"), CERTIFICATES, Scratch("tmp")],
        user: "999",
        entrypoint: &["/bin/kubectl-argo-rollouts"],
        arguments: &["dashboard"],
        ..PLAIN
    },
    // One program under many names; no entrypoint, as the install's arguments are the command.
    Image {
        name: "quay.io/argoproj/argocd:v3.2.0",
        parts: &[
            Built(Program::ArgoCd, "usr/local/bin/argocd"),
            Link("usr/local/bin/argocd-server", "argocd"),
            Link("usr/local/bin/argocd-repo-server", "argocd"),
            Link("usr/local/bin/argocd-application-controller", "argocd"),
            Link("usr/local/bin/argocd-applicationset-controller", "argocd"),
            Link("usr/local/bin/argocd-cmp-server", "argocd"),
            Link("usr/local/bin/argocd-k8s-auth", "argocd"),
            Installed("git"),
            Folder("/usr/lib/git-core"),
            Folder("/usr/share/git-core/templates"),
            Installed("ssh"),
            Installed("sh"),
            Installed("cp"),
            Installed("ln"),
            CERTIFICATES,
            PEOPLE,
            Scratch("tmp"),
            Scratch("home/argocd"),
            Scratch("app/config/gpg/source"),
            Scratch("app/config/gpg/keys"),
            Scratch("app/config/ssh"),
            Scratch("app/config/tls"),
        ],
        user: "999",
        folder: "/home/argocd",
        ..PLAIN
    },
    // Debian's, under the name that Argo CD's install uses.
    Image {
        name: "public.ecr.aws/docker/library/redis:8.2.2-alpine",
        parts: &[Installed("redis-server"), PEOPLE, Scratch("tmp"), Scratch("data")],
        user: "999",
        entrypoint: &["/usr/bin/redis-server"],
        folder: "/data",
        ..PLAIN
    },
    CONSOLE,
];

impl Image {
    /// The programs of the lab's that it holds.
    pub(super) fn programs(&self) -> impl Iterator<Item = Program> {
        self.parts.iter().filter_map(|part| match part {
            Built(program, _) => Some(*program),
            _ => None,
        })
    }

    /// Its name in few words: `argocd` of `quay.io/argoproj/argocd:v3.2.0`.
    pub(super) fn short(&self) -> &'static str {
        let last = self.name.rsplit('/').next().unwrap_or(self.name);
        last.split(':').next().unwrap_or(last)
    }

    /// As a file's name.
    pub(super) fn file_name(&self) -> String {
        crate::image::file_name(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_and_users_are_numbers() {
        for image in &IMAGES {
            assert!(image.name.split('/').next().is_some_and(|host| host.contains('.')), "{}", image.name);
            assert!(image.user.parse::<u32>().is_ok_and(|user| user != 0), "{}", image.name);
            assert_eq!(IMAGES.iter().filter(|other| other.name == image.name).count(), 1, "{}", image.name);
        }
    }

    #[test]
    fn what_starts_is_in_the_image() {
        for image in &IMAGES {
            let Some(first) = image.entrypoint.first() else { continue };
            let holds = image.parts.iter().any(|part| match part {
                Built(_, path) => format!("/{path}") == *first,
                Installed(name) => format!("/usr/bin/{name}") == *first,
                Itself(path) => format!("/{path}") == *first,
                _ => false,
            });
            assert!(holds, "{}", image.name);
        }
    }

    #[test]
    fn our_manifests_find_their_images() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
        let files = [
            "hotrod/rollout.yaml",
            "otel/daemonset.yaml",
            "traffic-generator/deployment.yaml",
            "console/deployment.yaml",
        ];
        for file in files {
            let text = std::fs::read_to_string(root.join(file)).expect(file);
            let mut names = text.lines().filter_map(|line| line.trim().strip_prefix("image: "));
            let name = names.next().expect("an image");
            let known = IMAGES.iter().any(|image| image.name == name || image.name == format!("docker.io/{name}"));
            assert!(known, "{name}");
        }
    }
}
