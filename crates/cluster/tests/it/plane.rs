//! A control plane: etcd and kube-apiserver, on free ports, for as long as the tests run.

use cluster::{Access, Cluster};
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use lab::stack::{Ready, Running, Spec, Stack};
use lab::{Program, free_ports};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

pub(crate) struct Plane {
    folder: PathBuf,
    stack: Stack,
    running: Mutex<Vec<Running>>,
    /// Ports of etcd and of the apiserver.
    etcd: u16,
    secure: u16,
}

/// The plane that tests share, started by whoever asks first; `None`, loudly, where its programs are not built.
pub(crate) fn plane() -> Option<&'static Plane> {
    static PLANE: OnceLock<Option<Plane>> = OnceLock::new();
    PLANE.get_or_init(Plane::of_our_own).as_ref()
}

impl Plane {
    /// One that nobody else uses.
    pub(crate) fn of_our_own() -> Option<Plane> {
        Plane::with(&[])
    }

    /// One of which all that look at etcd's past share: it keeps no history beside etcd's own.
    pub(crate) fn forgetful() -> Option<&'static Plane> {
        static PLANE: OnceLock<Option<Plane>> = OnceLock::new();
        PLANE.get_or_init(|| Plane::with(&["--watch-cache=false"])).as_ref()
    }

    /// One whose apiserver has more flags.
    fn with(flags: &[&str]) -> Option<Plane> {
        match (lab::built(Program::Etcd), lab::built(Program::KubeApiserver)) {
            (Some(etcd), Some(apiserver)) => Some(Plane::start(&etcd, &apiserver, flags)),
            _ => {
                eprintln!(
                    "SKIPPED: etcd or kube-apiserver is not in the lab's cache, and Kubernetes takes long to build"
                );
                None
            }
        }
    }

    fn start(etcd: &Path, apiserver: &Path, flags: &[&str]) -> Plane {
        // Kept: the watchdog removes it with the processes.
        let folder = tempfile::Builder::new().prefix("plane").tempdir().expect("a folder").keep();
        let stack = Stack::new(&folder, &folder).expect("a stack");
        let [client, peer, secure] = free_ports().expect("ports");
        let file = |name: &str| folder.join(name).display().to_string();
        // Without its flags the apiserver refuses to start, after it has made a certificate and a key.
        let refused = Command::new(apiserver)
            .args([
                "--cert-dir",
                &file("certificates"),
                "--bind-address",
                "127.0.0.1",
                "--etcd-servers",
                "http://127.0.0.1:1",
            ])
            .output();
        assert!(!refused.expect("it runs").status.success());
        let key = file("certificates/apiserver.key");
        std::fs::write(folder.join("tokens"), "admin,admin,1,\"system:masters\"\nbot,bot,2,\"bots\"\n")
            .expect("tokens");
        let etcd = Spec {
            name: "etcd".to_owned(),
            binary: etcd.to_owned(),
            args: vec![
                format!("--data-dir={}", file("etcd")),
                format!("--listen-client-urls=http://127.0.0.1:{client}"),
                format!("--advertise-client-urls=http://127.0.0.1:{client}"),
                format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
                format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
                format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
                "--unsafe-no-fsync".to_owned(),
            ],
            env: vec![],
            ready: Ready::Answers { port: client, path: "/health".to_owned() },
        };
        let apiserver = Spec {
            name: "kube-apiserver".to_owned(),
            binary: apiserver.to_owned(),
            args: vec![
                format!("--etcd-servers=http://127.0.0.1:{client}"),
                format!("--cert-dir={}", file("certificates")),
                format!("--secure-port={secure}"),
                "--bind-address=127.0.0.1".to_owned(),
                "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--service-account-key-file={key}"),
                format!("--service-account-signing-key-file={key}"),
                format!("--token-auth-file={}", file("tokens")),
                "--authorization-mode=RBAC".to_owned(),
                // No controller makes service accounts here.
                "--disable-admission-plugins=ServiceAccount".to_owned(),
            ]
            .into_iter()
            .chain(flags.iter().map(|flag| (*flag).to_owned()))
            .collect(),
            env: vec![],
            ready: Ready::Listens(vec![secure]),
        };
        std::fs::write(folder.join("kubeconfig"), kubeconfig(secure, &file("certificates/apiserver.crt")))
            .expect("a file");
        let running = stack.start_all(vec![etcd, apiserver], Duration::from_secs(120)).expect("a control plane");
        let plane = Plane { folder, stack, running: Mutex::new(running), etcd: client, secure };
        block(plane.prepare());
        plane
    }

    /// Waits until it serves, and installs Argo's kinds from the modules that the lab builds from.
    async fn prepare(&self) {
        let client = self.client().await;
        for _ in 0..600 {
            if client.apiserver_version().await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for (module, folder, files) in [
            (
                "github.com/argoproj/argo-rollouts",
                "rollouts",
                &[
                    "rollout-crd",
                    "analysis-run-crd",
                    "analysis-template-crd",
                    "cluster-analysis-template-crd",
                    "experiment-crd",
                ][..],
            ),
            (
                "github.com/argoproj/argo-cd/v3",
                "argocd",
                &["application-crd", "applicationset-crd", "appproject-crd"][..],
            ),
        ] {
            for file in files {
                let path = module_folder(module, folder).join("manifests/crds").join(format!("{file}.yaml"));
                let text = std::fs::read_to_string(&path).expect("a CRD");
                let crd: Value = serde_yaml::from_str(&text).expect("YAML");
                self.create("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, crd).await;
            }
        }
        for plural in ["rollouts", "analysisruns", "applications", "applicationsets", "appprojects"] {
            let mut served = false;
            for _ in 0..300 {
                let path = format!("/apis/argoproj.io/v1alpha1/{plural}");
                let request =
                    kube::core::Request::new(path).list(&kube::api::ListParams::default()).expect("a request");
                if client.request_text(request).await.is_ok() {
                    served = true;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert!(served, "{plural} are not served");
        }
        for namespace in ["argocd", "hotrod", "otel", "console"] {
            self.create("v1", "Namespace", None, json!({"metadata": {"name": namespace}})).await;
        }
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The apiserver's port.
    pub(crate) fn port(&self) -> u16 {
        self.secure
    }

    /// As the administrator through another port of this machine, behind which the apiserver is.
    pub(crate) fn access_at(&self, port: u16) -> Access {
        let file = self.folder.join(format!("kubeconfig-{port}"));
        let authority = self.folder.join("certificates/apiserver.crt");
        std::fs::write(&file, kubeconfig(port, &authority.display().to_string())).expect("a file");
        Access { kubeconfig: Some(file), ..self.access("admin") }
    }

    /// Lets etcd forget everything that is not now: who watches from before is told 410 Gone.
    pub(crate) async fn forget(&self) {
        let namespaces = self.api("v1", "Namespace", None).await;
        let now = namespaces.list(&kube::api::ListParams::default()).await.expect("a list").metadata.resource_version;
        let body = json!({"revision": now.expect("a version"), "physical": true}).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.etcd)).expect("etcd");
        let head = format!("host: etcd\r\nconnection: close\r\ncontent-length: {}", body.len());
        write!(stream, "POST /v3/kv/compaction HTTP/1.1\r\n{head}\r\n\r\n{body}").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        // Another test's may have come first, with a later revision.
        assert!(answer.starts_with("HTTP/1.1 200") || answer.contains("has been compacted"), "{answer}");
    }

    pub(crate) fn access(&self, context: &str) -> Access {
        Access { kubeconfig: Some(self.kubeconfig()), context: Some(context.to_owned()), ..Access::default() }
    }

    pub(crate) async fn cluster(&self, context: &str) -> Cluster {
        Cluster::connect(&self.access(context)).await.expect("a cluster")
    }

    pub(crate) async fn client(&self) -> Client {
        let file = kube::config::Kubeconfig::read_from(self.kubeconfig()).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(file, &Default::default()).await.expect("a config");
        Client::try_from(config).expect("a client")
    }

    /// Any kind of object, by name.
    pub(crate) async fn api(&self, version: &str, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client().await, namespace, &resource),
            None => Api::all_with(self.client().await, &resource),
        }
    }

    pub(crate) async fn create(
        &self,
        version: &str,
        kind: &str,
        namespace: Option<&str>,
        mut object: Value,
    ) -> DynamicObject {
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        let object: DynamicObject = serde_json::from_value(object).expect("an object");
        let api = self.api(version, kind, namespace).await;
        api.create(&PostParams::default(), &object).await.unwrap_or_else(|error| panic!("{kind}: {error}"))
    }

    /// Ends the apiserver as a crash would, and starts it again after a while.
    pub(crate) async fn restart_apiserver(&self, away: Duration) {
        let spec = {
            let mut running = self.running.lock().expect("no panic");
            let apiserver = running.pop().expect("the apiserver");
            apiserver.spec().clone()
        };
        tokio::time::sleep(away).await;
        let mut again = self.stack.start(spec).expect("it starts");
        tokio::task::spawn_blocking(move || {
            again.wait_ready(Duration::from_secs(60)).expect("it serves");
            again
        })
        .await
        .map(|again| self.running.lock().expect("no panic").push(again))
        .expect("it serves");
    }
}

/// Runs a test's async part.
pub(crate) fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn module_folder(module: &str, folder: &str) -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|above| above.join("crates/lab/go"));
    let go = above.into_iter().find(|go| go.is_dir()).expect("the workspace").join(folder);
    let asked =
        Command::new("go").args(["list", "-m", "-f", "{{.Dir}}", module]).env("GOWORK", "off").current_dir(go).output();
    let asked = asked.expect("go, which built the programs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim())
}

fn kubeconfig(port: u16, authority: &str) -> String {
    let user = |name: &str| json!({"name": name, "user": {"token": name}});
    // The service account of manifests/console: no controller makes its token here.
    let account = "system:serviceaccount:console:console";
    let console = json!({"name": "console", "user": {"token": "admin", "as": account}});
    let context = |name: &str| json!({"name": name, "context": {"cluster": "plane", "user": name}});
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "admin",
        "clusters": [{"name": "plane", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "certificate-authority": authority}}],
        "users": [user("admin"), user("bot"), console],
        "contexts": [context("admin"), context("bot"), context("console")],
    })
    .to_string()
}
