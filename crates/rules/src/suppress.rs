//! Suppressions: `# hyperspace: allow(rule) reason` on the line or the one above, or an entry in the policy.

use crate::outcome::Reported;
use model::{Context, Repository, glob};

struct Comment {
    file: String,
    line: usize,
    rule: String,
    reason: bool,
    used: bool,
}

/// Drops what is allowed, with its echoes, and returns a note for every suppression that was of no use.
pub(crate) fn suppress(
    repository: &Repository,
    context: &Context,
    findings: Vec<Reported>,
) -> (Vec<Reported>, Vec<String>) {
    let mut comments = comments(repository);
    let mut policy: Vec<bool> = vec![false; context.policy.allow.len()];
    let mut allowed: Vec<bool> = findings
        .iter()
        .map(|finding| {
            let mut hit = false;
            for comment in &mut comments {
                let here = comment.file == finding.file
                    && (comment.line == finding.start.line || comment.line + 1 == finding.start.line);
                if here && comment.rule == finding.finding.rule {
                    comment.used = true;
                    hit = true;
                }
            }
            for (entry, used) in context.policy.allow.iter().zip(&mut policy) {
                let file = entry.file.as_ref().is_none_or(|f| glob(f, &finding.file));
                if file && entry.rule == finding.finding.rule {
                    *used = true;
                    hit = true;
                }
            }
            hit
        })
        .collect();
    for index in 0..findings.len() {
        let cause = findings.get(index).and_then(|f| f.finding.caused_by);
        let dropped = cause.and_then(|c| allowed.get(c)).copied().unwrap_or(false);
        if let Some(slot) = allowed.get_mut(index) {
            *slot |= dropped;
        }
    }
    let mut notes: Vec<String> = Vec::new();
    for comment in &comments {
        if !comment.used {
            notes.push(format!(
                "{}:{}: this suppression of {} is unused: remove it",
                comment.file, comment.line, comment.rule
            ));
        } else if !comment.reason {
            notes.push(format!(
                "{}:{}: this suppression of {} gives no reason",
                comment.file, comment.line, comment.rule
            ));
        }
    }
    for (entry, used) in context.policy.allow.iter().zip(policy) {
        if !used {
            notes.push(format!("the policy's suppression of {} is unused: remove it", entry.rule));
        }
    }
    (keep(findings, &allowed), notes)
}

/// Keeps what is not allowed and moves `caused_by` along.
fn keep(findings: Vec<Reported>, allowed: &[bool]) -> Vec<Reported> {
    let mut moved = Vec::with_capacity(findings.len());
    let mut next = 0;
    for gone in allowed {
        moved.push((!gone).then_some(next));
        next += usize::from(!gone);
    }
    findings
        .into_iter()
        .zip(allowed)
        .filter(|(_, gone)| !**gone)
        .map(|(mut finding, _)| {
            finding.finding.caused_by = finding.finding.caused_by.and_then(|c| moved.get(c).copied().flatten());
            finding
        })
        .collect()
}

fn comments(repository: &Repository) -> Vec<Comment> {
    let mut found = Vec::new();
    for file in &repository.files {
        let Some(stream) = &file.stream else { continue };
        if !stream.text().contains("hyperspace: allow(") {
            continue;
        }
        for (index, line) in stream.text().lines().enumerate() {
            let Some((_, rest)) = line.split_once("# hyperspace: allow(") else { continue };
            let Some((rules, reason)) = rest.split_once(')') else { continue };
            for rule in rules.split(',') {
                found.push(Comment {
                    file: file.path.clone(),
                    line: index + 1,
                    rule: rule.trim().to_owned(),
                    reason: !reason.trim().is_empty(),
                    used: false,
                });
            }
        }
    }
    found
}
