//! Label sets under way: sorted by name, borrowed from series and query where they can be.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Labels;
use crate::promql::selector::{MatchOp, Selector};

/// Labels in the order of their names, none of them empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Metric<'a>(Vec<Label<'a>>);

type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Pair by pair. Most pairs of the series of one histogram are the very same text, which needs no reading.
impl Ord for Metric<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let text = |a: &str, b: &str| if std::ptr::eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        let pair = |(a, b): (&Label<'_>, &Label<'_>)| text(&a.0, &b.0).then_with(|| text(&a.1, &b.1));
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(pair).find(|order| order.is_ne()).unwrap_or_else(|| self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Metric<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Metric<'a> {
    pub(super) fn of(labels: &'a Labels) -> Self {
        let mut set = Vec::with_capacity(labels.len() + 1);
        set.extend(
            labels
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_str()))),
        );
        Self(set)
    }

    /// The labels that a selector fixes to one value each, as `absent` reports them.
    pub(super) fn for_absent(selector: Option<&'a Selector>) -> Self {
        let mut metric = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for matcher in selector.into_iter().flat_map(|selector| &selector.matchers) {
            let name = matcher.name.as_str();
            if name == "__name__" {
                continue;
            }
            if matcher.op == MatchOp::Eq && !seen.contains(&name) {
                metric.set(name.into(), matcher.value.as_str().into());
                seen.push(name);
            } else {
                metric.remove(name);
            }
        }
        metric
    }

    /// The empty string where there is no such label.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.binary_search_by(|(found, _)| found.as_ref().cmp(name)).map_or("", |at| &self.0[at].1)
    }

    pub(super) fn set(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        match self.0.binary_search_by(|(found, _)| found.cmp(&name)) {
            Ok(at) if value.is_empty() => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = value,
            Err(_) if value.is_empty() => {}
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(found, _)| found != name);
    }

    /// What an operation drops that makes another metric of it.
    pub(super) fn drop_metadata(&mut self) {
        self.0.retain(|(name, _)| !matches!(name.as_ref(), "__name__" | "__type__" | "__unit__"));
    }

    /// Those of these names alone.
    pub(super) fn only(&self, names: &[String]) -> Self {
        Self(self.0.iter().filter(|(found, _)| names.iter().any(|name| name == found)).cloned().collect())
    }

    /// Whether it has metadata beside its name.
    pub(super) fn has_type_or_unit(&self) -> bool {
        !self.get("__type__").is_empty() || !self.get("__unit__").is_empty()
    }

    pub(super) fn without(&mut self, names: &[String]) {
        self.0.retain(|(found, _)| !names.iter().any(|name| name == found));
    }

    pub(super) fn to_labels(&self) -> Labels {
        self.0.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }
}
