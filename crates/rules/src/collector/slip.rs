//! Keys of the configuration's frame (sections, service, pipelines) that stand where the collector does not look, and what was
//! meant. Other rules ask here before they call something missing.

use super::catalog::{Standing, standing};
use super::view::{SIDES, View};
use catalogue::Class;
use contract::endpoint::nearest_word;
use model::{Place, SECTIONS, section, signal, type_of};
use yaml::Node;

/// A misplaced or misspelled key.
pub(crate) struct Slip {
    /// The entry.
    pub(crate) at: Place,
    /// The key.
    pub(crate) key: String,
    /// The mapping that does not know it, for a sentence.
    pub(crate) inside: String,
    /// What was meant.
    pub(crate) meant: Meant,
    /// Components that nobody sees because of it.
    pub(crate) components: Vec<(Class, String)>,
    /// Pipelines, or parts of one, that nobody sees because of it.
    pub(crate) pipelines: bool,
}

/// What a misplaced or misspelled key was meant to be.
pub(crate) enum Meant {
    /// Another key of the same mapping.
    Named(String),
    /// The same key in another mapping: its place, how to call it, and what has to be there first.
    In(Place, String),
    /// Can't be told.
    Nothing,
}

impl Slip {
    /// Whether it hides the component.
    pub(crate) fn hides(&self, class: Class, id: &str) -> bool {
        self.components.iter().any(|(c, i)| *c == class && i == id)
    }
}

/// Whether the frame knows nothing of a section because a slip hides it.
pub(crate) fn hiding<'s>(slips: &'s [Slip], class: Class, id: &str) -> Option<&'s Slip> {
    let either = |c: Class| matches!(c, Class::Receiver | Class::Exporter);
    slips.iter().find(|s| s.hides(class, id) || either(class) && s.hides(Class::Connector, id))
}

/// Every slip in the frame.
pub(crate) fn slips(view: &View<'_>) -> Vec<Slip> {
    let Some(root) = view.node(view.root) else { return Vec::new() };
    let finder = Finder { view, root };
    let mut found = Vec::new();
    finder.top(&mut found);
    finder.sections(&mut found);
    finder.service(&mut found);
    found
}

struct Finder<'a> {
    view: &'a View<'a>,
    root: Node<'a>,
}

fn class_of(section: &str) -> Option<Class> {
    SECTIONS.iter().find(|(name, _)| *name == section).map(|(_, class)| *class)
}

fn is_list(key: &str) -> bool {
    SIDES.iter().any(|side| section(*side) == key)
}

impl<'a> Finder<'a> {
    fn slip(&self, node: Node<'a>, key: &str, inside: &str, meant: Meant) -> Slip {
        let (mut components, mut pipelines) = (Vec::new(), false);
        let target = match &meant {
            Meant::Named(name) => name.as_str(),
            _ => key,
        };
        match (class_of(target), &meant) {
            (Some(class), _) if !node.is_sequence() => {
                components.extend(node.entries().map(|(id, _)| (class, id.trim().to_owned())));
            }
            (None, Meant::In(to, _)) if to.parent() == *self.view.root => {
                let class = to.route.last_key().and_then(class_of);
                components.extend(class.map(|c| (c, key.to_owned())));
                pipelines = class.is_none();
            }
            _ => pipelines = true,
        }
        let at = Place::of(self.view.root.file, node);
        Slip { at, key: key.to_owned(), inside: inside.to_owned(), meant, components, pipelines }
    }

    fn place(&self, keys: &[&str]) -> Place {
        keys.iter().fold(self.view.root.clone(), |place, key| place.key(key))
    }

    /// Whether nothing stands at `keys` yet that a move or renaming would collide with.
    fn free(&self, keys: &[&str]) -> bool {
        self.root.at(keys).is_none()
    }

    /// Keys beside the sections.
    fn top(&self, found: &mut Vec<Slip>) {
        let names = || SECTIONS.iter().map(|(name, _)| *name).chain(["service"]);
        let mut before: Option<Class> = None;
        for (key, node) in self.root.entries() {
            if names().any(|n| n == key) {
                before = class_of(key);
                continue;
            }
            let near = nearest_word(key, names()).filter(|n| self.free(&[n]));
            let known = |class: Class| matches!(standing(self.view.collector, class, type_of(key)), Standing::Exists);
            let meant = match (near, before) {
                (Some(name), _) => Meant::Named(name.to_owned()),
                _ if key == "pipelines" && self.free(&["service", "pipelines"]) => self.into(&["service"]),
                _ if key == "telemetry" && self.free(&["service", "telemetry"]) => self.into(&["service"]),
                _ if looks_like_pipeline(key, node) && self.free(&["service", "pipelines", key]) => {
                    self.into(&["service", "pipelines"])
                }
                // A component that lost its indentation under the section before it.
                (_, Some(class)) if known(class) && self.free(&[section(class), key]) => self.into(&[section(class)]),
                _ => Meant::Nothing,
            };
            // A mapping that is no part of the frame needs the mapping that it goes to.
            let meant = match meant {
                Meant::In(to, _) if self.view.node(&to).is_none() => Meant::Nothing,
                meant => meant,
            };
            found.push(self.slip(node, key, "the configuration", meant));
        }
    }

    fn into(&self, keys: &[&str]) -> Meant {
        Meant::In(self.place(keys), format!("`{}`", keys.join(".")))
    }

    /// Sections, and `service`, inside a section or one of its components.
    fn sections(&self, found: &mut Vec<Slip>) {
        let frame = |key: &str| key == "service" || key == "pipelines" || class_of(key).is_some();
        for (name, _) in SECTIONS {
            let Some(section) = self.root.get(name) else { continue };
            for (id, node) in section.entries() {
                if frame(id) && !node.is_sequence() {
                    found.push(self.nested(node, id, &format!("`{name}`")));
                    continue;
                }
                for (key, inner) in node.entries() {
                    // `exporters` and the like are keys of some components; there they are lists or the component knows them.
                    if (key == "service" || class_of(key).is_some_and(|_| self.free(&[key])))
                        && inner.is_mapping()
                        && !owns(id, key)
                    {
                        found.push(self.nested(inner, key, &format!("`{name}.{id}`")));
                    }
                }
            }
        }
    }

    fn nested(&self, node: Node<'a>, key: &str, inside: &str) -> Slip {
        let meant = match key {
            "pipelines" if self.free(&["service", "pipelines"]) && !self.free(&["service"]) => self.into(&["service"]),
            _ if self.free(&[key]) => Meant::In(self.view.root.clone(), "the configuration's top level".to_owned()),
            _ => Meant::Nothing,
        };
        self.slip(node, key, inside, meant)
    }

    fn service(&self, found: &mut Vec<Slip>) {
        let Some(service) = self.root.get("service") else { return };
        let names = ["extensions", "pipelines", "telemetry"];
        for (key, node) in service.entries() {
            if names.contains(&key) {
                continue;
            }
            let near = nearest_word(key, names).filter(|n| self.free(&["service", n]));
            let meant = match near {
                _ if class_of(key).is_some() && node.is_mapping() && self.free(&[key]) => {
                    Meant::In(self.view.root.clone(), "the configuration's top level".to_owned())
                }
                _ if is_list(key) => self.pipeline_without(key),
                _ if looks_like_pipeline(key, node)
                    && self.free(&["service", "pipelines", key])
                    && !self.free(&["service", "pipelines"]) =>
                {
                    self.into(&["service", "pipelines"])
                }
                Some(name) => Meant::Named(name.to_owned()),
                None => Meant::Nothing,
            };
            found.push(self.slip(node, key, "`service`", meant));
        }
        let Some(pipelines) = service.get("pipelines") else { return };
        for (id, node) in pipelines.entries() {
            if signal(type_of(id)).is_none() {
                let meant = self.pipeline_key(id, node);
                found.push(self.slip(node, id, "`service.pipelines`", meant));
                continue;
            }
            for (key, inner) in node.entries() {
                if is_list(key) {
                    continue;
                }
                let near = nearest_word(key, SIDES.iter().map(|s| section(*s))).filter(|n| node.get(n).is_none());
                let meant = match near {
                    _ if looks_like_pipeline(key, inner) && pipelines.get(key).is_none() => {
                        self.into(&["service", "pipelines"])
                    }
                    _ if key == "extensions" && self.free(&["service", key]) => self.into(&["service"]),
                    _ if key == "telemetry" && self.free(&["service", key]) => self.into(&["service"]),
                    Some(name) => Meant::Named(name.to_owned()),
                    None => Meant::Nothing,
                };
                found.push(self.slip(inner, key, &format!("pipeline `{id}`"), meant));
            }
        }
    }

    /// What an entry of `service.pipelines` without a signal's name was meant to be.
    fn pipeline_key(&self, id: &str, node: Node<'a>) -> Meant {
        let words = ["traces", "metrics", "logs"];
        if is_list(id) {
            return self.pipeline_without(id);
        }
        if ["extensions", "telemetry"].contains(&id) && self.free(&["service", id]) {
            return self.into(&["service"]);
        }
        if class_of(id).is_some() && node.is_mapping() && self.free(&[id]) {
            return Meant::In(self.view.root.clone(), "the configuration's top level".to_owned());
        }
        match nearest_word(type_of(id), words) {
            Some(word) => {
                let name = super::view::with_type(id, word);
                if self.free(&["service", "pipelines", &name]) { Meant::Named(name) } else { Meant::Nothing }
            }
            None => Meant::Nothing,
        }
    }

    /// The one pipeline that lacks a list of that name.
    fn pipeline_without(&self, key: &str) -> Meant {
        let lacking: Vec<&str> = self
            .root
            .at(&["service", "pipelines"])
            .map(|p| {
                p.entries()
                    .filter(|(id, n)| signal(type_of(id)).is_some() && n.get(key).is_none())
                    .map(|(id, _)| id)
                    .collect()
            })
            .unwrap_or_default();
        match lacking.as_slice() {
            [only] => Meant::In(self.place(&["service", "pipelines", only]), format!("pipeline `{only}`")),
            _ => Meant::Nothing,
        }
    }
}

/// Components that have a key named like a section.
fn owns(id: &str, key: &str) -> bool {
    matches!((type_of(id), key), ("receiver_creator", "receivers") | ("groupbyattrs", _) | ("routing", "exporters"))
}

fn looks_like_pipeline(key: &str, node: Node<'_>) -> bool {
    signal(type_of(key)).is_some() && node.is_mapping() && node.entries().any(|(k, v)| is_list(k) && !v.is_mapping())
}
