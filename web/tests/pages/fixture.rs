//! A folder, its report, and a browser.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use hyperspace_web::live::Cluster;
use hyperspace_web::{Site, Snapshot, Source, Upstream, router};
use model::{Context, Repository, SourceFile};
use rules::{Evidence, Finding, Fix, Judged, Location, Report, Reported, Safety, Severity};
use std::sync::Arc;
use tower::ServiceExt as _;
use yaml::{Position, Route};

/// A folder in one text: `//- path`, then that file.
pub(crate) const FOLDER: &str = "\
//- otel/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: collector-config, namespace: otel}
data:
  collector.yaml: |
    receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}
    connectors: {spanmetrics: {}}
    exporters: {prometheus: {endpoint: 0.0.0.0:8889}, debug: {}}
    service:
      pipelines:
        traces: {receivers: [otlp], processors: [batch], exporters: [spanmetrics]}
        metrics: {receivers: [spanmetrics], exporters: [prometheus]}
//- otel/daemonset.yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: collector, namespace: otel}
spec:
  selector: {matchLabels: {app: collector}}
  template:
    metadata:
      labels: {app: collector}
      annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '8889'}
    spec:
      containers:
        - name: collector
          image: otel/opentelemetry-collector-contrib:0.142.0
          args: [--config=/conf/collector.yaml]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: collector-config}}]
//- otel/service.yaml
apiVersion: v1
kind: Service
metadata: {name: collector, namespace: otel}
spec:
  selector: {app: collector}
  ports: [{name: otlp-http, port: 4318}]
//- shop/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: shop:1
          env: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://collector.otel:4318'}]
";

/// What would be markup in any place where it is not escaped.
pub(crate) const HOSTILE: &str = "<xss a=\"b\" 'c'>&amp;</code>";

pub(crate) fn sources(folder: &str) -> Vec<SourceFile> {
    let files = folder.split("//- ").skip(1).filter_map(|part| part.split_once('\n'));
    files.map(|(path, text)| SourceFile { path: path.to_owned(), content: Ok(text.into()) }).collect()
}

fn reported(rule: &'static str, severity: Severity, message: &str, file: &str, line: usize) -> Reported {
    let finding = Finding {
        rule,
        severity,
        message: message.to_owned(),
        consequence: "what happens at run time".to_owned(),
        at: Location { file: 0, route: Route::root(0), within: None },
        related: Vec::new(),
        fix: None,
        caused_by: None,
    };
    let (start, end) = (Position { line, column: 1 }, Position { line, column: 5 });
    Reported { finding, file: file.to_owned(), path: Vec::new(), start, end }
}

/// A warning, an error with a fix, and an echo of the error.
pub(crate) fn report() -> Report {
    let warning = reported("gate/errors-on-no-data", Severity::Warning, "a warning", "otel/config.yaml", 2);
    let mut error = reported("gate/vacuous", Severity::Error, "the gate `traffic` is blind", "otel/config.yaml", 6);
    error.finding.fix = Some(Fix { title: "Mend `it`".to_owned(), safety: Safety::Safe, edits: Vec::new() });
    let mut echo = reported("gate/missing", Severity::Error, "an echo", "otel/config.yaml", 7);
    echo.finding.caused_by = Some(1);
    let evidence = Evidence {
        gate: "latency".to_owned(),
        file: "gates.yaml".to_owned(),
        rollout: Some("shop".to_owned()),
        promotes: Some("1 good sample of 3, two NaN".to_owned()),
        aborts: None,
    };
    let judged = Judged {
        files: 4,
        collectors: 1,
        notes: vec!["a note".to_owned()],
        evidence: vec![evidence],
        ..Judged::default()
    };
    Report { findings: vec![warning, error, echo], judged }
}

pub(crate) struct Fixed {
    pub(crate) folder: String,
    pub(crate) report: fn() -> Report,
}

impl Source for Fixed {
    fn load(&self) -> Result<Snapshot, String> {
        let context = Context::default();
        let repository = Repository::read(&sources(&self.folder), &context);
        Ok(Snapshot::of(&repository, &context, &(self.report)()))
    }
}

pub(crate) struct Unreadable;

impl Source for Unreadable {
    fn load(&self) -> Result<Snapshot, String> {
        Err(format!("no such folder: {HOSTILE}"))
    }
}

pub(crate) fn site(source: impl Source + 'static) -> Site {
    let cluster = Cluster::Absent { why: "no kubeconfig".to_owned(), hint: "set KUBECONFIG".to_owned() };
    let (folder, program) = ("deploy".to_owned(), "cargo xtask".to_owned());
    Site { folder, program, source: Arc::new(source), cluster, upstream: Upstream::default() }
}

pub(crate) fn plain() -> Site {
    site(Fixed { folder: FOLDER.to_owned(), report })
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn ask(site: Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(site).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 24).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn get(site: Site, path: &str) -> Answer {
    ask(site, path, &[("host", "127.0.0.1:8500")]).await
}
