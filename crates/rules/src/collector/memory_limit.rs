//! `collector/memory-limit`: GOMEMLIMIT at or above the container's limit, or no memory_limiter.

use super::edit::{Ops, define, refer};
use super::shapes::memory_limiter;
use super::view::{View, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, UNSAFE};
use catalogue::Class;
use contract::Contract;
use model::duration::{go_memory, memory};
use model::{Container, Env, Text};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/memory-limit",
    severity: Severity::Warning,
    summary: "GOMEMLIMIT at or above the container's limit, or no memory_limiter",
    fix: Some("80 % of the limit"),
    safety: UNSAFE,
    page: include_str!("../../pages/collector/memory-limit.md"),
    check,
};

/// The share of the container's limit that Go's soft limit should have: the rest is for what the runtime does not count.
const SHARE: f64 = 0.8;
const MIB: f64 = 1_048_576.0;

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(container) = view.container() else { continue };
        let Some(limit) = &container.memory_limit else { continue };
        let Some(bytes) = memory(&limit.value) else { continue };
        drafts.list.extend(soft_limit(container, limit, bytes));
        drafts.list.extend(limiter(&view, limit));
        drafts.list.extend(too_late(&view, limit, bytes));
    }
}

fn soft_limit(container: &Container, limit: &Text, bytes: f64) -> Option<Draft> {
    let Env { value: Some(value), .. } = container.env("GOMEMLIMIT")? else { return None };
    if go_memory(&value.value)? < bytes {
        return None;
    }
    let message = format!("GOMEMLIMIT is {}, the container's memory limit {}", value.value, limit.value);
    let consequence = "Go collects garbage only when the kernel is already about to kill the container: the collector dies of OOM under load, and what it held is lost";
    let meant = format!("{}MiB", (bytes * SHARE / MIB).floor().max(1.0));
    let op = Op::Set { route: value.at.route.clone(), value: Value::from(meant.as_str()) };
    let mend = fix(format!("Set GOMEMLIMIT to {meant}, 80 % of the limit"), Safety::Unsafe, [(value.at.file, op)]);
    Some(
        Draft::new(RULE.name, RULE.severity, &value.at, message, consequence)
            .related(&limit.at, "the container's limit")
            .fix(mend),
    )
}

/// A limiter in use whose own limit the container never reaches.
fn too_late<'a>(view: &View<'a>, limit: &'a Text, bytes: f64) -> Vec<Draft> {
    let limiters = view.config.of_class(Class::Processor).filter(|c| c.kind == "memory_limiter");
    let used = limiters.filter(|c| view.users(c).next().is_some());
    let judge = |component: &model::Component| {
        let number = |key: &str| view.node(&component.at)?.get(key)?.as_str()?.parse::<f64>().ok();
        let written = number("limit_mib").filter(|mib| mib * MIB >= bytes)?;
        let at = component.at.key("limit_mib");
        let message = format!(
            "`{}` refuses data at {written} MiB, the container's memory limit is {}",
            component.id, limit.value
        );
        let consequence =
            "the kernel kills the container before the memory_limiter says no: a burst is lost with all that was held";
        let meant = (bytes * SHARE / MIB).floor().max(1.0);
        let mut ops: Ops = vec![(at.file, Op::Set { route: at.route.clone(), value: Value::Int(meant as i64) })];
        if number("spike_limit_mib").is_some_and(|spike| spike >= meant) {
            let spike = component.at.key("spike_limit_mib");
            ops.push((spike.file, Op::Set { route: spike.route, value: Value::Int((meant / 4.0) as i64) }));
        }
        let mend = fix(format!("Set limit_mib to {meant}, 80 % of the limit"), Safety::Unsafe, ops);
        let draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence);
        Some(draft.related(&limit.at, "the container's limit").fix(mend))
    };
    used.filter_map(judge).collect()
}

fn limiter(view: &View<'_>, limit: &Text) -> Option<Draft> {
    let limits = |id: &str| model::type_of(id) == "memory_limiter";
    let used =
        view.references().any(|r| limits(&r.text.value)) || view.config.extensions.iter().any(|e| limits(&e.value));
    if used || !view.whole() || !view.known() || view.config.pipelines.is_empty() {
        return None;
    }
    let message = format!("the memory limit is {}, but no pipeline goes through a memory_limiter", limit.value);
    let consequence = "a burst of data is taken in until the kernel kills the container; with a memory_limiter senders are told to wait and retry";
    let defined = view.config.of_class(Class::Processor).find(|c| c.kind == "memory_limiter");
    let mut ops: Ops = match defined {
        Some(_) => Vec::new(),
        None => define(view, Class::Processor, "memory_limiter", memory_limiter()),
    };
    let id = defined.map_or("memory_limiter", |c| c.id.as_str());
    for pipeline in &view.config.pipelines {
        if pipeline.processors.is_empty() {
            let empty = view.node(&pipeline.at).and_then(|n| n.get("processors")).is_none();
            if empty {
                ops.extend(refer(view, pipeline, Class::Processor, id));
                continue;
            }
        }
        let route = pipeline.at.key("processors").route;
        ops.push((pipeline.at.file, Op::InsertItem { route, index: 0, value: id.into() }));
    }
    let section = view.root.key("processors");
    let at = if view.node(&section).is_some() { section } else { view.root.key("service").key("pipelines") };
    let mend = fix("Put a memory_limiter first in every pipeline", Safety::Unsafe, ops);
    Some(
        Draft::new(RULE.name, RULE.severity, &at, message, consequence)
            .related(&limit.at, "the container's limit")
            .fix(mend),
    )
}
