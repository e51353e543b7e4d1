//! The real argocd-server, on the real apiserver.

use crate::plane::{Plane, block};
use lab::stack::{Ready, Running, Spec, Stack};
use lab::{Program, free_ports};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

/// The lab's own settings: the account `readonly`, and what it may do.
const SETTINGS: &str = include_str!("../../../lab/cluster/argocd.yaml");
const PASSWORD: &str = "a-super-secure-password";

pub(crate) struct ArgoServer {
    stack: Stack,
    server: Option<Running>,
    _redis: Running,
    pub(crate) address: String,
}

impl ArgoServer {
    /// In a namespace that is there; `None`, loudly, where one of its programs is not here.
    pub(crate) fn start(plane: &Plane, namespace: &str) -> Option<ArgoServer> {
        let redis = Path::new("/usr/bin/redis-server");
        let (Some(argocd), true) = (lab::built(Program::ArgoCd), redis.exists()) else {
            eprintln!("SKIPPED: argocd is not in the lab's cache, or redis-server is not installed");
            return None;
        };
        block(configure(plane, namespace));
        let folder = tempfile::Builder::new().prefix("argocd").tempdir().expect("a folder").keep();
        let stack = Stack::new(&folder, &folder).expect("a stack");
        let [redis_port, port, metrics] = free_ports().expect("ports");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let redis = Spec {
            name: "redis".to_owned(),
            binary: redis.to_owned(),
            args: words(&format!("--bind 127.0.0.1 --port {redis_port} --save  --appendonly no")),
            env: vec![],
            ready: Ready::Listens(vec![redis_port]),
        };
        let mut args = words(&format!(
            "--address 127.0.0.1 --port {port} --metrics-address 127.0.0.1 --metrics-port {metrics} --namespace {namespace} \
             --redis 127.0.0.1:{redis_port} --repo-server 127.0.0.1:1 --dex-server http://127.0.0.1:1 --kubeconfig"
        ));
        args.push(plane.kubeconfig().display().to_string());
        args.extend(["--staticassets".to_owned(), folder.display().to_string()]);
        let server = Spec {
            name: "argocd-server".to_owned(),
            binary: argocd,
            args,
            env: [("ARGOCD_BINARY_NAME", "argocd-server"), ("ARGOCD_GPG_ENABLED", "false")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            ready: Ready::Listens(vec![port]),
        };
        let redis = stack.start_all(vec![redis], Duration::from_secs(30)).expect("redis").pop().expect("one");
        let server = stack.start_all(vec![server], Duration::from_secs(60)).expect("argocd-server").pop();
        Some(ArgoServer { stack, server, _redis: redis, address: format!("127.0.0.1:{port}") })
    }

    /// What `argocd login` gets.
    pub(crate) async fn token(&self, account: &str) -> String {
        let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build().expect("a client");
        let body = json!({"username": account, "password": PASSWORD}).to_string();
        let mut last = String::new();
        for _ in 0..300 {
            let request = client.post(format!("https://{}/api/v1/session", self.address));
            let request = request.header("content-type", "application/json").body(body.clone());
            last = match request.send().await {
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            let answer: Value = serde_json::from_str(&last).unwrap_or_default();
            if let Some(token) = answer["token"].as_str() {
                return token.to_owned();
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("no token for {account}: {last}");
    }

    /// Ends it as a crash would, and starts it again after a while.
    pub(crate) async fn restart(&mut self, away: Duration) {
        let mut server = self.server.take().expect("a server");
        let spec = server.spec().clone();
        server.kill();
        drop(server);
        sleep(away).await;
        self.server = Some(self.stack.start(spec).expect("it starts"));
    }
}

/// What Argo CD's install and the lab put there before the server starts.
async fn configure(plane: &Plane, namespace: &str) {
    for text in SETTINGS.split("\n---\n") {
        let mut object: Value = serde_yaml::from_str(text).expect("YAML");
        let kind = object["kind"].as_str().expect("a kind").to_owned();
        if kind == "Service" {
            continue;
        }
        object["metadata"]["namespace"] = json!(namespace);
        object["metadata"]["labels"] = json!({"app.kubernetes.io/part-of": "argocd"});
        match object["metadata"]["name"].as_str() {
            // One more account, of whom no policy knows.
            Some("argocd-cm") => object["data"]["accounts.stranger"] = json!("login"),
            Some("argocd-secret") => {
                for key in ["password", "passwordMtime"] {
                    object["stringData"][format!("accounts.stranger.{key}")] =
                        object["stringData"][format!("accounts.readonly.{key}")].clone();
                }
            }
            _ => {}
        }
        plane.create("v1", &kind, Some(namespace), object).await;
    }
    let project = json!({"metadata": {"name": "default"}, "spec": {
        "sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
    }});
    plane.create("argoproj.io/v1alpha1", "AppProject", Some(namespace), project).await;
}
