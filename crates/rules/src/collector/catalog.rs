//! What the catalogue says to a collector's distribution and version, and what it can't tell.

use catalogue::{Class, Distribution, Signal, Verdict};
use model::Collector;

/// What a type is in its section.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// The distribution and version have it.
    Exists,
    /// Can't be told.
    Unknown,
    /// It is a type of other classes only.
    Elsewhere(Vec<Class>),
    /// It was there; `successor` took its place.
    Removed { since: String, successor: Option<&'static str> },
    /// It came with a later version; `older` is its name before.
    NotYet { since: String, older: Option<&'static str> },
    /// Nobody knows it; the known type that was most likely meant.
    Nothing { near: Option<&'static str> },
}

/// What a type is to a collector.
pub(crate) fn standing(collector: &Collector, class: Class, kind: &str) -> Standing {
    match catalogue::verdict(class, kind, collector.distribution, collector.version) {
        Verdict::Known => Standing::Exists,
        Verdict::Untold => Standing::Unknown,
        Verdict::OtherClass(classes) => {
            // Of several, those that this version has.
            let has =
                |c: &Class| catalogue::verdict(*c, kind, collector.distribution, collector.version) == Verdict::Known;
            let here: Vec<Class> = classes.iter().copied().filter(has).collect();
            Standing::Elsewhere(if here.is_empty() { classes } else { here })
        }
        Verdict::Removed(since, successor) => {
            // A successor of another class is said by the type's place there.
            let here = successor.filter(|(c, _)| *c == class).map(|(_, name)| name);
            match successor {
                Some((other, _)) if here.is_none() && catalogue::component(other, kind).is_some() => {
                    Standing::Elsewhere(vec![other])
                }
                _ => Standing::Removed { since: since.to_string(), successor: here },
            }
        }
        Verdict::NotYet(since, older) => Standing::NotYet { since: since.to_string(), older },
        Verdict::Unknown => {
            Standing::Nothing { near: contract::endpoint::nearest_word(kind, current(collector, class)) }
        }
    }
}

/// The types that the collector's version has.
fn current(collector: &Collector, class: Class) -> impl Iterator<Item = &'static str> {
    let (distribution, version) = (collector.distribution, collector.version);
    catalogue::names(class).filter(move |name| catalogue::verdict(class, name, distribution, version) == Verdict::Known)
}

/// Signals that a type takes; `None` where that can't be told. A connector's are in [`joins`].
pub(crate) fn signals(collector: &Collector, class: Class, kind: &str) -> Option<Vec<Signal>> {
    if collector.distribution == Distribution::Other {
        return None;
    }
    catalogue::component(class, kind)?.signals.clone()
}

/// The pairs of signals that a connector joins, from the side where it is an exporter to the side where it is a receiver.
pub(crate) fn joins(collector: &Collector, kind: &str) -> Option<Vec<(Signal, Signal)>> {
    if collector.distribution == Distribution::Other {
        return None;
    }
    catalogue::component(Class::Connector, kind)?.joins.clone().filter(|j| !j.is_empty())
}

/// Whether the distribution and version have the type.
pub(crate) fn exists(collector: &Collector, class: Class, kind: &str) -> bool {
    standing(collector, class, kind) == Standing::Exists
}
