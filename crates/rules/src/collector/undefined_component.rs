//! `collector/undefined-component`: a pipeline, or `service.extensions`, names what nothing defines.

use super::catalog::{Standing, joins, signals, standing};
use super::edit::{Ops, define, define_all, rename, unrefer};
use super::half_wired_connector::waiting;
use super::lost::{echo_lost, lost};
use super::shapes::shape;
use super::slip::{Slip, hiding, slips};
use super::view::{Reference, View, listed, near, role, views, with_type};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::Class;
use contract::Contract;
use model::{Component, Text, section, type_of};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/undefined-component",
    severity: Severity::Error,
    summary: "a pipeline (or `service.extensions`) names what nothing defines",
    fix: Some("define it where the contract says how, else remove the reference"),
    safety: SAFE,
    page: include_str!("../../pages/collector/undefined-component.md"),
    check,
};

/// All references to one ID that nothing defines, and what it would have to be.
struct Undefined<'a> {
    class: Class,
    id: &'a str,
    references: Vec<Reference<'a>>,
}

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(View::whole) {
        let slips = slips(&view);
        let all = undefined(&view);
        for class in CLASSES {
            let of_class: Vec<&Undefined<'_>> = all.iter().filter(|u| u.class == class).collect();
            // A section that defines nothing is one fault, however many miss it.
            match of_class.as_slice() {
                [_, _, ..] if view.config.of_class(class).next().is_none() => {
                    drafts.list.extend(section_of(&view, &of_class, &slips));
                }
                each => drafts.list.extend(each.iter().filter_map(|u| component(&view, u, &slips))),
            }
        }
        for text in &view.config.extensions {
            let defined = view.config.component(Class::Extension, &text.value).is_some();
            if !defined && !super::view::is_variable(&text.value) {
                drafts.push(extension(&view, text, &slips));
            }
        }
    }
}

const CLASSES: [Class; 4] = [Class::Receiver, Class::Processor, Class::Exporter, Class::Connector];

/// One finding for all that an empty section should define.
fn section_of(view: &View<'_>, all: &[&Undefined<'_>], slips: &[Slip]) -> Option<Draft> {
    let first = all.first()?;
    let mut draft = component(view, first, slips)?;
    let ids: Vec<&str> = all.iter().map(|u| u.id).collect();
    draft.finding.message = format!(
        "the pipelines use the {}s {}, but `{}` defines none",
        role(first.class),
        listed(&ids),
        section(first.class)
    );
    let mut defined: Vec<(String, Value)> = Vec::new();
    let mut ops: Ops = Vec::new();
    let mut titles: Vec<String> = Vec::new();
    for undefined in all {
        let text = undefined.references.first()?;
        if undefined.id != first.id {
            draft = draft.related(&text.text.at, format!("`{}` too", undefined.id));
        }
        match shape(view, undefined.class, undefined.id, text.pipeline.signal) {
            Some(value) => defined.push((undefined.id.to_owned(), value)),
            None => {
                let idle = |r: &Reference<'_>| r.side != Class::Processor && r.pipeline.side(r.side).len() < 2;
                if undefined.references.iter().any(idle) {
                    return Some(draft.fix(None));
                }
                titles.push(undefined.id.to_owned());
                ops.extend(unrefer(undefined.references.iter().copied()));
            }
        }
    }
    let mut title = Vec::new();
    if !defined.is_empty() {
        title.push(format!("Define {}", listed(&defined.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())));
        ops.extend(define_all(view, first.class, defined));
    }
    if !titles.is_empty() {
        title.push(format!("Remove the references to {}", listed(&titles)));
    }
    Some(draft.fix(fix(title.join(". "), Safety::Safe, ops)))
}

/// Undefined IDs, each once: one that stands on both sides of pipelines is meant to be a connector.
fn undefined<'a>(view: &View<'a>) -> Vec<Undefined<'a>> {
    let mut found: Vec<Undefined<'a>> = Vec::new();
    let all: Vec<Reference<'a>> = view.undefined().collect();
    for reference in &all {
        let id = reference.text.value.as_str();
        let other = match reference.side {
            Class::Receiver => Some(Class::Exporter),
            Class::Exporter => Some(Class::Receiver),
            _ => None,
        };
        let both = other.is_some_and(|other| all.iter().any(|r| r.side == other && r.text.value == id));
        let connects = joins(view.collector, type_of(id)).is_some()
            && standing(view.collector, reference.side, type_of(id)) != Standing::Exists;
        let class = if other.is_some() && (both || connects) { Class::Connector } else { reference.side };
        match found.iter_mut().find(|u| u.class == class && u.id == id) {
            Some(undefined) => undefined.references.push(*reference),
            None => found.push(Undefined { class, id, references: vec![*reference] }),
        }
    }
    found
}

fn component(view: &View<'_>, undefined: &Undefined<'_>, slips: &[Slip]) -> Option<Draft> {
    let first = undefined.references.first()?;
    let (class, id) = (undefined.class, undefined.id);
    let message = format!("pipeline `{}` uses {} `{id}`, which is not defined", first.pipeline.id, role(class));
    let consequence = format!(
        "the collector exits at start: \"references {} \\\"{id}\\\" which is not configured\"",
        role(first.side)
    );
    let mut draft = Draft::new(RULE.name, RULE.severity, &first.text.at, message, consequence);
    // A value of another kind in the list's place, or in the list, is refused as such.
    for reference in &undefined.references {
        draft = draft.echo_at("collector/invalid-value", &reference.text.at);
    }
    draft = draft.echo_at("collector/invalid-value", &view.root.key(section(class)));
    for other in undefined.references.iter().skip(1) {
        draft = draft.related(&other.text.at, format!("pipeline `{}` uses it too", other.pipeline.id));
    }
    // Where the definition is there but misplaced or misspelled, that is the cause.
    if let Some(slip) = hiding(slips, first.side, id) {
        draft = draft.echo_at("collector/unknown-key", &slip.at);
    }
    draft = echo_lost(view, draft, &[id, section(class)]);
    for at in lost(view, &[id]) {
        draft = draft.echo_at("collector/invalid-value", &at);
    }
    for component in misspelled(view, class, id) {
        draft = draft.echo("collector/unknown-component-type", Some(&component.at));
    }
    if first.side == Class::Receiver && view.lacks_receivers() && class == Class::Receiver {
        draft = draft.echo("collector/no-receiver", Some(&view.root.key("receivers")));
    }
    if view.has_duplicates() {
        draft = draft.echo("yaml/duplicate-key", None);
    }
    Some(draft.fix(mend(view, undefined)))
}

/// Definitions of that class whose type is none and whose ID is nearly the wanted one, or becomes it with the type's successor.
pub(crate) fn misspelled<'a>(view: &View<'a>, class: Class, id: &str) -> Vec<&'a Component> {
    let all: Vec<(&Component, Standing)> =
        view.config.of_class(class).map(|c| (c, standing(view.collector, class, &c.kind))).collect();
    let unknown = || all.iter().filter(|(_, s)| matches!(s, Standing::Nothing { .. })).map(|(c, _)| *c);
    let ids = near(id, unknown().map(|c| c.id.as_str()));
    let renamed = all.iter().filter(|(c, standing)| match standing {
        Standing::Removed { successor: Some(kind), .. } | Standing::NotYet { older: Some(kind), .. } => {
            with_type(&c.id, kind) == id
        }
        _ => false,
    });
    let renamed = renamed.map(|(c, _)| *c);
    unknown().filter(|c| ids.contains(&c.id.as_str())).chain(renamed).collect()
}

fn mend(view: &View<'_>, undefined: &Undefined<'_>) -> Option<Fix> {
    let Undefined { class, id, references } = undefined;
    let (class, id) = (*class, *id);
    if let Some(meant) = meant(view, undefined) {
        let title = format!("Use the {} `{meant}` instead of `{id}`", role(class));
        return Some(fix(title, Safety::Safe, rename(references.iter().copied(), meant)));
    }
    let signal = references.first()?.pipeline.signal;
    let known = !matches!(
        standing(view.collector, class, type_of(id)),
        Standing::Nothing { .. } | Standing::Elsewhere(_) | Standing::Removed { .. }
    );
    if let Some(value) = shape(view, class, id, signal).filter(|_| known) {
        let title = format!("Define {} `{id}`", role(class));
        return Some(fix(title, Safety::Safe, define(view, class, id, value)));
    }
    // A list that loses its last one takes the pipeline out of work: a pipeline without receivers or exporters is refused.
    let emptied =
        |r: &&Reference<'_>| r.side != Class::Processor && r.pipeline.side(r.side).iter().all(|t| t.value == id);
    let idle: Vec<_> = references.iter().filter(emptied).map(|r| r.pipeline).collect();
    if idle.is_empty() {
        let title = format!("Remove `{id}` from {}", pipelines(references));
        return Some(fix(title, Safety::Safe, unrefer(references.iter().copied())));
    }
    if idle.len() == view.config.pipelines.len() {
        return None;
    }
    let gone = idle.iter().map(|p| (p.at.file, Op::Remove { route: p.at.route.clone() }));
    let rest = references.iter().filter(|r| !idle.iter().any(|p| p.id == r.pipeline.id)).copied();
    let mut ops = unrefer(rest);
    ops.extend(gone);
    let ids: Vec<&str> = idle.iter().map(|p| p.id.as_str()).collect();
    Some(fix(format!("Remove {}, which would be left without {}", listed(&ids), role(class)), Safety::Unsafe, ops))
}

fn pipelines(references: &[Reference<'_>]) -> String {
    let mut ids: Vec<&str> = references.iter().map(|r| r.pipeline.id.as_str()).collect();
    ids.dedup();
    format!("pipeline{} {}", if ids.len() == 1 { "" } else { "s" }, listed(&ids))
}

/// The defined component that a reference most likely means: near in name, fit for the pipelines, not used there already. Of
/// several, the one that nobody uses.
fn meant<'a>(view: &View<'a>, undefined: &Undefined<'_>) -> Option<&'a str> {
    let fits = |c: &&Component| {
        undefined.references.iter().all(|r| {
            let side = c.class == r.side || c.class == Class::Connector && r.side != Class::Processor;
            let signal = match (signals(view.collector, c.class, &c.kind), r.pipeline.signal) {
                (Some(signals), Some(signal)) => signals.contains(&signal),
                _ => true,
            };
            side && signal && !r.pipeline.side(r.side).iter().any(|t| t.value == c.id)
        })
    };
    let candidates: Vec<&Component> = view.config.components.iter().filter(fits).collect();
    let ids = near(undefined.id, candidates.iter().map(|c| c.id.as_str()));
    if let [only] = ids.as_slice() {
        return Some(only);
    }
    if let [only] = undefined.references.as_slice()
        && ids.is_empty()
        && let Some(connector) = waiting(view, *only)
    {
        return Some(connector);
    }
    let unused: Vec<&str> =
        candidates.iter().filter(|c| ids.contains(&c.id.as_str()) && !view.used(c)).map(|c| c.id.as_str()).collect();
    match unused.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

fn extension(view: &View<'_>, text: &Text, slips: &[Slip]) -> Draft {
    let id = &text.value;
    let message = format!("`service.extensions` names extension `{id}`, which is not defined");
    let consequence =
        format!("the collector exits at start: \"references extension \\\"{id}\\\" which is not configured\"");
    let mut draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence);
    draft = draft
        .echo_at("collector/invalid-value", &text.at)
        .echo_at("collector/invalid-value", &view.root.key("extensions"));
    if let Some(slip) = hiding(slips, Class::Extension, id) {
        draft = draft.echo_at("collector/unknown-key", &slip.at);
    }
    draft = echo_lost(view, draft, &[id, "extensions"]);
    for at in lost(view, &["extensions"]) {
        draft = draft.echo_at("collector/invalid-value", &at);
    }
    for component in misspelled(view, Class::Extension, id) {
        draft = draft.echo("collector/unknown-component-type", Some(&component.at));
    }
    if view.has_duplicates() {
        draft = draft.echo("yaml/duplicate-key", None);
    }
    let listed_already = |c: &&Component| view.config.extensions.iter().any(|e| e.value == c.id);
    let free: Vec<&str> =
        view.config.of_class(Class::Extension).filter(|c| !listed_already(c)).map(|c| c.id.as_str()).collect();
    let (file, route) = (text.at.file, text.at.route.clone());
    let mend = match near(id, free).as_slice() {
        [only] => {
            let op = Op::Set { route, value: (*only).into() };
            fix(format!("Use the extension `{only}` instead of `{id}`"), Safety::Safe, [(file, op)])
        }
        _ => match shape(view, Class::Extension, id, None) {
            Some(value) => {
                fix(format!("Define extension `{id}`"), Safety::Safe, define(view, Class::Extension, id, value))
            }
            None => {
                fix(format!("Remove `{id}` from `service.extensions`"), Safety::Safe, [(file, Op::Remove { route })])
            }
        },
    };
    draft.fix(mend)
}
