//! What a report needs beside its findings: texts for excerpts, and places and edits that findings name symbolically.

use rules::{FileEdit, Location};
use yaml::Position;

/// A place as people look it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the checked folder.
    pub file: String,
    /// First character, counted from 1.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

/// A replacement of text in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// What goes; empty for an insertion.
    pub place: Place,
    /// What comes instead.
    pub text: String,
}

/// Where excerpts come from.
pub trait Sources {
    /// The text of the file at that path, relative to the checked folder; `None` leaves the excerpt out.
    fn text(&self, path: &str) -> Option<&str>;

    /// Where a symbolic location is; `None` leaves the position out.
    fn place(&self, _: &Location) -> Option<Place> {
        None
    }

    /// An edit as replacements of text; `None` leaves it out.
    fn replacements(&self, _: &FileEdit) -> Option<Vec<Replacement>> {
        None
    }
}

impl Sources for model::Repository {
    fn text(&self, path: &str) -> Option<&str> {
        self.text(path)
    }

    /// Of a route that leads nowhere, the nearest ancestor that exists.
    fn place(&self, location: &Location) -> Option<Place> {
        let file = self.files.get(location.file)?;
        let stream = file.stream.as_ref()?;
        let mut route = location.route.clone();
        let span = loop {
            match stream.resolve(&route) {
                Some(node) => break node.span(),
                None => route = route.parent()?,
            }
        };
        Some(Place { file: file.path.clone(), start: stream.position(span.start), end: stream.position(span.end) })
    }

    fn replacements(&self, edit: &FileEdit) -> Option<Vec<Replacement>> {
        let file = self.files.get(edit.file)?;
        let stream = file.stream.as_ref()?;
        let edits = yaml::edits(stream, &edit.ops).ok()?;
        let replacement = |edit: yaml::TextEdit| Replacement {
            place: Place {
                file: file.path.clone(),
                start: stream.position(edit.range.start),
                end: stream.position(edit.range.end),
            },
            text: edit.text,
        };
        Some(edits.into_iter().map(replacement).collect())
    }
}
