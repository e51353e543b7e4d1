//! One state of the folder, as the pages show it.

use crate::findings::{self, Finding};
use crate::pipeline::{self, Pipelines};
use crate::traces::{self, Origin};
use contract::Contract;
use delivery::Name;
use model::{Context, Place, Repository};
use report::visible;
use rules::{Judged, Report, Reported, Safety};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A checked folder, reduced to what the pages show; it keeps nothing of the parsed files alive.
pub struct Snapshot {
    pub(crate) findings: Vec<Finding>,
    /// Root findings beyond what a page can show.
    pub(crate) omitted: usize,
    /// Root findings, as the summary and the exit code count them.
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    /// Root findings with a safe fix, and with one that needs a person's judgement.
    pub(crate) mendable: (usize, usize),
    pub(crate) judged: Judged,
    pub(crate) pipelines: Pipelines,
    /// Which traces are whose.
    pub(crate) origins: Vec<Origin>,
    /// Of all that it was made of.
    print: u64,
}

/// Whether they were made of the same.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Snapshot) -> bool {
        self.print == other.print
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("print", &self.print).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// `report` is the check of this very `repository` with this `context`.
    pub fn of(repository: &Repository, context: &Context, report: &Report) -> Snapshot {
        let (findings, omitted) = findings::findings(repository, report);
        let contract = Contract::derive(repository, context);
        let pipelines = pipeline::pipelines(&contract, report, &findings);
        Snapshot {
            findings,
            omitted,
            errors: report.errors(),
            warnings: report.warnings(),
            mendable: (mendable(report, Safety::Safe), mendable(report, Safety::Unsafe)),
            judged: readable(report.judged.clone()),
            pipelines,
            origins: traces::origins(&contract),
            print: print(repository, context, report),
        }
    }

    /// The ConfigMaps that the folder's collectors read: what runs is held against them.
    pub fn config_maps(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self.pipelines.declared.iter().filter_map(|d| d.map().cloned()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Of the files' texts, what is known beside them, and what the check says.
fn print(repository: &Repository, context: &Context, report: &Report) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in &repository.files {
        (&file.path, file.stream.as_ref().map(|stream| stream.text())).hash(&mut hasher);
    }
    for Reported { finding, file, start, .. } in &report.findings {
        (finding.rule, &finding.message, &finding.consequence, file, start.line, start.column).hash(&mut hasher);
    }
    format!("{context:?} {:?}", report.judged).hash(&mut hasher);
    hasher.finish()
}

/// Names and paths without control characters and direction overrides.
fn readable(mut judged: Judged) -> Judged {
    let clean = |text: &mut String| *text = visible(text).into_owned();
    judged.notes.iter_mut().for_each(clean);
    for evidence in &mut judged.evidence {
        clean(&mut evidence.gate);
        clean(&mut evidence.file);
        evidence.rollout.iter_mut().for_each(clean);
    }
    judged
}

fn mendable(report: &Report, safety: Safety) -> usize {
    let roots = report.findings.iter().map(|reported| &reported.finding).filter(|finding| finding.caused_by.is_none());
    roots.filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == safety)).count()
}

/// A file and the first character of what stands there, both counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Spot {
    pub(crate) fn new(file: &str, at: yaml::Position) -> Spot {
        Spot { file: visible(file).into_owned(), line: at.line, column: at.column }
    }

    /// Where a place begins, or what holds it where it does not exist.
    pub(crate) fn of(repository: &Repository, place: &Place) -> Option<Spot> {
        let file = repository.files.get(place.file)?;
        let stream = file.stream.as_ref()?;
        let mut route = place.route.clone();
        let node = loop {
            match stream.resolve(&route) {
                Some(node) => break node,
                None => route = route.parent()?,
            }
        };
        Some(Spot::new(&file.path, stream.position(node.entry_span().start)))
    }
}

/// As editors and terminals take it.
impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
