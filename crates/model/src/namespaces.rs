//! Which namespace Argo CD or a kustomization sends a file's objects to.

use crate::application::destination;
use crate::kustomize::{Kustomization, folder_of};
use crate::repository::Repository;
use crate::source::Context;
use std::collections::HashMap;

/// Kustomizations and Applications by the paths that they name: with thousands of each, nobody asks all of them for every
/// file.
pub(crate) struct Namespaces<'r> {
    repository: &'r Repository,
    /// The checked folder relative to the repository's root, where that is known.
    prefix: Option<&'r str>,
    /// Kustomizations by the files and folders that they take in, in order.
    resources: HashMap<&'r str, Vec<usize>>,
    /// The first Application with a namespace for each folder: from the root where that is known, else for every end of it.
    folders: HashMap<&'r str, &'r str>,
}

impl<'r> Namespaces<'r> {
    pub(crate) fn of(repository: &'r Repository, context: &'r Context) -> Namespaces<'r> {
        let prefix = context.git.as_ref().map(|git| git.prefix.as_str());
        let mut namespaces = Namespaces { repository, prefix, resources: HashMap::new(), folders: HashMap::new() };
        for (index, kustomization) in repository.kustomizations.iter().enumerate() {
            for resource in &kustomization.resources {
                namespaces.resources.entry(resource).or_default().push(index);
            }
        }
        for application in repository.applications.iter().filter(|a| !a.set) {
            let Some(namespace) = &application.namespace else { continue };
            for path in application.sources.iter().filter_map(|s| s.path.as_ref()) {
                let path = path.value.trim_matches('/').trim_start_matches("./");
                namespaces.folders.entry(path).or_insert(&namespace.value);
                if prefix.is_none() {
                    for (slash, _) in path.match_indices('/') {
                        namespaces.folders.entry(&path[slash + 1..]).or_insert(&namespace.value);
                    }
                }
            }
        }
        namespaces
    }

    /// The namespace of the file with that index.
    pub(crate) fn file(&self, file: usize) -> Option<String> {
        let path = &self.repository.files.get(file)?.path;
        let kustomized = self.covering(path).into_iter().find_map(|k| k.namespace.clone());
        kustomized.or_else(|| self.folder(folder_of(path)))
    }

    /// The kustomizations that take in the file: by its path, or by that of a folder above it.
    fn covering(&self, path: &str) -> Vec<&'r Kustomization> {
        let above = std::iter::successors(Some(path), |p| p.rfind('/').map(|slash| &p[..slash]));
        let mut found: Vec<usize> = above.filter_map(|p| self.resources.get(p)).flatten().copied().collect();
        found.sort_unstable();
        found.into_iter().filter_map(|index| self.repository.kustomizations.get(index)).collect()
    }

    /// The namespace that an Application or ApplicationSet gives a folder. Where the repository's root is unknown, or no
    /// generator covers the folder, the last part of a generator's path still tells how folders become namespaces.
    fn folder(&self, folder: &str) -> Option<String> {
        let full = self.prefix.map(|prefix| join(prefix, folder));
        if let Some(namespace) = self.folders.get(full.as_deref().unwrap_or(folder)) {
            return Some((*namespace).to_owned());
        }
        let applications = &self.repository.applications;
        let sets: Vec<_> = applications.iter().filter(|a| a.set && !a.generators.is_empty()).collect();
        let fill = |application: &crate::Application, folder: &str| {
            destination(&application.namespace.as_ref()?.value, folder)
        };
        if let Some(full) = &full {
            // The folder itself, or an ancestor that the generator covers (a recursive or kustomized application).
            let ancestors = || std::iter::successors(Some(full.as_str()), |f| f.rfind('/').map(|i| &f[..i]));
            for ancestor in ancestors() {
                let hit = sets.iter().find(|a| a.generators.iter().any(|g| g.covers(ancestor)));
                if let Some(set) = hit {
                    return fill(set, ancestor);
                }
            }
        }
        let [only] = sets.as_slice() else { return None };
        let starred =
            only.generators.iter().flat_map(|g| &g.directories).any(|(p, exclude)| !exclude && p.value.ends_with("/*"));
        let own = self.repository.objects.get(only.object).and_then(|o| self.repository.files.get(o.at.file));
        let own = own.map(|f| folder_of(&f.path));
        (starred && !folder.is_empty() && own != Some(folder)).then(|| fill(only, folder)).flatten()
    }
}

fn join(prefix: &str, folder: &str) -> String {
    [prefix.trim_matches('/'), folder].iter().filter(|s| !s.is_empty()).copied().collect::<Vec<_>>().join("/")
}
