//! The findings as the page shows them: errors first, echoes under their cause.

use crate::excerpt::{Excerpts, Line};
use crate::html::Sentence;
use crate::snapshot::Spot;
use model::{Place, Repository};
use rules::{Report, Reported, Safety};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Root findings on one page; a browser chokes on thousands.
const MOST: usize = 300;

/// A root finding.
pub(crate) struct Finding {
    /// In the report.
    pub(crate) index: usize,
    /// The same from one check to the next as long as the finding is, so that a refresh keeps what is open and focused.
    pub(crate) id: String,
    pub(crate) rule: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) message: Sentence,
    pub(crate) at: Spot,
    pub(crate) excerpt: Vec<Line>,
    pub(crate) consequence: Option<Sentence>,
    /// Other places that belong to the story.
    pub(crate) related: Vec<(Sentence, Option<Spot>)>,
    pub(crate) fix: Option<Fix>,
    pub(crate) echoes: Vec<Echo>,
}

/// What would mend it.
pub(crate) struct Fix {
    pub(crate) title: Sentence,
    pub(crate) safe: bool,
}

/// A finding that follows from another one.
pub(crate) struct Echo {
    pub(crate) rule: &'static str,
    pub(crate) message: Sentence,
    pub(crate) at: Spot,
}

/// The report's roots, errors first, otherwise in the report's order; and how many were left out.
pub(crate) fn findings(repository: &Repository, report: &Report) -> (Vec<Finding>, usize) {
    let mut echoes: HashMap<usize, Vec<Echo>> = HashMap::new();
    for (index, reported) in report.findings.iter().enumerate() {
        let root = root(report, index);
        if root != index {
            echoes.entry(root).or_default().push(echo(reported));
        }
    }
    let mut roots: Vec<(usize, &Reported)> =
        report.findings.iter().enumerate().filter(|(index, _)| root(report, *index) == *index).collect();
    roots.sort_by_key(|(_, reported)| std::cmp::Reverse(reported.finding.severity));
    let omitted = roots.len().saturating_sub(MOST);
    roots.truncate(MOST);
    let (mut excerpts, mut ids) = (Excerpts::default(), HashMap::new());
    let mut found = Vec::with_capacity(roots.len());
    for (index, reported) in roots {
        let text = repository.text(&reported.file);
        let excerpt = text.map(|text| excerpts.of(&reported.file, text, reported.start, reported.end));
        found.push(Finding {
            index,
            id: id(reported, &mut ids),
            excerpt: excerpt.unwrap_or_default(),
            echoes: echoes.remove(&index).unwrap_or_default(),
            ..finding(repository, reported)
        });
    }
    (found, omitted)
}

fn finding(repository: &Repository, reported: &Reported) -> Finding {
    let said = &reported.finding;
    let related = said.related.iter().map(|(location, label)| {
        let place = Place { file: location.file, route: location.route.clone() };
        (Sentence::new(label), Spot::of(repository, &place))
    });
    let fix = said.fix.as_ref();
    Finding {
        index: 0,
        id: String::new(),
        rule: said.rule,
        severity: said.severity.as_str(),
        message: Sentence::new(&said.message),
        at: Spot::new(&reported.file, reported.start),
        excerpt: Vec::new(),
        consequence: Some(&said.consequence).filter(|text| !text.is_empty()).map(|text| Sentence::new(text)),
        related: related.collect(),
        fix: fix.map(|fix| Fix { title: Sentence::new(&fix.title), safe: fix.safety == Safety::Safe }),
        echoes: Vec::new(),
    }
}

fn echo(reported: &Reported) -> Echo {
    Echo {
        rule: reported.finding.rule,
        message: Sentence::new(&reported.finding.message),
        at: Spot::new(&reported.file, reported.start),
    }
}

/// The finding that this one follows from; itself for a root. A link that leads nowhere or in a circle makes it a root:
/// it is shown rather than lost.
fn root(report: &Report, index: usize) -> usize {
    let mut at = index;
    for _ in 0..report.findings.len() {
        match report.findings.get(at).and_then(|reported| reported.finding.caused_by) {
            None => return at,
            Some(cause) if cause < report.findings.len() => at = cause,
            Some(_) => return index,
        }
    }
    index
}

/// From rule, path and message: a line added above moves a finding, and it stays the same one.
fn id(reported: &Reported, seen: &mut HashMap<u64, usize>) -> String {
    let mut hasher = DefaultHasher::new();
    (reported.finding.rule, &reported.file, &reported.path, &reported.finding.message).hash(&mut hasher);
    let hash = hasher.finish();
    let twin = seen.entry(hash).and_modify(|count| *count += 1).or_insert(0);
    if *twin == 0 { format!("f-{hash:016x}") } else { format!("f-{hash:016x}-{twin}") }
}
