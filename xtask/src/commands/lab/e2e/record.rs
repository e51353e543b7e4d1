//! What came of the runs, for people, in Markdown.

use super::client::Tally;
use super::eyes;
use delivery::View;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
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
    /// For the terminal.
    pub(super) fn line(&self) -> String {
        let mut text = format!("{}: {}", self.what, self.verdict);
        if !self.gates.is_empty() {
            text.push_str(&format!(" by {}", self.gates.join(", ")));
        }
        text.push_str(&format!("; {}", self.durations().join(", ")));
        if let Some(tally) = &self.tally {
            text.push_str(&format!("; client: {} of {} requests failed", tally.failures.len(), tally.requests));
        }
        match self.problems.as_slice() {
            [] => text,
            problems => format!("{text}\n  NOT AS IT MUST: {}", problems.join("; ")),
        }
    }

    fn durations(&self) -> Vec<String> {
        let Times { applied, ended, analysis, all } = &self.times;
        let over = ended.zip(*analysis).map(|(ended, analysis)| ended.saturating_sub(analysis));
        [("applied", *applied), ("verdict", *ended), ("over the analysis", over), ("the command", *all)]
            .into_iter()
            .filter_map(|(what, time)| Some(format!("{what} {:.1} s", time?.as_secs_f32())))
            .collect()
    }

    fn row(&self) -> String {
        let seconds =
            |time: Option<Duration>| time.map(|time| format!("{:.1}", time.as_secs_f32())).unwrap_or_default();
        let over = self.times.ended.zip(self.times.analysis).map(|(ended, analysis)| ended.saturating_sub(analysis));
        let client = self.tally.as_ref().map(|tally| {
            format!("{} of {}, slowest {} ms", tally.failures.len(), tally.requests, tally.slowest.as_millis())
        });
        let good =
            if self.problems.is_empty() { "yes".to_owned() } else { format!("**no**: {}", self.problems.join("; ")) };
        let cells = [
            self.what.clone(),
            good,
            self.verdict.clone(),
            self.gates.join(", "),
            self.values.join(", "),
            seconds(self.times.applied),
            seconds(self.times.ended),
            seconds(over),
            client.unwrap_or_default(),
        ];
        // Whatever a program says, it is one cell.
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        format!("| {} |\n", cells.join(" | "))
    }
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

/// Begins a table, at the end of what is there.
pub(super) fn begin(path: &Path, command: &str, program: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut text = String::new();
    if !path.exists() {
        text.push_str("# Releases in the lab, as they went\n\nWritten by `cargo xtask lab e2e --output`; docs/lab.md says what each run does.\n");
    }
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M").to_string();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    text.push_str(&format!(
        "\n## {now}: `{program} {command}`\n\nVersion {}, {cores} cores, load {load} at the start. Seconds count from the push: until \
         every Application had synced the commit, until the verdict, and the latter without the analysis' own duration.\n\n\
         | run | as it must | verdict | failed gates | last values | applied | verdict after | over the analysis | client: failed requests |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        env!("CARGO_PKG_VERSION"),
    ));
    append(path, &text)
}

/// Adds a row. At once: whatever comes next, this run was made.
pub(super) fn add(path: &Path, outcome: &Outcome) -> io::Result<()> {
    append(path, &outcome.row())
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    File::options().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_every_heading() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("docs/e2e.md");
        begin(&path, "lab e2e", "hyperspace").expect("a record");
        let outcome = Outcome {
            what: "slow".to_owned(),
            times: Times {
                ended: Some(Duration::from_secs(130)),
                analysis: Some(Duration::from_secs(120)),
                ..Times::default()
            },
            problems: vec!["a | b\nc".to_owned()],
            ..Outcome::default()
        };
        add(&path, &outcome).expect("a row");
        let text = fs::read_to_string(&path).expect("the record");
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.iter().map(|row| cells(row)).collect::<Vec<_>>(), [10, 10, 10], "{text}");
        assert!(rows[2].contains("| **no**: a \\| b c |") && rows[2].contains("| 10.0 |"), "{}", rows[2]);
        assert!(outcome.line().contains("NOT AS IT MUST: a | b"));
    }
}
