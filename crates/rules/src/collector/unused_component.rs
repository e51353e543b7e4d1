//! `collector/unused-component`: defined, in no pipeline.

use super::catalog::{Standing, joins, signals, standing};
use super::half_wired_connector::half_wired;
use super::lost::echo_service;
use super::view::{View, near, role, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use catalogue::{Class, Signal};
use contract::Contract;
use model::Component;

pub(crate) const RULE: Rule = Rule {
    name: "collector/unused-component",
    severity: Severity::Warning,
    summary: "defined, in no pipeline",
    fix: None,
    safety: None,
    page: include_str!("../../pages/collector/unused-component.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(View::whole) {
        for component in &view.config.components {
            let judged = matches!(
                standing(view.collector, component.class, &component.kind),
                Standing::Exists | Standing::Unknown
            );
            if judged && !view.used(component) && !component.id.is_empty() {
                drafts.push(draft(&view, component));
            }
        }
    }
}

fn draft(view: &View<'_>, component: &Component) -> Draft {
    let (class, id) = (component.class, &component.id);
    let (where_, consequence) = match class {
        Class::Extension => ("`service.extensions` does not list it", "it never starts"),
        Class::Receiver => ("no pipeline uses it", "it opens no port: what is sent to it is refused"),
        _ => ("no pipeline uses it", "it does nothing, yet a mistake in it keeps the collector from starting"),
    };
    let message = format!("{} `{id}` is defined, but {where_}", role(class));
    let mut draft = Draft::new(RULE.name, RULE.severity, &component.at, message, consequence);
    // A reference that nearly names it is the fault.
    let undefined =
        view.undefined().filter(|r| r.side == class || class == Class::Connector && r.side != Class::Processor);
    for reference in undefined.filter(|r| near(&r.text.value, [id.as_str()]).len() == 1) {
        draft = draft.echo("collector/undefined-component", Some(&reference.text.at));
    }
    for text in
        view.config.extensions.iter().filter(|e| class == Class::Extension && near(&e.value, [id.as_str()]).len() == 1)
    {
        draft = draft.echo("collector/undefined-component", Some(&text.at));
    }
    draft = echo_service(view, draft);
    if class == Class::Extension {
        // A probe that asks for it says what breaks.
        if component.kind.starts_with("health") {
            draft = draft.echo("wiring/port-mismatch", None);
        }
        return draft.echo("collector/invalid-value", Some(&view.root.key("service").key("extensions")));
    }
    // Where the pipelines are incomplete, it is what they lack.
    let frame = view.root.key("service");
    draft = draft.echo("collector/invalid-value", Some(&frame)).echo("collector/unsupported-signal", Some(&frame));
    if lacks_pipeline(view, component) || joins(view.collector, &component.kind).is_some() {
        draft = draft.echo("collector/half-wired-connector", Some(view.root));
    }
    if class == Class::Exporter {
        draft = draft.echo("collector/metrics-not-exposed", Some(&component.at));
        draft = draft.echo("collector/signal-refused-by-backend", Some(&frame));
    }
    if view.has_duplicates() {
        draft = draft.echo("yaml/duplicate-key", None);
    }
    draft.echo("collector/ambiguous-id", Some(&component.at))
}

/// Whether a pipeline is missing that the component would be in: there is none of a signal that it takes, while a connector
/// waits for one.
fn lacks_pipeline(view: &View<'_>, component: &Component) -> bool {
    let waited: Vec<Signal> = half_wired(view)
        .into_iter()
        .filter_map(|c| joins(view.collector, &c.kind))
        .flatten()
        .flat_map(|(a, b)| [a, b])
        .collect();
    let taken = signals(view.collector, component.class, &component.kind);
    let missing = |s: &&Signal| view.pipelines(**s).next().is_none();
    waited.iter().filter(missing).any(|s| taken.as_ref().is_none_or(|t| t.contains(s)))
}
