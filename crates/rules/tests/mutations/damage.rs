//! Damaged manifests: bytes and lines lost, doubled, swapped. Nothing panics, nothing hangs, and no fix makes it worse.

use crate::dice::Dice;
use crate::judge::told;
use crate::state::State;
use hyperspace_rules::{Report, Safety, Severity, check, fix};
use model::Repository;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// No run on eight small files lasts this long, not even in a debug build on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// Damages one to three places of one or two files.
pub(crate) fn damaged(throw: u64) -> State {
    let mut dice = Dice::new("damage", throw);
    let mut state = State::clean();
    for _ in 0..=dice.below(2) {
        let at = dice.below(state.files.len());
        for _ in 0..=dice.below(3) {
            let text = damage(&mut dice, &state.files[at].1);
            state.files[at].1 = text;
        }
    }
    state
}

fn damage(dice: &mut Dice, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let line = dice.below(lines.len());
    let chars: Vec<char> = text.chars().collect();
    let at = dice.below(chars.len());
    let join = |chars: &[char]| chars.iter().collect::<String>();
    match dice.below(10) {
        0 => {
            lines.remove(line);
            lines.join("\n")
        }
        1 => {
            lines.insert(line, lines[line]);
            lines.join("\n")
        }
        2 => {
            let other = dice.below(lines.len());
            lines.swap(line, other);
            lines.join("\n")
        }
        3 => {
            let end = (line + 1 + dice.below(8)).min(lines.len());
            lines.drain(line..end);
            lines.join("\n")
        }
        4 => {
            let indented = format!("{}{}", " ".repeat(1 + dice.below(4)), lines[line]);
            lines[line] = &indented;
            lines.join("\n")
        }
        5 => {
            lines[line] = lines[line].trim_start();
            lines.join("\n")
        }
        6 => join(&chars[..at]),
        7 => join(&chars[..at]) + &join(&chars[(at + 1 + dice.below(6)).min(chars.len())..]),
        8 => {
            let odd = dice.pick(&[
                "\t", "\"", "'", "{", "]", "*", "&a", "!", "|", ">", "%", "\u{0}", "é", "\u{feff}", "---\n", "- ", ": ",
            ]);
            format!("{}{odd}{}", join(&chars[..at]), join(&chars[at..]))
        }
        _ => {
            let other = dice.below(chars.len());
            let (from, to) = (at.min(other), at.max(other).min(at.min(other) + 200));
            format!("{}{}{}", join(&chars[..to]), join(&chars[from..to]), join(&chars[to..]))
        }
    }
}

/// What goes wrong on a damaged state.
pub(crate) fn problem(throw: u64) -> Option<String> {
    let state = damaged(throw);
    let start = Instant::now();
    let found = catch_unwind(AssertUnwindSafe(|| look(&state)));
    let problem = match found {
        Ok(problem) => problem?,
        Err(_) => "panics".to_owned(),
    };
    let clean = State::clean();
    let changed = state.files.iter().filter(|f| !clean.files.contains(f));
    let texts: String = changed.map(|(path, text)| format!("--- {path}\n{text}\n")).collect();
    Some(format!("==== damage {throw} ({:?}): {problem}\n{texts}", start.elapsed()))
}

fn look(state: &State) -> Option<String> {
    let start = Instant::now();
    let fixed = fix(state.sources(), &state.context, Safety::Unsafe);
    if fixed.applied.is_empty() {
        return (start.elapsed() > LONG).then(|| "takes too long".to_owned());
    }
    let before = check(&Repository::read(&state.sources(), &state.context), &state.context);
    for group in ["yaml/", "collector/"] {
        if errors(&fixed.report, group) > errors(&before, group) {
            return Some(format!("more {group} errors after fixing\n{}after\n{}", told(&before), told(&fixed.report)));
        }
    }
    let again = fix(fixed.files, &state.context, Safety::Unsafe);
    if let Some(changed) = again.changed.first() {
        let applied: Vec<&str> = again.applied.iter().map(|a| a.rule).collect();
        return Some(format!("a second run changes {} by {applied:?}", changed.path));
    }
    (start.elapsed() > LONG).then(|| "takes too long".to_owned())
}

fn errors(report: &Report, group: &str) -> usize {
    let roots = report.findings.iter().filter(|r| r.finding.caused_by.is_none());
    roots.filter(|r| r.finding.rule.starts_with(group) && r.finding.severity == Severity::Error).count()
}
