//! `yaml/syntax`: what Kubernetes or the collector refuses to load.

use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use model::{Place, Role, Source};
use yaml::{Fault, FaultKind, Route};

pub(crate) const RULE: Rule = Rule {
    name: "yaml/syntax",
    severity: Severity::Error,
    summary: "what Kubernetes or the collector refuses to load",
    fix: Some("quotes or a unit, where only they are missing"),
    safety: crate::registry::SAFE,
    page: include_str!("../../pages/yaml/syntax.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for (index, file) in contract.repository.files.iter().enumerate() {
        if let Role::Unreadable(reason) = &file.role {
            let place = Place { file: index, route: Route::root(0) };
            let message = format!("this file cannot be read: {}", reason.reason);
            drafts.push(Draft::new(RULE.name, RULE.severity, &place, message, UNREADABLE));
        }
    }
    for (place, fault) in faults(contract) {
        if matches!(fault.kind, FaultKind::DuplicateKey { .. }) {
            continue;
        }
        let draft = Draft::new(RULE.name, RULE.severity, &place, fault.message.clone(), CONSEQUENCE);
        drafts.push(at_offset(draft, &fault));
    }
    super::strings::check(contract, drafts);
}

const UNREADABLE: &str = "nothing in it was judged, and what reads it on the way to the cluster may refuse it too";

const CONSEQUENCE: &str = "the document is refused as a whole: nothing in it takes effect";

/// Faults of every manifest, and of the collector configurations inside them, each with the root of its document.
pub(crate) fn faults(contract: &Contract<'_>) -> Vec<(Place, Fault)> {
    let mut found = Vec::new();
    for (index, file) in contract.repository.files.iter().enumerate() {
        let Some(stream) = &file.stream else { continue };
        found
            .extend(stream.faults().iter().map(|f| (Place { file: index, route: Route::root(f.document) }, f.clone())));
    }
    for collector in &contract.repository.collectors {
        let Some(at) = collector.config.at.as_ref().filter(|_| !matches!(collector.source, Source::File)) else {
            continue;
        };
        // The root of a document inside a string has the string's own place; a mapping has no document in it.
        let Some(inner) = contract.repository.node(at).and_then(|n| n.embedded()) else { continue };
        found.extend(inner.faults().iter().map(|f| (at.clone(), f.clone())));
    }
    found
}

/// A fault has no node: its place is bytes of the outer file, which the engine takes as they are; of the route, the string
/// that the document stands in is left.
pub(crate) fn at_offset(mut draft: Draft, fault: &Fault) -> Draft {
    draft.finding.at.route.document = usize::MAX;
    draft.within(fault.span.clone())
}
