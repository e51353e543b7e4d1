//! The drawn pipeline: facts of the layout rather than pixels, the findings' places, commits.

use crate::fixture::{FOLDER, Fixed, HOSTILE, get, report, site, sources};
use axum::http::StatusCode;
use hyperspace_web::{Commit, Snapshot, Source};
use model::{Context, Repository};
use std::time::Instant;
use tower::ServiceExt as _;

/// Folders by revision, really checked; `""` is the folder itself.
struct Checked(Vec<(&'static str, String)>);

impl Source for Checked {
    fn load(&self) -> Result<Snapshot, String> {
        self.at("")
    }

    fn at(&self, commit: &str) -> Result<Snapshot, String> {
        let state = self.0.iter().find(|(rev, _)| *rev == commit);
        let (_, folder) = state.ok_or_else(|| format!("there is no revision {commit:?}"))?;
        let context = Context::default();
        let repository = Repository::read(&sources(folder), &context);
        Ok(Snapshot::of(&repository, &context, &rules::check(&repository, &context)))
    }

    fn commits(&self, most: usize) -> Vec<Commit> {
        let commit = |(rev, _): &(&str, String)| Commit {
            id: (*rev).to_owned(),
            subject: HOSTILE.to_owned(),
            when: "2026-11-26 05:49 +00:00".to_owned(),
        };
        self.0.iter().filter(|(rev, _)| !rev.is_empty()).take(most).map(commit).collect()
    }
}

fn whole() -> String {
    FOLDER.replace("exporters: {prometheus", "processors: {batch: {}}\n    exporters: {prometheus")
}

/// Nothing receives, and nothing carries the span metrics on.
fn broken() -> String {
    let lines = FOLDER.lines().filter(|line| !line.trim_start().starts_with("metrics: "));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    text.replace("receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}", "receivers: {}")
}

fn now(folder: String) -> Checked {
    Checked(vec![("", folder)])
}

/// A box of the picture.
#[derive(Debug)]
struct Shape {
    name: String,
    href: String,
    class: String,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// What stands between `from` and `to`, first.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(inner, _)| inner)
}

fn shapes(page: &str) -> Vec<Shape> {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let shape = |part: &str| {
        let (x, y) = between(part, "translate(", ")").split_once(' ').unwrap();
        Shape {
            name: between(part, "aria-label=\"", "\"").to_owned(),
            href: between(part, "href=\"", "\"").replace("&#38;", "&"),
            class: part.split('"').next().unwrap_or_default().to_owned(),
            x: number(x),
            y: number(y),
            width: number(between(part, "<rect width=\"", "\"")),
            height: number(between(part, "height=\"", "\"")),
        }
    };
    page.split("<a class=\"node ").skip(1).map(shape).collect()
}

#[tokio::test]
async fn the_order_of_the_links_is_the_way_of_the_data() {
    let page = get(site(Fixed { folder: whole(), report }), "/pipeline").await.body;
    let names: Vec<String> = shapes(&page).into_iter().map(|s| s.name).filter(|name| !name.contains("debug")).collect();
    assert_eq!(
        names,
        [
            "sender shop, Deployment",
            "receiver otlp, :4318 OTLP/HTTP",
            "pipeline traces",
            "processor batch",
            "connector spanmetrics",
            "pipeline metrics",
            "exporter prometheus, :8889 metrics page",
            "scraper Prometheus, by the pods&#39; annotations",
        ]
    );
    assert!(page.contains("aria-label=\"exporter, unused debug\""), "{page}");
    assert!(page.contains("class=\"edge traces\"") && page.contains("class=\"edge metrics\""));
    assert!(page.contains("traces, OTLP</text>") && page.contains("scrapes :8889/metrics</text>"));
}

/// Boxes keep apart, but for processors inside their pipeline; the links come column by column, each from the top.
fn well_arranged(shapes: &[Shape]) {
    for (index, a) in shapes.iter().enumerate() {
        for b in shapes.iter().skip(index + 1) {
            let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            let inside =
                b.class.contains("row") && a.class.contains("hub") && a.x < b.x && a.x + a.width > b.x + b.width;
            assert!(apart || inside, "{a:?} and {b:?}");
        }
    }
    let columns: Vec<(f64, f64)> =
        shapes.iter().filter(|s| !s.class.contains("row")).map(|s| (s.x + s.width / 2.0, s.y)).collect();
    for pair in columns.windows(2) {
        let [(x, y), (next, below)] = pair else { continue };
        assert!(next - x > -1.0 && (next - x > 1.0 || below > y), "{pair:?}");
    }
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "the figure is for whoever asks with --nocapture")]
async fn two_hundred_nodes() {
    let router = hyperspace_web::router(site(now(large(30))));
    // A console that is served arranges the graph before its first reader comes.
    let (page, first) = timed(&router).await;
    let (again, took) = timed(&router).await;
    assert_eq!(format!("{:?}", shapes(&page)), format!("{:?}", shapes(&again)));
    let shapes = shapes(&page);
    assert!((195..=230).contains(&shapes.len()), "{}", shapes.len());
    well_arranged(&shapes);
    let kilobytes = page.len() / 1000;
    println!(
        "{} nodes, {kilobytes} kB: {first:?}, then {took:?}; optimised: {}",
        shapes.len(),
        !cfg!(debug_assertions)
    );
    // What the page must reach is about an optimised program.
    assert!(cfg!(debug_assertions) || took.as_millis() < 150, "{took:?}");
}

async fn timed(router: &axum::Router) -> (String, std::time::Duration) {
    let start = Instant::now();
    let request = axum::http::Request::get("/pipeline").header("host", "localhost");
    let answer = router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let page = axum::body::to_bytes(answer.into_body(), 1 << 24).await.unwrap();
    (String::from_utf8(page.to_vec()).unwrap(), start.elapsed())
}

/// One gateway for `teams` teams, each with a sender, a receiver and a pipeline.
fn large(teams: usize) -> String {
    let (mut receivers, mut pipelines, mut ports, mut senders) =
        (String::new(), String::new(), String::new(), String::new());
    for team in 0..teams {
        let port = 14_000 + team;
        receivers += &format!("      otlp/t{team}: {{protocols: {{http: {{endpoint: 0.0.0.0:{port}}}}}}}\n");
        pipelines += &format!(
            "        traces/t{team}: {{receivers: [otlp/t{team}], processors: [memory_limiter, filter, batch], \
             exporters: [otlp, spanmetrics]}}\n"
        );
        pipelines += &match team % 4 {
            0 => {
                format!("        logs/t{team}: {{receivers: [otlp/t{team}], processors: [batch], exporters: [otlp]}}\n")
            }
            _ => String::new(),
        };
        ports += &format!("    - {{name: t{team}, port: {port}}}\n");
        senders += &format!("//- shop/t{team}.yaml\n");
        let own = FOLDER.split("//- shop/deployment.yaml\n").nth(1).unwrap_or_default();
        senders += &own.replace("shop", &format!("t{team}")).replace("4318", &port.to_string());
    }
    let base = FOLDER.split("//- shop/deployment.yaml\n").next().unwrap_or_default();
    base.replace(
        "    receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}\n",
        &format!("    receivers:\n{receivers}    processors: {{memory_limiter: {{}}, filter: {{}}, batch: {{}}}}\n"),
    )
    .replace("exporters: {prometheus", "exporters: {otlp: {endpoint: 'jaeger.jaeger:4317'}, prometheus")
    .replace("        traces: {receivers: [otlp], processors: [batch], exporters: [spanmetrics]}\n", &pipelines)
    .replace("  ports: [{name: otlp-http, port: 4318}]\n", &format!("  ports:\n{ports}"))
        + &senders
}

#[tokio::test]
async fn what_is_missing_leads_to_the_finding_with_its_diff() {
    let page = get(site(now(broken())), "/pipeline").await.body;
    assert!(
        page.contains("class=\"edge metrics missing\"") || page.contains("class=\"edge traces missing\""),
        "{page}"
    );
    let pin = between(&page, "<a class=\"pin\" href=\"#", "\"");
    assert!(pin.starts_with("f-") && page.contains(&format!("id=\"{pin}\"")), "{pin}");
    assert!(page.contains("What <code>fix</code> would change") && page.contains("<span class=\"added\">+"), "{page}");
    assert!(page.contains("To apply it: <code>cargo xtask fix deploy</code>"), "{page}");
    well_arranged(&shapes(&page));
    let clean = get(site(now(whole())), "/pipeline").await.body;
    assert!(!clean.contains(" missing\"") && !clean.contains("class=\"pin\""), "{clean}");
}

#[tokio::test]
async fn a_box_opens_its_source_lines() {
    let page = get(site(now(whole())), "/pipeline").await.body;
    let shapes = shapes(&page);
    let open = |start: &str| shapes.iter().find(|s| s.name.starts_with(start)).unwrap().href.clone();
    for (start, line) in [
        ("receiver otlp", "receivers: {otlp: {protocols"),
        ("pipeline metrics", "metrics: {receivers: [spanmetrics]"),
        ("sender shop", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ] {
        let href = open(start);
        let address = href.strip_suffix("#source").unwrap();
        let opened = get(site(now(whole())), address).await;
        assert_eq!(opened.status, StatusCode::OK);
        assert_eq!(opened.body.matches("id=\"source\"").count(), 1, "{address}");
        let source = between(&opened.body, "id=\"source\"", "</section>");
        assert!(source.contains(line), "{source}");
        assert_eq!(opened.body.matches("aria-current=\"true\"").count(), 1);
        // What comes later goes on showing it.
        let stream = format!("hx-sse:connect=\"/events{}&#38;after=", address.replace('&', "&#38;"));
        assert!(opened.body.contains(&stream), "{address}");
    }
    let gone = get(site(now(whole())), "/pipeline?node=nothing").await;
    assert!(gone.status == StatusCode::OK && gone.body.contains("is not in the pipeline any more"));
}

#[tokio::test]
async fn commits_alone_and_against_each_other() {
    let states = || Checked(vec![("", whole()), ("new", whole()), ("old", broken())]);
    let page = get(site(states()), "/pipeline").await.body;
    assert!(
        page.contains("href=\"/pipeline?commit=old\"") && page.contains("href=\"/pipeline?commit=old..new\""),
        "{page}"
    );
    let old = get(site(states()), "/pipeline?commit=old").await;
    assert!(old.body.contains("Pipeline at <code>old</code>") && old.body.contains("not defined"), "{}", old.body);
    // A commit does not change, and no command mends it.
    assert!(!old.body.contains("hx-sse") && !old.body.contains("To apply it"));
    for (range, word, other) in
        [("old..new", "added", "removed"), ("new..old", "removed", "added"), ("old..", "added", "removed")]
    {
        let page = get(site(states()), &format!("/pipeline?commit={range}")).await.body;
        let shapes = shapes(&page);
        let metrics = shapes.iter().find(|s| s.name.contains("pipeline") && s.name.contains("metrics")).unwrap();
        assert!(metrics.name.contains(&format!(", {word}")) && metrics.class.contains(word), "{metrics:?}");
        assert!(!shapes.iter().any(|s| s.class.contains(other)), "{range}: {page}");
        assert!(between(&page, "id=\"changes\"", "</section>").contains("pipeline metrics"), "{range}");
        well_arranged(&shapes);
    }
    let same = get(site(states()), "/pipeline?commit=new..new").await.body;
    assert!(same.contains("Nothing in the pipeline.") && !same.contains("class=\"sign\""), "{same}");
}

#[tokio::test]
async fn addresses_and_commits_are_never_markup() {
    let states = || Checked(vec![("", whole()), ("a", whole())]);
    let hostile = "%3Cxss%20a=%22b%22%3E";
    for address in [
        format!("/pipeline?commit={hostile}"),
        format!("/pipeline?commit={hostile}..a"),
        format!("/pipeline?node={hostile}"),
        format!("/pipeline?commit=a&node={hostile}"),
    ] {
        let page = get(site(states()), &address).await;
        let bad = address.contains("commit=%");
        assert_eq!(page.status, if bad { StatusCode::NOT_FOUND } else { StatusCode::OK }, "{address}");
        assert!(!page.body.contains("<xss") && !page.body.contains("a=\"b\""), "{address}: {}", page.body);
        assert_eq!(page.body.contains("This commit cannot be shown"), bad, "{address}");
    }
}
