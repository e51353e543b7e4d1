//! What a check hands to the front ends: findings resolved to spans, and what was judged.

use crate::finding::{Finding, Safety};
use model::{Repository, SourceFile};
use yaml::{Position, Step};

/// A finding with its place resolved in the outer file.
#[derive(Clone, Debug)]
pub struct Reported {
    /// What the rule said.
    pub finding: Finding,
    /// Path of the file, relative to the checked folder.
    pub file: String,
    /// Keys and indices down to the place; continues inside embedded YAML.
    pub path: Vec<Step>,
    /// First character, counted from 1.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

/// What a gate's counting lets through and what it stops, by the walk of every sequence of measurements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The metric's name.
    pub gate: String,
    /// File of its template.
    pub file: String,
    /// The rollout that runs it.
    pub rollout: Option<String>,
    /// The weakest evidence that still promotes; `None` where nothing does.
    pub promotes: Option<String>,
    /// The strongest evidence that still aborts; `None` where nothing does.
    pub aborts: Option<String>,
}

/// What the check looked at: a green report over nothing is a lie.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Manifests that were parsed.
    pub files: usize,
    /// Collector configurations.
    pub collectors: usize,
    /// Metrics of analysis templates.
    pub gates: usize,
    /// Rollouts.
    pub rollouts: usize,
    /// What it takes to promote and to abort, a line per gate of a run.
    pub evidence: Vec<Evidence>,
    /// What was passed over and why (Helm templates, unreadable files), a line each.
    pub notes: Vec<String>,
}

impl Judged {
    /// True when nothing that a rule speaks about was found.
    pub fn nothing(&self) -> bool {
        self.collectors == 0 && self.gates == 0 && self.rollouts == 0
    }
}

/// The result of one check.
#[derive(Debug, Default)]
pub struct Report {
    /// Ordered by file, position and rule; `caused_by` points into this list.
    pub findings: Vec<Reported>,
    /// What was looked at.
    pub judged: Judged,
}

impl Report {
    /// Root findings of severity error: what the exit code and the summary count.
    pub fn errors(&self) -> usize {
        self.count(crate::Severity::Error)
    }

    /// Root findings of severity warning.
    pub fn warnings(&self) -> usize {
        self.count(crate::Severity::Warning)
    }

    fn count(&self, severity: crate::Severity) -> usize {
        self.findings.iter().filter(|f| f.finding.caused_by.is_none() && f.finding.severity == severity).count()
    }
}

/// A file that the fixes changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Relative path.
    pub path: String,
    /// Text as it was read.
    pub before: String,
    /// Text with every applied fix.
    pub after: String,
}

/// One fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The finding's rule.
    pub rule: &'static str,
    /// The fix's title.
    pub title: String,
    /// The finding's file.
    pub file: String,
    /// Its safety.
    pub safety: Safety,
}

/// What the engine reached: the changed files and the check of the result.
#[derive(Debug)]
pub struct Fixed {
    /// Files whose text differs, by path.
    pub changed: Vec<Changed>,
    /// In the order of application.
    pub applied: Vec<Applied>,
    /// The check of the changed repository.
    pub report: Report,
    /// All files, the changed ones in their new state.
    pub files: Vec<SourceFile>,
    /// The model of that state.
    pub repository: Repository,
}
