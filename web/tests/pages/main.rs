//! Drives the router as a browser would, without sockets.

#![allow(clippy::unwrap_used, reason = "a test helper has nobody to hand an error to")]

mod door;
mod fixture;
mod graph;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use fixture::{FOLDER, Fixed, HOSTILE, Unreadable, ask, get, plain, report, site};
use futures_util::StreamExt as _;
use hyperspace_web::{Snapshot, Source, router};
use rules::{Judged, Report};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt as _;

#[tokio::test]
async fn every_page_is_html_under_a_strict_policy() {
    for path in ["/findings", "/rollouts", "/pipeline", "/rules", "/rules/gate/vacuous", "/browser-code"] {
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
    for path in ["/findings", "/rollouts", "/pipeline", "/rules", "/rules/gate/vacuous", "/browser-code"] {
        let page = get(plain(), path).await.body;
        for needed in ["<html lang=\"en\">", "<main id=\"main\"", "href=\"#main\"", "<nav aria-label", "<header"] {
            assert_eq!(page.matches(needed).count(), 1, "{path}: {needed}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{path}: id {id} twice");
        }
        let labelled = page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for target in labelled.flat_map(str::split_whitespace) {
            assert!(ids.contains(&target), "{path}: {target} labels nothing");
        }
    }
}

#[tokio::test]
async fn findings_come_errors_first_with_echoes_under_their_cause() {
    let page = get(plain(), "/findings").await.body;
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
async fn a_frame_is_its_pages_part_and_the_page_goes_on_with_it() {
    for path in ["/findings", "/pipeline", "/pipeline?node=none"] {
        let router = router(plain());
        let page = open(&router, path).await.collect::<Vec<_>>().await;
        let page = String::from_utf8(page.into_iter().flat_map(Result::unwrap).collect()).unwrap();
        let stream = page.split("hx-sse:connect=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let (events, mark) = (format!("/events{path}"), if path.contains('?') { '&' } else { '?' });
        assert!(stream.starts_with(&format!("{events}{mark}after=")), "{stream}");
        let frame = open(&router, &events).await.next().await.unwrap().unwrap();
        let frame = String::from_utf8(frame.to_vec()).unwrap();
        let data: Vec<&str> = frame.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert!(data.len() > 10 && page.contains(data.join("\n").trim()), "{path}: {frame}");
        let first = open(&router, &stream).await.next().await.unwrap().unwrap();
        assert!(first.starts_with(b"event: beat\n"), "the page has that frame already");
    }
}

async fn open(router: &Router, path: &str) -> BodyDataStream {
    let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().into_body().into_data_stream()
}

/// A folder that is changed while somebody looks.
struct Changing(AtomicUsize);

impl Source for Changing {
    fn load(&self) -> Result<Snapshot, String> {
        let report = if self.0.load(Ordering::SeqCst) == 0 { report } else { Report::default };
        Fixed { folder: FOLDER.to_owned(), report }.load()
    }
}

#[tokio::test]
async fn a_changed_folder_comes_to_who_looks() {
    let changing = Arc::new(Changing(AtomicUsize::new(0)));
    struct Shared(Arc<Changing>);
    impl Source for Shared {
        fn load(&self) -> Result<Snapshot, String> {
            self.0.load()
        }
    }
    let router = router(site(Shared(Arc::clone(&changing))));
    let mut stream = open(&router, "/events/findings").await;
    let mut frame = async || loop {
        let event = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
        if event.starts_with("id: ") && !event.contains("Checking the folder") {
            return event;
        }
    };
    assert!(frame().await.contains("1 error and 1 warning"));
    changing.0.store(1, Ordering::SeqCst);
    // Whoever reloads sees it, a second later at most; those who look get it then, too.
    loop {
        let page = open(&router, "/findings").await.next().await.unwrap().unwrap();
        if String::from_utf8_lossy(&page).contains("Nothing to judge") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(frame().await.contains("Nothing to judge"));
}

#[tokio::test]
async fn a_finding_keeps_its_id_when_lines_move() {
    let id = |page: &str| page.split("class=\"finding error\" id=\"").nth(1).map(|rest| rest[..18].to_owned());
    let before = get(plain(), "/findings").await.body;
    let moved = || {
        let mut report = report();
        report.findings.iter_mut().for_each(|reported| reported.start.line += 3);
        report
    };
    let after = get(site(Fixed { folder: FOLDER.to_owned(), report: moved }), "/findings").await.body;
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
    for path in ["/findings", "/pipeline"] {
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
    for path in ["/findings", "/pipeline"] {
        let page = get(site(Unreadable), path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(page.body.contains("This folder cannot be checked") && page.body.contains("&#60;xss"), "{path}");
        assert!(
            page.body.contains(&format!("hx-sse:connect=\"/events{path}?after=")) && !page.body.contains("<xss"),
            "{path}"
        );
    }
    assert_eq!(get(site(Unreadable), "/healthz").await.body, "ok\n");
}

#[tokio::test]
async fn nothing_judged_is_not_clean() {
    let nothing = site(Fixed { folder: String::new(), report: Report::default });
    let page = get(nothing, "/findings").await.body;
    assert!(page.contains("<h1>Nothing to judge</h1>") && page.contains("verdict doubtful"), "{page}");
    let judged = || Report { judged: Judged { files: 1, gates: 3, ..Judged::default() }, ..Report::default() };
    let page = get(site(Fixed { folder: String::new(), report: judged }), "/findings").await.body;
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
        let answer = ask(plain(), "/findings", &[header]).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{header:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.body.contains("otel"), "{header:?}");
    }
    for host in ["localhost:8500", "[::1]:8500"] {
        assert_eq!(ask(plain(), "/findings", &[("host", host)]).await.status, StatusCode::OK, "{host}");
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
            let request = Request::get("/findings").header("host", "localhost").body(Body::empty()).unwrap();
            tokio::spawn(router.clone().oneshot(request))
        })
        .collect();
    for task in asked {
        task.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
}
