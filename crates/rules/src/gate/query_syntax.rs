//! `gate/query-syntax`: PromQL that does not parse.

use super::view::views;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::Rule;
use contract::Contract;
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "gate/query-syntax",
    severity: Severity::Error,
    summary: "PromQL does not parse",
    fix: Some("the obvious repair, where one is left"),
    safety: crate::registry::SAFE,
    page: include_str!("../../pages/gate/query-syntax.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let (Some(text), Some(Err(error))) = (&view.gate.query, &view.gate.parsed) else { continue };
        let message = format!("the query of {} does not parse: {}", view.name(), error.message);
        let consequence =
            "every measurement is an error; the analysis ends in Error and the canary is aborted, healthy or not";
        let mut draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence);
        if let Some(offset) = error.offset {
            let end =
                text.value[offset.min(text.value.len())..].chars().next().map_or(offset, |c| offset + c.len_utf8());
            draft = draft.within(offset.min(text.value.len())..end.min(text.value.len()));
        }
        if let Some(suggestion) = &error.suggestion {
            let op = Op::Splice {
                route: text.at.route.clone(),
                range: suggestion.range.clone(),
                text: suggestion.text.clone(),
            };
            draft = draft.fix(fix(suggestion.title.clone(), Safety::Safe, [(text.at.file, op)]));
        }
        drafts.push(draft);
    }
}
