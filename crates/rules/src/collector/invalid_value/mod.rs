//! `collector/invalid-value`: a value that the component refuses.

mod frame;
mod listen;
mod required;
mod typed;

use super::view::views;
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{Rule, SAFE};
use contract::Contract;
use model::Place;

pub(crate) const RULE: Rule = Rule {
    name: "collector/invalid-value",
    severity: Severity::Error,
    summary: "a value that the component refuses (duration, endpoint, enum, type)",
    fix: Some("a dimension that every series has goes, a memory_limiter checks every second"),
    safety: SAFE,
    page: include_str!("../../../pages/collector/invalid-value.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        frame::check(&view, drafts);
        typed::check(&view, drafts);
        required::check(&view, drafts);
        listen::check(&view, drafts);
    }
}

/// A finding about what keeps the collector from starting; `says` is what it prints.
fn fatal(at: &Place, message: impl Into<String>, says: &str) -> Draft {
    let consequence = match says {
        "" => "the collector exits at start".to_owned(),
        says => format!("the collector exits at start: \"{says}\""),
    };
    Draft::new(RULE.name, RULE.severity, at, message, consequence)
}
