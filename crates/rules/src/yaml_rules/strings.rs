//! The part of `yaml/syntax` about values that Kubernetes refuses for their type: an unquoted `true` or `8889` where a string
//! must stand.

use super::syntax::RULE;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::Safety;
use contract::Contract;
use model::Place;
use std::collections::HashMap;
use yaml::{Node, Op, ScalarType, Value};

const CONSEQUENCE: &str =
    "Kubernetes refuses the object (\"cannot unmarshal … into … of type string\"): it is not deployed";

pub(super) fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let repository = contract.repository;
    let owners: HashMap<usize, usize> = repository.workloads.iter().enumerate().map(|(w, o)| (o.object, w)).collect();
    for (index, object) in repository.objects.iter().enumerate().filter(|(_, o)| !o.api.is_empty()) {
        let Some(root) = repository.node(&object.at) else { continue };
        let mut places = vec![root.get("metadata")];
        match object.kind.as_str() {
            "ConfigMap" => entries(object.at.file, root.get("data"), "data", drafts),
            "Service" => entries(object.at.file, root.at(&["spec", "selector"]), "selector", drafts),
            _ => {}
        }
        let workload = owners.get(&index).and_then(|w| repository.workloads.get(*w));
        let template = workload.and_then(|w| repository.node(&w.template));
        places.push(template.and_then(|t| t.get("metadata")));
        for metadata in places.into_iter().flatten() {
            for key in ["labels", "annotations"] {
                entries(object.at.file, metadata.get(key), key, drafts);
            }
        }
        if let Some(labels) = root.at(&["spec", "selector", "matchLabels"]) {
            entries(object.at.file, Some(labels), "matchLabels", drafts);
        }
        for key in ["containers", "initContainers"] {
            let list = template.and_then(|t| t.at(&["spec", key]));
            for container in list.into_iter().flat_map(|l| l.items()) {
                for env in container.get("env").into_iter().flat_map(|e| e.items()) {
                    let name = env.get("name").and_then(|n| n.as_str()).unwrap_or("env");
                    value(object.at.file, env.get("value"), name, drafts);
                }
                for key in ["command", "args"] {
                    for item in container.get(key).into_iter().flat_map(|l| l.items()) {
                        value(object.at.file, Some(item), key, drafts);
                    }
                }
            }
        }
    }
    for metric in repository.templates.iter().flat_map(|t| &t.metrics) {
        for key in ["initialDelay", "interval"] {
            let at = metric.at.key(key);
            if let Some(node) = repository.node(&at) {
                duration(&at, node, &metric.name, key, drafts);
            }
        }
    }
}

fn entries(file: usize, mapping: Option<Node<'_>>, what: &str, drafts: &mut Drafts) {
    for (key, node) in mapping.into_iter().flat_map(|m| m.entries()) {
        value(file, Some(node), &format!("{what}: {key}"), drafts);
    }
}

fn value(file: usize, node: Option<Node<'_>>, name: &str, drafts: &mut Drafts) {
    let Some(node) = node else { return };
    let Some(text) = node.as_str() else { return };
    let word = match node.scalar_type() {
        ScalarType::Bool => "a boolean",
        ScalarType::Int | ScalarType::Float => "a number",
        ScalarType::Null | ScalarType::Str => return,
    };
    let at = Place::of(file, node);
    let message = format!("`{name}` must be a string, and {text} is {word}");
    let op = Op::Set { route: at.route.clone(), value: Value::Str(text.to_owned()) };
    let mend = fix("Quote it", Safety::Safe, [(file, op)]);
    drafts.push(Draft::new(RULE.name, RULE.severity, &at, message, CONSEQUENCE).fix(mend));
}

/// A metric's duration is a string with a unit; what a string says is `gate/vacuous`.
fn duration(at: &Place, node: Node<'_>, metric: &str, key: &str, drafts: &mut Drafts) {
    let (Some(text), ScalarType::Int | ScalarType::Float) = (node.as_str(), node.scalar_type()) else { return };
    let message = format!("`{key}` of `{metric}` must be a duration with a unit, and {text} is a number");
    let consequence = "Kubernetes refuses the template (\"must be of type string\"): no analysis runs";
    let value = Value::Str(format!("{text}s"));
    let mend = fix(format!("Say {text}s"), Safety::Safe, [(at.file, Op::Set { route: at.route.clone(), value })]);
    drafts.push(Draft::new(RULE.name, RULE.severity, at, message, consequence).fix(mend));
}
