//! OpenTelemetry Collector configurations, wherever they stand: in a ConfigMap, in a bare file, in the operator's resource.

use crate::place::{Place, Text};
use catalogue::{Class, Distribution, Signal, Version};
use yaml::Node;

/// A collector: its configuration and, where the repository has it, the workload that runs it.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Where the configuration stands.
    pub source: Source,
    /// What it says.
    pub config: Config,
    /// Index into [`crate::Repository::workloads`].
    pub workload: Option<usize>,
    /// The namespace that it runs in, where that can be told.
    pub namespace: Option<String>,
    /// The image, where it is known.
    pub image: Option<Text>,
    /// Which distribution the image is; contrib where nothing says otherwise.
    pub distribution: Distribution,
    /// The image's version; `None` for unknown, which is read as the newest known.
    pub version: Option<Version>,
    /// The process merges this with other configurations: what is missing here may stand there.
    pub partial: bool,
}

/// Where a configuration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A key of a ConfigMap.
    ConfigMap {
        /// Index into [`crate::Repository::objects`].
        object: usize,
        /// The key.
        key: String,
    },
    /// A file that holds nothing else.
    File,
    /// The operator's OpenTelemetryCollector.
    Operator {
        /// Index into [`crate::Repository::objects`].
        object: usize,
    },
}

/// A parsed configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The root mapping (for a ConfigMap, inside the scalar).
    pub at: Option<Place>,
    /// Every component, section by section.
    pub components: Vec<Component>,
    /// `service.pipelines`.
    pub pipelines: Vec<Pipeline>,
    /// `service.extensions`.
    pub extensions: Vec<Text>,
}

/// A configured component.
#[derive(Clone, Debug)]
pub struct Component {
    /// The section that it stands in.
    pub class: Class,
    /// `type` or `type/name`.
    pub id: String,
    /// The type.
    pub kind: String,
    /// Its configuration, perhaps null.
    pub at: Place,
    /// `endpoint` and the endpoints of single signals, as far as they stand at the top.
    pub endpoints: Vec<Text>,
}

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// `traces`, `metrics/spans`…
    pub id: String,
    /// Its signal; `None` for a word that is none.
    pub signal: Option<Signal>,
    /// The pipeline's mapping.
    pub at: Place,
    /// Component IDs in order.
    pub receivers: Vec<Text>,
    /// Component IDs in order.
    pub processors: Vec<Text>,
    /// Component IDs in order.
    pub exporters: Vec<Text>,
}

/// The sections that hold components.
pub const SECTIONS: &[(&str, Class)] = &[
    ("receivers", Class::Receiver),
    ("processors", Class::Processor),
    ("exporters", Class::Exporter),
    ("connectors", Class::Connector),
    ("extensions", Class::Extension),
];

/// The section's key for a class.
pub fn section(class: Class) -> &'static str {
    SECTIONS.iter().find(|(_, c)| *c == class).map_or("receivers", |(name, _)| name)
}

/// The type of a component ID.
pub fn type_of(id: &str) -> &str {
    id.split('/').next().unwrap_or(id).trim()
}

/// Whether a mapping looks like a collector's configuration: two of its sections, or a service with pipelines.
pub(crate) fn looks_like_config(root: Node<'_>) -> bool {
    let sections = SECTIONS.iter().filter(|(name, _)| root.get(name).is_some()).count();
    let pipelines = root.at(&["service", "pipelines"]).is_some();
    root.get("apiVersion").is_none() && (sections >= 2 || pipelines || (sections == 1 && root.get("service").is_some()))
}

/// Whether an image runs a collector.
pub fn is_collector_image(image: &str) -> bool {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = last.split(':').next().unwrap_or(last);
    last.contains("opentelemetry-collector")
        || last.contains("otel-collector")
        || last.starts_with("otelcol")
        || last.contains("otelcontribcol")
}

impl Config {
    pub(crate) fn read(file: usize, root: Node<'_>) -> Config {
        let mut components = Vec::new();
        for (section, class) in SECTIONS {
            let Some(section) = root.get(section) else { continue };
            components.extend(section.entries().map(|(id, node)| {
                Component {
                    class: *class,
                    id: id.trim().to_owned(),
                    kind: type_of(id).to_owned(),
                    at: Place::of(file, node),
                    endpoints: ["endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint"]
                        .iter()
                        .filter_map(|key| Text::at(file, node, &[key]))
                        .collect(),
                }
            }));
        }
        let service = root.get("service");
        let pipelines = service
            .and_then(|s| s.get("pipelines"))
            .map(|list| list.entries().map(|(id, node)| Pipeline::read(file, id, node)).collect())
            .unwrap_or_default();
        Config {
            at: Some(Place::of(file, root)),
            components,
            pipelines,
            extensions: service.map(|s| texts(file, s, "extensions")).unwrap_or_default(),
        }
    }

    /// The component of that class and ID.
    pub fn component(&self, class: Class, id: &str) -> Option<&Component> {
        self.components.iter().find(|c| c.class == class && c.id == id)
    }

    /// The components of a class.
    pub fn of_class(&self, class: Class) -> impl Iterator<Item = &Component> {
        self.components.iter().filter(move |c| c.class == class)
    }

    /// The component that a pipeline's reference on that side means: a connector serves as receiver and exporter.
    pub fn resolve(&self, side: Class, id: &str) -> Option<&Component> {
        let connector =
            || self.component(Class::Connector, id).filter(|_| matches!(side, Class::Receiver | Class::Exporter));
        self.component(side, id).or_else(connector)
    }

    /// The place of a section, whether it exists or not.
    pub fn section(&self, class: Class) -> Option<Place> {
        Some(self.at.as_ref()?.key(section(class)))
    }

    /// Pipelines that use the ID on that side.
    pub fn users(&self, side: Class, id: &str) -> impl Iterator<Item = &Pipeline> {
        self.pipelines.iter().filter(move |p| p.side(side).iter().any(|r| r.value == id))
    }

    /// Whether a pipeline, or the list of extensions, uses the component.
    pub fn uses(&self, component: &Component) -> bool {
        let on = |side: Class| self.users(side, &component.id).next().is_some();
        match component.class {
            Class::Extension => self.extensions.iter().any(|id| id.value == component.id),
            Class::Connector => on(Class::Receiver) || on(Class::Exporter),
            class => on(class),
        }
    }
}

impl Pipeline {
    fn read(file: usize, id: &str, node: Node<'_>) -> Pipeline {
        Pipeline {
            id: id.trim().to_owned(),
            signal: signal(type_of(id)),
            at: Place::of(file, node),
            receivers: texts(file, node, "receivers"),
            processors: texts(file, node, "processors"),
            exporters: texts(file, node, "exporters"),
        }
    }

    /// The references on one side.
    pub fn side(&self, class: Class) -> &[Text] {
        match class {
            Class::Receiver => &self.receivers,
            Class::Processor => &self.processors,
            Class::Exporter => &self.exporters,
            _ => &[],
        }
    }
}

/// The signal that a pipeline's type names.
pub fn signal(name: &str) -> Option<Signal> {
    match name {
        "traces" => Some(Signal::Traces),
        "metrics" => Some(Signal::Metrics),
        "logs" => Some(Signal::Logs),
        "profiles" => Some(Signal::Profiles),
        _ => None,
    }
}

fn texts(file: usize, node: Node<'_>, key: &str) -> Vec<Text> {
    let list = node.get(key).map(|n| n.items().filter_map(|i| Text::of(file, i)).collect::<Vec<_>>());
    list.unwrap_or_default().into_iter().map(|t| Text { value: t.value.trim().to_owned(), at: t.at }).collect()
}
