//! The traces that a gate judged: its canary's, in its time.

use super::Period;
use crate::page::count;
use crate::serve::Shared;
use crate::traces::{Digests, Filter, Row, Sort, Version, row, sort, took_part};
use delivery::{Metric, Name, Run};
use telemetry::Digest;

/// Traces of one gate on the page; the others stand in the table.
const MOST: usize = 5;

/// Under a gate.
pub(crate) struct GateTraces {
    pub(crate) headline: String,
    pub(crate) rows: Vec<Row>,
    /// The table of all of the run.
    pub(crate) all: String,
}

/// What a run's gates take their traces from.
pub(crate) struct RunTraces<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) name: &'a Name,
    pub(crate) run_name: &'a str,
    pub(crate) versions: &'a [Version],
    /// Whether the search asked for the canary alone.
    pub(crate) told: bool,
    pub(crate) found: &'a Digests,
}

impl RunTraces<'_> {
    pub(crate) fn of_gate(&self, metric: &Metric, run: &Run) -> Option<GateTraces> {
        let period = Period::of_gate(metric, run)?;
        let canary = self.versions.iter().filter(|version| version.hash == run.hash);
        let ours = |digest: &&Digest| {
            period.holds(digest.start) && (self.told || canary.clone().any(|version| took_part(version, digest)))
        };
        let mut all: Vec<&Digest> = self.found.digests.iter().filter(ours).collect();
        sort(&mut all, Sort::Worst);
        let failed = all.iter().filter(|digest| digest.failed).count();
        let headline = match (all.len(), failed) {
            (0, _) => "No trace of this canary in the time that the gate looks at".to_owned(),
            (many, 0) => format!("{} of this canary in that time, none failed", count(many, "trace")),
            (many, failed) => format!("{} of this canary in that time, {failed} failed", count(many, "trace")),
        };
        let longest = all.iter().map(|digest| digest.duration).max().unwrap_or(1).max(1);
        let jaeger = self.shared.jaeger_pages();
        let filter = Filter { run: Some(self.run_name.to_owned()), ..Filter::default() };
        Some(GateTraces {
            headline,
            rows: all.iter().take(MOST).map(|digest| row(self.name, self.versions, digest, longest, jaeger)).collect(),
            all: filter.address(self.name),
        })
    }
}
