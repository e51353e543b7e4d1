//! GitHub Actions workflow commands: one annotation a root finding.
//!
//! Format and escapes: actions/toolkit, packages/core/src/command.ts (`escapeData`, `escapeProperty`). `endColumn` is
//! given only on one line, as the checks API asks.

use crate::groups;
use rules::{Report, Severity};
use std::fmt::Write as _;

/// One `::error …::message` or `::warning …` line for each root finding. `prefix` leads from the repository's root to the
/// checked folder (`""` for the root itself): GitHub wants paths from the root. Echoes are counted in the message of
/// their cause; GitHub shows only ten annotations of a kind a step.
pub fn github(report: &Report, prefix: &str) -> String {
    let mut out = String::new();
    for (root, echoes) in groups(report) {
        let finding = &root.finding;
        let kind = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (start, end) = (root.start, root.end);
        let columns = if start.line == end.line && end.column > start.column {
            format!(",endColumn={}", end.column)
        } else {
            String::new()
        };
        let mut message = finding.message.clone();
        if !finding.consequence.is_empty() {
            message.push_str("\nAt run time: ");
            message.push_str(&finding.consequence);
        }
        if let Some(fix) = &finding.fix {
            // Writing to a String cannot fail, here and below.
            let _ = write!(message, "\nFix ({}): {}", fix.safety.as_str(), fix.title);
        }
        match echoes.len() {
            0 => {}
            1 => message.push_str("\n1 more finding follows from this one."),
            n => {
                let _ = write!(message, "\n{n} more findings follow from this one.");
            }
        }
        let _ = writeln!(
            out,
            "::{kind} file={},line={},endLine={},col={}{columns},title={}::{}",
            property(&crate::sarif::joined(prefix, &root.file)),
            start.line,
            end.line,
            start.column,
            property(finding.rule),
            data(&message),
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
