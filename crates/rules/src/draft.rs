//! Findings in the making: rules say what they see and which other finding would explain it; the engine joins them.

use crate::finding::{FileEdit, Finding, Fix, Location, Safety, Severity};
use model::{Place, Repository};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use yaml::Op;

/// A finding and the findings that it would be an echo of.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) finding: Finding,
    /// Any root finding that one of these matches is the cause; the first match wins.
    pub(crate) echo_of: Vec<Echo>,
}

/// A pattern for a cause.
#[derive(Clone, Debug)]
pub(crate) struct Echo {
    /// Rule name, or a group with its slash (`collector/`).
    pub(crate) rule: &'static str,
    /// The cause stands at or below this place; `None` for anywhere.
    pub(crate) within: Option<Place>,
    /// Only right at the place, not below it.
    pub(crate) exact: bool,
}

/// What the rules said.
#[derive(Default)]
pub(crate) struct Drafts {
    pub(crate) list: Vec<Draft>,
    /// Where findings of the same hash stand in the list, of which so many are known.
    said: HashMap<u64, Vec<usize>>,
    known: usize,
}

impl Drafts {
    /// Adds a finding; one that was said already (a template that two rollouts run) is passed over.
    pub(crate) fn push(&mut self, draft: Draft) {
        let key = |draft: &Draft| {
            let mut hasher = DefaultHasher::new();
            (draft.finding.rule, draft.finding.at.file, &draft.finding.message).hash(&mut hasher);
            hasher.finish()
        };
        for (index, draft) in self.list.iter().enumerate().skip(self.known) {
            self.said.entry(key(draft)).or_default().push(index);
        }
        self.known = self.list.len();
        let same = |d: &Draft| {
            d.finding.rule == draft.finding.rule
                && d.finding.at == draft.finding.at
                && d.finding.message == draft.finding.message
        };
        let alike = self.said.get(&key(&draft)).into_iter().flatten();
        if !alike.filter_map(|index| self.list.get(*index)).any(same) {
            self.list.push(draft);
        }
    }
}

impl Draft {
    /// A finding of `rule` at `at`: what is wrong, and what happens at run time because of it.
    pub(crate) fn new(
        rule: &'static str,
        severity: Severity,
        at: &Place,
        message: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Draft {
        let finding = Finding {
            rule,
            severity,
            message: message.into(),
            consequence: consequence.into(),
            at: location(at),
            related: Vec::new(),
            fix: None,
            caused_by: None,
        };
        Draft { finding, echo_of: Vec::new() }
    }

    /// Narrows the place to bytes of the scalar's decoded text.
    pub(crate) fn within(mut self, range: Range<usize>) -> Draft {
        self.finding.at.within = Some(range);
        self
    }

    /// Another place that belongs to the story.
    pub(crate) fn related(mut self, at: &Place, label: impl Into<String>) -> Draft {
        self.finding.related.push((location(at), label.into()));
        self
    }

    /// Sets the fix.
    pub(crate) fn fix(mut self, fix: impl Into<Option<Fix>>) -> Draft {
        self.finding.fix = fix.into();
        self
    }

    /// Makes it an echo of what is wrong with the YAML of that document: what is missing there may stand behind the fault.
    pub(crate) fn absent_from(self, repository: &Repository, at: &Place) -> Draft {
        let stream = repository.files.get(at.file).and_then(|f| f.stream.as_ref());
        let torn = |f: &yaml::Fault| !matches!(f.kind, yaml::FaultKind::DuplicateKey { .. });
        let inside = repository.node(at).is_some_and(|n| n.stream().faults().iter().any(torn));
        if inside || stream.is_some_and(|s| !s.is_whole(at.route.document)) { self.echo("yaml/", None) } else { self }
    }

    /// Makes it an echo of a finding of `rule` (or group, with its slash) at or below `within`.
    pub(crate) fn echo(mut self, rule: &'static str, within: Option<&Place>) -> Draft {
        self.echo_of.push(Echo { rule, within: within.cloned(), exact: false });
        self
    }

    /// Makes it an echo of a finding of `rule` (or group) right at `at`.
    pub(crate) fn echo_at(mut self, rule: &'static str, at: &Place) -> Draft {
        self.echo_of.push(Echo { rule, within: Some(at.clone()), exact: true });
        self
    }
}

/// The location of a place.
pub(crate) fn location(at: &Place) -> Location {
    Location { file: at.file, route: at.route.clone(), within: None }
}

/// A fix from operations on places; operations on one file keep their order.
pub(crate) fn fix(title: impl Into<String>, safety: Safety, ops: impl IntoIterator<Item = (usize, Op)>) -> Fix {
    let mut edits: Vec<FileEdit> = Vec::new();
    for (file, op) in ops {
        match edits.iter_mut().find(|e| e.file == file) {
            Some(edit) => edit.ops.push(op),
            None => edits.push(FileEdit { file, ops: vec![op] }),
        }
    }
    Fix { title: title.into(), safety, edits }
}
