//! `collector/unsupported-signal`: a component in a pipeline of a signal that it does not support.

use super::catalog::{joins, signals};
use super::edit::{Ops, add_pipeline, pipeline_id, refer, unrefer};
use super::half_wired_connector::half_wired;
use super::signals::misnamed;
use super::view::{Reference, View, listed, role, views, word};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use catalogue::{Class, Signal};
use contract::Contract;
use model::{Component, Pipeline};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "collector/unsupported-signal",
    severity: Severity::Error,
    summary: "a component in a pipeline of a signal that it does not support",
    fix: Some("move it to the right pipeline"),
    safety: ONE_READING,
    page: include_str!("../../pages/collector/unsupported-signal.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let mut swapped: Vec<&str> = Vec::new();
        for pipeline in &view.config.pipelines {
            match misnamed(&view, pipeline) {
                Some(_) if swapped.contains(&pipeline.id.as_str()) => {}
                Some(meant) => {
                    if let Some(other) = swap(&view, pipeline, &meant) {
                        swapped.push(&other.id);
                    }
                    drafts.push(wrong_name(&view, pipeline, &meant));
                }
                None => components(&view, pipeline, drafts),
            }
        }
    }
}

/// The pipeline that has the name which this one should have, and should have this one's.
fn swap<'a>(view: &View<'a>, pipeline: &Pipeline, meant: &str) -> Option<&'a Pipeline> {
    let other = view.config.pipelines.iter().find(|p| p.id == meant)?;
    (misnamed(view, other)? == pipeline.id).then_some(other)
}

fn wrong_name(view: &View<'_>, pipeline: &Pipeline, meant: &str) -> Draft {
    let id = &pipeline.id;
    let carried = pipeline.signal.map_or("", word);
    let message =
        format!("pipeline `{id}` is one of {carried}, but what it connects carries other data: `{meant}` was meant");
    let consequence =
        "the collector exits at start: its components do not support the pipeline's signal, or drop what arrives";
    let draft = Draft::new(RULE.name, RULE.severity, &pipeline.at, message, consequence);
    let key = |from: &str, to: &str| {
        let route = pipeline.at.parent().key(from).route;
        (pipeline.at.file, Op::SetKey { route, key: to.to_owned() })
    };
    if let Some(other) = swap(view, pipeline, meant) {
        let aside = format!("{id}/aside");
        let ops = [key(id, &aside), key(&other.id, id), key(&aside, meant)];
        let draft = draft.related(&other.at, "and this one's name belongs there");
        return draft.fix(fix(format!("Swap the names of pipelines `{id}` and `{meant}`"), Safety::Safe, ops));
    }
    let free = !view.config.pipelines.iter().any(|p| p.id == meant);
    draft.fix(free.then(|| fix(format!("Rename pipeline `{id}` to `{meant}`"), Safety::Safe, [key(id, meant)])))
}

fn components(view: &View<'_>, pipeline: &Pipeline, drafts: &mut Drafts) {
    let Some(signal) = pipeline.signal.filter(|s| *s != Signal::Profiles) else { return };
    for reference in view.references().filter(|r| std::ptr::eq(r.pipeline, pipeline)) {
        let Some(component) = view.config.component(reference.side, &reference.text.value) else { continue };
        let Some(taken) = signals(view.collector, component.class, &component.kind) else { continue };
        if taken.contains(&signal) || taken.is_empty() {
            continue;
        }
        let (class, id) = (role(component.class), &component.id);
        let words: Vec<&str> = taken.iter().filter(|s| **s != Signal::Profiles).map(|s| word(*s)).collect();
        let message = format!(
            "{class} `{id}` takes {} only, but pipeline `{}` carries {}",
            words.join(" and "),
            pipeline.id,
            word(signal)
        );
        let consequence = format!(
            "the collector exits at start: \"failed to create \\\"{id}\\\" {class} for data type \\\"{}\\\": telemetry type is not supported\"",
            word(signal)
        );
        let draft = Draft::new(RULE.name, RULE.severity, &reference.text.at, message, consequence);
        drafts.push(draft.related(&component.at, "the component").fix(mend(view, reference, component, &taken)));
    }
}

fn mend(view: &View<'_>, reference: Reference<'_>, component: &Component, taken: &[Signal]) -> Option<Fix> {
    let (id, from) = (&component.id, &reference.pipeline.id);
    let alone = reference.pipeline.side(reference.side).len() < 2 && reference.side != Class::Processor;
    let there: Vec<&Pipeline> =
        view.config.pipelines.iter().filter(|p| p.signal.is_some_and(|s| taken.contains(&s))).collect();
    if alone {
        // Without it the pipeline would be refused: perhaps all of it was meant for the other signal.
        let [signal] = taken else { return None };
        let meant = super::view::with_type(from, word(*signal));
        if view.config.pipelines.iter().any(|p| p.id == meant) {
            return None;
        }
        let route = reference.pipeline.at.route.clone();
        let op = Op::SetKey { route, key: meant.clone() };
        return Some(fix(
            format!("Rename pipeline `{from}` to `{meant}`"),
            Safety::Unsafe,
            [(reference.pipeline.at.file, op)],
        ));
    }
    let mut ops: Ops = Vec::new();
    let used = there.iter().find(|p| p.side(reference.side).iter().any(|t| t.value == *id));
    let (title, safety) = match (used, there.as_slice()) {
        (Some(_), _) => (format!("Remove `{id}` from pipeline `{from}`"), Safety::Safe),
        (None, [only]) => {
            ops.extend(refer(view, only, reference.side, id));
            (format!("Move `{id}` from pipeline `{from}` to `{}`", only.id), Safety::Safe)
        }
        (None, [first, ..]) => {
            ops.extend(refer(view, first, reference.side, id));
            (format!("Move `{id}` from pipeline `{from}` to `{}`", first.id), Safety::Unsafe)
        }
        (None, []) if reference.side == Class::Exporter => {
            let signal = *taken.first()?;
            let sources = sources(view, reference.pipeline, signal);
            if sources.is_empty() {
                return None;
            }
            let new = pipeline_id(view, signal, id);
            ops.extend(add_pipeline(view, &new, &sources, &[], std::slice::from_ref(id)));
            (format!("Move `{id}` to a new pipeline `{new}` from {}", listed(&sources)), Safety::Safe)
        }
        (None, []) => (format!("Remove `{id}` from pipeline `{from}`"), Safety::Unsafe),
    };
    ops.extend(unrefer([reference]));
    Some(fix(title, safety, ops))
}

/// What could feed a new pipeline of `signal`: a connector that waits for one, else the receivers beside the reference.
fn sources(view: &View<'_>, pipeline: &Pipeline, signal: Signal) -> Vec<String> {
    let gives = |c: &&Component| joins(view.collector, &c.kind).is_some_and(|j| j.iter().any(|(_, to)| *to == signal));
    let waiting: Vec<String> = half_wired(view).into_iter().filter(gives).map(|c| c.id.clone()).collect();
    if !waiting.is_empty() {
        return waiting;
    }
    let own = pipeline.receivers.iter().filter_map(|r| view.config.component(Class::Receiver, &r.value));
    own.filter(|c| signals(view.collector, c.class, &c.kind).is_some_and(|s| s.contains(&signal)))
        .map(|c| c.id.clone())
        .collect()
}
