//! Answers, each kept for a while and asked for again while somebody looks.

use super::ask::Asker;
use super::{Question, Reply, Upstream};
use crate::live::Live;
use crate::metrics::Labels;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Answers kept at a time.
const MOST: usize = 64;
/// Of digests and spans together: some thirty megabytes at most.
const MOST_WEIGHT: usize = 30_000;
/// Questions under way at a time.
const AT_ONCE: usize = 4;
/// Who did not answer is asked again after this.
const RETRY: Duration = Duration::from_secs(5);
/// A page that is asked for shows what was asked at most so long ago.
const FRESH: Duration = Duration::from_secs(1);
/// Of the time that an answer took, what passes before it is asked for again: a slow one is no steady load.
const REST: u32 = 5;
/// Whatever it took.
const LONGEST: Duration = Duration::from_secs(300);
/// How long a page waits for answers that it is the first to need.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// Answers to questions.
pub(crate) struct Shelf {
    entries: Mutex<HashMap<Question, Entry>>,
    asker: Arc<Asker>,
    at_once: Arc<Semaphore>,
    /// Whose readers learn of other answers.
    live: Arc<Live>,
    queries: Family<Labels<2>, Counter>,
}

struct Entry {
    known: Known,
    asked: Option<Instant>,
    busy: bool,
    wanted: Instant,
    /// How long the last answer took.
    took: Duration,
    /// How many answers there were.
    answered: watch::Sender<u64>,
}

/// What a reader gets at once.
struct Wanted {
    known: Known,
    /// Whether an answer is under way.
    busy: bool,
    /// How many there were.
    answers: u64,
    answered: watch::Receiver<u64>,
}

/// What is known of a question.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// The newest answer; none before the first.
    pub(crate) reply: Option<Reply>,
    /// When it came.
    pub(crate) at: Option<Timestamp>,
    /// Since when there is no newer answer, and why.
    pub(crate) trouble: Option<(Timestamp, String)>,
}

impl Known {
    /// Whether nobody has answered yet, for better or worse.
    pub(crate) fn pending(&self) -> bool {
        self.reply.is_none() && self.trouble.is_none()
    }
}

impl Shelf {
    pub(crate) fn new(asker: Asker, live: Arc<Live>, queries: Family<Labels<2>, Counter>) -> Arc<Shelf> {
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        Arc::new(Shelf { entries: Mutex::default(), asker: Arc::new(asker), at_once, live, queries })
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.asker.upstream
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Question, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known now. What is missing or too old is asked for meanwhile; a changed answer wakes the readers.
    pub(crate) fn look(self: &Arc<Shelf>, question: &Question) -> Known {
        self.wanted(question, None).known
    }

    /// The same, waiting for the first answer.
    pub(crate) async fn answered(self: &Arc<Shelf>, question: &Question, patience: Duration) -> Known {
        let wanted = self.wanted(question, None);
        if wanted.known.pending() { self.next(question, wanted, patience).await } else { wanted.known }
    }

    /// The same, waiting for an answer that is as new as a reader expects who has just changed something.
    pub(crate) async fn fresh(self: &Arc<Shelf>, question: &Question, patience: Duration) -> Known {
        let wanted = self.wanted(question, Some(FRESH));
        if wanted.busy { self.next(question, wanted, patience).await } else { wanted.known }
    }

    /// What is known once the answer under way has come, or patience is at its end.
    async fn next(self: &Arc<Shelf>, question: &Question, mut wanted: Wanted, patience: Duration) -> Known {
        let before = wanted.answers;
        let _ = tokio::time::timeout(patience, wanted.answered.wait_for(|many| *many > before)).await;
        self.look(question)
    }

    /// `within`: how old the answer may be, where that is less than usual.
    fn wanted(self: &Arc<Shelf>, question: &Question, within: Option<Duration>) -> Wanted {
        let now = Instant::now();
        let mut entries = self.entries();
        if !entries.contains_key(question) {
            let entry = Entry {
                known: Known::default(),
                asked: None,
                busy: false,
                wanted: now,
                took: Duration::ZERO,
                answered: watch::Sender::new(0),
            };
            entries.insert(question.clone(), entry);
            forget(&mut entries, question);
        }
        let Some(entry) = entries.get_mut(question) else {
            return Wanted { known: Known::default(), busy: false, answers: 0, answered: watch::channel(1).1 };
        };
        entry.wanted = now;
        let usual = if entry.known.trouble.is_some() { RETRY } else { question.period() };
        let period = within.unwrap_or_else(|| rested(usual, entry.took));
        if !entry.busy && entry.asked.is_none_or(|asked| asked + period <= now) {
            entry.busy = true;
            entry.asked = Some(now);
            self.ask(question.clone(), entry.known.reply.clone());
        }
        // Counted while nobody can add to them: an answer that comes meanwhile is one that was waited for.
        let answers = *entry.answered.borrow();
        Wanted { known: entry.known.clone(), busy: entry.busy, answers, answered: entry.answered.subscribe() }
    }

    /// Asks on a thread of its own: megabytes of spans are read there, while the pages' thread goes on.
    fn ask(self: &Arc<Shelf>, question: Question, before: Option<Reply>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shelf = Arc::clone(self);
        drop(tokio::spawn(async move {
            let _turn = shelf.at_once.acquire().await;
            let (asker, asked) = (Arc::clone(&shelf.asker), question.clone());
            let work = tokio::task::spawn_blocking(move || runtime.block_on(asker.ask(&asked, before.as_ref())));
            let outcome =
                work.await.unwrap_or_else(|_| Err("asking failed, which is a fault of this program".to_owned()));
            shelf.keep(&question, outcome);
        }));
    }

    fn keep(&self, question: &Question, outcome: Result<Reply, String>) {
        let ended = if outcome.is_ok() { "answered" } else { "failed" };
        self.queries.get_or_create(&[("of", question.who().into()), ("outcome", ended.into())]).inc();
        let mut entries = self.entries();
        // Forgotten meanwhile.
        let Some(entry) = entries.get_mut(question) else { return };
        entry.busy = false;
        entry.took = entry.asked.map(|asked| asked.elapsed()).unwrap_or_default();
        let now = Timestamp::now();
        let changed = match outcome {
            Ok(reply) => {
                let same = entry.known.reply.as_ref() == Some(&reply);
                // What is the same stays the same thing, and what was drawn of it counts.
                let reply = if same { entry.known.reply.take() } else { Some(reply) };
                let mended = entry.known.trouble.is_some();
                entry.known = Known { reply, at: Some(now), trouble: None };
                mended || !same
            }
            Err(message) => {
                let changed = entry.known.trouble.as_ref().is_none_or(|(_, known)| *known != message);
                let since = entry.known.trouble.take().map_or(now, |(since, _)| since);
                entry.known.trouble = Some((since, message));
                changed
            }
        };
        entry.answered.send_modify(|many| *many += 1);
        forget(&mut entries, question);
        drop(entries);
        if changed {
            self.live.stir();
        }
    }
}

/// How long an answer counts that took so long.
fn rested(usual: Duration, took: Duration) -> Duration {
    usual.max(took.saturating_mul(REST).min(LONGEST))
}

/// Drops what nobody has looked at for the longest time, until what is left is little enough.
fn forget(entries: &mut HashMap<Question, Entry>, keep: &Question) {
    let weight = |entry: &Entry| entry.known.reply.as_ref().map_or(1, Reply::weight);
    let mut all: usize = entries.values().map(weight).sum();
    while entries.len() > MOST || all > MOST_WEIGHT {
        let idle = entries.iter().filter(|(question, entry)| *question != keep && !entry.busy);
        let Some(oldest) = idle.min_by_key(|(_, entry)| entry.wanted).map(|(question, _)| question.clone()) else {
            return;
        };
        if let Some(entry) = entries.remove(&oldest) {
            all -= weight(&entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rested;
    use std::time::Duration;

    #[test]
    fn who_answers_slowly_is_asked_less_often() {
        let seconds = |usual, took| rested(Duration::from_secs(usual), Duration::from_millis(took)).as_secs();
        assert_eq!(seconds(5, 10), 5);
        assert_eq!(seconds(5, 3000), 15);
        assert_eq!(seconds(30, 3000), 30);
        assert_eq!(seconds(5, 3_000_000), 300);
    }
}
