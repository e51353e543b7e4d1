//! The series that we derive from a configuration against those that the real exporter shows after HotROD's spans.

use crate::cases::{CASES, Case};
use crate::recording::{Recording, recording};
use hyperspace_contract::{Contract, Domain, Kind, Origin};
use lab::Program;
use lab::trial::{Process, Sample, collector, on_free_ports, parse, post_json, scrape};
use model::{Context, Repository, SourceFile};
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A flush (100 ms here) and a scrape, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(30);

/// Collectors that run at a time.
const WORKERS: usize = 3;

/// Labels that the scrape adds to what is on the page: [`DAEMONSET`]'s and its controller's.
const SCRAPE: &[&str] =
    &["namespace", "pod", "node", "instance", "app", "controller_revision_hash", "pod_template_generation"];

const DAEMONSET: &str = r#"apiVersion: apps/v1
kind: DaemonSet
metadata: {name: collector, namespace: otel}
spec:
  selector: {matchLabels: {app: collector}}
  template:
    metadata:
      labels: {app: collector}
      annotations: {prometheus.io/scrape: "true"}
    spec:
      containers:
        - name: collector
          image: otel/opentelemetry-collector-contrib:0.145.0
          args: [--config=/conf/collector-config.yaml]
          ports: [{containerPort: 4318}, {containerPort: 8889}, {containerPort: 8890}]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: collector-config}}]
---
apiVersion: v1
kind: Service
metadata: {name: collector, namespace: otel}
spec:
  selector: {app: collector}
  ports: [{port: 4318}]
"#;

fn config(case: &Case) -> String {
    let mut text =
        "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: 0.0.0.0:4318\nconnectors:\n".to_owned();
    for (id, settings) in case.connectors {
        writeln!(text, "  {id}: {settings}").unwrap();
    }
    text.push_str("exporters:\n");
    for (position, (id, settings)) in case.exporters.iter().enumerate() {
        let more = settings.strip_prefix('{').and_then(|s| s.strip_suffix('}')).unwrap();
        let comma = if more.is_empty() { "" } else { ", " };
        writeln!(text, "  {id}: {{endpoint: 0.0.0.0:{}{comma}{more}}}", 8889 + position).unwrap();
    }
    let ids = |list: &[(&str, &str)]| list.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    let (connectors, exporters) = (ids(case.connectors), ids(case.exporters));
    write!(
        text,
        "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [{connectors}]\n    metrics:\n      receivers: [{connectors}]\n      exporters: [{exporters}]\n"
    )
    .unwrap();
    text
}

fn repository(case: &Case) -> Vec<SourceFile> {
    let mut map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: collector-config, namespace: otel}\ndata:\n  collector-config.yaml: |\n".to_owned();
    for line in config(case).lines() {
        writeln!(map, "    {line}").unwrap();
    }
    let more: String = case.resource.iter().map(|(key, value)| format!(",{key}={value}")).collect();
    let rollout = format!(
        r#"apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: hotrod, namespace: hotrod}}
spec:
  selector: {{matchLabels: {{app: hotrod}}}}
  template:
    metadata: {{labels: {{app: hotrod}}}}
    spec:
      containers:
        - name: hotrod
          image: jaegertracing/example-hotrod:1.76.0
          args: [all]
          env:
            - {{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector.otel.svc.cluster.local:4318"}}
            - {{name: POD_NAME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}
            - {{name: POD_NAMESPACE, valueFrom: {{fieldRef: {{fieldPath: metadata.namespace}}}}}}
            - {{name: POD_HASH, valueFrom: {{fieldRef: {{fieldPath: "metadata.labels['rollouts-pod-template-hash']"}}}}}}
            - name: OTEL_RESOURCE_ATTRIBUTES
              value: "hotrod.pod.name=$(POD_NAME),hotrod.namespace=$(POD_NAMESPACE),hotrod.pod.hash=$(POD_HASH){more}"
"#
    );
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), content: Ok(text.into()) };
    vec![file("otel/config.yaml", &map), file("otel/daemonset.yaml", DAEMONSET), file("hotrod/rollout.yaml", &rollout)]
}

/// A metric's labels with the values that they can have; `None` for any.
type Labels = BTreeMap<String, Option<BTreeSet<String>>>;

#[derive(Debug, Default, PartialEq)]
struct Series {
    families: BTreeMap<String, Labels>,
    /// Bucket bounds as they stand, by metric.
    bounds: BTreeMap<String, BTreeSet<String>>,
}

fn derived(case: &Case) -> Series {
    let context = Context::default();
    let repository = Repository::read(&repository(case), &context);
    let contract = Contract::derive(&repository, &context);
    assert!(contract.described(), "the fixture's rollout is not described");
    let mut found = Series::default();
    for family in contract.families.iter().filter(|f| f.exists) {
        let Origin::Spans { source, .. } = family.origin else { continue };
        let labels = found.families.entry(family.name.clone()).or_default();
        for (name, domain) in &family.labels {
            let values = match domain {
                Domain::Values(values) => Some(values.iter().cloned().collect()),
                _ => None,
            };
            match (labels.get_mut(name), values) {
                (Some(Some(known)), Some(more)) => known.extend(more),
                (Some(known), None) => *known = None,
                (Some(None), _) => {}
                (None, values) => {
                    labels.insert(name.clone(), values);
                }
            }
        }
        if family.kind == Kind::Bucket {
            let bounds = contract.span_metrics[source].bounds.iter().map(|b| b.to_string());
            found.bounds.entry(family.name.clone()).or_default().extend(bounds.chain(["inf".to_owned()]));
        }
    }
    found
}

fn shown(samples: &[Sample]) -> Series {
    let mut found = Series::default();
    for sample in samples.iter().filter(|s| !s.name.ends_with("target_info")) {
        let labels = found.families.entry(sample.name.clone()).or_default();
        // An empty label is none (Prometheus' data model).
        for (name, value) in sample.labels.iter().filter(|(_, value)| !value.is_empty()) {
            labels.entry(name.clone()).or_insert_with(|| Some(BTreeSet::new())).as_mut().unwrap().insert(value.clone());
        }
        if let Some(le) = sample.labels.get("le") {
            let bound: f64 = le.replace("+Inf", "inf").parse().unwrap();
            found.bounds.entry(sample.name.clone()).or_default().insert(bound.to_string());
        }
    }
    // One bucket holds everything and tells nothing: it is not derived.
    let bare: Vec<String> = found.bounds.iter().filter(|(_, b)| b.len() == 1).map(|(name, _)| name.clone()).collect();
    for name in bare {
        found.families.remove(&name);
        found.bounds.remove(&name);
    }
    found
}

/// Starts the real collector with the case's configuration, with the receiver and the exporters on these ports.
fn start(case: &Case, binary: &Path, otlp: u16, pages: &[u16]) -> io::Result<Process> {
    let endpoint = |port: u16| json!({ "endpoint": format!("127.0.0.1:{port}") });
    let exporters: Map<String, _> =
        case.exporters.iter().zip(pages).map(|((id, _), port)| ((*id).to_owned(), endpoint(*port))).collect();
    let connectors: Map<String, _> = case
        .connectors
        .iter()
        .map(|(id, _)| ((*id).to_owned(), json!({ "metrics_flush_interval": "100ms" })))
        .collect();
    let over = json!({
        "receivers": { "otlp": { "protocols": { "http": endpoint(otlp) } } },
        "connectors": connectors,
        "exporters": exporters,
    });
    collector(binary, &config(case), &over.to_string())
}

/// Sends the recorded spans to the real collector, all at once (so that one flush holds all of them), and reads its pages.
fn real(case: &Case, binary: &Path, recording: &Recording) -> Vec<Sample> {
    let on = |[otlp, first, second]: [u16; 3]| {
        let ports: Vec<u16> = [first, second].into_iter().take(case.exporters.len()).collect();
        Ok((start(case, binary, otlp, &ports)?, otlp, ports))
    };
    let (mut process, otlp, ports) = on_free_ports(on).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let sent = post_json(otlp, "/v1/traces", &recording.request(case.resource)).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    let expected = (recording.spans().len() * case.connectors.len() * case.exporters.len()) as f64;
    let pages = |log: &str| {
        let pages = ports.iter().map(|port| parse(&scrape(*port).ok()?.body).ok()).collect::<Option<Vec<_>>>();
        let samples = pages?.concat();
        let counted: f64 = samples.iter().filter(|s| s.name.contains("calls")).map(|s| s.value).sum();
        let done = if case.dropped { log.contains("failed to convert metric") } else { counted >= expected };
        done.then_some(samples)
    };
    process.wait_for("the spans on the metrics pages", LIMIT, pages).unwrap()
}

fn differences(derived: &Series, real: &Series) -> Vec<String> {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = derived.families.keys().chain(real.families.keys()).collect();
    for name in names {
        let (ours, theirs) = match (derived.families.get(name), real.families.get(name)) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (Some(_), None) => {
                found.push(format!("{name}: derived, not there"));
                continue;
            }
            (None, _) => {
                found.push(format!("{name}: there, not derived"));
                continue;
            }
        };
        let extra = ours.keys().filter(|l| !theirs.contains_key(*l) && !SCRAPE.contains(&l.as_str()));
        found.extend(extra.map(|l| format!("{name}: label {l} derived, not there")));
        for (label, values) in theirs {
            match ours.get(label) {
                None => found.push(format!("{name}: label {label} there, not derived")),
                Some(Some(known)) => {
                    let unknown: Vec<_> = values.iter().flatten().filter(|v| !known.contains(*v)).collect();
                    if !unknown.is_empty() {
                        found.push(format!("{name}: values {unknown:?} of {label} there, not among {known:?}"));
                    }
                }
                Some(None) => {}
            }
        }
    }
    for (name, bounds) in &real.bounds {
        if derived.bounds.get(name).is_some_and(|ours| ours != bounds) {
            found.push(format!("{name}: bounds {bounds:?}, derived {:?}", derived.bounds[name]));
        }
    }
    found
}

#[test]
fn series_are_those_of_the_real_exporter() {
    let (Some(recording), Some(binary)) = (recording(), lab::judge(Program::Collector)) else { return };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(case) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let samples = real(case, &binary, recording);
            let differences = differences(&derived(case), &shown(&samples));
            found.extend(differences.into_iter().map(|d| format!("{}: {d}", case.name)));
        }
        found
    };
    let differences: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert!(differences.is_empty(), "{} of {} cases:\n{}", differences.len(), CASES.len(), differences.join("\n"));
}
