//! What the cluster says, as its watches bring it: one copy, however many readers look at it.

mod hub;
mod page;
mod sources;
mod stream;
mod topic;

pub(crate) use hub::Hub;
pub(crate) use page::{analysis, asked, home, page, release, rollouts, traces};
pub(crate) use sources::Sources;
pub(crate) use stream::{analysis_events, events, release_events, rollouts_events, traces_events};
pub(crate) use topic::{Stream, Topic, address, encode};

use delivery::{Name, Observed, Rollout, View};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::watch;

/// The running cluster as the pages' source.
#[derive(Clone)]
pub enum Cluster {
    /// Somebody feeds it.
    Live(Arc<Live>),
    /// There is none.
    Absent {
        /// Why, in words.
        why: String,
        /// What to set.
        hint: String,
    },
}

/// What a watch brings.
#[derive(Clone, Debug)]
pub enum News {
    /// Objects.
    Seen {
        /// What changed; an object that is gone is observed as none.
        view: View,
        /// Whether all that there is has been shown.
        whole: bool,
    },
    /// It shows nothing, for now.
    Lost {
        /// Why.
        message: String,
        /// What a person can do.
        hint: Option<String>,
    },
}

/// The newest observation of everything, and how its watches do. Whoever watches feeds it.
pub struct Live {
    context: String,
    state: RwLock<State>,
    version: watch::Sender<u64>,
}

/// What the pages are drawn from.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) view: View,
    /// Each watch by what it is called.
    pub(crate) feeds: BTreeMap<&'static str, Feed>,
    /// ConfigMaps of collectors.
    pub(crate) configs: BTreeMap<Name, Config>,
    /// When the last change came in.
    pub(crate) changed: Option<Timestamp>,
}

/// A ConfigMap, as its watch brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// Its data; none where there is no such ConfigMap.
    Seen(Option<BTreeMap<String, String>>),
    /// It cannot be read, for now: why.
    Lost(String),
}

/// How a watch does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Feed {
    /// Not everything was shown yet.
    Reading,
    /// It shows what there is.
    Current,
    /// It shows nothing, or what was.
    Broken {
        since: Timestamp,
        message: String,
        hint: Option<String>,
        /// Whether it had shown everything before.
        stale: bool,
    },
}

impl Feed {
    pub(crate) fn is_current(&self) -> bool {
        matches!(self, Feed::Current)
    }
}

impl Live {
    /// Nothing yet, from a kubeconfig's context, with these watches to come.
    pub fn new(context: &str, feeds: impl IntoIterator<Item = &'static str>) -> Live {
        let feeds = feeds.into_iter().map(|feed| (feed, Feed::Reading)).collect();
        Live {
            context: context.to_owned(),
            state: RwLock::new(State { feeds, ..State::default() }),
            version: watch::Sender::new(0),
        }
    }

    /// Takes in what a watch brings.
    pub fn feed(&self, feed: &'static str, news: News) {
        // A state that a panic left behind is still the newest one.
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.take(feed, news) {
            state.changed = Some(Timestamp::now());
            drop(state);
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Takes in what a collector's ConfigMap is now.
    pub fn config(&self, name: Name, config: Config) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.configs.get(&name) != Some(&config) {
            state.configs.insert(name, config);
            drop(state);
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Something beside the cluster is different now: readers look again.
    pub(crate) fn stir(&self) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).changed = Some(Timestamp::now());
        self.version.send_modify(|version| *version += 1);
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn version(&self) -> u64 {
        *self.version.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(crate) fn context(&self) -> &str {
        &self.context
    }
}

impl State {
    /// Whether anything is different now.
    fn take(&mut self, feed: &'static str, news: News) -> bool {
        let now = self.feeds.entry(feed).or_insert(Feed::Reading);
        match news {
            News::Lost { message, hint } => {
                let (since, stale) = match now {
                    Feed::Broken { message: same, .. } if *same == message => return false,
                    Feed::Broken { since, stale, .. } => (*since, *stale),
                    Feed::Current => (Timestamp::now(), true),
                    Feed::Reading => (Timestamp::now(), false),
                };
                *now = Feed::Broken { since, message, hint, stale };
                true
            }
            News::Seen { view, whole } => {
                let mended = whole && *now != Feed::Current;
                if mended {
                    *now = Feed::Current;
                }
                let View { applications, rollouts, runs, collectors, sets, pods } = view;
                let had = &mut self.view;
                let changed = [
                    replace(&mut had.applications, applications),
                    replace(&mut had.rollouts, rollouts),
                    replace(&mut had.runs, runs),
                    replace(&mut had.collectors, collectors),
                    replace(&mut had.sets, sets),
                    replace(&mut had.pods, pods),
                ];
                mended || changed.contains(&true)
            }
        }
    }

    /// All rollouts that are there.
    pub(crate) fn rollouts(&self) -> impl Iterator<Item = (&Name, &Rollout)> {
        self.view.rollouts.iter().filter_map(|(name, seen)| Some((name, seen.object.as_ref()?)))
    }

    /// Whether a watch has shown everything, now or before it broke.
    pub(crate) fn has_read(&self, feed: &str) -> bool {
        !matches!(self.feeds.get(feed), None | Some(Feed::Reading | Feed::Broken { stale: false, .. }))
    }
}

/// Takes the newer objects and forgets those that are gone: one watch shows a kind, in the order in which it changed.
fn replace<K: Ord, T: PartialEq>(had: &mut BTreeMap<K, Observed<T>>, seen: BTreeMap<K, Observed<T>>) -> bool {
    let mut changed = false;
    for (name, seen) in seen {
        if seen.object.is_none() {
            changed |= had.remove(&name).is_some();
        } else {
            let differs = had.get(&name).is_none_or(|old| old.object != seen.object);
            had.insert(name, seen);
            changed |= differs;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::{Feed, Live, News};
    use delivery::{Name, Observed, Rollout, View};

    fn seen(version: u64, object: Option<Rollout>, whole: bool) -> News {
        let mut view = View::default();
        view.rollouts.insert(Name::new("a", "b"), Observed { version, object });
        News::Seen { view, whole }
    }

    fn phase(phase: &str) -> Option<Rollout> {
        Some(Rollout { phase: phase.to_owned(), ..Rollout::default() })
    }

    fn lost(message: &str) -> News {
        News::Lost { message: message.to_owned(), hint: None }
    }

    #[test]
    fn only_what_differs_wakes_the_readers() {
        let live = Live::new("test", ["rollouts"]);
        let versions: Vec<u64> = [
            seen(1, phase("Healthy"), false),
            seen(1, phase("Healthy"), true),
            // Listed again after a gap: the same.
            seen(1, phase("Healthy"), true),
            seen(2, phase("Degraded"), true),
            // Another version that says the same to us.
            seen(3, phase("Degraded"), true),
            lost("gone"),
            lost("gone"),
            seen(3, phase("Degraded"), true),
            seen(4, None, true),
            seen(4, None, true),
        ]
        .into_iter()
        .map(|news| {
            live.feed("rollouts", news);
            live.version()
        })
        .collect();
        assert_eq!(versions, [1, 2, 2, 3, 3, 4, 4, 5, 6, 6]);
        assert!(live.read().view.rollouts.is_empty(), "what is gone takes no memory");
    }

    #[test]
    fn a_broken_watch_is_broken_until_it_has_shown_everything() {
        let live = Live::new("test", ["rollouts"]);
        live.feed("rollouts", lost("refused"));
        assert!(!live.read().has_read("rollouts"));
        live.feed("rollouts", seen(1, phase("Healthy"), true));
        live.feed("rollouts", lost("cut"));
        assert!(live.read().has_read("rollouts"));
        live.feed("rollouts", seen(1, phase("Healthy"), false));
        assert!(matches!(live.read().feeds["rollouts"], Feed::Broken { stale: true, .. }));
        live.feed("rollouts", News::Seen { view: View::default(), whole: true });
        assert_eq!(live.read().feeds["rollouts"], Feed::Current);
    }
}
