//! Where a value stands: file and route, kept by every typed value.

use yaml::{Node, Route};

/// A place in the repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Index into [`crate::Repository::files`].
    pub file: usize,
    /// Where in that file; continues inside embedded YAML.
    pub route: Route,
}

impl Place {
    /// The place of a node in the file with that index.
    pub fn of(file: usize, node: Node<'_>) -> Place {
        Place { file, route: node.route() }
    }

    /// The entry `key` of the mapping here, whether it exists or not.
    pub fn key(&self, key: &str) -> Place {
        Place { file: self.file, route: self.route.clone().key(key) }
    }

    /// Item `index` of the sequence here, whether it exists or not.
    pub fn index(&self, index: usize) -> Place {
        Place { file: self.file, route: self.route.clone().index(index) }
    }

    /// The place that holds this one; itself at the root.
    pub fn parent(&self) -> Place {
        Place { file: self.file, route: self.route.parent().unwrap_or_else(|| self.route.clone()) }
    }
}

/// A string value and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// Decoded text.
    pub value: String,
    /// Where it stands.
    pub at: Place,
}

impl Text {
    /// The scalar under `node`, whatever its YAML type; `None` for null and collections.
    pub fn of(file: usize, node: Node<'_>) -> Option<Text> {
        Some(Text { value: node.as_str()?.to_owned(), at: Place::of(file, node) })
    }

    /// The scalar at `keys` below `node`.
    pub fn at(file: usize, node: Node<'_>, keys: &[&str]) -> Option<Text> {
        Text::of(file, node.at(keys)?)
    }
}

/// Name and value pairs of a mapping of strings (labels, annotations), in order.
pub type Pairs = Vec<(String, Text)>;

/// The string entries of the mapping at `keys` below `node`.
pub(crate) fn pairs(file: usize, node: Node<'_>, keys: &[&str]) -> Pairs {
    let Some(mapping) = node.at(keys) else { return Vec::new() };
    mapping.entries().filter_map(|(key, value)| Some((key.to_owned(), Text::of(file, value)?))).collect()
}

/// The value of `name` in `pairs`.
pub fn pair<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a Text> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
