//! Earlier revisions, with what became of them.

use crate::analysis::words;
use crate::html::{Sentence, shown};
use crate::live::State;
use crate::time;
use delivery::{Name, Rollout};

pub(crate) struct Revision {
    pub(crate) number: String,
    pub(crate) images: String,
    pub(crate) created: String,
    pub(crate) word: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) why: Option<Sentence>,
    /// The page of its run.
    pub(crate) run: Option<(String, String)>,
}

/// The number of a revision annotation, by which revisions come one after the other.
pub(crate) fn number(revision: Option<&str>) -> Option<u64> {
    revision?.parse().ok()
}

pub(crate) fn revisions(state: &State, name: &Name, rollout: &Rollout) -> Vec<Revision> {
    let sets = state.view.sets_of(name, rollout).map(|(_, set)| set);
    let mut sets: Vec<_> = sets.filter(|set| set.hash != rollout.hash).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(number(set.revision.as_deref()).unwrap_or(0)));
    let runs = state.view.every_run_of(name, rollout);
    sets.into_iter()
        .map(|set| {
            let last = runs.iter().rev().find(|(_, run)| run.hash == set.hash);
            let (word, tone) = match last.map(|(_, run)| run.phase.as_str()) {
                None => ("not measured", ""),
                Some("Successful") => ("let through", "good"),
                Some("Failed" | "Error") => ("aborted", "bad"),
                Some("Inconclusive") => ("inconclusive", "doubtful"),
                Some(_) => ("measuring", ""),
            };
            Revision {
                number: shown(set.revision.as_deref().unwrap_or("?")),
                images: shown(&set.images.join(", ")),
                created: time::said(&set.created).unwrap_or_default(),
                word,
                tone,
                why: last.and_then(|(_, run)| words::failure(run)).map(|why| Sentence::new(&shown(&why))),
                run: last.map(|(at, _)| (shown(&at.name), crate::analysis::address(name, &at.name))),
            }
        })
        .collect()
}
