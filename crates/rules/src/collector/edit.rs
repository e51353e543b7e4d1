//! Edits that several fixes share. Each gives operations on the configuration's file, in order.

use super::announce::otlp_ports;
use super::view::{Reference, View};
use catalogue::{Class, Signal};
use model::{Pipeline, Place, section};
use yaml::{Op, Value};

/// Operations with the index of the file that they edit.
pub(crate) type Ops = Vec<(usize, Op)>;

/// An entry at `keys` below `place`: the collections on the way are made where they are missing.
pub(crate) fn put(view: &View<'_>, place: &Place, keys: &[&str], value: Value) -> Ops {
    let Some((first, rest)) = keys.split_first() else {
        return vec![(place.file, Op::Set { route: place.route.clone(), value })];
    };
    let here = place.key(first);
    let exists = view.node(place).and_then(|n| n.get(first)).is_some();
    if exists {
        return put(view, &here, rest, value);
    }
    let nested = rest.iter().rev().fold(value, |value, key| Value::map([(*key, value)]));
    vec![(place.file, Op::Insert { route: place.route.clone(), key: (*first).to_owned(), value: nested, after: None })]
}

/// Defines a component. A missing section is put where the usual order has it.
pub(crate) fn define(view: &View<'_>, class: Class, id: &str, value: Value) -> Ops {
    define_all(view, class, vec![(id.to_owned(), value)])
}

/// Defines several components of one class.
pub(crate) fn define_all(view: &View<'_>, class: Class, components: Vec<(String, Value)>) -> Ops {
    let name = section(class);
    let root = view.node(view.root);
    let has = |section: &str| root.and_then(|r| r.get(section)).is_some();
    let file = view.root.file;
    if has(name) {
        let route = view.root.key(name).route;
        let insert = |(key, value)| (file, Op::Insert { route: route.clone(), key, value, after: None });
        return components.into_iter().map(insert).collect();
    }
    let order = ["receivers", "processors", "connectors", "exporters", "extensions"];
    let place = order.iter().position(|s| *s == name).unwrap_or(0);
    let after = order.iter().take(place).rev().find(|s| has(s)).map(|s| (*s).to_owned());
    let route = view.root.route.clone();
    vec![(file, Op::Insert { route, key: name.to_owned(), value: Value::Map(components), after })]
}

/// The key of a pipeline's list for a side.
pub(crate) fn list_key(side: Class) -> &'static str {
    section(side)
}

/// Adds a reference to a pipeline, unless it is there.
pub(crate) fn refer(view: &View<'_>, pipeline: &Pipeline, side: Class, id: &str) -> Ops {
    if pipeline.side(side).iter().any(|t| t.value == id) {
        return Vec::new();
    }
    let key = list_key(side);
    let file = pipeline.at.file;
    match view.node(&pipeline.at).and_then(|n| n.get(key)) {
        Some(_) => vec![(file, Op::Append { route: pipeline.at.key(key).route, value: id.into() })],
        None => {
            let after = match side {
                Class::Processor => Some("receivers".to_owned()),
                _ => None,
            };
            let value = Value::seq([id]);
            vec![(file, Op::Insert { route: pipeline.at.route.clone(), key: key.to_owned(), value, after })]
        }
    }
}

/// Adds a pipeline of `signal` that takes from `receivers`, through `processors`, to `exporters`.
pub(crate) fn add_pipeline(
    view: &View<'_>,
    id: &str,
    receivers: &[String],
    processors: &[String],
    exporters: &[String],
) -> Ops {
    let list = |ids: &[String]| Value::seq(ids.iter().cloned());
    let mut entries = vec![("receivers", list(receivers))];
    if !processors.is_empty() {
        entries.push(("processors", list(processors)));
    }
    entries.push(("exporters", list(exporters)));
    put(view, view.root, &["service", "pipelines", id], Value::map(entries))
}

/// A free ID for a pipeline of `signal`: the signal's word, or that with a name.
pub(crate) fn pipeline_id(view: &View<'_>, signal: Signal, name: &str) -> String {
    let word = super::view::word(signal);
    let taken = |id: &str| view.config.pipelines.iter().any(|p| p.id == id);
    if !taken(word) {
        return word.to_owned();
    }
    let named = format!("{word}/{}", name.replace('/', "-"));
    if !taken(&named) {
        return named;
    }
    (2..).map(|i| format!("{named}-{i}")).find(|id| !taken(id)).unwrap_or(named)
}

/// Removes references; those of one list from the last to the first, so that indices stay true.
pub(crate) fn unrefer<'a>(references: impl IntoIterator<Item = Reference<'a>>) -> Ops {
    let mut places: Vec<&Place> = references.into_iter().map(|r| &r.text.at).collect();
    places.sort_by(|a, b| b.cmp(a));
    places.into_iter().map(|p| (p.file, Op::Remove { route: p.route.clone() })).collect()
}

/// Makes references name `id`; one that would stand twice in its list goes.
pub(crate) fn rename<'a>(references: impl IntoIterator<Item = Reference<'a>>, id: &str) -> Ops {
    let mut set: Ops = Vec::new();
    let mut doubles: Vec<Reference<'a>> = Vec::new();
    let mut seen: Vec<(&str, Class)> = Vec::new();
    for reference in references {
        let list = (reference.pipeline.id.as_str(), reference.side);
        let there = reference.pipeline.side(reference.side).iter().any(|t| t.value == id);
        if there || seen.contains(&list) {
            doubles.push(reference);
        } else {
            seen.push(list);
            let route = reference.text.at.route.clone();
            set.push((reference.text.at.file, Op::Set { route, value: id.into() }));
        }
    }
    set.extend(unrefer(doubles));
    set
}

/// An OTLP receiver for what senders and Services expect.
pub(crate) fn otlp_receiver(view: &View<'_>) -> Value {
    let protocols = otlp_ports(view).into_iter();
    let protocols =
        protocols.map(|(name, port)| (name, Value::map([("endpoint", Value::from(format!("0.0.0.0:{port}")))])));
    Value::map([("protocols", Value::map(protocols))])
}
