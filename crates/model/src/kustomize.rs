//! What a kustomization changes about the files beside it: namespace, images, generated ConfigMaps, names.

use crate::place::Place;
use yaml::Node;

/// A `kustomization.yaml`.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// Folder that it stands in, relative to the checked folder.
    pub folder: String,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `namePrefix` and `nameSuffix`.
    pub affixes: (String, String),
    /// `images`: name, new name, new tag and the tag's place.
    pub images: Vec<ImageChange>,
    /// `configMapGenerator`: name, and key to file.
    pub config_maps: Vec<(String, Vec<(String, String)>)>,
    /// Files that are patches, not manifests.
    pub patches: Vec<String>,
    /// `resources`: files and folders.
    pub resources: Vec<String>,
}

/// An entry of `images`.
#[derive(Clone, Debug)]
pub struct ImageChange {
    /// The image that it changes.
    pub name: String,
    /// `newName`.
    pub new_name: Option<String>,
    /// `newTag` and where it stands.
    pub new_tag: Option<(String, Place)>,
}

impl Kustomization {
    pub(crate) fn read(file: usize, path: &str, root: Node<'_>) -> Kustomization {
        let folder = folder_of(path).to_owned();
        let list = |key: &str| -> Vec<Node<'_>> { root.get(key).map(|n| n.items().collect()).unwrap_or_default() };
        let text = |key: &str| root.get(key).and_then(|n| n.as_str()).unwrap_or_default().to_owned();
        let join = |name: &str| join(&folder, name);
        let mut patches: Vec<String> = Vec::new();
        for key in ["patchesStrategicMerge", "patchesJson6902", "patches", "components", "transformers", "replacements"]
        {
            for entry in list(key) {
                let path = entry.as_str().or_else(|| entry.get("path").and_then(|p| p.as_str()));
                patches.extend(path.map(join));
            }
        }
        let images = list("images").into_iter().filter_map(|n| {
            let tag = n.get("newTag");
            Some(ImageChange {
                name: n.get("name")?.as_str()?.to_owned(),
                new_name: n.get("newName").and_then(|v| v.as_str()).map(str::to_owned),
                new_tag: tag.and_then(|v| Some((v.as_str()?.to_owned(), Place::of(file, v)))),
            })
        });
        let generators = list("configMapGenerator").into_iter().filter_map(|n| {
            let files =
                n.get("files").map(|f| f.items().filter_map(|f| f.as_str()).collect::<Vec<_>>()).unwrap_or_default();
            let keys = files.into_iter().map(|f| match f.split_once('=') {
                Some((key, file)) => (key.to_owned(), join(file)),
                None => (f.rsplit('/').next().unwrap_or(f).to_owned(), join(f)),
            });
            Some((n.get("name")?.as_str()?.to_owned(), keys.collect()))
        });
        Kustomization {
            namespace: Some(text("namespace")).filter(|n| !n.is_empty()),
            affixes: (text("namePrefix"), text("nameSuffix")),
            images: images.collect(),
            config_maps: generators.collect(),
            patches,
            resources: list("resources").into_iter().filter_map(|n| n.as_str()).map(join).collect(),
            folder,
        }
    }

    /// Whether it takes in the file at `path`.
    pub fn covers(&self, path: &str) -> bool {
        self.resources
            .iter()
            .any(|r| r == path || path.strip_prefix(r.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// The folder of a path, empty at the top.
pub fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

/// `name` relative to `folder`, with `.` and `..` resolved.
pub(crate) fn join(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|s| !s.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
