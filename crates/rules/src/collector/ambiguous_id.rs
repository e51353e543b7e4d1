//! `collector/ambiguous-id`: one ID as connector and exporter, or receiver.

use super::view::{View, role, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use catalogue::Class;
use contract::Contract;
use model::Component;
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "collector/ambiguous-id",
    severity: Severity::Error,
    summary: "one ID as connector and exporter (or receiver)",
    fix: Some("keep the connector"),
    safety: ONE_READING,
    page: include_str!("../../pages/collector/ambiguous-id.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        for (connector, twin) in twins(&view) {
            drafts.push(draft(&view, connector, twin));
        }
    }
}

/// Connectors with an exporter or receiver of the same ID.
pub(crate) fn twins<'a>(view: &View<'a>) -> Vec<(&'a Component, &'a Component)> {
    let mut found = Vec::new();
    for connector in view.config.of_class(Class::Connector) {
        for class in [Class::Exporter, Class::Receiver] {
            found.extend(view.config.component(class, &connector.id).map(|twin| (connector, twin)));
        }
    }
    found
}

fn draft(view: &View<'_>, connector: &Component, twin: &Component) -> Draft {
    let (id, class) = (&connector.id, role(twin.class));
    let message = format!("`{id}` is both a connector and an {class}").replace("an receiver", "a receiver");
    let consequence = format!(
        "the collector exits at start: \"ambiguous ID: Found both \\\"{id}\\\" {class} and \\\"{id}\\\" connector\""
    );
    // Where the twin says something of its own, somebody may have meant it.
    let same = view
        .node(&twin.at)
        .zip(view.node(&connector.at))
        .is_some_and(|(a, b)| a.is_null() || a.is_empty() && !a.is_sequence() || a.to_value() == b.to_value());
    let unknown = !super::catalog::exists(view.collector, twin.class, &twin.kind);
    let safety = if same || unknown { Safety::Safe } else { Safety::Unsafe };
    let op = Op::Remove { route: twin.at.route.clone() };
    Draft::new(RULE.name, RULE.severity, &twin.at, message, consequence)
        .related(&connector.at, "the connector")
        .fix(fix(format!("Keep the connector `{id}` and remove the {class}"), safety, [(twin.at.file, op)]))
}
