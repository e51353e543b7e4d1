//! Sound repositories that are arranged otherwise: other kinds, other owners of the collector, more applications.

use crate::good::{Variant, clean, restamp, says};
use crate::state::{APPSET, CONFIG, DAEMONSET, ROLLOUT, SERVICE, State, TEMPLATE};

/// The collector's configuration, out of its ConfigMap.
fn configuration(state: &State) -> String {
    let text = state.text(CONFIG);
    let (_, inner) = text.split_once("collector-config.yaml: |\n").unwrap();
    inner.lines().map(|l| format!("{}\n", l.strip_prefix("    ").unwrap_or(l))).collect()
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|l| if l.is_empty() { "\n".to_owned() } else { format!("{}{l}\n", " ".repeat(by)) }).collect()
}

fn operator(state: &mut State) {
    let config = configuration(state);
    for path in [CONFIG, DAEMONSET, SERVICE] {
        state.remove(path);
    }
    state.set(
        "manifests/otel/collector.yaml",
        format!(
            "apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nmetadata:\n  name: rides\nspec:\n  mode: daemonset\n  image: otel/opentelemetry-collector-contrib:0.142.0\n  podAnnotations:\n    prometheus.io/scrape: \"true\"\n    prometheus.io/port: \"8889\"\n  config:\n{}",
            indented(&config, 4)
        ),
    );
    state.swap(ROLLOUT, "collector.otel.svc", "rides-collector.otel.svc");
}

fn generated(state: &mut State) {
    let config = configuration(state);
    state.remove(CONFIG);
    state.set("manifests/otel/collector-config.yaml", config);
    state.set(
        "manifests/otel/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - daemonset.yaml\n  - service.yaml\nconfigMapGenerator:\n  - name: collector-config\n    files:\n      - collector-config.yaml\n",
    );
    state.cut_line(DAEMONSET, "hyperspace/config-hash");
    state.cut_line(DAEMONSET, "Over the parsed config");
}

fn blue_green(state: &mut State) {
    let text = state.text(ROLLOUT).to_owned();
    let at = text.find("  strategy:\n").unwrap();
    let strategy = "  strategy:
    blueGreen:
      activeService: hotrod
      autoPromotionEnabled: true
      prePromotionAnalysis:
        templates:
          - templateName: hotrod-analysis
        args:
          - name: namespace
            valueFrom:
              fieldRef:
                fieldPath: metadata.namespace
          - name: canary-hash
            valueFrom:
              podTemplateHashValue: Latest
";
    state.set(ROLLOUT, format!("{}{strategy}", &text[..at]));
}

fn background_alone(state: &mut State) {
    let text = state.text(ROLLOUT).to_owned();
    let at = text.find("    canary:\n").unwrap();
    let strategy = "    canary:
      analysis:
        templates:
          - templateName: hotrod-analysis
        args:
          - name: namespace
            value: hotrod
          - name: canary-hash
            valueFrom:
              podTemplateHashValue: Latest
      steps:
        - setWeight: 50
        - pause: {duration: 5m}
        - setWeight: 100
";
    state.set(ROLLOUT, format!("{}{strategy}", &text[..at]));
}

/// Agents on the nodes hand on to a gateway, which makes the span metrics.
fn gateway(state: &mut State) {
    state.set(
        "manifests/agent/agent.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: agent-config
data:
  agent.yaml: |
    receivers:
      otlp:
        protocols:
          http:
            endpoint: 0.0.0.0:4318
    processors:
      memory_limiter:
        check_interval: 1s
        limit_percentage: 80
    exporters:
      otlp:
        endpoint: collector.otel.svc.cluster.local:4317
        tls:
          insecure: true
    service:
      pipelines:
        traces:
          receivers: [otlp]
          processors: [memory_limiter]
          exporters: [otlp]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
      annotations:
        hyperspace/config-hash: \"\"
    spec:
      containers:
        - name: agent
          image: otel/opentelemetry-collector-contrib:0.142.0
          args: [--config=/conf/agent.yaml]
          ports:
            - containerPort: 4318
          env:
            - name: GOMEMLIMIT
              value: 80MiB
          resources:
            limits:
              memory: 100Mi
          volumeMounts:
            - name: config
              mountPath: /conf
      volumes:
        - name: config
          configMap:
            name: agent-config
---
apiVersion: v1
kind: Service
metadata:
  name: agent
spec:
  selector:
    app: agent
  ports:
    - port: 4318
",
    );
    state.swap(ROLLOUT, "collector.otel.svc", "agent.agent.svc");
    state.settle();
    restamp(state);
}

fn applications(state: &mut State) {
    let url = "https://git.hyperspace-fleet.example/transport/hyperspace.git";
    let one = |name: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: argocd\nspec:\n  project: default\n  source:\n    repoURL: {url}\n    targetRevision: HEAD\n    path: manifests/{name}\n  destination:\n    server: https://kubernetes.default.svc\n    namespace: {name}\n"
        )
    };
    let all: Vec<String> = ["hotrod", "otel", "traffic-generator"].into_iter().map(one).collect();
    state.set(APPSET, all.join("---\n"));
}

fn list_generator(state: &mut State) {
    state.swap(APPSET, "        directories:\n          - path: manifests/*\n", "        directories:\n          - path: manifests/hotrod\n          - path: manifests/otel\n          - path: \"manifests/traffic-*\"\n");
}

/// The example of Argo Rollouts' own documentation, in an application that nobody described.
fn documented_example(state: &mut State) {
    state.set(
        "manifests/shop/rollout.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: guestbook
spec:
  selector:
    matchLabels:
      app: guestbook
  template:
    metadata:
      labels:
        app: guestbook
    spec:
      containers:
        - name: guestbook
          image: ghcr.io/example/guestbook:2.0
          ports:
            - containerPort: 8080
  strategy:
    canary:
      analysis:
        templates:
          - templateName: success-rate
        startingStep: 2
        args:
          - name: service-name
            value: guestbook-svc.default.svc.cluster.local
      steps:
        - setWeight: 20
        - pause: {duration: 10m}
        - setWeight: 40
        - pause: {duration: 10m}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args:
    - name: service-name
  metrics:
    - name: success-rate
      interval: 5m
      successCondition: result[0] >= 0.95
      failureLimit: 3
      provider:
        prometheus:
          address: http://prometheus.example.com:9090
          query: |
            sum(irate(
              istio_requests_total{reporter=\"source\",destination_service=~\"{{args.service-name}}\",response_code!~\"5.*\"}[5m]
            )) /
            sum(irate(
              istio_requests_total{reporter=\"source\",destination_service=~\"{{args.service-name}}\"}[5m]
            ))
",
    );
    state.settle();
}

/// The whole mission a second time, under other names.
fn second_mission(state: &mut State) {
    for (from, to) in [
        (ROLLOUT, "manifests/hotrod-eu/rollout.yaml"),
        (TEMPLATE, "manifests/hotrod-eu/analysis-template.yaml"),
        ("manifests/hotrod/service.yaml", "manifests/hotrod-eu/service.yaml"),
    ] {
        let text = state.text(from).to_owned();
        state.set(to, text);
    }
    state.settle();
}

/// A rollout that takes its pods from a Deployment.
fn workload_ref(state: &mut State) {
    let text = state.text(ROLLOUT).to_owned();
    let template = text.find("  template:\n").unwrap();
    let strategy = text.find("  strategy:\n").unwrap();
    let pods = &text[template..strategy];
    state.set(
        ROLLOUT,
        format!(
            "{}  workloadRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: hotrod\n{}",
            &text[..template],
            &text[strategy..]
        ),
    );
    state.set(
        "manifests/hotrod/deployment.yaml",
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: hotrod\nspec:\n  replicas: 0\n  selector:\n    matchLabels:\n      app: hotrod\n{pods}"),
    );
}

/// Anchors and aliases for what the gates share.
fn anchors(state: &mut State) {
    let condition = "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05";
    state.swap(TEMPLATE, "address: http://prometheus", "address: &prometheus http://prometheus");
    let address = "address: http://prometheus-server.prometheus.svc.cluster.local";
    state.swap_all(TEMPLATE, address, "address: *prometheus");
    assert!(state.text(TEMPLATE).contains(condition));
}

/// Helm charts beside the manifests are not read, and say so.
fn chart(state: &mut State) {
    state.set("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    state.set("charts/shop/values.yaml", "image: shop\n");
    state.set(
        "charts/shop/templates/deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n",
    );
    state.context.charts = vec!["charts/shop".to_owned()];
    state.settle();
}

pub(crate) const VARIANTS: &[Variant] = &[
    clean("the operator's collector", operator),
    clean("a generated ConfigMap", generated),
    clean("blue-green", blue_green),
    clean("a background analysis alone", background_alone),
    clean("agents before a gateway", gateway),
    clean("an Application a folder", applications),
    clean("directories one by one", list_generator),
    says("the documented example", documented_example, &["gate/errors-on-no-data"]),
    clean("a second mission", second_mission),
    clean("pods from a Deployment", workload_ref),
    clean("anchors and aliases", anchors),
    clean("a Helm chart beside", chart),
];
