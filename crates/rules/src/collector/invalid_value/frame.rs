//! The configuration's frame: sections, service, pipelines.

use super::fatal;
use crate::collector::half_wired_connector::half_wired;
use crate::collector::lost::echo_lost;
use crate::collector::schema::kind;
use crate::collector::slip::{Slip, slips};
use crate::collector::view::{SIDES, View, is_variable, role};
use crate::draft::{Draft, Drafts};
use catalogue::{Class, Signal};
use model::{Pipeline, Place, SECTIONS, section};

pub(super) fn check(view: &View<'_>, drafts: &mut Drafts) {
    shapes(view, drafts);
    names(view, drafts);
    if !view.whole() {
        return;
    }
    let slips = slips(view);
    if view.config.pipelines.is_empty() {
        let at = view.root.key("service").key("pipelines");
        let draft =
            fatal(&at, "the service has no pipeline", "service::pipelines: service must have at least one pipeline");
        let draft = echo_lost(view, echo(view, draft, &slips, |s| s.pipelines), &["service", "pipelines"])
            .absent_from(view.contract.repository, &at);
        // What is there, but of another kind, is a finding of its own.
        if [&at, &at.parent()].iter().all(|p| view.node(p).is_none_or(|n| n.is_null() || n.is_mapping())) {
            drafts.push(draft);
        }
        return;
    }
    let exporters = view.node(&view.root.key("exporters"));
    if exporters.is_none_or(|n| n.is_empty() && !n.is_sequence() && n.as_str().is_none()) {
        let at = view.root.key("exporters");
        let draft = fatal(&at, "no exporter is configured", "no exporter configuration specified in config");
        let mut draft = echo(view, draft, &slips, |s| s.components.iter().any(|(c, _)| *c == Class::Exporter));
        draft = echo_lost(view, draft, &["exporters"]).absent_from(view.contract.repository, &at);
        for reference in view.undefined().filter(|r| r.side == Class::Exporter) {
            draft = draft.echo("collector/undefined-component", Some(&reference.text.at));
        }
        drafts.push(draft);
    }
    for pipeline in &view.config.pipelines {
        sides(view, pipeline, &slips, drafts);
    }
}

fn echo(view: &View<'_>, mut draft: Draft, slips: &[Slip], explains: impl Fn(&Slip) -> bool) -> Draft {
    for slip in slips.iter().filter(|s| explains(s)) {
        draft = draft.echo_at("collector/unknown-key", &slip.at);
    }
    if view.has_duplicates() {
        draft = draft.echo("yaml/duplicate-key", None);
    }
    draft
}

/// A section, component, pipeline or list of another kind than it has to be.
fn shapes(view: &View<'_>, drafts: &mut Drafts) {
    let mapping = |place: &Place, what: &str, drafts: &mut Drafts| {
        if let Some(node) =
            view.node(place).filter(|n| !n.is_null() && !n.is_mapping() && !n.as_str().is_some_and(is_variable))
        {
            let message = format!("{what} must be a mapping, not {}", kind(node));
            let draft = fatal(place, message, "expected a map or struct");
            drafts
                .push(draft.echo_at("collector/unknown-key", place).echo_at("collector/unknown-component-type", place));
        }
    };
    for (name, _) in SECTIONS {
        mapping(&view.root.key(name), &format!("`{name}`"), drafts);
    }
    for component in &view.config.components {
        mapping(&component.at, &format!("{} `{}`", role(component.class), component.id), drafts);
    }
    let service = view.root.key("service");
    mapping(&service, "`service`", drafts);
    mapping(&service.key("pipelines"), "`service.pipelines`", drafts);
    let mut list = |place: Place, what: String| {
        let Some(node) = view.node(&place).filter(|n| !n.is_null() && !n.as_str().is_some_and(is_variable)) else {
            return;
        };
        if !node.is_sequence() {
            let message = format!("{what} must be a list, not {}", kind(node));
            drafts.push(fatal(&place, message, "source data must be an array or slice"));
        }
        for item in node.items().filter(|i| i.string().is_none()) {
            let message = format!("{what} holds {}, which is no ID", kind(item));
            let says = "references \\\"\\\" which is not configured";
            drafts.push(fatal(&Place::of(place.file, item), message, says));
        }
    };
    list(service.key("extensions"), "`service.extensions`".to_owned());
    for pipeline in view.config.pipelines.iter().filter(|p| p.signal.is_some()) {
        for side in SIDES {
            list(pipeline.at.key(section(side)), format!("`{}` of pipeline `{}`", section(side), pipeline.id));
        }
    }
    for pipeline in view.config.pipelines.iter().filter(|p| p.signal.is_some()) {
        mapping(&pipeline.at, &format!("pipeline `{}`", pipeline.id), drafts);
    }
}

/// IDs that are none: a slash with nothing on one of its sides.
fn names(view: &View<'_>, drafts: &mut Drafts) {
    let components = view.config.components.iter().map(|c| (&c.id, &c.at));
    for (id, at) in components.chain(view.config.pipelines.iter().map(|p| (&p.id, &p.at))) {
        if id.split_once('/').is_some_and(|(kind, name)| kind.trim().is_empty() || name.trim().is_empty()) {
            let message = format!(
                "`{id}` is no ID: it has nothing {} the slash",
                if id.starts_with('/') { "before" } else { "behind" }
            );
            drafts.push(fatal(at, message, "the part after / should not be empty"));
        }
    }
}

fn sides(view: &View<'_>, pipeline: &Pipeline, slips: &[Slip], drafts: &mut Drafts) {
    // A pipeline that is no mapping is a finding of its own; one that is null lacks both sides, which is one fault.
    let node = view.node(&pipeline.at);
    if pipeline.signal.is_none() || node.is_some_and(|n| !n.is_null() && !n.is_mapping()) {
        return;
    }
    if node.is_none_or(|n| n.is_null() || n.is_empty()) {
        let says = format!("service::pipelines::{}: must have at least one receiver", pipeline.id);
        let draft = fatal(&pipeline.at, format!("pipeline `{}` is empty", pipeline.id), &says);
        let mut draft = echo_lost(view, draft, &["receivers", "exporters"]);
        for user in half_wired(view).into_iter().flat_map(|c| view.users(c)) {
            draft = draft.echo("collector/half-wired-connector", Some(&user.text.at));
        }
        drafts.push(echo(view, draft, slips, |s| s.pipelines));
        return;
    }
    for side in [Class::Receiver, Class::Exporter] {
        let place = pipeline.at.key(section(side));
        let node = view.node(&place);
        if !node.is_none_or(|n| n.is_null() || n.is_sequence() && n.is_empty()) {
            continue;
        }
        let message = format!("pipeline `{}` has no {}", pipeline.id, role(side));
        let says = format!("service::pipelines::{}: must have at least one {}", pipeline.id, role(side));
        let draft = echo(view, fatal(&place, message, &says), slips, |s| s.pipelines);
        let mut draft = echo_lost(view, draft, &[section(side)]);
        // What is missing here is what another finding puts here.
        for connector in half_wired(view) {
            for user in view.users(connector) {
                draft = draft.echo("collector/half-wired-connector", Some(&user.text.at));
            }
        }
        if side == Class::Exporter && pipeline.signal == Some(Signal::Metrics) {
            draft = draft.echo("collector/metrics-not-exposed", Some(&view.root.key("exporters")));
        }
        if side == Class::Receiver && view.lacks_receivers() {
            draft = draft.echo("collector/no-receiver", Some(&view.root.key("receivers")));
        }
        drafts.push(draft);
    }
    let mut seen: Vec<&str> = Vec::new();
    for processor in &pipeline.processors {
        if seen.contains(&processor.value.as_str()) {
            let message = format!("pipeline `{}` goes through processor `{}` twice", pipeline.id, processor.value);
            drafts.push(fatal(
                &processor.at,
                message,
                &format!("references processor \\\"{}\\\" multiple times", processor.value),
            ));
        }
        seen.push(&processor.value);
    }
}
