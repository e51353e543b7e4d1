//! The driver against stand-ins for everything that it calls: they write down how they were called, and fail where told to.

use super::*;
use crate::stand_in;
use model::{Context, Policy, Repository, SourceFile};
use std::os::unix::fs::symlink;

/// All five programs.
const STAND_IN: &str = include_str!("stand-in.sh");

struct Scene {
    folder: tempfile::TempDir,
    kind: Kind,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        let script = folder.path().join("stand-in.sh");
        stand_in::script(&script, STAND_IN);
        NEEDED.iter().for_each(|(name, _)| symlink(&script, bin.join(name)).expect("linked"));
        let kind = Kind { layout: Layout::at(folder.path().join("lab")), path: Some(bin.into()), itself: Some(script) };
        Scene { folder, kind }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// What was called since the last time, without this test's folder.
    fn calls(&self) -> String {
        let calls = self.file("calls");
        drop(fs::remove_file(self.folder.path().join("calls")));
        let mut calls = calls.replace(&self.folder.path().display().to_string(), "");
        // The program's own fingerprint.
        while let Some(at) = calls.find("-0.1.0-").map(|at| at + "-0.1.0".len()) {
            calls.replace_range(at..at + "-0123456789abcdef".len(), "");
        }
        calls.replace(&repository().display().to_string(), "/repository").replace(" --kubeconfig /lab/kubeconfig", "")
    }

    fn up(&self, extent: Extent) -> Result<(), ClusterError> {
        self.kind.up(&repository(), extent, &|_| ())
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

#[test]
fn a_lab_comes_up_in_order() {
    let scene = Scene::new();
    scene.up(Extent::All).expect("up");
    let calls = scene.calls();
    assert_eq!(calls, include_str!("up.txt"), "{calls}");
    assert_eq!(scene.file("kind-config"), calls::config());
    assert_eq!(scene.file("helm-values"), calls::PROMETHEUS_VALUES);
    let applied = scene.file("applied");
    assert!(applied.contains("image: jaegertracing/example-hotrod:1.75.0") && !applied.contains("hotrod:1.76.0"));
    assert_eq!(applied.matches("repoURL: git://172.18.0.2:30105/hyperspace.git").count(), 2);
    // Argo CD deploys the console; its token is the lab's.
    assert!(!applied.contains(CONSOLE.name));
    let token = fs::read_to_string(console::console_token(&scene.kind.layout).expect("a token")).expect("a file");
    assert!(applied.contains(&format!("  token: \"{}\"\n", token.trim())) && token.trim().len() == 48);

    // Again: the cluster and the repository are there.
    scene.up(Extent::All).expect("up");
    let again = scene.calls();
    assert!(again.contains("kind export kubeconfig") && !again.contains("kind create"), "{again}");
    assert!(!again.contains(" push ") && !again.contains("kind load") && !again.contains("restart"), "{again}");
    let states = scene.kind.status().expect("an answer");
    assert!(states[0].ready && states[1].name == "argocd/argocd-server" && !states[1].ready, "{states:?}");
    assert_eq!(scene.kind.git_urls().expect("up"), ["git://172.18.0.2:30105/hyperspace.git"]);
    assert_eq!(scene.kind.shell().expect("up").kubeconfig, scene.kind.layout.kubeconfig());
}

#[test]
fn another_program_is_another_console() {
    let scene = Scene::new();
    scene.up(Extent::All).expect("up");
    let token = scene.file("lab/console/token");
    let changed = format!("{STAND_IN}# changed\n");
    stand_in::script(&scene.folder.path().join("stand-in.sh"), &changed);
    scene.calls();
    scene.up(Extent::All).expect("up");
    let calls = scene.calls();
    let at = |words: &str| calls.find(words).unwrap_or_else(|| panic!("{words}: {calls}"));
    assert!(at("kind load") < at("get applications") && at("get applications") < at("restart deployment/console"));
    assert_eq!(scene.file("lab/console/token"), token);
}

#[test]
fn the_release_needs_no_argo_cd() {
    let scene = Scene::new();
    scene.up(Extent::Release).expect("up");
    let calls = scene.calls();
    assert!(calls.contains("rollout/hotrod") && !calls.contains("argocd") && !calls.contains("console"), "{calls}");
    assert!(!calls.lines().any(|call| call.starts_with("git ")), "{calls}");
    scene.up(Extent::Kubernetes).expect("up");
    assert!(!scene.calls().contains("helm"));
}

/// What fails, what is said, and how many calls it was then.
const FAILURES: &[(&str, &str, &str)] = &[
    ("docker info", "docker info", "docker info"),
    ("kind get", "kind get clusters", "kind get"),
    ("kind create", "kind create cluster", "kind create"),
    ("helm upgrade", "helm upgrade --install", "helm upgrade"),
    ("-k /", "-n argo-rollouts -k ", "kubectl apply"),
    ("argo-cd/v3.2.0", "argo-cd/v3.2.0/manifests/install.yaml", "kubectl apply"),
    ("rollout status deployment/jaeger", "jaeger/deployment/jaeger is not ready", "kubectl get events"),
    ("rollout status deployment/git", "git/deployment/git is not ready", "kubectl get events"),
    ("docker inspect", "docker inspect", "docker inspect"),
    (" push ", "push --quiet", "git -C /repository push"),
    ("kind load", "kind load image-archive", "kind load"),
    ("rollout status deployment/console", "console/deployment/console is not ready", "kubectl get events"),
    ("rollout status deployment/argocd-server", "argocd/deployment/argocd-server is not ready", "kubectl get events"),
];

#[test]
fn what_fails_is_said_and_nothing_comes_after_it() {
    for (fails, words, last) in FAILURES {
        let scene = Scene::new();
        fs::write(scene.folder.path().join("fails"), fails).expect("written");
        let error = scene.up(Extent::All).expect_err(fails).to_string();
        assert!(error.contains(words) && error.contains("played to fail"), "{fails}: {error}");
        let calls = scene.calls();
        assert!(calls.lines().next_back().is_some_and(|call| call.starts_with(last)), "{fails}: {calls}");
        // What was begun goes on.
        fs::remove_file(scene.folder.path().join("fails")).expect("removed");
        scene.up(Extent::All).expect("up");
        scene.kind.down(&|_| ()).expect("down");
    }
}

#[test]
fn what_is_missing_is_named_with_where_it_is() {
    let scene = Scene::new();
    for name in ["kind", "helm"] {
        fs::remove_file(scene.folder.path().join("bin").join(name)).expect("removed");
    }
    let error = scene.up(Extent::All).expect_err("missing");
    assert_eq!(error.to_string(), "this machine lacks kind, helm");
    assert!(matches!(error, ClusterError::Missing { install, .. } if install.contains("helm: https://helm.sh")));
    assert_eq!(scene.calls(), "");
    assert!(!scene.kind.can_run() && !scene.kind.is_here());
}

#[test]
fn down_leaves_nothing_and_asks_nobody_twice() {
    let scene = Scene::new();
    assert!(scene.kind.can_run());
    scene.up(Extent::Kubernetes).expect("up");
    assert!(scene.kind.is_here());
    scene.calls();
    scene.kind.down(&|_| ()).expect("down");
    assert_eq!(scene.calls(), "kind delete cluster --name hyperspace\n");
    assert!(!scene.kind.layout.root().exists());
    scene.kind.down(&|_| ()).expect("down");
    assert_eq!(scene.calls(), "");
    assert!(matches!(scene.kind.shell(), Err(ClusterError::NotUp)));
    assert!(matches!(scene.kind.git_urls(), Err(ClusterError::NotUp)));
    assert!(matches!(scene.kind.log("jaeger", 5), Err(ClusterError::NotUp)));
    assert!(matches!(scene.kind.log("dockerd", 5), Err(ClusterError::NoComponent(_))));
    assert_eq!(scene.kind.status().expect("an answer").len(), 1);
}

#[test]
fn logs_come_from_the_node_and_from_pods() {
    let scene = Scene::new();
    scene.up(Extent::Kubernetes).expect("up");
    scene.calls();
    for component in scene.kind.components() {
        scene.kind.log(component, 7).expect(component);
    }
    let calls = scene.calls();
    assert!(calls.starts_with("docker logs --tail 7 hyperspace-control-plane\nkubectl logs deployment/argocd-server"));
    assert_eq!(calls.lines().count(), 12, "{calls}");
}

#[test]
fn files_are_what_our_own_check_reads() {
    let texts = [
        ("kind.yaml", calls::config()),
        ("values.yaml", calls::PROMETHEUS_VALUES.into()),
        ("git.yaml", calls::GIT.into()),
    ];
    let files = texts.map(|(path, text)| SourceFile { path: path.to_owned(), content: Ok(text.into()) });
    let context = Context::of(Policy::default());
    let repository = Repository::read(&files, &context);
    assert_eq!(repository.workloads.len(), 1);
    let report = rules::check(&repository, &context);
    assert_eq!(report.errors(), 0, "{:?}", report.findings);
}

#[test]
fn ports_and_versions_are_said_once() {
    let config = calls::config();
    for (_, address) in crate::cluster::ADDRESSES {
        let port = address.rsplit(':').next().expect("a port");
        assert!(config.contains(&format!("containerPort: {port}, hostPort: {port}, listenAddress: 127.0.0.1")));
        let console = fs::read_to_string(repository().join("manifests/console/service.yaml")).expect("a Service");
        let manifests =
            [calls::PROMETHEUS_VALUES, addons::JAEGER, addons::ROLLOUTS_PORT, addons::ARGOCD_SETTINGS, &console];
        assert!(manifests.iter().any(|text| text.contains(&format!("nodePort: {port}"))), "{port}");
    }
    assert!(calls::GIT.contains(&format!("nodePort: {GIT_PORT}")));
    let image = format!("image: quay.io/argoproj/argocd:{}\n", versions::ARGOCD);
    assert_eq!(calls::GIT.matches("image: ").count(), calls::GIT.matches(&image).count());
    assert!(versions::NODE.starts_with(&format!("kindest/node:{}@sha256:", versions::KUBECTL)));
}

/// With the module's own files, which are those of the tag.
#[test]
#[allow(clippy::print_stderr, reason = "who reads the tests' output must see what was left out")]
fn argo_rollouts_images_have_a_version() {
    let module = crate::build::module_folder(crate::Program::RolloutsController, "github.com/argoproj/argo-rollouts");
    let (Ok(module), Some(kubectl)) = (module, machine::find("kubectl")) else {
        eprintln!("SKIPPED: kubectl or the module of Argo Rollouts is not here");
        return;
    };
    assert!(module.display().to_string().ends_with(versions::ROLLOUTS), "{}", module.display());
    let folder = tempfile::tempdir().expect("a folder");
    let installs = versions::rollouts_installs().map(|url| {
        let file = url.rsplit('/').next().expect("a name").to_owned();
        fs::copy(module.join("manifests").join(&file), folder.path().join(&file)).expect("the module's file");
        file
    });
    fs::write(folder.path().join("kustomization.yaml"), calls::rollouts(&installs)).expect("written");
    let mut command = Command::new(kubectl);
    let rendered =
        machine::output(command.arg("kustomize").arg(folder.path()), "kubectl kustomize", "").expect("rendered");
    let images: Vec<&str> = rendered.lines().filter_map(|line| line.trim().strip_prefix("- image: ")).collect();
    let expected = versions::ROLLOUTS_IMAGES.map(|name| format!("{name}:{}", versions::ROLLOUTS));
    assert_eq!(images, expected);
}
