//! What a change brings in: the findings of one report that another does not have.

use rules::{Report, Reported};
use std::collections::{HashMap, HashSet};
use yaml::Step;

/// The findings of `after` that `before` does not have, with `after`'s account of what was judged.
///
/// An old finding answers for one new one of its rule: at the same place with the same message first, then the same
/// message elsewhere in the file (a list grew), then in another file (it was renamed), then another message at the same
/// place, *unless* the text there changed (`same_text(old, new)`): a fault that a change exchanged for another is new.
/// An echo stays only with its cause.
pub fn introduced(before: &Report, after: Report, same_text: impl Fn(&Reported, &Reported) -> bool) -> Report {
    let mut old: Vec<Option<&Reported>> = before.findings.iter().map(Some).collect();
    let mut known = vec![false; after.findings.len()];
    let keys: [fn(&Reported) -> Key<'_>; 3] = [
        |f| (f.finding.rule, Some(&f.file), Some(&f.path), Some(&f.finding.message)),
        |f| (f.finding.rule, Some(&f.file), None, Some(&f.finding.message)),
        |f| (f.finding.rule, None, None, Some(&f.finding.message)),
    ];
    for key in keys {
        pair(&mut old, &after.findings, &mut known, key, |_, _| true);
    }
    pair(&mut old, &after.findings, &mut known, |f| (f.finding.rule, Some(&f.file), Some(&f.path), None), same_text);

    let fresh: HashSet<usize> = (0..known.len())
        .filter(|&i| !known[i] && !known.get(crate::root(&after, i)).copied().unwrap_or(false))
        .collect();
    let mut moved = HashMap::new();
    let mut findings = Vec::new();
    for (index, finding) in after.findings.into_iter().enumerate() {
        if fresh.contains(&index) {
            moved.insert(index, findings.len());
            findings.push(finding);
        }
    }
    for finding in &mut findings {
        finding.finding.caused_by = finding.finding.caused_by.and_then(|cause| moved.get(&cause).copied());
    }
    Report { findings, judged: after.judged }
}

type Key<'a> = (&'static str, Option<&'a String>, Option<&'a Vec<Step>>, Option<&'a String>);

/// Marks as known every new finding that an unused old one answers for.
fn pair<'a>(
    old: &mut [Option<&'a Reported>],
    new: &'a [Reported],
    known: &mut [bool],
    key: impl Fn(&'a Reported) -> Key<'a>,
    agree: impl Fn(&Reported, &Reported) -> bool,
) {
    let mut by_key: HashMap<Key<'a>, Vec<usize>> = HashMap::new();
    for (index, finding) in old.iter().enumerate() {
        if let Some(finding) = *finding {
            by_key.entry(key(finding)).or_default().push(index);
        }
    }
    for (finding, known) in new.iter().zip(known).filter(|(_, known)| !**known) {
        let Some(candidates) = by_key.get_mut(&key(finding)) else { continue };
        let hit = candidates.iter().position(|&i| old.get(i).copied().flatten().is_some_and(|old| agree(old, finding)));
        if let Some(hit) = hit {
            let index = candidates.remove(hit);
            if let Some(slot) = old.get_mut(index) {
                *slot = None;
            }
            *known = true;
        }
    }
}
