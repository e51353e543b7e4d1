//! Faults between the objects: ports, selectors, endpoints, mounts, the ApplicationSet, and YAML that does not load.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, mutator, on_files};
use crate::state::{APPSET, CONFIG, DAEMONSET, HOTROD_SERVICE, REMOTE, RIDERS, ROLLOUT, SERVICE, State, TEMPLATE};
use model::PushTarget;

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("wiring: a Service's port", service_port),
    mutator("wiring: a containerPort", container_port),
    mutator("wiring: a probe's port", probe_port),
    mutator("wiring: the scrape annotation", annotation_port),
    mutator("wiring: a selector", selector),
    mutator("wiring: the OTLP endpoint", otlp_endpoint),
    mutator("wiring: Prometheus' address", prometheus_address),
    mutator("wiring: an exporter's endpoint", exporter_endpoint),
    mutator("wiring: the wrong protocol", protocol),
    mutator("wiring: the config is not mounted", not_mounted),
    mutator("gitops: placeholder", placeholder),
    mutator("gitops: placeholder when pushing", placeholder_push),
    mutator("gitops: another branch", other_branch),
    mutator("gitops: a folder that nothing deploys", not_deployed),
    mutator("gitops: a path that does not exist", no_such_path),
    mutator("yaml: does not parse", broken_yaml),
    mutator("yaml: a key twice", twice),
];

fn swap(roots: &[&'static str], mends: Mends, path: &str, from: &str, to: &str) -> Option<Case> {
    on_files(roots, mends, |s| s.swap(path, from, to))
}

fn service_port(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (HOTROD_SERVICE, "targetPort: frontend", "targetPort: 8888"),
        (HOTROD_SERVICE, "targetPort: frontend", "targetPort: front-end"),
        (HOTROD_SERVICE, "targetPort: frontend", "targetPort: web"),
        (SERVICE, "targetPort: otlp-http", "targetPort: 4319"),
        (SERVICE, "targetPort: otlp-grpc", "targetPort: grpc"),
        (SERVICE, "targetPort: prometheus", "targetPort: 9090"),
        (SERVICE, "targetPort: otlp-http", "targetPort: \"4319\""),
    ]);
    swap(&["wiring/port-mismatch"], Mends::Clean, path, from, to)
}

fn container_port(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (ROLLOUT, "containerPort: 8080", "containerPort: 8090"),
        (DAEMONSET, "containerPort: 4318", "containerPort: 4319"),
        (DAEMONSET, "containerPort: 4317", "containerPort: 14317"),
        (DAEMONSET, "containerPort: 13133", "containerPort: 13134"),
        (ROLLOUT, "- name: frontend\n", "- name: http\n"),
    ]);
    let case = swap(&["wiring/port-mismatch"], Mends::Clean, path, from, to)?;
    // Two refer to the name: the declaration can be renamed as well as they.
    Some(if to.contains("name: http") { case.elsewhere() } else { case })
}

fn probe_port(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (ROLLOUT, "port: frontend", "port: 8888"),
        (ROLLOUT, "port: frontend", "port: web"),
        (
            DAEMONSET,
            "path: /\n              port: health\n            periodSeconds: 5",
            "path: /\n              port: 13134\n            periodSeconds: 5",
        ),
        (
            DAEMONSET,
            "path: /\n              port: health\n            periodSeconds: 10",
            "path: /\n              port: healthz\n            periodSeconds: 10",
        ),
    ]);
    swap(&["wiring/port-mismatch"], Mends::Clean, path, from, to)
}

fn annotation_port(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (ROLLOUT, "prometheus.io/port: \"8080\"", "prometheus.io/port: \"8090\""),
        (ROLLOUT, "prometheus.io/port: \"8080\"", "prometheus.io/port: '80'"),
        (DAEMONSET, "prometheus.io/port: \"8889\"", "prometheus.io/port: \"8888\""),
        (DAEMONSET, "prometheus.io/port: \"8889\"", "prometheus.io/port: \"9090\""),
    ]);
    let case = swap(&["wiring/port-mismatch"], Mends::Clean, path, from, to)?;
    Some(
        case.also("gate/series-never-exists", "nothing is scraped where the metrics are")
            .also("collector/metrics-not-exposed", "the same, seen from the collector"),
    )
}

fn selector(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (HOTROD_SERVICE, "  selector:\n    app: hotrod", "  selector:\n    app: hot-rod"),
        (HOTROD_SERVICE, "  selector:\n    app: hotrod", "  selector:\n    name: hotrod"),
        (SERVICE, "  selector:\n    app: collector", "  selector:\n    app: otel-collector"),
        (SERVICE, "  selector:\n    app: collector", "  selector: {app.kubernetes.io/name: collector}"),
        (DAEMONSET, "      app: collector\n  template", "      app: otelcol\n  template"),
        (RIDERS, "      app: traffic-generator\n  template", "      app: generator\n  template"),
    ]);
    swap(&["wiring/selects-nothing"], Mends::Clean, path, from, to)
}

fn otlp_endpoint(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&[
        "http://otel-collector.otel.svc.cluster.local:4318",
        "http://collector.observability.svc.cluster.local:4318",
        "http://collector:4318",
        "http://collector.otel:4319",
        "http://collector.hotrod.svc.cluster.local:4318",
        "http://localhost:4318",
    ]);
    swap(&["wiring/unreachable-endpoint"], Mends::Clean, ROLLOUT, "http://collector.otel.svc.cluster.local:4318", to)
}

fn prometheus_address(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&[
        "http://prometheus.prometheus.svc.cluster.local",
        "http://prometheus-server.monitoring.svc.cluster.local",
        "http://prometheus-server.prometheus.svc.cluster.local:9090",
    ]);
    let nth = dice.below(3);
    on_files(&["wiring/unreachable-endpoint"], Mends::Clean, |s| {
        s.swap_nth(TEMPLATE, nth, "http://prometheus-server.prometheus.svc.cluster.local", to);
    })
}

fn exporter_endpoint(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&[
        "jaeger-colector.jaeger.svc.cluster.local:4317",
        "jaeger-collector.tracing.svc.cluster.local:4317",
        "jaeger-collector:4317",
        "jaeger-collector.jaeger.svc.cluster.local:4327",
    ]);
    swap(&["wiring/unreachable-endpoint"], Mends::Clean, CONFIG, "jaeger-collector.jaeger.svc.cluster.local:4317", to)
}

fn protocol(dice: &mut Dice) -> Option<Case> {
    on_files(&["wiring/protocol-mismatch"], Mends::Perhaps, |s| match dice.below(3) {
        0 => s.swap(ROLLOUT, "svc.cluster.local:4318", "svc.cluster.local:4317"),
        1 => s.swap(CONFIG, "jaeger.svc.cluster.local:4317", "jaeger.svc.cluster.local:4318"),
        _ => {
            s.swap(
                CONFIG,
                "      otlp:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:4317\n",
                "      otlphttp:\n        endpoint: http://jaeger-collector.jaeger.svc.cluster.local:4317\n",
            );
            s.swap(CONFIG, "[debug, otlp, spanmetrics]", "[debug, otlphttp, spanmetrics]");
        }
    })
}

fn not_mounted(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (DAEMONSET, "--config=/conf/collector-config.yaml", "--config=/conf/config.yaml"),
        (DAEMONSET, "mountPath: /conf", "mountPath: /etc/otel"),
        (DAEMONSET, "--config=/conf/collector-config.yaml", "--config=/etc/otelcol/config.yaml"),
        (
            DAEMONSET,
            "          configMap:\n            name: collector-config",
            "          configMap:\n            name: otel-config",
        ),
        (CONFIG, "  name: collector-config", "  name: otel-collector-config"),
        (CONFIG, "  collector-config.yaml: |", "  config.yaml: |"),
    ]);
    swap(&["wiring/config-not-mounted"], Mends::Perhaps, path, from, to)
}

fn placeholder(dice: &mut Dice) -> Option<Case> {
    let url = dice.pick(&[
        "__REPO_URL__",
        "https://github.com/YOUR_USERNAME/YOUR_REPO.git",
        "https://github.com/<your-user>/repo",
        "REPLACE_ME",
    ]);
    on_files(&["gitops/placeholder-url"], Mends::Clean, |s| s.swap_all(APPSET, REMOTE, url))
}

fn push(s: &mut State, branch: &str, cluster: bool) {
    s.context.push =
        Some(PushTarget { branch: branch.to_owned(), url: REMOTE.to_owned(), cluster, seen: None, retarget: false });
}

fn placeholder_push(dice: &mut Dice) -> Option<Case> {
    let url =
        dice.pick(&["__REPO_URL__", "https://github.com/your-org/your-repo.git", "https://example.com/REPLACE_ME.git"]);
    let cluster = dice.once_in(2);
    on_files(&["gitops/placeholder-url"], Mends::Clean, |s| {
        s.swap_all(APPSET, REMOTE, url);
        push(s, "main", cluster);
    })
}

fn other_branch(dice: &mut Dice) -> Option<Case> {
    let (follows, pushed) =
        dice.pick(&[("main", "release"), ("production", "main"), ("v1", "fix/gates"), ("main", "feature")]);
    on_files(&["gitops/tracks-other-branch"], Mends::Perhaps, |s| {
        s.swap_all(APPSET, "revision: HEAD", &format!("revision: {follows}"));
        s.swap_all(APPSET, "targetRevision: HEAD", &format!("targetRevision: {follows}"));
        push(s, pushed, false);
    })
}

fn not_deployed(dice: &mut Dice) -> Option<Case> {
    let gone = dice.pick(&["hotrod", "otel", "traffic-generator"]);
    let kept = ["hotrod", "otel", "traffic-generator"].into_iter().filter(|f| *f != gone);
    let list: String = kept.map(|f| format!("          - path: manifests/{f}\n")).collect();
    let case = on_files(&["gitops/path-not-deployed"], Mends::Perhaps, |s| {
        s.swap(APPSET, "          - path: manifests/*\n", &list)
    })?;
    Some(case.also("wiring/unreachable-endpoint", "what is not deployed can't be reached"))
}

fn no_such_path(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["path: manifest/*", "path: deploy/*", "path: manifests/apps/*", "path: ./manifests/hotrod/*"]);
    on_files(&["gitops/path-not-deployed"], Mends::Perhaps, |s| s.swap(APPSET, "path: manifests/*", to))
}

fn broken_yaml(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (ROLLOUT, "  replicas: 2\n", "  replicas: 2\n   bad: 1\n"),
        (ROLLOUT, "args: [all]", "args: [all"),
        (SERVICE, "  type: ClusterIP\n", "\ttype: ClusterIP\n"),
        (DAEMONSET, "prometheus.io/port: \"8889\"", "prometheus.io/port: \"8889"),
        (CONFIG, "receivers: [otlp]", "receivers: [otlp"),
        (CONFIG, "        check_interval: 1s\n", "         check_interval: 1s\n"),
        (TEMPLATE, "      count: 5\n", "      count 5\n"),
    ]);
    on_files(&["yaml/syntax"], Mends::Perhaps, |s| s.swap(path, from, to))
}

fn twice(dice: &mut Dice) -> Option<Case> {
    let (path, from, to) = dice.pick(&[
        (ROLLOUT, "  replicas: 2\n", "  replicas: 2\n  replicas: 3\n"),
        (
            CONFIG,
            "        metrics_expiration: 5m\n",
            "        metrics_expiration: 5m\n        metrics_expiration: 6m\n",
        ),
        (
            CONFIG,
            "      debug:\n        verbosity: basic\n",
            "      debug:\n        verbosity: basic\n      debug:\n        verbosity: normal\n",
        ),
        (TEMPLATE, "      count: 5\n", "      count: 5\n      count: 4\n"),
        (SERVICE, "  type: ClusterIP\n", "  type: ClusterIP\n  type: NodePort\n"),
    ]);
    on_files(&["yaml/duplicate-key"], Mends::Perhaps, |s| s.swap(path, from, to))
}
