//! What came of a release or of a bad canary.

use super::client::Tally;
use super::eyes;
use super::record::{Row, Table};
use delivery::View;
use std::time::Duration;

/// How long what took, from the push.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    /// Until every Application had synced the commit.
    pub(super) applied: Option<Duration>,
    /// Until the rollout was healthy, or aborted.
    pub(super) ended: Option<Duration>,
    /// The analysis' own duration, as the cluster says: whole seconds.
    pub(super) analysis: Option<Duration>,
    /// The command under test, from its start to its end.
    pub(super) all: Option<Duration>,
}

impl Times {
    fn over(&self) -> Option<Duration> {
        self.ended.zip(self.analysis).map(|(ended, analysis)| ended.saturating_sub(analysis))
    }
}

/// What came of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) what: String,
    pub(super) verdict: String,
    /// Gates that failed.
    pub(super) gates: Vec<String>,
    /// The last value of each gate.
    pub(super) values: Vec<String>,
    pub(super) times: Times,
    pub(super) tally: Option<Tally>,
    /// What was not as it must be.
    pub(super) problems: Vec<String>,
}

impl Outcome {
    fn line(&self) -> String {
        let mut text = format!("{}: {}", self.what, self.verdict);
        if !self.gates.is_empty() {
            text.push_str(&format!(" by {}", self.gates.join(", ")));
        }
        text.push_str(&format!("; {}", self.durations().join(", ")));
        if let Some(tally) = &self.tally {
            text.push_str(&format!("; client: {} of {} requests failed", tally.failures.len(), tally.requests));
        }
        text
    }

    fn durations(&self) -> Vec<String> {
        let Times { applied, ended, all, .. } = &self.times;
        [("applied", *applied), ("verdict", *ended), ("over the analysis", self.times.over()), ("the command", *all)]
            .into_iter()
            .filter_map(|(what, time)| Some(format!("{what} {} s", seconds(time?))))
            .collect()
    }
}

impl From<Outcome> for Row {
    fn from(outcome: Outcome) -> Row {
        let line = outcome.line();
        let over = outcome.times.over();
        let client = outcome.tally.as_ref().map(|tally| {
            format!("{} of {}, slowest {} ms", tally.failures.len(), tally.requests, tally.slowest.as_millis())
        });
        let time = |time: Option<Duration>| time.map(seconds).unwrap_or_default();
        let cells = vec![
            outcome.what,
            outcome.verdict,
            outcome.gates.join(", "),
            outcome.values.join(", "),
            time(outcome.times.applied),
            time(outcome.times.ended),
            time(over),
            client.unwrap_or_default(),
        ];
        Row { table: Table::Releases, cells, line, problems: outcome.problems }
    }
}

/// With one digit after the point.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f32())
}

/// The last value of each gate, and how long the analysis took.
pub(super) fn measured(view: &View) -> (Vec<String>, Option<Duration>) {
    let Some((_, Some(run))) = eyes::judged(view) else { return (Vec::new(), None) };
    let value = |metric: &delivery::Metric| {
        let last = metric.measurements.last()?;
        let value = last.value.trim_matches(['[', ']']);
        // Four digits tell a gate's value.
        let short = value
            .parse::<f64>()
            .map(|number| format!("{:.4}", number).trim_end_matches('0').trim_end_matches('.').to_owned());
        let shown = short.unwrap_or_else(|_| if value.is_empty() { "no data".to_owned() } else { value.to_owned() });
        Some(format!("{} {shown}", metric.name))
    };
    let time = |text: &Option<String>| text.as_ref()?.parse::<jiff::Timestamp>().ok();
    let took = time(&run.started).zip(time(&run.completed));
    let took = took.and_then(|(began, ended)| Duration::try_from(ended.duration_since(began)).ok());
    (run.metrics.iter().filter_map(value).collect(), took)
}
