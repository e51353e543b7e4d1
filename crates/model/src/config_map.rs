//! ConfigMaps, and the collector configurations in them.

use crate::collector::{Collector, Config, Source, looks_like_config};
use crate::place::Place;
use yaml::Node;

/// A ConfigMap.
#[derive(Clone, Debug)]
pub struct ConfigMap {
    /// Index into [`crate::Repository::objects`]; `None` for one that a kustomization generates.
    pub object: Option<usize>,
    /// Its name (for a generated one without the hash).
    pub name: String,
    /// Its namespace, where that can be told.
    pub namespace: Option<String>,
    /// Keys of `data` and where their values stand.
    pub keys: Vec<(String, Place)>,
    /// Where it stands.
    pub at: Place,
}

impl ConfigMap {
    pub(crate) fn read(object: usize, file: usize, name: &str, root: Node<'_>) -> ConfigMap {
        let keys = ["data", "binaryData"]
            .iter()
            .filter_map(|section| root.get(section))
            .flat_map(|data| data.entries().map(|(key, value)| (key.to_owned(), Place::of(file, value))))
            .collect();
        ConfigMap { object: Some(object), name: name.to_owned(), namespace: None, keys, at: Place::of(file, root) }
    }

    /// The collector configurations among the values.
    pub(crate) fn collectors(&self, file: usize, root: Node<'_>) -> Vec<Collector> {
        let Some(data) = root.get("data") else { return Vec::new() };
        let found = data.entries().filter_map(|(key, value)| {
            let text = value.as_str()?;
            if !["receivers", "exporters", "processors", "pipelines"].iter().any(|word| text.contains(word)) {
                return None;
            }
            let embedded = value.embedded()?;
            let inner = embedded.documents().next()?;
            let broken = !embedded.faults().is_empty() && text.contains("pipelines:");
            (looks_like_config(inner) || broken).then(|| {
                let source = Source::ConfigMap { object: self.object.unwrap_or_default(), key: key.to_owned() };
                Collector::of(source, Config::read(file, inner))
            })
        });
        found.collect()
    }
}
