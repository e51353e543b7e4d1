//! Which pods stand behind which Service, and which collector runs in them: derived once, since nearly every rule asks.

use crate::chain::selects;
use model::{Repository, Service, Workload};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The joins between Services, workloads and collectors, by their indexes in the repository.
#[derive(Clone, Debug, Default)]
pub struct Links {
    pods: Vec<Vec<usize>>,
    services: Vec<Vec<usize>>,
    collectors: Vec<Option<usize>>,
    names: HashMap<String, Vec<usize>>,
    templates: HashMap<String, Vec<usize>>,
    affixes: Vec<(String, String)>,
    in_namespace: HashMap<String, Vec<usize>>,
    by_port: HashMap<u16, Vec<usize>>,
    /// Collectors that the operator runs, by their objects' names.
    operated: HashMap<String, Vec<usize>>,
    /// Namespaces to which the repository deploys pods or Services.
    owned: HashSet<String>,
}

impl Links {
    pub(crate) fn derive(repository: &Repository) -> Links {
        let labels = Labels::of(repository);
        let pods: Vec<Vec<usize>> = repository.services.iter().map(|s| labels.picked(repository, s)).collect();
        let mut services = vec![Vec::new(); repository.workloads.len()];
        for (service, picked) in pods.iter().enumerate() {
            for workload in picked {
                if let Some(list) = services.get_mut(*workload) {
                    list.push(service);
                }
            }
        }
        let mut collectors = vec![None; repository.workloads.len()];
        for (index, collector) in repository.collectors.iter().enumerate() {
            if let Some(slot) = collector.workload.and_then(|w| collectors.get_mut(w)) {
                slot.get_or_insert(index);
            }
        }
        let mut links = Links { pods, services, collectors, ..Links::default() };
        links.name(repository);
        links
    }

    fn name(&mut self, repository: &Repository) {
        for (index, service) in repository.services.iter().enumerate() {
            self.names.entry(service.name.clone()).or_default().push(index);
            if let Some(namespace) = &service.namespace {
                self.in_namespace.entry(namespace.clone()).or_default().push(index);
                self.owned.insert(namespace.clone());
            }
        }
        for (index, service) in repository.services.iter().enumerate() {
            for port in &service.ports {
                let list = self.by_port.entry(port.port).or_default();
                // A Service may have a port twice, for two protocols.
                if list.last() != Some(&index) {
                    list.push(index);
                }
            }
        }
        for (index, collector) in repository.collectors.iter().enumerate() {
            let model::Source::Operator { object } = collector.source else { continue };
            if let Some(object) = repository.object(object) {
                self.operated.entry(object.name.clone()).or_default().push(index);
            }
        }
        for (index, template) in repository.templates.iter().enumerate() {
            self.templates.entry(template.name.clone()).or_default().push(index);
        }
        self.owned.extend(repository.workloads.iter().filter_map(|w| w.namespace.clone()));
        let affixes = repository.kustomizations.iter().map(|k| k.affixes.clone());
        let affixes: BTreeSet<_> = affixes.filter(|(p, s)| !p.is_empty() || !s.is_empty()).collect();
        self.affixes = affixes.into_iter().collect();
    }

    /// The workloads whose pods the Service selects: all in its namespace, or the nearest files' where namespaces are unknown.
    pub fn pods(&self, service: usize) -> &[usize] {
        self.pods.get(service).map_or(&[], Vec::as_slice)
    }

    /// The Services that select the workload's pods.
    pub fn services(&self, workload: usize) -> &[usize] {
        self.services.get(workload).map_or(&[], Vec::as_slice)
    }

    /// The collector whose configuration the workload's pods read.
    pub fn collector(&self, workload: usize) -> Option<usize> {
        self.collectors.get(workload).copied().flatten()
    }

    /// Services that are called so once deployed: a kustomization's prefix and suffix count.
    pub fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        let bare = |(prefix, suffix): &(String, String)| {
            Some(name.strip_prefix(prefix.as_str())?.strip_suffix(suffix.as_str())?.to_owned())
        };
        let bare = std::iter::once(name.to_owned()).chain(self.affixes.iter().filter_map(bare));
        bare.flat_map(|name| self.names.get(&name).cloned().unwrap_or_default())
    }

    /// Analysis templates of that name, in order.
    pub fn templates_named(&self, name: &str) -> &[usize] {
        self.templates.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether the repository deploys pods or Services to the namespace: one with a lone ConfigMap tells nothing about the
    /// rest of it.
    pub fn owns(&self, namespace: &str) -> bool {
        self.owned.contains(namespace)
    }

    /// Services that have the port.
    pub(crate) fn serving(&self, port: u16) -> &[usize] {
        self.by_port.get(&port).map_or(&[], Vec::as_slice)
    }

    /// Collectors that the operator runs for an object of that name.
    pub(crate) fn operated(&self, name: &str) -> &[usize] {
        self.operated.get(name).map_or(&[], Vec::as_slice)
    }

    /// Services that are known to be deployed to the namespace.
    pub fn services_in(&self, namespace: &str) -> &[usize] {
        self.in_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }
}

/// Workloads by a label of their pods, so that a Service need not ask all of them.
struct Labels<'r> {
    /// By namespace, key and value.
    known: HashMap<(&'r str, &'r str, &'r str), Vec<usize>>,
    /// By key and value, sorted by the file's path.
    all: HashMap<(&'r str, &'r str), Vec<(&'r str, usize)>>,
}

impl<'r> Labels<'r> {
    fn of(repository: &'r Repository) -> Labels<'r> {
        let mut labels = Labels { known: HashMap::new(), all: HashMap::new() };
        for (index, workload) in repository.workloads.iter().enumerate() {
            let path = repository.path(&workload.template);
            for (key, value) in &workload.labels {
                labels.all.entry((key, &value.value)).or_default().push((path, index));
                if let Some(namespace) = &workload.namespace {
                    labels.known.entry((namespace, key, &value.value)).or_default().push(index);
                }
            }
        }
        labels.all.values_mut().for_each(|list| list.sort_unstable());
        labels
    }

    fn picked(&self, repository: &'r Repository, service: &Service) -> Vec<usize> {
        if service.external || service.selector.is_empty() {
            return Vec::new();
        }
        let takes =
            |index: usize| repository.workloads.get(index).is_some_and(|w| selects(&service.selector, &w.labels));
        let pairs = || service.selector.iter().map(|(key, value)| (key.as_str(), value.value.as_str()));
        let path = repository.path(&service.spec);
        if let Some(namespace) = service.namespace.as_deref() {
            let lists = pairs().filter_map(|(key, value)| self.known.get(&(namespace, key, value)));
            let here = lists.min_by_key(|l| l.len()).map(|l| l.iter().copied().filter(|i| takes(*i)).collect());
            let here: Vec<usize> = here.unwrap_or_default();
            if !here.is_empty() {
                return without_copies(repository, path, here);
            }
        }
        let unknown = |w: &Workload| service.namespace.is_none() || w.namespace.is_none();
        let lists = pairs().filter_map(|pair| self.all.get(&pair));
        let Some(list) = lists.min_by_key(|l| l.len()) else { return Vec::new() };
        nearest(list, path, |i| takes(i) && repository.workloads.get(i).is_some_and(unknown))
    }
}

/// One namespace of several clusters holds the same workload in several folders: the one beside the Service is meant.
fn without_copies(repository: &Repository, path: &str, list: Vec<usize>) -> Vec<usize> {
    let identity = |i: &usize| repository.workloads.get(*i).map(|w| (&w.kind, &w.name));
    let near = |i: &usize| repository.workloads.get(*i).map(|w| shared(path, repository.path(&w.template)));
    let best = |i: &usize| list.iter().filter(|o| identity(o) == identity(i)).map(near).max().flatten();
    if list.len() < 2 { list } else { list.iter().copied().filter(|i| near(i) == best(i)).collect() }
}

/// Those of a list sorted by path that share most folders with `path`: they stand beside the place where it would be
/// inserted, so the walk in both directions ends early.
fn nearest(list: &[(&str, usize)], path: &str, takes: impl Fn(usize) -> bool) -> Vec<usize> {
    let at = list.partition_point(|(other, _)| *other < path);
    let mut best = 0;
    let mut found: Vec<usize> = Vec::new();
    let mut walk = |side: &mut dyn Iterator<Item = &(&str, usize)>| {
        for (other, index) in side {
            let common = shared(path, other);
            if !found.is_empty() && common < best {
                break;
            }
            if takes(*index) {
                if common > best {
                    found.clear();
                }
                best = common;
                found.push(*index);
            }
        }
    };
    walk(&mut list.iter().skip(at));
    walk(&mut list.iter().take(at).rev());
    found.sort_unstable();
    found
}

/// How many leading parts two paths share.
fn shared(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_win() {
        let list = [("a/x/p.yaml", 0), ("a/y/p.yaml", 1), ("a/y/q.yaml", 2), ("b/p.yaml", 3)];
        assert_eq!(nearest(&list, "a/y/s.yaml", |_| true), [1, 2]);
        assert_eq!(nearest(&list, "a/y/s.yaml", |i| i != 1 && i != 2), [0]);
        assert_eq!(nearest(&list, "c/s.yaml", |_| true), [0, 1, 2, 3]);
        assert_eq!(nearest(&list, "a/x/p.yaml", |_| true), [0]);
        assert!(nearest(&list, "a/x/p.yaml", |_| false).is_empty());
    }
}
