//! Questions, and what comes back.

use crate::serve::Commit;
use crate::snapshot::Snapshot;
use crate::traces::Tree;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Found, Line, Sample, Search};

/// Traces in view at most.
pub(crate) const MOST_TRACES: usize = 2000;
/// Commits to choose from.
pub(crate) const MOST_COMMITS: usize = 8;
/// Microseconds after which what ended is taken as complete: spans come late.
const SETTLED: i64 = 120_000_000;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// Of the folder: what its check says.
    Folder,
    /// Of the folder's repository: its newest commits.
    Commits,
    /// Of Jaeger: traces in brief.
    Traces(TraceSearch),
    /// Of Jaeger: one trace with all its spans.
    Trace(String),
    /// Of Prometheus: a query's values over time.
    Values(ValueQuery),
    /// Of Prometheus: a query's values now.
    Samples(String),
    /// Of either: whether it has pages for people.
    Pages(Who),
}

/// Who has pages of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Jaeger,
    Prometheus,
}

/// When; microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Period {
    /// So long, up to now.
    Last(i64),
    /// From then up to now.
    Since(i64),
    /// What is over.
    Between(i64, i64),
}

impl Period {
    /// From when to when; the cluster's clock may be ahead of ours.
    pub(crate) fn bounds(self, now: i64) -> (i64, i64) {
        let end = now.saturating_add(60_000_000);
        match self {
            Period::Last(long) => (now.saturating_sub(long), end),
            Period::Since(start) => (start, end),
            Period::Between(start, end) => (start, end),
        }
    }

    fn settled(self, now: i64) -> bool {
        matches!(self, Period::Between(_, end) if end.saturating_add(SETTLED) < now)
    }
}

/// Which traces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TraceSearch {
    pub(crate) service: String,
    /// Attributes of its process.
    pub(crate) tags: BTreeMap<String, String>,
    /// The attribute that tells the version.
    pub(crate) attribute: Option<String>,
    pub(crate) period: Period,
}

impl TraceSearch {
    pub(crate) fn search(&self, now: i64) -> Search {
        let (start, end) = self.period.bounds(now);
        let (service, tags) = (self.service.clone(), self.tags.clone());
        Search { service, tags, start, end, limit: MOST_TRACES, ..Search::default() }
    }
}

/// Which values; times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ValueQuery {
    pub(crate) query: String,
    pub(crate) from: i64,
    /// None up to now.
    pub(crate) to: Option<i64>,
    pub(crate) step: i64,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    Folder(Arc<Snapshot>),
    /// The newest first.
    Commits(Arc<Vec<Commit>>),
    Traces(Arc<Found>),
    /// None where there is no such trace.
    Trace(Option<Arc<Tree>>),
    Values(Arc<Vec<Line>>),
    Samples(Arc<Vec<Sample>>),
    Pages(bool),
}

impl Question {
    /// How long an answer counts at least.
    pub(crate) fn period(&self) -> Duration {
        let now = Timestamp::now();
        let seconds = match self {
            Question::Traces(search) if !search.period.settled(now.as_microsecond()) => 5,
            Question::Folder | Question::Samples(_) | Question::Values(ValueQuery { to: None, .. }) => 5,
            Question::Trace(_) => 10,
            Question::Commits | Question::Pages(_) => 30,
            Question::Traces(_) | Question::Values(_) => 60,
        };
        Duration::from_secs(seconds)
    }

    /// Who is asked, as people call it.
    pub(crate) fn who(&self) -> &'static str {
        match self {
            Question::Folder | Question::Commits => "the repository",
            Question::Traces(_) | Question::Trace(_) | Question::Pages(Who::Jaeger) => "Jaeger",
            Question::Values(_) | Question::Samples(_) | Question::Pages(Who::Prometheus) => "Prometheus",
        }
    }
}

impl Reply {
    /// How much memory it takes, in digests or spans.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Reply::Traces(found) => found.digests.len(),
            Reply::Trace(Some(tree)) => tree.spans.len(),
            Reply::Values(lines) => lines.iter().map(|line| line.values.len()).sum::<usize>() / 20,
            Reply::Samples(samples) => samples.len() / 20,
            Reply::Folder(_) | Reply::Commits(_) | Reply::Trace(None) | Reply::Pages(_) => 1,
        }
    }
}
