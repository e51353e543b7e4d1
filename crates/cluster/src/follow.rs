//! Drives a release: events in, effects out, until there is a verdict.

use crate::argocd::ArgoCd;
use crate::watch::Item;
use crate::{Cluster, Error};
use delivery::{Effect, Event, Name, Release, State, step};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, FuturesUnordered};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How long to wait, and how often to look by ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The end of it.
    pub deadline: Duration,
    /// Between two looks without a reason.
    pub tick: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { deadline: Duration::from_secs(20 * 60), tick: Duration::from_secs(2) }
    }
}

/// What happens on the way.
#[derive(Debug)]
pub enum Heard<'a> {
    /// The state after an event.
    State(&'a State),
    /// Something is about to be done.
    Doing(&'a Effect),
    /// Something did not work and is tried again.
    Trouble(&'a Error),
}

/// Who is asked about a release.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// Kubernetes.
    Cluster(&'a Cluster),
    /// Argo CD's API: of Applications alone.
    ArgoCd(&'a ArgoCd),
}

impl Patience {
    /// As long as it takes by default; a server that people work at is looked at less often than Kubernetes.
    pub fn of(way: Way<'_>) -> Patience {
        match way {
            Way::Cluster(_) => Patience::default(),
            Way::ArgoCd(_) => Patience { tick: Duration::from_secs(5), ..Patience::default() },
        }
    }
}

impl Cluster {
    /// Follows a release to its verdict. Dropped, it has changed nothing that the next one would not find.
    pub async fn follow(&self, release: Release, patience: Patience, heard: impl FnMut(Heard<'_>)) -> State {
        Way::Cluster(self).follow(release, patience, heard).await
    }
}

/// Refreshes that are answered once Argo CD has compared with git.
#[derive(Default)]
struct Refreshes<'a> {
    asked: FuturesUnordered<BoxFuture<'a, (Name, Item)>>,
    names: BTreeSet<Name>,
}

impl<'a> Way<'a> {
    /// Follows a release to its verdict. Dropped, it has changed nothing that the next one would not find.
    pub async fn follow(self, release: Release, patience: Patience, mut heard: impl FnMut(Heard<'_>)) -> State {
        let mut watches = self.watch(&release);
        let mut refreshes: Refreshes<'a> = Refreshes::default();
        let deadline = Instant::now() + patience.deadline;
        let mut ticks = interval(patience.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one comes at once.
        ticks.tick().await;
        let mut state = State::new(release);
        let mut events = VecDeque::from([Event::Begin]);
        // What the cluster has not taken yet, and will be asked for again.
        let mut owed: Vec<Effect> = Vec::new();
        loop {
            while let Some(event) = events.pop_front() {
                let (next, effects) = step(state, event);
                state = next;
                for effect in effects {
                    if refreshes.take(&self, &effect, &mut heard) {
                        continue;
                    }
                    match self.perform(&state, &effect, &mut heard).await {
                        Ok(event) => events.extend(event),
                        Err(error) if error.may_pass() => {
                            heard(Heard::Trouble(&error));
                            match effect {
                                Effect::Look { round } => events.push_back(Event::LookFailed { round }),
                                Effect::Restart { .. } | Effect::Retry { .. } => owed.push(effect),
                                // A tick asks for it again.
                                Effect::Refresh { .. } | Effect::RefreshSet { .. } => {}
                            }
                        }
                        Err(error) => events.push_back(broken(&error)),
                    }
                }
                heard(Heard::State(&state));
            }
            if state.verdict().is_some() {
                return state;
            }
            tokio::select! {
                // Nothing is watched where the release is about nothing.
                Some(item) = watches.next() => events.extend(seen(item, &mut heard)),
                Some((name, item)) = refreshes.asked.next() => {
                    refreshes.names.remove(&name);
                    events.extend(seen(item, &mut heard));
                }
                _ = ticks.tick() => {
                    for effect in std::mem::take(&mut owed) {
                        match self.perform(&state, &effect, &mut heard).await {
                            Ok(event) => events.extend(event),
                            Err(error) if error.may_pass() => owed.push(effect),
                            Err(error) => events.push_back(broken(&error)),
                        }
                    }
                    events.push_back(Event::Tick);
                }
                () = sleep_until(deadline) => events.push_back(Event::Deadline),
            }
        }
    }

    fn watch(&self, release: &Release) -> BoxStream<'static, Item> {
        match self {
            Way::Cluster(cluster) => cluster.watch(release).boxed(),
            Way::ArgoCd(argocd) => argocd.stream(),
        }
    }

    async fn perform(
        &self,
        state: &State,
        effect: &Effect,
        heard: &mut impl FnMut(Heard<'_>),
    ) -> Result<Option<Event>, Error> {
        heard(Heard::Doing(effect));
        match (self, effect) {
            (Way::Cluster(cluster), effect) => cluster.perform(state, effect).await,
            (Way::ArgoCd(argocd), Effect::Look { round }) => {
                let view = argocd.look(state.release()).await?;
                Ok(Some(Event::Looked { round: *round, view }))
            }
            // What it cannot see, no release is about that goes this way.
            (Way::ArgoCd(_), _) => Ok(None),
        }
    }
}

impl<'a> Refreshes<'a> {
    /// Takes what is a refresh that is waited for beside everything else.
    fn take(&mut self, way: &Way<'a>, effect: &Effect, heard: &mut impl FnMut(Heard<'_>)) -> bool {
        let (Way::ArgoCd(argocd), Effect::Refresh { name }) = (*way, effect) else { return false };
        if self.names.insert(name.clone()) {
            heard(Heard::Doing(effect));
            let name = name.clone();
            self.asked.push(Box::pin(async move {
                let answer = argocd.refresh(&name).await;
                (name, answer)
            }));
        }
        true
    }
}

impl Cluster {
    async fn perform(&self, state: &State, effect: &Effect) -> Result<Option<Event>, Error> {
        // What is not there yet comes with the next sync.
        let there = |result: Result<(), Error>| match result {
            Err(Error::NotFound(_)) => Ok(None),
            other => other.map(|()| None),
        };
        match effect {
            Effect::RefreshSet { name } => there(self.refresh_set(name).await),
            Effect::Refresh { name } => there(self.refresh(name).await),
            Effect::Look { round } => {
                let view = self.look(state.release()).await?;
                Ok(Some(Event::Looked { round: *round, view }))
            }
            Effect::Restart { workload, commit } => {
                let version = self.restart(workload, commit).await?;
                Ok(effect.acted(version))
            }
            Effect::Retry { name } => {
                let version = self.retry(name).await?;
                Ok(effect.acted(version))
            }
        }
    }
}

/// What came, as an event; what may pass is only told.
fn seen(item: Item, heard: &mut impl FnMut(Heard<'_>)) -> Option<Event> {
    match item {
        Ok(view) => Some(Event::Seen(view)),
        Err(error) if error.may_pass() => {
            heard(Heard::Trouble(&error));
            None
        }
        Err(error) => Some(broken(&error)),
    }
}

fn broken(error: &Error) -> Event {
    Event::Broken { message: error.to_string() }
}
