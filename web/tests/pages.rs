//! Drives the router as a browser would, without sockets.

#![allow(clippy::unwrap_used, reason = "a test helper has nobody to hand an error to")]

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use hyperspace_web::{Site, Snapshot, Source, router};
use model::{Context, Repository, SourceFile};
use rules::{Evidence, Finding, Fix, Judged, Location, Report, Reported, Safety, Severity};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt as _;
use yaml::{Position, Route};

/// A folder in one text: `//- path`, then that file.
const FOLDER: &str = "\
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
const HOSTILE: &str = "<xss a=\"b\" 'c'>&amp;</code>";

fn sources(folder: &str) -> Vec<SourceFile> {
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
fn report() -> Report {
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

struct Fixed {
    folder: String,
    report: fn() -> Report,
}

impl Source for Fixed {
    fn load(&self) -> Result<Snapshot, String> {
        let context = Context::default();
        let repository = Repository::read(&sources(&self.folder), &context);
        Ok(Snapshot::of(&repository, &context, &(self.report)()))
    }
}

struct Unreadable;

impl Source for Unreadable {
    fn load(&self) -> Result<Snapshot, String> {
        Err(format!("no such folder: {HOSTILE}"))
    }
}

fn site(source: impl Source + 'static) -> Site {
    Site { folder: "deploy".to_owned(), program: "cargo xtask".to_owned(), source: Arc::new(source) }
}

fn plain() -> Site {
    site(Fixed { folder: FOLDER.to_owned(), report })
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(site: Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(site).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 24).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(site: Site, path: &str) -> Answer {
    ask(site, path, &[("host", "127.0.0.1:8500")]).await
}

#[tokio::test]
async fn every_page_is_html_under_a_strict_policy() {
    for path in ["/", "/pipeline", "/rules", "/rules/gate/vacuous", "/browser-code", "/fragments/findings"] {
        let page = get(plain(), path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(
            page.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        // What the policy would block.
        for inline in ["<style", " style=", "<script>", " onclick=", " hx-on", "js:"] {
            assert!(!page.body.contains(inline), "{path} holds {inline}");
        }
    }
}

#[tokio::test]
async fn pages_have_what_assistive_technology_needs() {
    for path in ["/", "/pipeline", "/rules", "/rules/gate/vacuous", "/browser-code"] {
        let page = get(plain(), path).await.body;
        for needed in ["<html lang=\"en\">", "<main id=\"main\"", "href=\"#main\"", "<nav aria-label", "<header"] {
            assert_eq!(page.matches(needed).count(), 1, "{path}: {needed}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{path}: id {id} twice");
        }
        for target in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&target), "{path}: {target} labels nothing");
        }
    }
}

#[tokio::test]
async fn findings_come_errors_first_with_echoes_under_their_cause() {
    let page = get(plain(), "/").await.body;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing in {page}"));
    assert!(place("1 error and 1 warning") < place("Judged 1 collector, 0 gates and 0 rollouts in 4 manifests."));
    let error = place("the gate <code>traffic</code> is blind");
    assert!(error < place("1 finding follows from this one"));
    assert!(place("an echo") < place("a warning"));
    assert!(page.contains("<code>otel/config.yaml:6:1</code>"));
    assert!(page.contains("Mend <code>it</code> <span class=\"badge safe\">safe</span>"));
    assert!(page.contains("<code>cargo xtask fix</code> mends 1 of them"));
    assert!(page.contains("href=\"/rules/gate/vacuous\""));
    assert!(page.contains("<span class=\"number\">6</span><mark>    </mark>receivers"), "{page}");
    assert!(page.contains("a note"));
    assert!(place("a warning") < place("<td>1 good sample of 3, two NaN</td>"));
    assert!(page.contains("<td>nothing</td>"));
}

#[tokio::test]
async fn the_pipeline_is_a_list_from_senders_to_scrapes() {
    let page = get(plain(), "/pipeline").await.body;
    let order = [
        "ConfigMap collector-config, key collector.yaml",
        "otel/opentelemetry-collector-contrib:0.142.0",
        "Deployment shop in namespace shop",
        "http://collector.otel:4318",
        "port 4318, every interface (OTLP over HTTP)",
        "not defined",
        "connector, feeds <a href=\"#collector-1-pipeline-2\">metrics</a>",
        "connector, fed by <a href=\"#collector-1-pipeline-1\">traces</a>",
        "none: passed on unchanged",
        "port 8889, every interface (metrics page)",
        "Prometheus, port 8889, path <code>/metrics</code>: <code>prometheus</code> answers",
    ];
    let mut from = 0;
    for text in order {
        let at = page[from..].find(text).unwrap_or_else(|| panic!("{text} is missing after {from} in {page}"));
        from += at + text.len();
    }
    assert!(page.contains("<code>exporter debug</code>"), "unused components are named");
}

#[tokio::test]
async fn a_fragment_is_its_pages_part() {
    for (path, fragment) in [("/", "/fragments/findings"), ("/pipeline", "/fragments/pipeline")] {
        let (page, part) = (get(plain(), path).await.body, get(plain(), fragment).await.body);
        assert!(!part.trim().is_empty() && page.contains(part.trim()), "{fragment}");
        assert!(page.contains(&format!("hx-get=\"{fragment}\"")), "{path}");
    }
}

#[tokio::test]
async fn a_finding_keeps_its_id_when_lines_move() {
    let id = |page: &str| page.split("class=\"finding error\" id=\"").nth(1).map(|rest| rest[..18].to_owned());
    let before = get(plain(), "/").await.body;
    let moved = || {
        let mut report = report();
        report.findings.iter_mut().for_each(|reported| reported.start.line += 3);
        report
    };
    let after = get(site(Fixed { folder: FOLDER.to_owned(), report: moved }), "/").await.body;
    assert!(id(&before).is_some());
    assert_eq!(id(&before), id(&after));
}

#[tokio::test]
async fn hostile_text_is_never_markup() {
    let quoted = format!("'{}'", HOSTILE.replace('\'', "''"));
    let folder = FOLDER
        .replace("name: collector-config", &format!("name: {quoted}"))
        .replace("[otlp]", &format!("[{}]", quoted.replace("''c''", "c")))
        .replace("traces:", "'<xss a=\"b\"':")
        .replace("otel/opentelemetry-collector-contrib:0.142.0", &format!("{HOSTILE}otelcol").replace(' ', "_"))
        .replace("name: shop, ", &format!("name: {quoted}, "))
        .replace("otel/config.yaml", "otel/<xss>.yaml")
        .replace("0.0.0.0:8889", "0.0.0.0:8889/<xss>");
    let report = || {
        let mut report = report();
        for reported in &mut report.findings {
            reported.file = "otel/<xss>.yaml".to_owned();
            reported.finding.message = format!("`{HOSTILE}` {HOSTILE}");
            reported.finding.consequence = HOSTILE.to_owned();
            let at = reported.finding.at.clone();
            reported.finding.related.push((at, HOSTILE.to_owned()));
            if let Some(fix) = &mut reported.finding.fix {
                fix.title = HOSTILE.to_owned();
            }
        }
        report.judged.notes.push(HOSTILE.to_owned());
        report.judged.evidence[0].gate = HOSTILE.to_owned();
        report
    };
    for path in ["/", "/pipeline", "/fragments/findings", "/fragments/pipeline"] {
        let mut site = site(Fixed { folder: folder.clone(), report });
        site.folder = HOSTILE.to_owned();
        let page = get(site, path).await.body;
        assert!(page.contains("&#60;xss"), "{path} shows nothing of it");
        assert!(!page.contains("<xss") && !page.contains("a=\"b\""), "{path}: {page}");
    }
    for path in ["/nowhere/<xss>".replace('<', "%3C").replace('>', "%3E"), "/rules/%3Cxss%3E/x".to_owned()] {
        assert!(!get(plain(), &path).await.body.contains("<xss"), "{path}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_checked_says_so_and_goes_on_asking() {
    for path in ["/", "/pipeline", "/fragments/findings", "/fragments/pipeline"] {
        let page = get(site(Unreadable), path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(page.body.contains("This folder cannot be checked") && page.body.contains("&#60;xss"), "{path}");
        assert!(page.body.contains("hx-trigger=\"every 5s\"") && !page.body.contains("<xss"), "{path}");
    }
    assert_eq!(get(site(Unreadable), "/healthz").await.body, "ok\n");
}

#[tokio::test]
async fn nothing_judged_is_not_clean() {
    let nothing = site(Fixed { folder: String::new(), report: Report::default });
    let page = get(nothing, "/").await.body;
    assert!(page.contains("<h1>Nothing to judge</h1>") && page.contains("verdict doubtful"), "{page}");
    let judged = || Report { judged: Judged { files: 1, gates: 3, ..Judged::default() }, ..Report::default() };
    let page = get(site(Fixed { folder: String::new(), report: judged }), "/").await.body;
    assert!(page.contains("<h1>Clean: nothing found</h1>") && page.contains("verdict good"), "{page}");
}

#[tokio::test]
async fn what_is_not_there() {
    for path in
        ["/nothing", "/rules/gate/none-such", "/assets/none.css", "/assets/missing.txt", "/assets/..%2fCargo.toml"]
    {
        let page = get(plain(), path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("<h1>Nothing here</h1>"), "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
    }
    let posted = Request::post("/").header("host", "localhost").body(Body::empty()).unwrap();
    let answer = router(plain()).oneshot(posted).await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn foreign_names_are_refused() {
    let refused = [("host", "evil.example:8500"), ("host", "127.0.0.1.evil.example"), ("x-none", "")];
    for header in refused {
        let answer = ask(plain(), "/", &[header]).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{header:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.body.contains("otel"), "{header:?}");
    }
    for host in ["localhost:8500", "[::1]:8500"] {
        assert_eq!(ask(plain(), "/", &[("host", host)]).await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn assets_are_sent_once() {
    let kinds = [
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/assets/console.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
    ];
    for (path, kind) in kinds {
        let first = get(plain(), path).await;
        assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, kind), "{path}");
        assert_eq!(first.header("cache-control"), "no-cache");
        let tag = first.header("etag");
        assert!(tag.len() > 16 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        for known in [tag.to_owned(), format!("\"other\", {tag}"), format!("W/{tag}")] {
            let again = ask(plain(), path, &[("host", "localhost"), ("if-none-match", &known)]).await;
            assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
            assert_eq!(again.header("etag"), tag);
        }
        let other = ask(plain(), path, &[("host", "localhost"), ("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status, StatusCode::OK);
    }
}

/// Counts checks that run at the same time.
#[derive(Default)]
struct Slow {
    now: AtomicUsize,
    most: Arc<AtomicUsize>,
}

impl Source for Slow {
    fn load(&self) -> Result<Snapshot, String> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(20));
        self.now.fetch_sub(1, Ordering::SeqCst);
        Err("slow".to_owned())
    }
}

#[tokio::test]
async fn open_pages_take_turns() {
    let slow = Slow::default();
    let most = Arc::clone(&slow.most);
    let router = router(site(slow));
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let request = Request::get("/").header("host", "localhost").body(Body::empty()).unwrap();
            tokio::spawn(router.clone().oneshot(request))
        })
        .collect();
    for task in asked {
        task.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
}
