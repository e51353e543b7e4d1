//! The folders of a repository, as far as anybody has looked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

type Look = dyn Fn() -> Option<BTreeSet<String>> + Send + Sync;

/// Folders relative to the repository's root: those known from the start, and all the others once these are not enough.
/// Reading a large index costs more than checking a small folder, and it is seldom asked.
#[derive(Clone, Default)]
pub struct Directories {
    known: BTreeSet<String>,
    rest: Option<Arc<Look>>,
    all: Arc<OnceLock<Option<BTreeSet<String>>>>,
}

impl Directories {
    /// `rest` is asked at most once; `None` is what it answers where nobody can tell.
    pub fn and_more(
        known: BTreeSet<String>,
        rest: impl Fn() -> Option<BTreeSet<String>> + Send + Sync + 'static,
    ) -> Self {
        Directories { known, rest: Some(Arc::new(rest)), all: Arc::default() }
    }

    /// Whether one of them is wanted; also where that can't be told.
    pub fn any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.known.iter().any(|folder| wanted(folder))
            || self.all().is_none_or(|all| all.iter().any(|folder| wanted(folder)))
    }

    /// All of them; `None` where that can't be told.
    pub fn all(&self) -> Option<&BTreeSet<String>> {
        let look = || match &self.rest {
            None => Some(self.known.clone()),
            Some(rest) => rest().map(|more| more.union(&self.known).cloned().collect()),
        };
        self.all.get_or_init(look).as_ref()
    }
}

impl From<BTreeSet<String>> for Directories {
    fn from(known: BTreeSet<String>) -> Self {
        Directories { known, ..Directories::default() }
    }
}

impl fmt::Debug for Directories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.known).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Directories;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn set(folders: &[&str]) -> BTreeSet<String> {
        folders.iter().map(|folder| (*folder).to_owned()).collect()
    }

    #[test]
    fn the_rest_is_looked_at_once_and_only_when_it_is_needed() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let folders = Directories::and_more(set(&["a"]), move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(set(&["b"]))
        });
        assert!(folders.any(|folder| folder == "a"));
        assert_eq!(looks.load(Ordering::Relaxed), 0);
        assert!(folders.clone().any(|folder| folder == "b"));
        assert!(!folders.any(|folder| folder == "c"));
        assert_eq!(folders.all(), Some(&set(&["a", "b"])));
        assert_eq!(looks.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_cannot_be_told_is_no_miss() {
        assert!(Directories::and_more(set(&["a"]), || None).any(|folder| folder == "c"));
        assert!(!Directories::from(set(&["a"])).any(|folder| folder == "c"));
    }
}
