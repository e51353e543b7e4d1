//! Kubernetes objects, `List` kinds flattened.

use crate::place::Place;
use yaml::Node;

/// A Kubernetes object.
#[derive(Clone, Debug)]
pub struct Object {
    /// The object's mapping.
    pub at: Place,
    /// `apiVersion`.
    pub api: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`, empty where it is missing.
    pub name: String,
    /// The namespace that it goes to, where that can be told.
    pub namespace: Option<String>,
    /// The namespace that it asks for itself.
    pub own_namespace: Option<String>,
}

/// The objects of a document; a `List` gives its items.
pub(crate) fn objects<'a>(root: Node<'a>, into: &mut Vec<Node<'a>>) {
    let kind = root.get("kind").and_then(|k| k.as_str()).unwrap_or_default();
    match root.get("items") {
        Some(items) if kind.ends_with("List") => into.extend(items.items()),
        _ if root.get("kind").is_some() => into.push(root),
        _ => {}
    }
}

impl Object {
    pub(crate) fn read(file: usize, root: Node<'_>) -> Object {
        let text = |keys: &[&str]| root.at(keys).and_then(|n| n.as_str()).unwrap_or_default().to_owned();
        let namespace = Some(text(&["metadata", "namespace"])).filter(|n| !n.is_empty());
        Object {
            at: Place::of(file, root),
            api: text(&["apiVersion"]),
            kind: text(&["kind"]),
            name: text(&["metadata", "name"]),
            own_namespace: namespace.clone(),
            namespace,
        }
    }
}
