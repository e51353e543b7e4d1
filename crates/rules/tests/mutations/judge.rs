//! What must hold of a mutated state: the fault is found as the root, nothing else is said, and the safe fixes lead back.

use crate::state::State;
use hyperspace_rules::{Report, Reported, Safety, Severity, check, fix};
use model::Repository;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the safe fixes must reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mends {
    /// A clean state: no error, and no warning that has a safe fix.
    Clean,
    /// The text from before the mutation, byte for byte.
    Back,
    /// There is no safe fix, or only for some spellings: nothing but the expected findings may be left.
    Perhaps,
}

/// One mutated state.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) before: State,
    pub(crate) after: State,
    /// Rules of root findings that must be there.
    pub(crate) roots: Vec<&'static str>,
    /// Rules of root findings that may be there beside them, each with the reason.
    pub(crate) also: Vec<(&'static str, &'static str)>,
    pub(crate) mends: Mends,
    /// The fix must touch lines that the mutation left alone (a renamed series has readers elsewhere).
    pub(crate) elsewhere: bool,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        before: State,
        after: State,
        roots: &[&'static str],
        mends: Mends,
    ) -> Case {
        let name = name.into();
        Case { name, before, after, roots: roots.to_vec(), also: Vec::new(), mends, elsewhere: false }
    }

    pub(crate) fn also(mut self, rule: &'static str, reason: &'static str) -> Case {
        self.also.push((rule, reason));
        self
    }

    pub(crate) fn elsewhere(mut self) -> Case {
        self.elsewhere = true;
        self
    }

    /// What does not hold; empty when all does.
    pub(crate) fn problems(&self) -> Vec<String> {
        match catch_unwind(AssertUnwindSafe(|| self.look())) {
            Ok(problems) => problems,
            Err(_) => vec!["panics".to_owned()],
        }
    }

    fn look(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let report = judged(&self.after);
        for wanted in &self.roots {
            if !roots(&report).any(|r| r.finding.rule == *wanted) {
                problems.push(format!("{wanted} is not among the root findings"));
            }
        }
        for found in roots(&report).filter(|r| !self.expected(r)) {
            problems.push(format!("false alarm: {}", line(found)));
        }
        self.mend(&mut problems);
        if !problems.is_empty() {
            problems.push(format!("the check says:\n{}", told(&report)));
        }
        problems
    }

    fn expected(&self, found: &Reported) -> bool {
        let rule = found.finding.rule;
        let stale = rule == "collector/stale-after-change" && self.config_changed();
        self.roots.contains(&rule) || self.also.iter().any(|(r, _)| *r == rule) || stale
    }

    /// Whether the mutation changed a collector's configuration: then the hash that restarts its pods is an old one.
    fn config_changed(&self) -> bool {
        let config = |s: &State| -> Vec<String> {
            s.files.iter().filter(|(_, t)| t.contains("pipelines")).map(|(_, t)| t.clone()).collect()
        };
        config(&self.before) != config(&self.after)
    }

    fn mend(&self, problems: &mut Vec<String>) {
        let fixed = fix(self.after.sources(), &self.after.context, Safety::Safe);
        if !fixed.applied.is_empty() {
            let again = fix(fixed.files.clone(), &self.after.context, Safety::Safe);
            for changed in &again.changed {
                problems.push(format!("a second run changes {}:\n{}", changed.path, changed.after));
            }
        }
        let count = problems.len();
        for left in roots(&fixed.report) {
            let mendable = left.finding.fix.as_ref().is_some_and(|f| f.safety == Safety::Safe);
            let bad = left.finding.severity == Severity::Error || mendable;
            if bad && (self.mends != Mends::Perhaps || !self.expected(left)) {
                problems.push(format!("left after fixing: {}", line(left)));
            }
        }
        for ((path, before), file) in self.after.files.iter().zip(&fixed.files) {
            let Ok(text) = &file.content else { continue };
            let original = self.before.files.iter().find(|(p, _)| p == path).map(|(_, t)| t.as_str());
            if self.mends == Mends::Back && original != Some(text) {
                problems.push(format!("{path} is not what it was:\n{text}"));
            }
            if let Some(lost) = original.and_then(|o| lost(o, before, text)).filter(|_| !self.elsewhere) {
                problems.push(format!("{path}: the fix touches a line that it need not: {lost}\n{text}"));
            }
        }
        if problems.len() > count {
            let applied: Vec<String> = fixed.applied.iter().map(|a| format!("  {}: {}", a.rule, a.title)).collect();
            problems.push(format!("applied:\n{}", applied.join("\n")));
        }
    }
}

/// The check of a state.
pub(crate) fn judged(state: &State) -> Report {
    check(&Repository::read(&state.sources(), &state.context), &state.context)
}

pub(crate) fn roots(report: &Report) -> impl Iterator<Item = &Reported> {
    report.findings.iter().filter(|r| r.finding.caused_by.is_none())
}

fn line(found: &Reported) -> String {
    let f = &found.finding;
    format!("{} {} {}:{}: {}", f.severity.as_str(), f.rule, found.file, found.start.line, f.message)
}

/// Every finding, a line each.
pub(crate) fn told(report: &Report) -> String {
    let lines = report.findings.iter().enumerate().map(|(i, r)| {
        let cause = r.finding.caused_by.map(|c| format!(" <- #{c}")).unwrap_or_default();
        let fix = r.finding.fix.as_ref().map(|f| format!(" [{}: {}]", f.safety.as_str(), f.title)).unwrap_or_default();
        format!("  #{i} {}{cause}{fix}\n", line(r))
    });
    lines.collect()
}

/// A line that the mutation left as it was and the fix did not. The config's hash follows the config, and what was the last of
/// a list gets a comma.
fn lost<'a>(original: &'a str, mutated: &'a str, fixed: &str) -> Option<&'a str> {
    let kept = common(original, mutated);
    let mut rest = fixed.lines();
    let same = |a: &str, b: &str| a.trim_end_matches(',') == b.trim_end_matches(',');
    kept.into_iter().filter(|l| !l.contains("hyperspace/config-hash")).find(|wanted| !rest.any(|l| same(l, wanted)))
}

/// The longest common subsequence of lines.
fn common<'a>(one: &'a str, two: &'a str) -> Vec<&'a str> {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.lines().collect(), two.lines().collect());
    let mut best = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            best[i][j] = if a[i] == b[j] { best[i + 1][j + 1] + 1 } else { best[i + 1][j].max(best[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut kept) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            kept.push(a[i]);
            (i, j) = (i + 1, j + 1);
        } else if best[i + 1][j] >= best[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    kept
}
