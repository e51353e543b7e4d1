//! Where a value is: a document and the steps down from its root.

use std::fmt;
use std::sync::Arc;

/// One step down from a collection to a child.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into the entry of a mapping with this (decoded) key.
    Key(Arc<str>),
    /// Into the item of a sequence at this index, from 0.
    Index(usize),
    /// Into a further document of a stream inside a string; the first one needs no such step, so it is rare.
    Document(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A document of a stream and the steps from its root down to a value. The steps go on inside a string that holds YAML:
/// `data["collector-config.yaml"].receivers` leads into a ConfigMap's config.
///
/// Displays like `spec.metrics[0].name`; keys that are no plain words are quoted: `data["a.yaml"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route {
    /// Index of the document in its stream, from 0.
    pub document: usize,
    /// From the root down; empty for the root itself.
    pub steps: Vec<Step>,
}

impl Route {
    /// The root of a document (index from 0).
    pub fn root(document: usize) -> Self {
        Self { document, steps: Vec::new() }
    }

    /// This route, one step further down.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// This route, one mapping key further down.
    pub fn key(self, key: impl AsRef<str>) -> Self {
        self.step(key.as_ref())
    }

    /// This route, one sequence item (from 0) further down.
    pub fn index(self, index: usize) -> Self {
        self.step(index)
    }

    /// This route, several mapping keys further down.
    pub fn keys<K: AsRef<str>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        keys.into_iter().fold(self, Route::key)
    }

    /// The route one step up; `None` for a root.
    pub fn parent(&self) -> Option<Route> {
        let (_, rest) = self.steps.split_last()?;
        Some(Self { document: self.document, steps: rest.to_vec() })
    }

    /// The last step; `None` for a root.
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The last step's key, where it is one.
    pub fn last_key(&self) -> Option<&str> {
        match self.steps.last()? {
            Step::Key(key) => Some(key),
            _ => None,
        }
    }

    /// Whether this is `other` or leads below it.
    pub fn starts_with(&self, other: &Route) -> bool {
        self.document == other.document && self.steps.starts_with(&other.steps)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if is_word(key) => write!(f, "{}{key}", if i == 0 { "" } else { "." })?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Document(index) => write!(f, "[document {index}]")?,
            }
        }
        Ok(())
    }
}

/// Component IDs (`otlp/jaeger`) and annotation-free keys stay bare; a dot would read as two steps.
fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'))
}
