//! From a route to the place to edit, refusing places that more than one route shares.

use super::layout::Style;
use super::{PatchError, TextEdit, splice};
use crate::{Node, Route, Step, Stream};

/// A node to edit and the strings that it lies in, from the outside in.
pub(super) struct Place<'a> {
    pub(super) chain: Vec<Node<'a>>,
    pub(super) node: Node<'a>,
    /// As asked for, to speak about it.
    pub(super) route: Route,
    /// Whether new strings may be block scalars.
    pub(super) literals: bool,
}

impl Place<'_> {
    /// How to write something new there.
    pub(super) fn style(&self) -> Style {
        Style { literals: self.literals, ..Style::around(self.node) }
    }

    /// Turns edits of the text that the node lies in into edits of the file's text.
    pub(super) fn lift(&self, edits: Vec<TextEdit>) -> Result<Vec<TextEdit>, PatchError> {
        self.chain.iter().rev().try_fold(edits, |edits, scalar| splice::splice(*scalar, &self.route, edits))
    }
}

pub(super) fn locate<'a>(stream: &'a Stream, route: &Route) -> Result<Place<'a>, PatchError> {
    let missing = || PatchError::NoSuchPlace(route.clone());
    let mut chain = Vec::new();
    let mut inside = stream;
    let mut document = route.document;
    let mut node = inside.document(document).ok_or_else(missing)?;
    let mut steps = route.steps.as_slice();
    while let Some((step, rest)) = steps.split_first() {
        if !inside.is_whole(document) {
            return Err(PatchError::Broken(route.clone()));
        }
        if node.is_aliased() {
            return Err(PatchError::Shared(route.clone()));
        }
        if let (Some(_), Some(embedded)) = (node.as_str(), node.embedded()) {
            // The step is one inside the string, so it is taken in the next round.
            chain.push(node);
            inside = embedded;
            document = 0;
            if let Step::Document(i) = step {
                (document, steps) = (*i, rest);
            }
            node = inside.document(document).ok_or_else(missing)?;
            continue;
        }
        node = child(node, step, route)?;
        steps = rest;
    }
    if !inside.is_whole(document) {
        return Err(PatchError::Broken(route.clone()));
    }
    Ok(Place { chain, node, route: route.clone(), literals: true })
}

/// Like [`locate`] for a collection or what can become one: the root inside, where the route leads to a string of YAML.
pub(super) fn collection<'a>(stream: &'a Stream, route: &Route) -> Result<Place<'a>, PatchError> {
    let mut place = locate(stream, route)?;
    if place.node.is_aliased() {
        return Err(PatchError::Shared(route.clone()));
    }
    if let (Some(_), Some(embedded)) = (place.node.as_str(), place.node.embedded()) {
        if !embedded.is_whole(0) {
            return Err(PatchError::Broken(route.clone()));
        }
        let root = embedded.document(0).ok_or_else(|| PatchError::NoSuchPlace(route.clone()))?;
        place.chain.push(std::mem::replace(&mut place.node, root));
    }
    Ok(place)
}

fn child<'a>(node: Node<'a>, step: &Step, route: &Route) -> Result<Node<'a>, PatchError> {
    let missing = || PatchError::NoSuchPlace(route.clone());
    let Step::Key(key) = step else { return node.child(step).ok_or_else(missing) };
    let mut found = node.own_entries().filter(|(name, _)| *name == &**key).map(|(_, child)| child);
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        (Some(_), Some(_)) => Err(PatchError::Ambiguous(route.clone())),
        // Not written here, but merged in.
        (None, _) if node.get(key).is_some() => Err(PatchError::Shared(route.clone())),
        (None, _) => Err(missing()),
    }
}
