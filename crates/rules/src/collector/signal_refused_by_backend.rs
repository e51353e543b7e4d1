//! `collector/signal-refused-by-backend`: data sent to a backend that takes another signal.

use super::edit::{Ops, define, unrefer};
use super::shapes::shape;
use super::signals::{backend_signals, misnamed};
use super::view::{Reference, View, views, word};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::{Class, Signal};
use contract::Contract;
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/signal-refused-by-backend",
    severity: Severity::Error,
    summary: "metrics sent to a traces-only backend",
    fix: Some("drop that exporter from that pipeline"),
    safety: SAFE,
    page: include_str!("../../pages/collector/signal-refused-by-backend.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        for reference in refused(&view) {
            let Some(exporter) = view.config.component(Class::Exporter, &reference.text.value) else { continue };
            let Some(signal) = reference.pipeline.signal else { continue };
            let (Some((address, _)), Some(taken)) = (view.backend(exporter), backend_signals(&view, exporter)) else {
                continue;
            };
            let words: Vec<&str> = taken.iter().map(|s| word(*s)).collect();
            let (id, carried) = (&exporter.id, word(signal));
            let message = format!(
                "exporter `{id}` sends {carried} to `{}`, which takes {} only",
                address.value,
                words.join(" and ")
            );
            let consequence = format!("the backend answers Unimplemented: the {carried} are dropped, an error a batch");
            let mut draft = Draft::new(RULE.name, RULE.severity, &reference.text.at, message, consequence)
                .related(&address.at, "the backend")
                .fix(mend(&view, reference, signal));
            if misnamed(&view, reference.pipeline).is_some() {
                draft = draft.echo("collector/unsupported-signal", Some(&reference.pipeline.at));
            }
            drafts.push(draft);
        }
    }
}

/// References to exporters whose backend refuses the pipeline's signal.
pub(crate) fn refused<'a>(view: &View<'a>) -> Vec<Reference<'a>> {
    let config = view.config;
    let exporters = view.references().filter(|r| r.side == Class::Exporter);
    let refused = exporters.filter(|r| {
        let exporter = config.component(Class::Exporter, &r.text.value);
        r.pipeline.signal.zip(exporter).is_some_and(|(signal, e)| super::signals::refuses(view, e, signal))
    });
    refused.collect()
}

fn mend(view: &View<'_>, reference: Reference<'_>, signal: Signal) -> Option<Fix> {
    let (id, pipeline) = (&reference.text.value, reference.pipeline);
    if pipeline.exporters.len() > 1 {
        let title = format!("Drop `{id}` from pipeline `{}`", pipeline.id);
        return Some(fix(title, Safety::Safe, unrefer([reference])));
    }
    // The last exporter makes way for one that takes the signal.
    let (file, route) = (reference.text.at.file, reference.text.at.route.clone());
    let mut ops: Ops = Vec::new();
    let idle = view.config.of_class(Class::Exporter).find(|c| {
        let takes = super::catalog::signals(view.collector, c.class, &c.kind).is_some_and(|s| s.contains(&signal));
        takes && c.id != *id && c.kind != "debug" && !view.used(c) && !super::signals::refuses(view, c, signal)
    });
    let instead = match idle {
        Some(exporter) => exporter.id.clone(),
        None if signal == Signal::Metrics && view.config.component(Class::Exporter, "prometheus").is_none() => {
            ops.extend(define(
                view,
                Class::Exporter,
                "prometheus",
                shape(view, Class::Exporter, "prometheus", Some(signal))?,
            ));
            "prometheus".to_owned()
        }
        None => view.config.of_class(Class::Exporter).find(|c| c.kind == "debug").map(|c| c.id.clone())?,
    };
    ops.insert(0, (file, Op::Set { route, value: Value::from(instead.as_str()) }));
    Some(fix(format!("Send pipeline `{}` to `{instead}` instead of `{id}`", pipeline.id), Safety::Safe, ops))
}
