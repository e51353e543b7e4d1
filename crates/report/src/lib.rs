//! Reports for people and machines: source excerpts, JSON, SARIF, GitHub annotations, diffs. No IO: every function
//! returns the text to print.
//!
//! Excerpts are drawn by `annotate-snippets`, the renderer behind rustc's and cargo's own messages: it is in the tree
//! already (through the YAML reader), folds, aligns wide characters and needs no proc macros. miette ties a report to
//! `std::error::Error` values; a finding is none.

mod diff;
mod excerpt;
mod github;
mod human;
mod json;
mod sarif;
mod since;
mod sources;
mod visible;

pub use diff::{diff, unified};
pub use excerpt::lines;
pub use github::github;
pub use human::{Look, human, summary};
pub use json::json;
pub use sarif::sarif;
pub use since::introduced;
pub use visible::visible;

pub use sources::{Place, Replacement, Sources};

use rules::{Report, Reported};

/// Index of the root that a finding is an echo of; itself for a root. A link that leads nowhere or in a circle makes
/// the finding its own root: it is shown rather than lost.
fn root(report: &Report, index: usize) -> usize {
    let mut at = index;
    for _ in 0..report.findings.len() {
        match report.findings.get(at).and_then(|f| f.finding.caused_by) {
            None => return at,
            Some(cause) if cause < report.findings.len() => at = cause,
            Some(_) => return index,
        }
    }
    index
}

/// The roots in report order, each with its echoes.
fn groups(report: &Report) -> Vec<(&Reported, Vec<&Reported>)> {
    let mut slots: Vec<Option<usize>> = vec![None; report.findings.len()];
    let mut groups: Vec<(&Reported, Vec<&Reported>)> = Vec::new();
    for (index, finding) in report.findings.iter().enumerate() {
        if root(report, index) == index
            && let Some(slot) = slots.get_mut(index)
        {
            *slot = Some(groups.len());
            groups.push((finding, Vec::new()));
        }
    }
    for (index, finding) in report.findings.iter().enumerate() {
        let root = root(report, index);
        if root != index
            && let Some(group) = slots.get(root).copied().flatten().and_then(|slot| groups.get_mut(slot))
        {
            group.1.push(finding);
        }
    }
    groups
}
