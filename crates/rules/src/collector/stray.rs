//! Keys of a component that lost their indentation and stand beside it, as if they were components.

use super::catalog::{Standing, standing};
use super::schema::{Judge, of_component};
use super::view::View;
use catalogue::Class;
use model::{Component, Place, section};

/// A component's key that stands in the section.
pub(crate) struct Stray {
    /// The entry.
    pub(crate) at: Place,
    /// The key.
    pub(crate) key: String,
    /// The section that it stands in.
    pub(crate) class: Class,
    /// The component that it belongs to.
    pub(crate) owner: Place,
    /// That component's ID.
    pub(crate) id: String,
}

/// Entries of a section that are no component, but a key that the component right before them has a place for.
pub(crate) fn strays(view: &View<'_>) -> Vec<Stray> {
    let mut found = Vec::new();
    let mut owner: Option<&Component> = None;
    for component in &view.config.components {
        let unknown = matches!(standing(view.collector, component.class, &component.kind), Standing::Nothing { .. });
        let before = owner.filter(|o| o.class == component.class);
        let taken = |o: &Component| view.node(&o.at).is_some_and(|n| n.get(&component.id).is_some());
        let fits = |o: &&Component| {
            let known = of_component(o).is_some_and(|s| s.has(&component.id));
            known && !taken(o)
        };
        // A list or a plain value is no component, whatever it is called.
        let plain = view.node(&component.at).is_some_and(|n| n.is_sequence() || n.as_str().is_some());
        match before.filter(|_| unknown || plain).filter(fits) {
            Some(o) => found.push(Stray {
                at: component.at.clone(),
                key: component.id.clone(),
                class: component.class,
                owner: o.at.clone(),
                id: o.id.clone(),
            }),
            None if !unknown && !plain => owner = Some(component),
            None => {}
        }
    }
    found
}

impl Stray {
    /// The section's name, for a sentence.
    pub(crate) fn inside(&self) -> String {
        format!("`{}`", section(self.class))
    }
}
