//! Addresses of the pipeline's page: everything that it shows is in them, so that they can be shared.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt::Write as _;

/// What stays as it is in a query's value.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');
/// A longer value names no revision and no node.
const MOST: usize = 400;

/// What an address of the page asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) commit: Option<String>,
    pub(crate) node: Option<String>,
}

impl Link {
    /// Reads a query; what it does not know it passes over.
    pub(crate) fn parse(query: Option<&str>) -> Link {
        let mut link = Link::default();
        for (key, value) in query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
            let value = percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
            if value.is_empty() || value.len() > MOST || value.contains(char::is_control) {
                continue;
            }
            match key {
                "commit" => link.commit = Some(value),
                "node" => link.node = Some(value),
                _ => {}
            }
        }
        link
    }

    /// The commits before and after, where both are asked for.
    pub(crate) fn range(&self) -> Option<(&str, &str)> {
        self.commit.as_deref()?.split_once("..").map(|(a, b)| (a, b.trim_start_matches('.')))
    }

    /// The page with that node's source open.
    pub(crate) fn node(&self, key: &str) -> String {
        format!("/pipeline{}#source", Link { node: Some(key.to_owned()), ..self.clone() }.query())
    }

    /// The page of another commit, or range of commits.
    pub(crate) fn commit(&self, commit: &str) -> String {
        format!("/pipeline{}", Link { commit: Some(commit.to_owned()), node: None }.query())
    }

    /// `?commit=…&node=…`, or nothing.
    pub(crate) fn query(&self) -> String {
        let mut query = String::new();
        for (key, value) in [("commit", &self.commit), ("node", &self.node)] {
            if let Some(value) = value {
                let mark = if query.is_empty() { '?' } else { '&' };
                // Writing to a String cannot fail.
                let _ = write!(query, "{mark}{key}={}", utf8_percent_encode(value, &KEPT));
            }
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn an_address_comes_back_as_it_went() {
        for text in ["HEAD~2..main", "otel/a.yaml/receivers/otlp/2", "<x a=\"b\">&'?#+ %41ü"] {
            let link = Link { commit: Some(text.to_owned()), node: Some(text.to_owned()) };
            let query = link.query();
            assert!(!query.contains(['<', '"', '\'', '#', ' ', '+']), "{query}");
            assert_eq!(Link::parse(query.strip_prefix('?')), link);
        }
        assert_eq!(Link::default().query(), "");
    }

    #[test]
    fn what_no_name_can_be_is_passed_over() {
        let long = "x".repeat(500);
        for query in ["commit=", "node=%00", "other=1", "commit", &format!("node={long}")] {
            assert_eq!(Link::parse(Some(query)), Link::default(), "{query}");
        }
    }

    #[test]
    fn two_dots_and_three_are_a_range() {
        let range = |commit: &str| {
            let link = Link { commit: Some(commit.to_owned()), node: None };
            link.range().map(|(a, b)| (a.to_owned(), b.to_owned()))
        };
        assert_eq!(range("a..b"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(range("a...b"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(range("v1.2"), None);
    }
}
