//! Where a key that is missed in its place stands instead: what calls something missing is an echo of the key that slipped away.

use super::view::View;
use crate::draft::Draft;
use model::Place;
use yaml::Node;

/// Every entry with one of the keys, anywhere in the configuration.
pub(crate) fn lost(view: &View<'_>, keys: &[&str]) -> Vec<Place> {
    let mut found = Vec::new();
    if let Some(root) = view.node(view.root) {
        search(view.root.file, root, keys, &mut found);
    }
    found
}

fn search(file: usize, node: Node<'_>, keys: &[&str], found: &mut Vec<Place>) {
    for (key, value) in node.entries() {
        if keys.contains(&key.trim()) {
            found.push(Place::of(file, value));
        }
        search(file, value, keys, found);
    }
    for item in node.items() {
        search(file, item, keys, found);
    }
}

/// Makes a draft an echo of findings that refuse one of these keys where it stands.
pub(crate) fn echo_lost(view: &View<'_>, draft: Draft, keys: &[&str]) -> Draft {
    lost(view, keys).iter().fold(draft, |draft, at| {
        draft.echo_at("collector/unknown-key", at).echo_at("collector/unknown-component-type", at)
    })
}
