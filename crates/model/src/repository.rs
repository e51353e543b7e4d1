//! The repository as typed views, read in parallel file by file and then linked.

use crate::analysis::Template;
use crate::application::Application;
use crate::collector::{self, Collector, Config, Source};
use crate::config_map::ConfigMap;
use crate::file::{File, Role};
use crate::kustomize::Kustomization;
use crate::object::{Object, objects};
use crate::place::Place;
use crate::rollout::Rollout;
use crate::service::Service;
use crate::source::{Context, SourceFile};
use crate::workload::Workload;
use rayon::prelude::*;
use std::collections::HashMap;
use yaml::Node;

/// A parsed repository: every list in the order of files and documents.
#[derive(Debug, Default)]
pub struct Repository {
    /// All files that were read.
    pub files: Vec<File>,
    /// Kubernetes objects.
    pub objects: Vec<Object>,
    /// Controllers with pod templates.
    pub workloads: Vec<Workload>,
    /// Services.
    pub services: Vec<Service>,
    /// ConfigMaps, also those that a kustomization generates.
    pub config_maps: Vec<ConfigMap>,
    /// Collector configurations.
    pub collectors: Vec<Collector>,
    /// Analysis templates.
    pub templates: Vec<Template>,
    /// Rollouts.
    pub rollouts: Vec<Rollout>,
    /// Argo CD Applications and ApplicationSets.
    pub applications: Vec<Application>,
    /// Kustomizations.
    pub kustomizations: Vec<Kustomization>,
    /// Namespaces that something here is deployed to.
    pub namespaces: Vec<String>,
    pub(crate) by_path: HashMap<String, usize>,
}

/// What one file contributes; object indices are local until merged.
#[derive(Default)]
struct Views {
    objects: Vec<Object>,
    workloads: Vec<Workload>,
    services: Vec<Service>,
    config_maps: Vec<ConfigMap>,
    collectors: Vec<Collector>,
    templates: Vec<Template>,
    rollouts: Vec<Rollout>,
    applications: Vec<Application>,
    kustomizations: Vec<Kustomization>,
}

/// Fewer bytes than this are read before a second thread has started.
const SMALL: usize = 256 << 10;
/// With fewer files than this, what follows takes one thread less time than starting another.
const FEW: usize = 256;

impl Repository {
    /// Parses and types every file. Never fails: what is broken is in the streams' faults.
    pub fn read(sources: &[SourceFile], context: &Context) -> Repository {
        let read = |(index, source): (usize, &SourceFile)| {
            let file = File::read(source, context);
            let views = Views::read(index, &file);
            (file, views)
        };
        let size: usize = sources.iter().filter_map(|s| s.content.as_ref().ok()).map(|text| text.len()).sum();
        let parts: Vec<(File, Views)> = if size < SMALL {
            sources.iter().enumerate().map(read).collect()
        } else {
            sources.par_iter().enumerate().map(read).collect()
        };
        let mut repository = Repository::default();
        for (file, views) in parts {
            repository.add(file, views);
        }
        repository.link(context);
        repository
    }

    /// Whether a thread is done with it before others have started.
    pub fn is_small(&self) -> bool {
        self.files.len() < FEW
    }

    fn add(&mut self, file: File, views: Views) {
        let shift = self.objects.len();
        self.by_path.insert(file.path.clone(), self.files.len());
        self.files.push(file);
        self.objects.extend(views.objects);
        self.workloads.extend(views.workloads.into_iter().map(|w| Workload { object: w.object + shift, ..w }));
        self.services.extend(views.services.into_iter().map(|s| Service { object: s.object + shift, ..s }));
        self.config_maps
            .extend(views.config_maps.into_iter().map(|c| ConfigMap { object: c.object.map(|o| o + shift), ..c }));
        self.collectors.extend(views.collectors.into_iter().map(|mut c| {
            match &mut c.source {
                Source::ConfigMap { object, .. } | Source::Operator { object } => *object += shift,
                Source::File => {}
            }
            c
        }));
        self.templates.extend(views.templates.into_iter().map(|t| Template { object: t.object + shift, ..t }));
        self.rollouts.extend(views.rollouts.into_iter().map(|r| Rollout { object: r.object + shift, ..r }));
        self.applications.extend(views.applications.into_iter().map(|a| Application { object: a.object + shift, ..a }));
        self.kustomizations.extend(views.kustomizations);
    }

    /// The text of the file at that path, for excerpts.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(*self.by_path.get(path)?)?.stream.as_ref().map(|s| s.text())
    }

    /// The node at a place, through embedded YAML.
    pub fn node(&self, place: &Place) -> Option<Node<'_>> {
        self.files.get(place.file)?.stream.as_ref()?.resolve(&place.route)
    }

    /// The root mapping of a collector's configuration, through the text that holds it.
    pub fn configuration(&self, collector: &Collector) -> Option<Node<'_>> {
        let node = self.node(collector.config.at.as_ref()?)?;
        node.embedded().map_or(Some(node), |inner| inner.documents().next())
    }

    /// The object behind an index.
    pub fn object(&self, index: usize) -> Option<&Object> {
        self.objects.get(index)
    }

    /// The index of the file at a path.
    pub fn file(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The path of a place's file.
    pub fn path(&self, place: &Place) -> &str {
        self.files.get(place.file).map_or("", |f| f.path.as_str())
    }
}

impl Views {
    fn read(index: usize, file: &File) -> Views {
        let mut views = Views::default();
        let Some(stream) = &file.stream else { return views };
        for document in stream.documents() {
            if file.role == Role::Collector && collector::looks_like_config(document) {
                views.collectors.push(Collector::of(Source::File, Config::read(index, document)));
                continue;
            }
            let mut roots = Vec::new();
            objects(document, &mut roots);
            for root in roots {
                views.object(index, &file.path, root);
            }
        }
        views
    }

    fn object(&mut self, file: usize, path: &str, root: Node<'_>) {
        let object = Object::read(file, root);
        let index = self.objects.len();
        let (kind, name) = (object.kind.as_str(), object.name.as_str());
        match kind {
            "Service" => self.services.extend(Service::read(index, file, name, root)),
            "ConfigMap" => {
                let map = ConfigMap::read(index, file, name, root);
                self.collectors.extend(map.collectors(file, root));
                self.config_maps.push(map);
            }
            "AnalysisTemplate" | "ClusterAnalysisTemplate" => {
                self.templates.extend(Template::read(index, file, name, kind == "ClusterAnalysisTemplate", root));
            }
            "Application" | "ApplicationSet" if object.api.starts_with("argoproj.io/") => {
                self.applications.extend(Application::read(index, file, name, kind == "ApplicationSet", root));
            }
            "Kustomization" if object.api.starts_with("kustomize.config") => {
                self.kustomizations.push(Kustomization::read(file, path, root));
            }
            "OpenTelemetryCollector" => self.collectors.extend(Collector::operator(index, file, root)),
            "Rollout" => self.rollouts.extend(Rollout::read(index, file, name, root)),
            _ => {}
        }
        self.workloads.extend(Workload::read(index, file, kind, name, root));
        self.objects.push(object);
    }
}
