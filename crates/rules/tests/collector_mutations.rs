//! One fault at a time in a sound state: exactly one root finding, of the rule that fits best, and a safe fix that leads back to a
//! clean state wherever the rule has one.
#![allow(clippy::unwrap_used, clippy::panic)]

use hyperspace_rules::{Fixed, Report, Safety, check, fix};
use model::{Context, Repository, SourceFile};
use std::fs;
use std::path::Path;

const CONFIG: &str = "otel/config.yaml";
const DAEMONSET: &str = "otel/daemonset.yaml";

/// The repository's own manifests.
fn sound() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
    let mut files = Vec::new();
    for folder in ["hotrod", "otel", "traffic-generator"] {
        let mut paths: Vec<_> = fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((format!("{folder}/{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
    let appset = fs::read_to_string(root.join("../appset/hyperspace-operations-and-transport.yaml")).unwrap();
    files.push(("appset.yaml".to_owned(), appset));
    files
}

fn sources(files: &[(String, String)]) -> Vec<SourceFile> {
    files.iter().map(|(path, text)| SourceFile { path: path.clone(), content: Ok(text.as_str().into()) }).collect()
}

/// The rules of the root findings.
fn roots(report: &Report) -> Vec<&'static str> {
    report.findings.iter().filter(|r| r.finding.caused_by.is_none()).map(|r| r.finding.rule).collect()
}

struct Mutation {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    expected: &'static [&'static str],
    /// Whether the safe fixes leave nothing behind.
    mended: bool,
}

const fn mutation(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    expected: &'static [&'static str],
    mended: bool,
) -> Mutation {
    Mutation { name, file: CONFIG, from, to, expected, mended }
}

const OTLP: &str = "    receivers:
      otlp:
        protocols:
          grpc:
            endpoint: 0.0.0.0:4317
          http:
            endpoint: 0.0.0.0:4318
";
const CONNECTOR: &str = "    connectors:
      spanmetrics:
        # Twice the scrape's pace or faster: a gate's first samples must find data.
        metrics_flush_interval: 10s
        # Series of pods that are gone leave with them.
        metrics_expiration: 5m
        dimensions:
          - name: hotrod.namespace
          - name: hotrod.pod.name
          - name: hotrod.pod.hash
";
const METRICS: &str = "        metrics:
          receivers: [spanmetrics]
          processors: [memory_limiter, batch]
          exporters: [prometheus]
";
const TRACES: &str = "        traces:
          receivers: [otlp]
          processors: [memory_limiter, batch]
          exporters: [debug, otlp, spanmetrics]
";
const PROMETHEUS: &str = "      prometheus:
        endpoint: 0.0.0.0:8889
";

const NO_RECEIVER: &[&str] = &["collector/no-receiver"];
const UNDEFINED: &[&str] = &["collector/undefined-component"];
const UNKNOWN_TYPE: &[&str] = &["collector/unknown-component-type"];
const HALF_WIRED: &[&str] = &["collector/half-wired-connector"];
const NOT_EXPOSED: &[&str] = &["collector/metrics-not-exposed"];
const KEY: &[&str] = &["collector/unknown-key"];
const VALUE: &[&str] = &["collector/invalid-value"];
const SIGNAL: &[&str] = &["collector/unsupported-signal"];
const REFUSED: &[&str] = &["collector/signal-refused-by-backend"];
const LOOPBACK: &[&str] = &["collector/loopback-receiver"];
const REMOTE: &[&str] = &["collector/listens-on-remote-name"];
const DIMENSION: &[&str] = &["collector/dimension-matches-nothing"];
const ADDRESS: &[&str] = &["collector/hard-coded-address"];
const AMBIGUOUS: &[&str] = &["collector/ambiguous-id"];
/// Nothing here is mended, so the kept hash has to be.
const UNUSED: &[&str] = &["collector/unused-component", "collector/stale-after-change"];

#[rustfmt::skip]
const MUTATIONS: &[Mutation] = &[
    // receivers
    mutation("no receivers section", OTLP, "", NO_RECEIVER, true),
    mutation("empty receivers section", OTLP, "    receivers:\n", NO_RECEIVER, true),
    mutation("receivers: {}", OTLP, "    receivers: {}\n", NO_RECEIVER, true),
    mutation("receiver renamed", "      otlp:\n        protocols", "      otlp/in:\n        protocols", UNDEFINED, true),
    mutation("receiver's type misspelled", "      otlp:\n        protocols", "      oltp:\n        protocols", UNKNOWN_TYPE, true),
    mutation("section misspelled", "    receivers:\n      otlp", "    receiver:\n      otlp", KEY, true),
    mutation("receiver under processors", OTLP, "", NO_RECEIVER, true),
    mutation("reference misspelled", "receivers: [otlp]", "receivers: [otpl]", UNDEFINED, true),
    mutation("second receiver not defined", "receivers: [otlp]", "receivers: [otlp, zipkin]", UNDEFINED, true),
    mutation("unknown receiver referred to", "receivers: [otlp]", "receivers: [otlp, whatever]", UNDEFINED, true),
    mutation("grpc on localhost", "endpoint: 0.0.0.0:4317", "endpoint: localhost:4317", LOOPBACK, true),
    mutation("http on 127.0.0.1", "endpoint: 0.0.0.0:4318", "endpoint: 127.0.0.1:4318", LOOPBACK, true),
    mutation("http by default", "          http:\n            endpoint: 0.0.0.0:4318\n", "          http:\n", LOOPBACK, true),
    mutation("grpc: {}", "          grpc:\n            endpoint: 0.0.0.0:4317\n", "          grpc: {}\n", LOOPBACK, true),
    mutation("listens on a Service's name", "endpoint: 0.0.0.0:4318", "endpoint: collector.otel.svc.cluster.local:4318", REMOTE, true),
    mutation("listens on a pod's address", "endpoint: 0.0.0.0:4317", "endpoint: 10.244.1.7:4317", REMOTE, true),
    mutation("listener with a scheme", "endpoint: 0.0.0.0:4317", "endpoint: http://0.0.0.0:4317", VALUE, false),
    // connectors
    mutation("connector dropped", CONNECTOR, "", UNDEFINED, true),
    mutation("connector renamed", "      spanmetrics:\n", "      spanmetrics/x:\n", UNDEFINED, true),
    mutation("connector's type misspelled", "      spanmetrics:\n", "      spanmetric:\n", UNKNOWN_TYPE, true),
    mutation("connectors misspelled", "    connectors:\n", "    connector:\n", KEY, true),
    mutation("connector among the processors", "    connectors:\n      spanmetrics:", "      spanmetrics:", UNKNOWN_TYPE, true),
    mutation("no side that takes from it", METRICS, "", HALF_WIRED, true),
    mutation("not fed", "[debug, otlp, spanmetrics]", "[debug, otlp]", HALF_WIRED, true),
    mutation("nobody takes from it", "receivers: [spanmetrics]", "receivers: [otlp]", HALF_WIRED, false),
    mutation("empty receivers of the metrics pipeline", "receivers: [spanmetrics]", "receivers: []", HALF_WIRED, true),
    mutation("no traces pipeline", TRACES, "", HALF_WIRED, true),
    mutation("dimension with underscores", "name: hotrod.namespace", "name: hotrod_namespace", DIMENSION, true),
    mutation("dimension with a slip", "name: hotrod.pod.hash", "name: hotrod.pod.hsah", DIMENSION, true),
    mutation("dimension in other case", "name: hotrod.pod.name", "name: Hotrod.Pod.Name", DIMENSION, true),
    // exporters
    mutation("exporter dropped", PROMETHEUS, "", UNDEFINED, true),
    mutation("exporter renamed", "      prometheus:\n", "      prometheus/x:\n", UNDEFINED, true),
    mutation("exporter's type misspelled", "      prometheus:\n", "      promethus:\n", UNKNOWN_TYPE, true),
    mutation("exporter out of the pipeline", "exporters: [prometheus]", "exporters: []", NOT_EXPOSED, true),
    mutation("debug instead of prometheus", "exporters: [prometheus]", "exporters: [debug]", NOT_EXPOSED, true),
    mutation("exporter on another port", "endpoint: 0.0.0.0:8889", "endpoint: 0.0.0.0:9999", NOT_EXPOSED, true),
    mutation("exporter on localhost", "endpoint: 0.0.0.0:8889", "endpoint: localhost:8889", NOT_EXPOSED, true),
    mutation("metrics to Jaeger too", "exporters: [prometheus]", "exporters: [prometheus, otlp]", REFUSED, true),
    mutation("metrics to Jaeger alone", "exporters: [prometheus]", "exporters: [otlp]", REFUSED, true),
    mutation("prometheus among the traces", "[debug, otlp, spanmetrics]", "[debug, otlp, spanmetrics, prometheus]", SIGNAL, true),
    mutation("jaeger exporter", "      otlp:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:4317", "      jaeger:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:14250", UNKNOWN_TYPE, true),
    mutation("hard-coded address", "endpoint: jaeger-collector.jaeger.svc.cluster.local:4317", "endpoint: 10.96.14.7:4317", ADDRESS, true),
    mutation("connector twice", PROMETHEUS, "      prometheus:\n        endpoint: 0.0.0.0:8889\n      spanmetrics:\n", AMBIGUOUS, true),
    mutation("exporters misspelled", "    exporters:\n      debug", "    exporter:\n      debug", KEY, true),
    // processors and extensions
    mutation("processors dropped", "    processors:\n      memory_limiter:\n        check_interval: 1s\n        limit_percentage: 80\n        spike_limit_percentage: 20\n      batch:\n        timeout: 1s\n", "", UNDEFINED, true),
    mutation("batch dropped", "      batch:\n        timeout: 1s\n", "", UNDEFINED, true),
    mutation("extension dropped", "      health_check:\n        endpoint: 0.0.0.0:13133\n", "", UNDEFINED, true),
    mutation("extension renamed", "extensions: [health_check]", "extensions: [healthcheck]", UNDEFINED, true),
    mutation("health check on localhost", "endpoint: 0.0.0.0:13133", "endpoint: localhost:13133", LOOPBACK, true),
    // frame
    mutation("pipelines misspelled", "      pipelines:", "      pipeline:", KEY, true),
    mutation("traces misspelled", "        traces:", "        trace:", KEY, true),
    mutation("metrics misspelled", "        metrics:", "        metric:", KEY, true),
    mutation("metrics named logs", "        metrics:", "        logs:", SIGNAL, true),
    mutation("traces named logs", "        traces:", "        logs:", SIGNAL, true),
    mutation("service misspelled", "    service:", "    services:", KEY, true),
    mutation("service dropped", "    service:\n      extensions: [health_check]\n      pipelines:\n", "    service:\n      extensions: [health_check]\n    pipelines:\n", KEY, true),
    mutation("receivers list misspelled", "          receivers: [otlp]", "          receiver: [otlp]", KEY, true),
    mutation("exporters list outdented", "          exporters: [prometheus]", "        exporters: [prometheus]", KEY, true),
    mutation("metrics outdented", METRICS, "      metrics:\n        receivers: [spanmetrics]\n        processors: [memory_limiter, batch]\n        exporters: [prometheus]\n", KEY, true),
    mutation("metrics inside traces", METRICS, "          metrics:\n            receivers: [spanmetrics]\n            processors: [memory_limiter, batch]\n            exporters: [prometheus]\n", KEY, true),
    mutation("extensions among the pipelines", "      extensions: [health_check]\n      pipelines:\n", "      pipelines:\n        extensions: [health_check]\n", KEY, true),
    mutation("receivers is a string", "receivers: [otlp]", "receivers: otlp", VALUE, false),
    mutation("processor twice", "processors: [memory_limiter, batch]\n          exporters: [debug", "processors: [memory_limiter, batch, batch]\n          exporters: [debug", VALUE, false),
    mutation("unused exporter", PROMETHEUS, "      prometheus:\n        endpoint: 0.0.0.0:8889\n      debug/more:\n        verbosity: basic\n", UNUSED, false),
    // beside the configuration
    Mutation { name: "GOMEMLIMIT at the limit", file: DAEMONSET, from: "value: 204MiB", to: "value: 256MiB", expected: &["collector/memory-limit"], mended: false },
];

fn mutated(mutation: &Mutation) -> Vec<SourceFile> {
    let mut files = sound();
    let (_, text) = files.iter_mut().find(|(path, _)| path == mutation.file).unwrap();
    assert!(text.contains(mutation.from), "{}: nothing to mutate", mutation.name);
    *text = text.replacen(mutation.from, mutation.to, 1);
    sources(&files)
}

fn judge(files: &[SourceFile]) -> Report {
    let context = Context::default();
    check(&Repository::read(files, &context), &context)
}

fn told(report: &Report) -> String {
    let lines = report.findings.iter().enumerate().map(|(i, r)| {
        let cause = r.finding.caused_by.map(|c| format!(" <- #{c}")).unwrap_or_default();
        let fix = r.finding.fix.as_ref().map(|f| format!(" [{}: {}]", f.safety.as_str(), f.title)).unwrap_or_default();
        format!("  #{i} {} {}:{}{cause}: {}{fix}\n", r.finding.rule, r.file, r.start.line, r.finding.message)
    });
    lines.collect()
}

#[test]
fn the_base_is_sound() {
    let report = judge(&sources(&sound()));
    let found: Vec<&str> = roots(&report).into_iter().filter(|r| r.starts_with("collector/")).collect();
    assert!(found.is_empty(), "{}", told(&report));
}

#[test]
fn every_fault_has_one_root() {
    let base = roots(&judge(&sources(&sound())));
    let mut failures = Vec::new();
    for mutation in MUTATIONS {
        let report = judge(&mutated(mutation));
        let mut found = roots(&report);
        for known in &base {
            if let Some(index) = found.iter().position(|r| r == known) {
                found.remove(index);
            }
        }
        if found != mutation.expected {
            failures.push(format!(
                "{}: expected {:?}, found {found:?}\n{}",
                mutation.name,
                mutation.expected,
                told(&report)
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), MUTATIONS.len(), failures.join("\n"));
}

#[test]
fn safe_fixes_lead_back() {
    let mut failures = Vec::new();
    for mutation in MUTATIONS.iter().filter(|m| m.mended) {
        let Fixed { report, applied, files, .. } = fix(mutated(mutation), &Context::default(), Safety::Safe);
        let left: Vec<&str> = roots(&report).into_iter().filter(|r| r.starts_with("collector/")).collect();
        if !left.is_empty() {
            let titles: Vec<&str> = applied.iter().map(|a| a.title.as_str()).collect();
            let text = files.iter().find(|f| f.path == mutation.file).and_then(|f| f.content.clone().ok()).unwrap();
            failures.push(format!("{}: {left:?} after {titles:?}\n{}{text}", mutation.name, told(&report)));
        }
    }
    assert!(failures.is_empty(), "{} left\n{}", failures.len(), failures.join("\n"));
}
