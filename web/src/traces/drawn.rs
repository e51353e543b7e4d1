//! Waterfalls as they were drawn: hundreds of readers of one trace are one drawing.

use super::Tree;
use axum::body::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Pages kept at a time.
const MOST: usize = 32;

/// Pages by address.
#[derive(Default)]
pub(crate) struct Drawn(Mutex<HashMap<String, Page>>);

struct Page {
    /// A trace that is held weakly is no other one at the same place.
    tree: Weak<Tree>,
    /// Of the cluster's state, which the page names.
    version: u64,
    /// Whether it links to Jaeger.
    linked: bool,
    bytes: Bytes,
}

impl Drawn {
    pub(crate) fn get(&self, address: &str, tree: &Arc<Tree>, version: u64, linked: bool) -> Option<Bytes> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let page = pages.get(address)?;
        let same = page.tree.as_ptr() == Arc::as_ptr(tree) && page.version == version && page.linked == linked;
        same.then(|| page.bytes.clone())
    }

    pub(crate) fn keep(&self, address: String, tree: &Arc<Tree>, version: u64, linked: bool, bytes: Bytes) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST {
            pages.clear();
        }
        pages.insert(address, Page { tree: Arc::downgrade(tree), version, linked, bytes });
    }
}
