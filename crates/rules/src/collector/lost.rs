//! Where a key that is missed in its place stands instead: what calls something missing is an echo of the key that slipped away.

use super::slip::slips;
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

/// Makes a draft, which says that the service does not use something, an echo of keys of the service that slipped away.
pub(crate) fn echo_service(view: &View<'_>, draft: Draft) -> Draft {
    let keys =
        ["extensions", "receivers", "processors", "exporters", "pipelines", "service", "traces", "metrics", "logs"];
    let slipped = slips(view);
    let draft = slipped
        .iter()
        .filter(|slip| slip.pipelines)
        .fold(draft, |draft, slip| draft.echo_at("collector/unknown-key", &slip.at));
    echo_lost(view, draft, &keys)
}
