//! `yaml/duplicate-key`: a key that stands twice in one mapping.

use super::syntax::{at_offset, faults};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use yaml::FaultKind;

pub(crate) const RULE: Rule = Rule {
    name: "yaml/duplicate-key",
    severity: Severity::Error,
    summary: "a key that stands twice in one mapping",
    fix: None,
    safety: None,
    page: include_str!("../../pages/yaml/duplicate-key.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for (place, fault) in faults(contract) {
        let FaultKind::DuplicateKey { first } = &fault.kind else { continue };
        let stream = contract.repository.files.get(place.file).and_then(|f| f.stream.as_ref());
        let line = stream.map(|s| s.position(first.start).line).unwrap_or_default();
        let message = format!("{} (first on line {line})", fault.message);
        let consequence =
            "Kubernetes and the collector refuse the document; a lenient reader would silently drop one of the two";
        drafts.push(at_offset(Draft::new(RULE.name, RULE.severity, &place, message, consequence), &fault));
    }
}
