//! The Roles of docs/rights.yaml: enough for a whole release, and each right in them missed by its name before anything is
//! written.

use crate::argo::ARGO;
use crate::plane::{Plane, block};
use crate::retrying::Aborted;
use crate::run::{Ran, git, snapshot};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// A service account in a namespace of its own, with the Roles of the docs in the namespaces of a scene.
struct Account<'p> {
    plane: &'p Plane,
    namespace: String,
    /// Namespace, name and rules.
    roles: Vec<(String, String, Value)>,
    kubeconfig: PathBuf,
}

/// One right of a Role.
#[derive(Clone, Debug)]
struct Right {
    role: usize,
    rule: usize,
    resource: usize,
    verb: usize,
}

impl<'p> Account<'p> {
    fn of(aborted: &Aborted<'p>) -> Account<'p> {
        let plane = aborted.scene.plane;
        let namespace = format!("ci-{}", aborted.scene.name);
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.yaml");
        let text = fs::read_to_string(docs).unwrap();
        let documents: Vec<Value> = text.split("\n---\n").map(|one| serde_yaml::from_str(one).unwrap()).collect();
        let roles: Vec<_> = documents
            .iter()
            .map(|role| {
                let place = match role["metadata"]["namespace"].as_str().unwrap() {
                    "argocd" => aborted.scene.argocd(),
                    "otel" => aborted.scene.otel(),
                    "hotrod" => aborted.namespace.clone(),
                    other => panic!("nobody deploys to {other}"),
                };
                (place, role["metadata"]["name"].as_str().unwrap().to_owned(), role["rules"].clone())
            })
            .collect();
        let kubeconfig = aborted.scene.orbit.parent().unwrap().join("account");
        let account = Account { plane, namespace, roles, kubeconfig };
        block(account.make());
        account
    }

    async fn make(&self) {
        let Account { plane, namespace, .. } = self;
        plane.create("v1", "Namespace", None, json!({"metadata": {"name": namespace}})).await;
        plane.create("v1", "ServiceAccount", Some(namespace), json!({"metadata": {"name": "bot"}})).await;
        for (place, name, rules) in &self.roles {
            self.bind(place, name, rules).await;
        }
        let api: Api<ServiceAccount> = Api::namespaced(plane.client().await, namespace);
        let given = api.create_token_request("bot", &PostParams::default(), &TokenRequest::default()).await.unwrap();
        let mut kubeconfig: Value = serde_json::from_slice(&fs::read(plane.kubeconfig()).unwrap()).unwrap();
        kubeconfig["users"] = json!([{"name": "account", "user": {"token": given.status.unwrap().token}}]);
        kubeconfig["contexts"] = json!([{"name": "account", "context": {"cluster": "plane", "user": "account"}}]);
        kubeconfig["current-context"] = json!("account");
        fs::write(&self.kubeconfig, kubeconfig.to_string()).unwrap();
    }

    async fn bind(&self, place: &str, name: &str, rules: &Value) {
        self.plane.create(RBAC, "Role", Some(place), json!({"metadata": {"name": name}, "rules": rules})).await;
        let binding = json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "bot", "namespace": self.namespace}],
        });
        self.plane.create(RBAC, "RoleBinding", Some(place), binding).await;
    }

    fn rights(&self) -> Vec<Right> {
        let len = |value: &Value| value.as_array().unwrap().len();
        let mut all = Vec::new();
        for (role, (_, _, rules)) in self.roles.iter().enumerate() {
            for (rule, it) in rules.as_array().unwrap().iter().enumerate() {
                for resource in 0..len(&it["resources"]) {
                    all.extend((0..len(&it["verbs"])).map(|verb| Right { role, rule, resource, verb }));
                }
            }
        }
        all
    }

    /// Verb, resource with its group, group, namespace.
    fn words(&self, right: &Right) -> (String, String, String, String) {
        let (place, _, rules) = &self.roles[right.role];
        let rule = &rules[right.rule];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let group = text(&rule["apiGroups"][0]);
        (text(&rule["verbs"][right.verb]), text(&rule["resources"][right.resource]), group, place.clone())
    }

    /// Takes a right away while `work` goes on.
    fn without<T>(&self, right: &Right, work: impl FnOnce() -> T) -> T {
        let rules = self.roles[right.role].2.as_array().unwrap();
        let mut less: Vec<Value> = rules.clone();
        let rule = less.remove(right.rule);
        let (mut same, mut others) = (rule.clone(), rule.clone());
        same["resources"] = json!([rule["resources"][right.resource]]);
        same["verbs"].as_array_mut().unwrap().remove(right.verb);
        others["resources"].as_array_mut().unwrap().remove(right.resource);
        let full = |rule: &Value| ["verbs", "resources"].iter().all(|key| !rule[key].as_array().unwrap().is_empty());
        less.extend([same, others].into_iter().filter(full));
        block(self.set(right, &json!(less), false));
        let done = work();
        block(self.set(right, &json!(rules), true));
        done
    }

    /// Returns when the apiserver goes by it.
    async fn set(&self, right: &Right, rules: &Value, allowed: bool) {
        let (place, name, _) = &self.roles[right.role];
        let api = self.plane.api(RBAC, "Role", Some(place)).await;
        api.patch(name, &PatchParams::default(), &Patch::Merge(json!({"rules": rules}))).await.unwrap();
        for _ in 0..600 {
            if self.may(right).await == allowed {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{right:?} stays {}", !allowed);
    }

    async fn may(&self, right: &Right) -> bool {
        let (verb, resource, group, namespace) = self.words(right);
        let (resource, part) = resource.split_once('/').unwrap_or((&resource, ""));
        let review = json!({"spec": {
            "user": format!("system:serviceaccount:{}:bot", self.namespace),
            "groups": ["system:authenticated"],
            "resourceAttributes": {
                "verb": verb, "group": group, "resource": resource, "subresource": part, "namespace": namespace,
            },
        }});
        let made = self.plane.create("authorization.k8s.io/v1", "SubjectAccessReview", None, review).await;
        made.data["status"]["allowed"] == true
    }

    fn command(&self, aborted: &Aborted<'_>, more: &[&str]) -> std::process::Command {
        let mut command = aborted.scene.command("account", more);
        command.env("KUBECONFIG", &self.kubeconfig);
        // Nobody answers there: the smoke test asks the cluster all the same.
        command.args(["--prometheus", "http://127.0.0.1:9", "--jaeger", "http://127.0.0.1:9"]);
        command
    }
}

/// A release that does everything that there is to do: an aborted rollout that the push takes up again, a collector that no
/// hash restarts, an ApplicationSet that made the Applications, and another that is edited and applied.
fn all_at_once(name: &str) -> Option<(Aborted<'static>, Account<'static>)> {
    let aborted = Aborted::with("rider-latency-p95", name, |orbit| {
        let path = orbit.join("manifests/otel/daemonset.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().find(|line| line.contains("hyperspace/config-hash")).expect("a hash");
        fs::write(&path, text.replace(line, "        checksum/config: by-hand")).unwrap();
        // The scene's namespaces are its own; the repository knows them.
        let put = |file: &str, from: &str, to: String| {
            let path = orbit.join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(&path, text.replace(from, &to)).unwrap();
        };
        put(
            "appset/transport.yaml",
            "namespace: '{{ path.basename }}'",
            format!("namespace: '{{{{ path.basename }}}}-{name}'"),
        );
        put("manifests/hotrod/rollout.yaml", "collector.otel.", format!("collector.otel-{name}."));
        put("manifests/traffic-generator/deployment.yaml", ".hotrod.", format!(".hotrod-{name}."));
    })?;
    let scene = &aborted.scene;
    let path = scene.orbit.join("appset/transport.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("namespace: argocd\n", &format!("namespace: {}\n", scene.argocd()));
    let text = text.replace("https://git.hyperspace-fleet.example/transport/hyperspace.git", &scene.url());
    let set =
        block(scene.plane.create(ARGO, "ApplicationSet", Some(&scene.argocd()), serde_yaml::from_str(&text).unwrap()));
    fs::write(&path, text.replace("prune: true", "prune: false")).unwrap();
    git(&scene.orbit, &["commit", "--quiet", "--all", "-m", "Keep what is gone from git"]);
    let owner = json!({"metadata": {"ownerReferences": [{
        "apiVersion": ARGO, "kind": "ApplicationSet", "name": set.metadata.name, "uid": set.metadata.uid, "controller": true,
    }]}});
    block(async {
        let api = scene.plane.api(ARGO, "Application", Some(&scene.argocd())).await;
        for name in ["otel", "hotrod"] {
            api.patch(name, &PatchParams::default(), &Patch::Merge(&owner)).await.unwrap();
        }
    });
    let account = Account::of(&aborted);
    Some((aborted, account))
}

#[test]
fn each_right_is_missed_by_its_name_and_all_of_them_are_enough() {
    let Some((aborted, account)) = all_at_once("account") else { return };
    let state = |aborted: &Aborted<'_>| {
        let scene = &aborted.scene;
        (snapshot(&scene.orbit), scene.head(), scene.pushed(), aborted.get()["metadata"]["resourceVersion"].clone())
    };
    let before = state(&aborted);
    let mut wrong = Vec::new();
    let mut asked = 0;
    for right in &account.rights() {
        let (verb, resource, group, namespace) = account.words(right);
        // The trace of a run that is refused goes nowhere: the last run needs this one.
        if resource == "services/proxy" {
            continue;
        }
        asked += 1;
        let ran: Ran =
            account.without(right, || account.command(&aborted, &["--timeout", "5"]).output().unwrap().into());
        let dot = if group.is_empty() { "" } else { "." };
        let named = format!("lacks the right to {verb} {resource}{dot}{group} in namespace {namespace}");
        let refused = ran.code == 2 && ran.err.contains(&named) && ran.err.contains("hint: nothing was written");
        if !refused || state(&aborted) != before {
            wrong.push(format!("{named}: {ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked > 15, "{asked} rights");

    let argo = aborted.scene.argo_cd();
    let child = crate::following::spawned(account.command(&aborted, &["--timeout", "120"]));
    aborted.taken_up();
    let ended: Ran = child.wait_with_output().unwrap().into();
    drop(argo);
    assert!(!ended.err.contains("lacks the right") && !ended.out.contains("lacks the right"), "{ended:?}");
    for done in ["applied ApplicationSet", "refreshing ApplicationSet", "restarting ", "retrying "] {
        assert!(ended.err.contains(done), "{done}: {ended:?}");
    }
    assert!(ended.out.contains("done: promoted by hotrod-b-2-1.1"), "{ended:?}");
    // There is no such Service here, which only who may ask is told.
    assert!(ended.err.contains(&format!("did not reach {}/collector", aborted.scene.otel())), "{ended:?}");
    // The smoke test could list the pods; what it misses is Prometheus and Jaeger.
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("Prometheus cannot be asked"), "{ended:?}");
}
