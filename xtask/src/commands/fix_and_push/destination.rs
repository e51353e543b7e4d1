//! Whether a run has to do with a cluster, found out without asking any.

use crate::args::FixAndPushArgs;
use std::env;
use std::path::PathBuf;

/// Where the release goes after the push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// No cluster is touched, and why.
    Without(&'static str),
    /// The cluster of this kubeconfig; else that of the arguments and the environment.
    Cluster(Option<PathBuf>),
    /// Argo CD's API, and no cluster.
    ArgoCd,
}

/// What of the surroundings decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// `KUBECONFIG` is set.
    pub(super) variable: bool,
    /// `~/.kube/config` is there.
    pub(super) file: bool,
    /// We run in a pod that has an account.
    pub(super) pod: bool,
    /// The lab's kubeconfig, where a lab is up and may be what is pushed to.
    pub(super) lab: Option<PathBuf>,
    /// An Argo CD server is named, or somebody is logged in at one.
    pub(super) argocd: bool,
}

impl Surroundings {
    /// As they are; `lab` says whether the lab's git server is what is pushed to, `argocd` whether an Argo CD server is
    /// configured.
    pub(super) fn here(lab: bool, argocd: bool) -> Surroundings {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let account = "/var/run/secrets/kubernetes.io/serviceaccount/token";
        Surroundings {
            variable: set("KUBECONFIG"),
            file: env::home_dir().is_some_and(|home| home.join(".kube/config").is_file()),
            pod: set("KUBERNETES_SERVICE_HOST") && PathBuf::from(account).exists(),
            lab: lab.then(lab::kubeconfig).flatten(),
            argocd,
        }
    }
}

/// The table of `fix-and-push --help`, first line that fits.
pub(super) fn destination(args: &FixAndPushArgs, around: &Surroundings) -> Destination {
    let named = args.access.context.is_some() || args.access.kubeconfig.is_some();
    if args.no_cluster {
        Destination::Without("--no-cluster")
    } else if args.no_push {
        Destination::Without("nothing is pushed")
    } else if named || around.variable {
        Destination::Cluster(args.access.kubeconfig.clone())
    } else if around.lab.is_some() {
        Destination::Cluster(around.lab.clone())
    } else if around.file || around.pod {
        Destination::Cluster(None)
    } else if around.argocd {
        Destination::ArgoCd
    } else {
        Destination::Without("none is configured")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn args(words: &[&str]) -> FixAndPushArgs {
        let all = ["hyperspace", "fix-and-push"].iter().chain(words);
        match Cli::try_parse_from(all).expect("arguments").command {
            Command::FixAndPush(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_table() {
        let lab = Some(PathBuf::from("/lab"));
        let all = Surroundings { variable: true, file: true, pod: true, lab: lab.clone(), argocd: true };
        let of = |words: &[&str], around: &Surroundings| destination(&args(words), around);
        let nothing = Surroundings::default();
        assert_eq!(of(&[], &nothing), Destination::Without("none is configured"));
        assert_eq!(of(&["--no-push"], &all), Destination::Without("nothing is pushed"));
        assert_eq!(of(&["--no-cluster"], &all), Destination::Without("--no-cluster"));
        assert_eq!(of(&[], &all), Destination::Cluster(None), "KUBECONFIG goes before the lab");
        assert_eq!(
            of(&["--context", "x"], &Surroundings { lab: lab.clone(), ..nothing.clone() }),
            Destination::Cluster(None)
        );
        assert_eq!(of(&["--kubeconfig", "f"], &all), Destination::Cluster(Some(PathBuf::from("f"))));
        let at_home = Surroundings { file: true, lab: lab.clone(), ..nothing.clone() };
        assert_eq!(
            of(&[], &at_home),
            Destination::Cluster(lab),
            "the lab that is pushed to goes before ~/.kube/config"
        );
        let by_api = Surroundings { argocd: true, ..nothing.clone() };
        assert_eq!(of(&[], &by_api), Destination::ArgoCd);
        let kube = Surroundings { file: true, ..by_api.clone() };
        assert_eq!(of(&[], &kube), Destination::Cluster(None), "Kubernetes tells more");
        assert_eq!(of(&["--no-cluster"], &by_api), Destination::Without("--no-cluster"));
        for around in [Surroundings { file: true, ..nothing.clone() }, Surroundings { pod: true, ..nothing }] {
            assert_eq!(of(&[], &around), Destination::Cluster(None));
        }
    }
}
