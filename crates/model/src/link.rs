//! Joins that need the whole repository: namespaces, rollouts with their pods, collectors with their workloads.

use crate::collector::{Collector, Config, Source, is_collector_image};
use crate::compose::ComposeService;
use crate::config_map::ConfigMap;
use crate::namespaces::Namespaces;
use crate::place::{Place, Text};
use crate::repository::Repository;
use crate::source::Context;
use catalogue::Distribution;
use std::collections::{BTreeSet, HashMap};
use yaml::Node;

impl Collector {
    pub(crate) fn of(source: Source, config: Config) -> Collector {
        Collector {
            source,
            config,
            workload: None,
            namespace: None,
            image: None,
            distribution: Distribution::Contrib,
            version: None,
            partial: false,
        }
    }

    /// The operator's resource: `spec.config` is a mapping (v1beta1) or a string (v1alpha1).
    pub(crate) fn operator(object: usize, file: usize, root: Node<'_>) -> Option<Collector> {
        let config = root.at(&["spec", "config"])?;
        let inner = match config.embedded() {
            Some(stream) => stream.documents().next()?,
            None => config,
        };
        let mut collector = Collector::of(Source::Operator { object }, Config::read(file, inner));
        collector.image = Text::at(file, root, &["spec", "image"]);
        Some(collector)
    }

    fn take_image(&mut self, image: &Text) {
        let (distribution, version) = Distribution::from_image(&image.value);
        self.distribution = distribution;
        self.version = version;
        self.image = Some(image.clone());
    }

    /// The images that Compose files run it with; several count where they are of one distribution, and then the newest. No
    /// image, or one that can't be told, may know any type.
    fn take_composed(&mut self, images: &[String]) {
        let mut read: Vec<_> = images.iter().map(|i| (Distribution::from_image(i), i)).collect();
        read.sort_by_key(|((_, version), _)| (version.is_none(), *version));
        let one = read.iter().all(|((d, _), _)| read.first().is_some_and(|((first, _), _)| first == d));
        match (read.last(), self.config.at.clone()) {
            (Some((_, image)), Some(at)) if one => self.take_image(&Text { value: (*image).clone(), at }),
            _ => self.distribution = Distribution::Other,
        }
    }
}

/// The workloads that mount a ConfigMap, by its name.
type Readers = HashMap<String, Vec<usize>>;

impl Repository {
    pub(crate) fn link(&mut self, context: &Context) {
        self.drop_patches();
        self.place_objects(context);
        self.generate_config_maps();
        self.link_rollouts();
        self.link_collectors();
        let mut namespaces: BTreeSet<String> = self.objects.iter().filter_map(|o| o.namespace.clone()).collect();
        namespaces.extend(self.objects.iter().filter(|o| o.kind == "Namespace").map(|o| o.name.clone()));
        self.namespaces = namespaces.into_iter().collect();
    }

    /// A kustomize patch is part of an object, not one: rules would miss all that it leaves out.
    fn drop_patches(&mut self) {
        let patches: BTreeSet<String> = self.kustomizations.iter().flat_map(|k| k.patches.clone()).collect();
        if patches.is_empty() {
            return;
        }
        let files: BTreeSet<usize> = patches.iter().filter_map(|p| self.by_path.get(p).copied()).collect();
        let under = |file: usize| files.contains(&file);
        self.workloads.retain(|w| !under(w.template.file));
        self.services.retain(|s| !under(s.spec.file));
        self.config_maps.retain(|c| !under(c.at.file));
        self.collectors.retain(|c| c.config.at.as_ref().is_none_or(|at| !under(at.file)));
        self.templates.retain(|t| !under(t.spec.file));
        self.rollouts.retain(|r| !under(r.spec.file));
    }

    fn place_objects(&mut self, context: &Context) {
        let mut files: HashMap<usize, Option<String>> = HashMap::new();
        let known = Namespaces::of(self, context);
        for object in self.objects.iter().filter(|o| o.own_namespace.is_none()) {
            files.entry(object.at.file).or_insert_with(|| known.file(object.at.file));
        }
        for object in self.objects.iter_mut().filter(|o| o.own_namespace.is_none()) {
            object.namespace = files.get(&object.at.file).cloned().flatten();
        }
        let namespaces: Vec<Option<String>> = self.objects.iter().map(|o| o.namespace.clone()).collect();
        let of = |object: usize| namespaces.get(object).cloned().flatten();
        self.workloads.iter_mut().for_each(|w| w.namespace = of(w.object));
        self.services.iter_mut().for_each(|s| s.namespace = of(s.object));
        self.config_maps.iter_mut().for_each(|c| c.namespace = c.object.and_then(of));
        self.templates.iter_mut().filter(|t| !t.cluster).for_each(|t| t.namespace = of(t.object));
        self.rollouts.iter_mut().for_each(|r| r.namespace = of(r.object));
        for collector in &mut self.collectors {
            collector.namespace = match collector.source {
                Source::ConfigMap { object, .. } | Source::Operator { object } => of(object),
                Source::File => None,
            };
        }
    }

    fn generate_config_maps(&mut self) {
        let mut generated = Vec::new();
        for kustomization in &self.kustomizations {
            for (name, keys) in &kustomization.config_maps {
                let keys: Vec<(String, Place)> = keys
                    .iter()
                    .filter_map(|(key, path)| {
                        let file = *self.by_path.get(path)?;
                        Some((key.clone(), Place { file, route: yaml::Route::root(0) }))
                    })
                    .collect();
                let Some((_, first)) = keys.first() else { continue };
                generated.push(ConfigMap {
                    object: None,
                    name: name.clone(),
                    namespace: kustomization.namespace.clone(),
                    at: first.clone(),
                    keys,
                });
            }
        }
        self.config_maps.extend(generated);
    }

    fn link_rollouts(&mut self) {
        let mut by_object: HashMap<usize, usize> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<&crate::Workload>> = HashMap::new();
        for (index, workload) in self.workloads.iter().enumerate() {
            by_object.entry(workload.object).or_insert(index);
            by_name.entry(&workload.name).or_default().push(workload);
        }
        for rollout in &mut self.rollouts {
            let referenced = || {
                let (kind, name) = rollout.workload_ref.as_ref()?;
                let same = |w: &&&crate::Workload| w.kind == *kind && compatible(&w.namespace, &rollout.namespace);
                by_name.get(name.as_str())?.iter().find(same).map(|w| w.object)
            };
            let own = by_object.get(&rollout.object).copied();
            rollout.workload = own.or_else(|| referenced().and_then(|object| by_object.get(&object).copied()));
        }
    }

    fn link_collectors(&mut self) {
        // Workloads that read each ConfigMap, or run a collector image.
        let mut readers = Readers::new();
        for (index, workload) in self.workloads.iter().enumerate() {
            for map in workload.volumes.iter().filter_map(|v| v.config_map.as_ref()) {
                let list = readers.entry(map.value.clone()).or_default();
                if list.last() != Some(&index) {
                    list.push(index);
                }
            }
        }
        for index in 0..self.collectors.len() {
            let Some(collector) = self.collectors.get(index) else { continue };
            let workload = match &collector.source {
                Source::ConfigMap { object, .. } => self.reader_of_config_map(&readers, *object),
                Source::File => self.reader_of_generated(&readers, collector),
                Source::Operator { .. } => None,
            };
            let image = workload
                .and_then(|w| self.workloads.get(w))
                .and_then(|w| {
                    w.containers.iter().find(|c| c.image.as_ref().is_some_and(|i| is_collector_image(&i.value)))
                })
                .and_then(|c| c.image.clone());
            let partial = workload.is_some_and(|w| self.reads_several(w));
            let namespace = workload.and_then(|w| self.workloads.get(w)).and_then(|w| w.namespace.clone());
            let composed = if workload.is_none() { self.composed(index) } else { Vec::new() };
            let several = composed.iter().any(|s| s.several);
            let images: Option<Vec<String>> = composed.iter().map(|s| s.image.clone()).collect();
            let by_compose = !composed.is_empty();
            let Some(collector) = self.collectors.get_mut(index) else { continue };
            collector.workload = workload;
            collector.partial = partial || several;
            collector.namespace = namespace.or(collector.namespace.take());
            if let Some(image) = image.or(collector.image.take()) {
                collector.take_image(&image);
            } else if workload.is_some() {
                collector.distribution = Distribution::Other;
            } else if by_compose {
                collector.take_composed(images.as_deref().unwrap_or_default());
            }
        }
    }

    /// The Compose services that mount a bare configuration: by name, else those of a collector that mount its folder.
    fn composed(&self, collector: usize) -> Vec<&ComposeService> {
        let bare = self.collectors.get(collector).filter(|c| c.source == Source::File);
        let file = bare.and_then(|c| self.files.get(c.config.at.as_ref()?.file));
        let Some(path) = file.map(|f| f.path.as_str()) else { return Vec::new() };
        let services = || self.files.iter().flat_map(|f| &f.compose);
        let named: Vec<_> = services().filter(|s| s.mounts(path)).collect();
        if !named.is_empty() {
            return named;
        }
        let runs = |s: &&ComposeService| s.image.as_deref().is_some_and(is_collector_image);
        services().filter(runs).filter(|s| s.mounts_around(path)).collect()
    }

    fn reader_of_config_map(&self, readers: &Readers, object: usize) -> Option<usize> {
        let map = self.objects.get(object)?;
        self.reader(readers, &map.name, &map.namespace, map.at.file)
    }

    fn reader_of_generated(&self, readers: &Readers, collector: &Collector) -> Option<usize> {
        let at = collector.config.at.as_ref()?;
        let map =
            self.config_maps.iter().find(|m| m.object.is_none() && m.keys.iter().any(|(_, p)| p.file == at.file))?;
        self.reader(readers, &map.name, &map.namespace, at.file)
    }

    fn reader(&self, readers: &Readers, name: &str, namespace: &Option<String>, file: usize) -> Option<usize> {
        let here = |i: &usize| self.workloads.get(*i).is_some_and(|w| compatible(&w.namespace, namespace));
        let candidates: Vec<usize> = readers.get(name)?.iter().copied().filter(here).collect();
        self.nearest(file, candidates, |i| self.workloads.get(*i).map(|w| w.template.file))
    }

    /// Whether a workload's collector is given more than one configuration, which it merges.
    fn reads_several(&self, workload: usize) -> bool {
        let Some(workload) = self.workloads.get(workload) else { return false };
        workload.containers.iter().any(|c| {
            let configs = c.args.iter().filter(|a| a.value.starts_with("--config") || a.value == "-c").count();
            configs > 1 || c.args.iter().any(|a| a.value.starts_with("--set"))
        })
    }

    /// Of several candidates, the one whose file lies nearest to `file`: many applications in one repository repeat names.
    pub fn nearest<T>(&self, file: usize, candidates: Vec<T>, file_of: impl Fn(&T) -> Option<usize>) -> Option<T> {
        let path = |file: usize| self.files.get(file).map_or("", |f| f.path.as_str());
        let here = path(file);
        let shared = |other: &str| {
            let common = here.split('/').zip(other.split('/')).take_while(|(a, b)| a == b).count();
            (common, std::cmp::Reverse(other.split('/').count()))
        };
        candidates.into_iter().rev().max_by_key(|c| file_of(c).map(|f| shared(path(f))))
    }
}

/// Whether two namespaces may be one: equal, or one of them unknown.
pub fn compatible(a: &Option<String>, b: &Option<String>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}
