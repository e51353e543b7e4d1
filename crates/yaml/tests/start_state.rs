//! The published broken start, where it lies beside the checkout.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test may end at the first surprise")]

use hyperspace_yaml::{self as yaml, Position, Route};
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
