//! What came of the runs, for people, in Markdown.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// What a table has columns for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Releases and bad canaries.
    Releases,
    /// Releases during which something broke.
    Faults,
    /// Pushes that need no release.
    Pushes,
}

impl Table {
    fn says(self) -> &'static str {
        match self {
            Table::Releases => {
                "Seconds count from the push: until every Application had synced the commit, until the verdict, and the latter \
                 without the analysis' own duration."
            }
            Table::Faults => {
                "Where the command did not end well, what it says is done: `then` is what that came to. Seconds count from the \
                 start of the command to the verdict."
            }
            Table::Pushes => {
                "Each changes an annotation of an object of one Application, or of one in each. Seconds count from when the git \
                 server had the commit: until the pushing git had ended, until every object that it changes had the change, \
                 and until every Application said that it had synced the commit."
            }
        }
    }

    fn headings(self) -> &'static [&'static str] {
        match self {
            Table::Releases => &[
                "run",
                "as it must",
                "verdict",
                "failed gates",
                "last values",
                "applied",
                "verdict after",
                "over the analysis",
                "client: failed requests",
            ],
            Table::Faults => &["fault", "as it must", "the command ended", "what it said", "then", "verdict", "after"],
            Table::Pushes => &["push", "as it must", "changes", "git ended", "applied", "every Application says so"],
        }
    }
}

/// What came of one run.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) table: Table,
    /// Without the second one, which says whether it went as it must.
    pub(super) cells: Vec<String>,
    /// For the terminal.
    pub(super) line: String,
    /// What was not as it must be.
    pub(super) problems: Vec<String>,
}

impl Row {
    /// For the terminal.
    pub(super) fn told(&self) -> String {
        match self.problems.as_slice() {
            [] => self.line.clone(),
            problems => format!("{}\n  NOT AS IT MUST: {}", self.line, problems.join("; ")),
        }
    }

    fn text(&self) -> String {
        let good = match self.problems.as_slice() {
            [] => "yes".to_owned(),
            problems => format!("**no**: {}", problems.join("; ")),
        };
        let mut cells = self.cells.clone();
        cells.insert(1.min(cells.len()), good);
        // Whatever a program says, it is one cell.
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    }
}

/// A file to which tables are added, or none.
pub(super) struct Record {
    path: Option<PathBuf>,
    table: Option<Table>,
}

impl Record {
    /// Begins a section at the end of what is there.
    pub(super) fn begin(path: Option<PathBuf>, command: &str, program: &str) -> io::Result<Record> {
        let record = Record { path, table: None };
        let Some(path) = &record.path else { return Ok(record) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if !path.exists() {
            record.append(
                "# Releases in the lab, as they went\n\nWritten by `cargo xtask lab e2e --output`; docs/lab.md says what each run does.\n",
            )?;
        }
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M").to_string();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let version = env!("CARGO_PKG_VERSION");
        record.append(&format!(
            "\n## {now}: `{program} {command}`\n\nVersion {version}, {cores} cores, load {load} at the start.\n"
        ))?;
        Ok(record)
    }

    /// Adds a row. At once: whatever comes next, this run was made.
    pub(super) fn add(&mut self, row: &Row) -> io::Result<()> {
        if self.table != Some(row.table) {
            let headings = row.table.headings();
            let rule = vec!["---"; headings.len()].join(" | ");
            self.append(&format!("\n{}\n\n| {} |\n| {rule} |\n", row.table.says(), headings.join(" | ")))?;
            self.table = Some(row.table);
        }
        self.append(&row.text())
    }

    /// Adds a paragraph.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        self.table = None;
        self.append(&format!("\n{text}\n"))
    }

    fn append(&self, text: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        File::options().create(true).append(true).open(path)?.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{Outcome, Times};
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_row_has_a_cell_for_every_heading() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("docs/e2e.md");
        let mut record = Record::begin(Some(path.clone()), "lab e2e", "hyperspace").expect("a record");
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
        let row = Row::from(outcome);
        record.add(&row).expect("a row");
        record.add(&row).expect("a row");
        let text = fs::read_to_string(&path).expect("the record");
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.iter().map(|row| cells(row)).collect::<Vec<_>>(), [10, 10, 10, 10], "{text}");
        assert!(rows[2].contains("| **no**: a \\| b c |") && rows[2].contains("| 10.0 |"), "{}", rows[2]);
        assert!(row.told().contains("NOT AS IT MUST: a | b"));
        record.note("the end").expect("a note");
        record.add(&row).expect("a row");
        let text = fs::read_to_string(&path).expect("the record");
        assert_eq!(text.matches("| run |").count(), 2, "after a note the table begins again: {text}");
    }
}
