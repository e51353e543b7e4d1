//! The published broken start, where it lies beside the checkout.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test may end at the first surprise")]

use hyperspace_yaml::{self as yaml, Op, Position, Route, Value};
use std::path::PathBuf;

fn start_state(file: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/start-state").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}

#[test]
fn receivers_in_the_embedded_config_lie_where_the_contract_says() {
    let Some(text) = start_state("otel/config.yaml") else { return };
    let stream = yaml::parse(text);
    assert!(stream.faults().is_empty(), "{:?}", stream.faults());
    let route = Route::root(0).keys(["data", "collector-config.yaml", "receivers"]);
    let node = stream.resolve(&route).expect("receivers");
    assert_eq!(node.route(), route);
    let span = node.entry_span();
    assert_eq!(stream.position(span.start), Position { line: 9, column: 5 });
    assert_eq!(stream.position(span.end), Position { line: 9, column: 15 });
    let pipeline = stream
        .resolve(&Route::root(0).keys(["data", "collector-config.yaml", "service", "pipelines", "traces", "receivers"]))
        .expect("pipeline");
    assert_eq!(&stream.text()[pipeline.span()], "[otlp]");
    assert_eq!(&stream.text()[pipeline.entry_span()], "receivers: [otlp]");
}

#[test]
fn every_value_of_the_start_state_is_found_again_by_its_route() {
    for file in [
        "otel/config.yaml",
        "otel/daemonset.yaml",
        "hotrod/rollout.yaml",
        "hotrod/analysis-template.yaml",
        "appset.yaml",
    ] {
        let Some(text) = start_state(file) else { return };
        let stream = yaml::parse(text);
        assert!(stream.faults().is_empty(), "{file}: {:?}", stream.faults());
        for root in stream.documents() {
            check(root);
        }
    }
}

fn check(node: yaml::Node<'_>) {
    let outer = node.stream();
    let found = outer.resolve(&node.route()).expect("route resolves");
    assert_eq!(found.span(), node.span());
    if let Some(text) = node.as_str() {
        for (i, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let at = node.outer_offset(i);
            assert!(outer.text()[at..].starts_with(c), "{:?} at {i}", node.route());
        }
    }
    node.entries().map(|(_, child)| child).chain(node.items()).for_each(check);
    if let Some(inner) = node.embedded().filter(|inner| inner.faults().is_empty()) {
        inner.documents().filter(|root| root.is_mapping()).for_each(|root| {
            root.entries().for_each(|(_, child)| {
                assert_eq!(inner.resolve(&child.route()).expect("inner route").span(), child.span());
            });
        });
    }
}

/// The lines that `after` adds, when it keeps all of `before`'s in their order.
fn added(before: &str, after: &str) -> Vec<String> {
    let mut old = before.lines().peekable();
    let mut new = Vec::new();
    for line in after.lines() {
        match old.next_if_eq(&line) {
            Some(_) => {}
            None => new.push(line.to_owned()),
        }
    }
    assert_eq!(old.next(), None, "a line is gone or changed");
    new
}

#[test]
fn a_fix_inside_the_config_adds_lines_and_changes_none() {
    let Some(text) = start_state("otel/config.yaml") else { return };
    let config = Route::root(0).keys(["data", "collector-config.yaml"]);
    let endpoint = |port: &str| Value::map([("endpoint", format!("0.0.0.0:{port}").into())]);
    let otlp = Value::map([("protocols", Value::map([("grpc", endpoint("4317")), ("http", endpoint("4318"))]))]);
    let pipelines = config.clone().keys(["service", "pipelines"]);
    let metrics = Value::map([("receivers", Value::seq(["spanmetrics"])), ("exporters", Value::seq(["prometheus"]))]);
    let insert = |route: &Route, key: &str, value: Value, after: Option<&str>| Op::Insert {
        route: route.clone(),
        key: key.into(),
        value,
        after: after.map(Into::into),
    };
    let ops = [
        insert(&config.clone().key("receivers"), "otlp", otlp, None),
        insert(&config.clone().key("exporters"), "prometheus", endpoint("8889"), Some("otlp")),
        insert(&config.clone().keys(["connectors", "spanmetrics"]), "metrics_flush_interval", "10s".into(), None),
        insert(&pipelines, "metrics", metrics, None),
    ];
    let after = yaml::apply(&yaml::parse(text.as_str()), &ops).expect("the fix applies");
    let wanted = "      otlp:\n        protocols:\n          grpc:\n            endpoint: 0.0.0.0:4317\n          http:\n            endpoint: 0.0.0.0:4318\n        metrics_flush_interval: 10s\n      prometheus:\n        endpoint: 0.0.0.0:8889\n        metrics:\n          receivers: [spanmetrics]\n          exporters: [prometheus]\n";
    assert_eq!(added(&text, &after).join("\n") + "\n", wanted);
    assert_eq!(text.lines().last().map(str::len), after.lines().last().map(str::len), "the line of blanks stays");
}

#[test]
fn a_fix_of_a_gate_changes_only_its_query() {
    let Some(text) = start_state("hotrod/analysis-template.yaml") else { return };
    let stream = yaml::parse(text.as_str());
    let metrics = Route::root(0).keys(["spec", "metrics"]);
    let query = metrics.clone().index(1).keys(["provider", "prometheus", "query"]);
    let old = stream.resolve(&query).and_then(|node| node.as_str()).expect("the query");
    let at = old.find("hotrod_pod_hash").expect("the label");
    let gate = Value::map([
        ("name", "traffic".into()),
        ("provider", Value::map([("prometheus", Value::map([("query", Value::Block("sum(\n  x\n)\n".into()))]))])),
    ]);
    let ops = [
        Op::Splice { route: query, range: at..at + "hotrod_pod_hash".len(), text: "pod_hash".into() },
        Op::Set { route: metrics.clone().index(0).key("failureLimit"), value: 0.into() },
        Op::Append { route: metrics, value: gate },
    ];
    let after = yaml::apply(&stream, &ops).expect("the fix applies");
    let expected = text.replace("hotrod_pod_hash", "pod_hash").replacen("failureLimit: 2", "failureLimit: 0", 1);
    let new = "    - name: traffic\n      provider:\n        prometheus:\n          query: |\n            sum(\n              x\n            )\n";
    assert_eq!(after.trim_end(), format!("{}\n{}", expected.trim_end(), new.trim_end()));
}
