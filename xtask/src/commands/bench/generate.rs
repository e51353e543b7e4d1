//! A large repository, made up: the same one every time.

use crate::error::{CommandError, Doing};
use std::fmt;
use std::path::Path;

/// Manifests of an application, on average: 10,000 in 1,400.
const PER_APPLICATION: usize = 7;
/// One application in so many is a canary with gates.
const CANARIES: usize = 20;
/// One in so many runs a collector.
const COLLECTORS: usize = 50;

/// What was made.
pub(crate) struct Made {
    manifests: usize,
    applications: usize,
    canaries: usize,
    collectors: usize,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} manifests in {} applications ({} canaries with gates, {} collectors)",
            self.manifests, self.applications, self.canaries, self.collectors
        )
    }
}

/// Writes `manifests` files below `folder`, an application a folder.
pub(crate) fn repository(folder: &Path, manifests: usize) -> Result<Made, CommandError> {
    let mut made = Made { manifests: 0, applications: 0, canaries: 0, collectors: 0 };
    while made.manifests < manifests {
        let number = made.applications;
        let name = format!("app-{number:05}");
        let place = folder.join("applications").join(&name);
        std::fs::create_dir_all(&place).doing(format!("create {}", place.display()))?;
        let mut files: Vec<(&str, String)> = Vec::with_capacity(PER_APPLICATION + 1);
        if number.is_multiple_of(CANARIES) {
            made.canaries += 1;
            files.push((
                "rollout.yaml",
                include_str!("../../../../manifests/hotrod/rollout.yaml").replace("hotrod", &name),
            ));
            let gates = include_str!("../../../../manifests/hotrod/analysis-template.yaml");
            files.push(("gates.yaml", gates.replace("name: hotrod-analysis", &format!("name: {name}-analysis"))));
        } else {
            files.push(("deployment.yaml", deployment(&name)));
            files.push(("autoscaler.yaml", autoscaler(&name)));
        }
        if number.is_multiple_of(COLLECTORS) {
            made.collectors += 1;
            files.push(("collector.yaml", include_str!("../../../../manifests/otel/config.yaml").to_owned()));
        } else {
            files.push(("settings.yaml", settings(&name, number)));
        }
        files.push(("service.yaml", service(&name)));
        files.push(("account.yaml", plain("v1", "ServiceAccount", &name, "automountServiceAccountToken: false\n")));
        let budget = format!("spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: {name}\n");
        files.push(("budget.yaml", plain("policy/v1", "PodDisruptionBudget", &name, &budget)));
        let policy =
            format!("spec:\n  podSelector:\n    matchLabels:\n      app: {name}\n  policyTypes:\n    - Ingress\n");
        files.push(("network.yaml", plain("networking.k8s.io/v1", "NetworkPolicy", &name, &policy)));
        for (file, text) in files.into_iter().take(manifests - made.manifests) {
            let file = place.join(file);
            std::fs::write(&file, text).doing(format!("write {}", file.display()))?;
            made.manifests += 1;
        }
        made.applications += 1;
    }
    Ok(made)
}

fn plain(version: &str, kind: &str, name: &str, rest: &str) -> String {
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {name}\n  labels:\n    app: {name}\n{rest}"
    )
}

fn deployment(name: &str) -> String {
    let spec = format!(
        "spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      serviceAccountName: {name}
      containers:
        - name: {name}
          image: registry.example/{name}:1.0.0
          ports:
            - name: http
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: {name}
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
"
    );
    plain("apps/v1", "Deployment", name, &spec)
}

fn service(name: &str) -> String {
    let spec = format!(
        "spec:\n  selector:\n    app: {name}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
    );
    // HotROD calls its port otherwise.
    plain("v1", "Service", name, &spec.replace("targetPort: http", "targetPort: 8080"))
}

fn autoscaler(name: &str) -> String {
    let spec = format!(
        "spec:
  minReplicas: 2
  maxReplicas: 6
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
"
    );
    plain("autoscaling/v2", "HorizontalPodAutoscaler", name, &spec)
}

fn settings(name: &str, number: usize) -> String {
    let mut data = "data:\n".to_owned();
    for key in 0..6 {
        data.push_str(&format!("  SETTING_{key}: \"{}\"\n", number * 31 + key));
    }
    data.push_str("  application.yaml: |\n    server:\n      port: 8080\n    features:\n      - one\n      - two\n");
    plain("v1", "ConfigMap", name, &data)
}
