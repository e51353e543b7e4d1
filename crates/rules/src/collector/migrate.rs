//! Successors of removed components whose configuration has to change with the type. From contrib's changelog: the jaeger
//! exporter (removed in 0.86) and its Thrift sibling, core's logging exporter (0.111), the span metrics processor.

use super::edit::Ops;
use super::view::View;
use crate::finding::Safety;
use catalogue::Class;
use contract::CONNECTOR;
use contract::endpoint;
use model::{Component, Place};
use yaml::{Op, Value};

/// What takes a removed component's place.
pub(crate) struct Successor {
    /// Its type.
    pub(crate) kind: String,
    /// What changes below the component's key.
    pub(crate) ops: Ops,
    /// Whether one reading is left.
    pub(crate) safety: Safety,
}

fn set(at: &Place, value: &str) -> (usize, Op) {
    (at.file, Op::Set { route: at.route.clone(), value: Value::from(value) })
}

/// The successor of a removed type, where what changes is known.
pub(crate) fn successor(view: &View<'_>, component: &Component, named: &str) -> Option<Successor> {
    if component.class != Class::Exporter {
        return None;
    }
    let node = view.node(&component.at);
    let text = |key: &str| node.and_then(|n| n.get(key)).and_then(|n| n.as_str());
    let at = |key: &str| component.at.key(key);
    let made = |kind: &str, ops: Ops| Some(Successor { kind: kind.to_owned(), ops, safety: Safety::Safe });
    match component.kind.as_str() {
        // Jaeger takes OTLP on its own port; host and TLS settings stay.
        "jaeger" => {
            let moved = text("endpoint").and_then(endpoint::parse).map(|e| e.with(&e.host, Some(4317)));
            made("otlp", moved.map(|m| set(&at("endpoint"), &m)).into_iter().collect())
        }
        "jaeger_thrift" => {
            let moved = text("endpoint").and_then(endpoint::parse).map(|e| format!("http://{}:4318", e.host));
            made("otlphttp", moved.map(|m| set(&at("endpoint"), &m)).into_iter().collect())
        }
        "logging" => {
            let mut ops = Ops::new();
            if let Some(level) = text("loglevel") {
                let file = component.at.file;
                if node.and_then(|n| n.get("verbosity")).is_some() {
                    ops.push((file, Op::Remove { route: at("loglevel").route }));
                } else {
                    let verbosity = if level == "debug" { "detailed" } else { "basic" };
                    ops.push(set(&at("loglevel"), verbosity));
                    ops.push((file, Op::SetKey { route: at("loglevel").route, key: "verbosity".to_owned() }));
                }
            }
            made("debug", ops)
        }
        _ if named == "debug" => made("debug", Ops::new()),
        _ => None,
    }
}

/// What changes in a component that moves to the section of `target`: the span metrics processor's keys of old.
pub(crate) fn inside(view: &View<'_>, component: &Component, target: Class) -> Ops {
    let mut ops = Ops::new();
    if component.class != Class::Processor
        || target != Class::Connector
        || !CONNECTOR.contains(&component.kind.as_str())
    {
        return ops;
    }
    let Some(node) = view.node(&component.at) else { return ops };
    let file = component.at.file;
    if let Some(buckets) = node.get("latency_histogram_buckets") {
        let value = Value::map([("explicit", Value::map([("buckets", buckets.to_value())]))]);
        ops.push((
            file,
            Op::Insert { route: component.at.route.clone(), key: "histogram".to_owned(), value, after: None },
        ));
        ops.push((file, Op::Remove { route: component.at.key("latency_histogram_buckets").route }));
    }
    if node.get("metrics_exporter").is_some() {
        ops.push((file, Op::Remove { route: component.at.key("metrics_exporter").route }));
    }
    ops
}
