//! What the collector rules share: a collector with its places, and questions about it.

use catalogue::{Class, Distribution, Signal};
use contract::endpoint;
use contract::{Caller, Contract, Listener, Target};
use model::{Collector, Component, Config, Container, Pipeline, Place, Source, Text, Workload, type_of};
use yaml::{FaultKind, Node};

/// A collector whose configuration could be read.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) contract: &'a Contract<'a>,
    pub(crate) index: usize,
    pub(crate) collector: &'a Collector,
    pub(crate) config: &'a Config,
    /// The configuration's root mapping.
    pub(crate) root: &'a Place,
}

/// A pipeline's reference to a component.
#[derive(Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) side: Class,
    pub(crate) text: &'a Text,
}

/// The three sides of a pipeline, in the order of its data.
pub(crate) const SIDES: [Class; 3] = [Class::Receiver, Class::Processor, Class::Exporter];

/// Every collector whose configuration is no torso: one with a syntax error says less than was written.
pub(crate) fn views<'a>(contract: &'a Contract<'a>) -> impl Iterator<Item = View<'a>> {
    contract.repository.collectors.iter().enumerate().filter_map(move |(index, collector)| {
        let root = collector.config.at.as_ref()?;
        let view = View { contract, index, collector, config: &collector.config, root };
        let node = view.node(root)?;
        let torn = node.stream().faults().iter().any(|f| !matches!(f.kind, FaultKind::DuplicateKey { .. }));
        // A tab at the start of a line ends the string that it stands in: then the file itself has the fault.
        let outer = contract.repository.files.get(root.file).and_then(|f| f.stream.as_ref());
        let cut = outer.is_some_and(|s| !s.is_whole(root.route.document));
        (!torn && !cut).then_some(view)
    })
}

impl<'a> View<'a> {
    /// The node at a place; at the configuration's root the mapping, also where that stands inside a string.
    pub(crate) fn node(&self, place: &Place) -> Option<Node<'a>> {
        if place == self.root { root_of(self.contract, self.collector) } else { self.contract.repository.node(place) }
    }

    /// Whether a key stands twice in this configuration: then a section may be hidden by its namesake.
    pub(crate) fn has_duplicates(&self) -> bool {
        self.node(self.root).is_some_and(|n| !n.stream().faults().is_empty())
    }

    /// Whether this is all that the process reads. What a part lacks may stand in another: the process is given several,
    /// or it is one of several bare files in a folder that are incomplete by themselves.
    pub(crate) fn whole(&self) -> bool {
        !self.collector.partial && !self.fragment()
    }

    fn fragment(&self) -> bool {
        if self.collector.source != Source::File || self.collector.workload.is_some() {
            return false;
        }
        let complete = |c: &Collector| {
            let has = |class| c.config.of_class(class).next().is_some();
            !c.config.pipelines.is_empty() && has(Class::Receiver) && has(Class::Exporter)
        };
        let repository = self.contract.repository;
        let folder = |c: &Collector| c.config.at.as_ref().map(|p| repository.path(p).rsplit_once('/').map(|(f, _)| f));
        !complete(self.collector)
            && repository.collectors.iter().enumerate().any(|(i, other)| {
                i != self.index
                    && other.source == Source::File
                    && !complete(other)
                    && folder(other) == folder(self.collector)
            })
    }

    /// Whether it runs in a cluster for all we know; a bare file may be for a plain host or for docker compose.
    pub(crate) fn in_cluster(&self) -> bool {
        self.collector.source != Source::File || self.collector.workload.is_some()
    }

    /// The workload that runs it.
    pub(crate) fn workload(&self) -> Option<&'a Workload> {
        self.contract.repository.workloads.get(self.collector.workload?)
    }

    /// The container that runs it.
    pub(crate) fn container(&self) -> Option<&'a Container> {
        let image = self.collector.image.as_ref()?;
        self.workload()?.containers.iter().find(|c| c.image.as_ref() == Some(image))
    }

    /// Its listeners.
    pub(crate) fn listeners(&self) -> &'a [Listener] {
        self.contract.listeners.get(self.index).map_or(&[], Vec::as_slice)
    }

    /// Whether its types can be judged at all: another distribution may have any.
    pub(crate) fn known(&self) -> bool {
        self.collector.distribution != Distribution::Other
    }

    /// Every reference of every pipeline. One that the environment fills is none that can be judged.
    pub(crate) fn references(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        self.config.pipelines.iter().flat_map(|pipeline| {
            SIDES.into_iter().flat_map(move |side| {
                let named = pipeline.side(side).iter().filter(|t| !is_variable(&t.value));
                named.map(move |text| Reference { pipeline, side, text })
            })
        })
    }

    /// References that mean this component.
    pub(crate) fn users(&self, component: &'a Component) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        let config = self.config;
        self.references().filter(move |r| {
            r.text.value == component.id
                && config.resolve(r.side, &r.text.value).is_some_and(|c| c.class == component.class)
        })
    }

    /// References to what nothing defines.
    pub(crate) fn undefined(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        let config = self.config;
        self.references().filter(move |r| config.resolve(r.side, &r.text.value).is_none())
    }

    /// Whether the component is used: in a pipeline, or, for an extension, in `service.extensions`.
    pub(crate) fn used(&self, component: &'a Component) -> bool {
        match component.class {
            Class::Extension => self.config.extensions.iter().any(|e| e.value == component.id),
            _ => self.users(component).next().is_some(),
        }
    }

    /// Pipelines of a signal.
    pub(crate) fn pipelines(&self, signal: Signal) -> impl Iterator<Item = &'a Pipeline> + use<'a> {
        self.config.pipelines.iter().filter(move |p| p.signal == Some(signal))
    }

    /// Whether the policy speaks about this collector: it is in a repository whose workloads are described.
    pub(crate) fn described(&self) -> bool {
        self.contract.described()
    }

    /// Where an exporter sends to, with the scalar that says so.
    pub(crate) fn backend(&self, exporter: &Component) -> Option<(Text, Target)> {
        let node = self.node(&exporter.at)?;
        let text = Text::at(exporter.at.file, node, &["endpoint"])?;
        let namespace = self.collector.namespace.as_deref();
        let caller = Caller { policy: self.described(), otlp: true };
        let dial = self.contract.dial(namespace, &text, caller)?;
        Some((text, dial.target))
    }

    /// The span metrics connectors, or other components, that reference `id` on that side in a pipeline of `signal`.
    pub(crate) fn listener_of(&self, class: Class, id: &str) -> Option<&'a Listener> {
        self.listeners().iter().find(|l| l.class == class && l.id == id)
    }
}

/// The root mapping of a collector's configuration.
pub(crate) fn root_of<'a>(contract: &'a Contract<'a>, collector: &Collector) -> Option<Node<'a>> {
    contract.repository.configuration(collector)
}

/// Whether an environment variable or another source fills the text in.
pub(crate) fn is_variable(text: &str) -> bool {
    text.contains("${") || text.contains("{{") || text.contains("$(")
}

/// `name` of `type/name`.
pub(crate) fn name_of(id: &str) -> Option<&str> {
    id.split_once('/').map(|(_, name)| name.trim())
}

/// The ID with another type.
pub(crate) fn with_type(id: &str, kind: &str) -> String {
    name_of(id).map_or_else(|| kind.to_owned(), |name| format!("{kind}/{name}"))
}

/// The defined ID that a wrong one most likely means: the same type with another name, or a slip of the finger.
pub(crate) fn near<'a>(wrong: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let ids: Vec<&str> = ids.into_iter().filter(|id| *id != wrong).collect();
    if let Some(same) = ids.iter().find(|id| squash(id) == squash(wrong)) {
        return vec![same];
    }
    if let Some(slip) = endpoint::nearest_word(wrong, ids.iter().copied()) {
        return vec![slip];
    }
    let kind = type_of(wrong);
    // Newer names of old types: `otlp_grpc` for `otlp`.
    let renamed = |id: &&&str| {
        let other = type_of(id);
        let longer = other.strip_prefix(kind).or(kind.strip_prefix(other));
        longer.is_some_and(|rest| rest.starts_with('_')) && name_of(id) == name_of(wrong)
    };
    if let Some(id) = ids.iter().find(renamed) {
        return vec![id];
    }
    let same_type: Vec<&str> = ids.iter().copied().filter(|id| type_of(id) == kind).collect();
    if !same_type.is_empty() {
        return same_type;
    }
    // `jaeger` for `otlp/jaeger`, `otlp/jaeger` for `jaeger`.
    let shares = |id: &str| name_of(id) == Some(wrong) || name_of(wrong) == Some(id);
    ids.into_iter().filter(|id| shares(id)).collect()
}

/// Lower case without separators: `Hotrod_Namespace` is `hotrod.namespace`.
pub(crate) fn squash(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '/').flat_map(char::to_lowercase).collect()
}

/// A list of words for a sentence: `a`, `a` and `b`, `a`, `b` and `c`.
pub(crate) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{}`", w.as_ref())).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The word for a signal.
pub(crate) fn word(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces",
        Signal::Metrics => "metrics",
        Signal::Logs => "logs",
        Signal::Profiles => "profiles",
    }
}

/// The word for a class.
pub(crate) fn role(class: Class) -> &'static str {
    class.as_str()
}

impl<'a> View<'a> {
    /// Whether no receiver is configured. A connector is none to the collector.
    pub(crate) fn lacks_receivers(&self) -> bool {
        let section = self.node(&self.root.key("receivers"));
        let empty = section.is_none_or(|n| n.is_null() || n.is_mapping() && n.is_empty());
        let whole = self.whole() && (!self.config.pipelines.is_empty() || !self.config.components.is_empty());
        whole && empty
    }
}
