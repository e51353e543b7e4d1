//! `collector/unused-component`: defined, in no pipeline.

use super::catalog::{Standing, joins, signals, standing};
use super::slip::slips;
use super::view::{SIDES, View, near, role, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use catalogue::Class;
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
    for slip in slips(view).iter().filter(|s| s.pipelines) {
        draft = draft.echo("collector/unknown-key", Some(&slip.at));
    }
    if class == Class::Extension {
        return draft;
    }
    // Where the pipelines are incomplete, it is what they lack.
    let frame = view.root.key("service");
    draft = draft.echo("collector/invalid-value", Some(&frame)).echo("collector/unsupported-signal", Some(&frame));
    if fits_no_pipeline(view, component) || joins(view.collector, &component.kind).is_some() {
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

/// Whether there is no pipeline of any signal that the component takes: the pipeline is what is missing.
fn fits_no_pipeline(view: &View<'_>, component: &Component) -> bool {
    let Some(taken) = signals(view.collector, component.class, &component.kind) else { return false };
    SIDES.contains(&component.class)
        && !view.config.pipelines.iter().any(|p| p.signal.is_some_and(|s| taken.contains(&s)))
}
