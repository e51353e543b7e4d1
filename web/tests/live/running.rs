//! What git says of a collector against what runs.

use crate::cluster::{FEEDS, HOSTILE_NAME, How, live, release};
use crate::get;
use axum::Router;
use delivery::{Collector, Controller, Name, Observed, View, Workload};
use hyperspace_web::live::{Cluster, Config, Live, News};
use hyperspace_web::{Site, Snapshot, Source, Upstream, router};
use model::{Context, Repository, SourceFile};
use std::collections::BTreeMap;
use std::sync::Arc;

const CONFIG: &str = "receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}\nexporters: {debug: {}}\n\
                      service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n";
const IMAGE: &str = "otel/opentelemetry-collector-contrib:0.142.0";

struct Folder;

impl Source for Folder {
    fn load(&self) -> Result<Snapshot, String> {
        let indented: String = CONFIG.lines().map(|line| format!("    {line}\n")).collect();
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config, namespace: otel}}\ndata:\n  collector.yaml: |\n{indented}"
        );
        let set = format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: collector, namespace: otel}}\nspec:\n  \
             selector: {{matchLabels: {{app: c}}}}\n  template:\n    metadata: {{labels: {{app: c}}, annotations: \
             {{hyperspace/config-hash: '0123'}}}}\n    spec:\n      containers: [{{name: c, image: '{IMAGE}', args: \
             [--config=/conf/collector.yaml], volumeMounts: [{{name: c, mountPath: /conf}}]}}]\n      \
             volumes: [{{name: c, configMap: {{name: config}}}}]\n"
        );
        let file = |path: &str, text: String| SourceFile { path: path.to_owned(), content: Ok(text.into()) };
        let files = [file("otel/config.yaml", map), file("otel/daemonset.yaml", set)];
        let context = Context::default();
        let repository = Repository::read(&files, &context);
        Ok(Snapshot::of(&repository, &context, &rules::check(&repository, &context)))
    }
}

fn site(live: &Arc<Live>) -> Router {
    router(Site {
        folder: "deploy".to_owned(),
        program: "cargo xtask".to_owned(),
        source: Arc::new(Folder),
        cluster: Cluster::Live(Arc::clone(live)),
        upstream: Upstream::default(),
    })
}

fn map() -> Name {
    Name::new("otel", "config")
}

fn config(live: &Live, text: &str) {
    let data = BTreeMap::from([("collector.yaml".to_owned(), text.to_owned())]);
    live.config(map(), Config::Seen(Some(data)));
}

fn pods(live: &Live, collector: Collector) {
    let mut view = View::default();
    let workload = Workload { kind: Controller::DaemonSet, name: Name::new("otel", "collector") };
    view.collectors.insert(workload, Observed { version: 9, object: Some(collector) });
    live.feed("DaemonSets", News::Seen { view, whole: true });
}

fn collector() -> Collector {
    let annotations = BTreeMap::from([("hyperspace/config-hash".to_owned(), "0123".to_owned())]);
    let images = vec![IMAGE.to_owned()];
    Collector { generation: 2, observed: 2, desired: 2, updated: 2, available: 2, old: 0, annotations, images }
}

/// The rows of the panel: what, and the verdict.
async fn rows(live: &Arc<Live>) -> (Vec<(String, String)>, String) {
    let (_, page) = get(&site(live), "/pipeline").await;
    let panel =
        page.split("class=\"running\"").nth(1).unwrap_or_default().split("</section>").next().unwrap_or_default();
    let row = |part: &str| {
        let what = part.split('<').next().unwrap_or_default().to_owned();
        let verdict = part.split("class=\"badge ").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1));
        (what, verdict.unwrap_or_default().to_owned())
    };
    (panel.split("<th scope=\"row\">").skip(1).map(row).collect(), panel.to_owned())
}

fn wanted(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(what, verdict)| ((*what).to_owned(), (*verdict).to_owned())).collect()
}

#[test]
fn the_folder_names_what_is_to_be_watched() {
    assert_eq!(Folder.load().unwrap().config_maps(), [map()]);
}

#[tokio::test]
async fn what_runs_is_what_git_says() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    pods(&live, collector());
    config(&live, &format!("# a comment\n{}", CONFIG.replace("exporters: {debug: {}}", "exporters:\n  debug: {}")));
    let (found, panel) = rows(&live).await;
    let same = [("Configuration", "same"), ("Image", "same"), ("Configuration&#39;s hash", "same"), ("Pods", "same")];
    assert_eq!(found, wanted(&same), "{panel}");
    assert!(panel.contains("the same but for comments and form") && panel.contains("2 of 2 available"), "{panel}");
}

#[tokio::test]
async fn what_differs_is_told_with_a_diff() {
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    config(&live, &CONFIG.replace("0.0.0.0", "localhost"));
    let old = Collector {
        updated: 1,
        available: 1,
        images: vec!["other:1".to_owned()],
        annotations: BTreeMap::new(),
        ..collector()
    };
    pods(&live, old);
    let (found, panel) = rows(&live).await;
    let all = ["Configuration", "Image", "Configuration&#39;s hash", "Pods"].map(|what| (what, "differs"));
    assert_eq!(found, wanted(&all), "{panel}");
    assert!(
        panel.contains("<span class=\"added\">+receivers: {otlp: {protocols: {http: {endpoint: localhost:4318}}}}"),
        "{panel}"
    );
    assert!(
        panel.contains("1 of 2 available, 1 of the present template") && panel.contains("<td>none</td>"),
        "{panel}"
    );
    live.config(map(), Config::Seen(None));
    assert!(rows(&live).await.1.contains("there is no such ConfigMap"));
}

#[tokio::test]
async fn what_cannot_be_read_is_not_known() {
    let live = Arc::new(Live::new("kind-fleet", FEEDS));
    let unknown = wanted(&[("Configuration", "not known"), ("Pods", "not known")]);
    assert_eq!(rows(&live).await.0, unknown);
    live.config(map(), Config::Lost(format!("forbidden {HOSTILE_NAME}")));
    let (found, panel) = rows(&live).await;
    assert_eq!(found, unknown);
    assert!(panel.contains("forbidden &#60;xss") && !panel.contains("<xss"), "{panel}");
    config(&live, &format!("{HOSTILE_NAME}\n"));
    pods(&live, Collector { images: vec![HOSTILE_NAME.to_owned()], ..collector() });
    let (_, panel) = rows(&live).await;
    assert!(panel.matches("&#60;xss").count() > 1 && !panel.contains("<xss") && !panel.contains("a=\"b\""), "{panel}");
    let (_, commit) = get(&site(&live), "/pipeline?commit=HEAD").await;
    assert!(!commit.contains("class=\"running\""), "a commit is not what should run");
}
