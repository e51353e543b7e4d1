//! `collector/half-wired-connector`: a connector used on one side only, or between signals that it does not join.

use super::ambiguous_id::twins;
use super::catalog::{Standing, joins, signals, standing};
use super::edit::{Ops, add_pipeline, define, pipeline_id, refer, unrefer};
use super::lost::echo_lost;
use super::shapes::shape;
use super::signals::{misnamed, opinion};
use super::slip::slips;
use super::view::{Reference, View, listed, near, views, with_type, word};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::{Class, Signal};
use contract::{Contract, Speaks};
use model::{Component, Pipeline, Place, section, type_of};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "collector/half-wired-connector",
    severity: Severity::Error,
    summary: "a connector used on one side only, or between signals that it does not join",
    fix: Some("add the missing pipeline or side"),
    safety: SAFE,
    page: include_str!("../../pages/collector/half-wired-connector.md"),
    check,
};

/// How a connector is used, and what is wrong with it.
struct Wiring<'a> {
    connector: &'a Component,
    into: Vec<Reference<'a>>,
    out: Vec<Reference<'a>>,
    /// Joined signals, where the catalogue knows the connector.
    joins: Option<Vec<(Signal, Signal)>>,
}

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(View::whole) {
        for connector in view.config.of_class(Class::Connector) {
            // With a namesake among the exporters or receivers, nobody can tell which of the two is used.
            if twins(&view).iter().any(|(c, _)| c.at == connector.at) {
                continue;
            }
            let wiring = Wiring::of(&view, connector);
            if let Some((at, message)) = wiring.fault() {
                drafts.push(wiring.draft(&view, at, message));
            }
        }
    }
}

/// The one connector that misses a reference where this one stands, which is of no known type.
pub(crate) fn waiting<'a>(view: &View<'a>, reference: Reference<'_>) -> Option<&'a str> {
    let nothing =
        matches!(standing(view.collector, reference.side, type_of(&reference.text.value)), Standing::Nothing { .. });
    let signal = reference.pipeline.signal.filter(|_| nothing)?;
    let fits = |c: &&Component| {
        let wiring = Wiring::of(view, c);
        let (missing, here) = match reference.side {
            Class::Receiver => (
                wiring.out.is_empty(),
                wiring.into.iter().any(|r| r.pipeline.signal.is_some_and(|s| wiring.joined(s, signal))),
            ),
            Class::Exporter => (
                wiring.into.is_empty(),
                wiring.out.iter().any(|r| r.pipeline.signal.is_some_and(|s| wiring.joined(signal, s))),
            ),
            _ => (false, false),
        };
        missing && here
    };
    let mut found = view.config.of_class(Class::Connector).filter(fits);
    found.next().filter(|_| found.next().is_none()).map(|c| c.id.as_str())
}

/// Connectors that are half wired.
pub(crate) fn half_wired<'a>(view: &View<'a>) -> Vec<&'a Component> {
    let connectors = view.config.of_class(Class::Connector);
    connectors.filter(|c| Wiring::of(view, c).fault().is_some()).collect()
}

impl<'a> Wiring<'a> {
    fn of(view: &View<'a>, connector: &'a Component) -> Wiring<'a> {
        let (into, out) = view.users(connector).partition(|r| r.side == Class::Exporter);
        Wiring { connector, into, out, joins: joins(view.collector, &connector.kind) }
    }

    fn joined(&self, from: Signal, to: Signal) -> bool {
        self.joins.as_ref().is_none_or(|j| j.contains(&(from, to)))
    }

    /// The reference that leads nowhere, and why. As the collector's graph builder judges (service/internal/graph): every use
    /// on one side needs one on the other that the connector joins it with.
    fn fault(&self) -> Option<(Reference<'a>, String)> {
        let id = &self.connector.id;
        let signals = |list: &[Reference<'a>]| list.iter().map(|r| r.pipeline.signal).collect::<Option<Vec<Signal>>>();
        let (into, out) = (signals(&self.into)?, signals(&self.out)?);
        for (reference, from) in self.into.iter().zip(&into) {
            if out.iter().any(|to| self.joined(*from, *to)) {
                continue;
            }
            let message = match out.first() {
                None => format!(
                    "connector `{id}` takes {} from pipeline `{}`, but no pipeline takes from it",
                    word(*from),
                    reference.pipeline.id
                ),
                Some(to) => format!("connector `{id}` does not turn {} into {}", word(*from), word(*to)),
            };
            return Some((*reference, message));
        }
        for (reference, to) in self.out.iter().zip(&out) {
            if into.iter().any(|from| self.joined(*from, *to)) {
                continue;
            }
            let message = match into.first() {
                None => format!(
                    "pipeline `{}` takes from connector `{id}`, but no pipeline feeds it",
                    reference.pipeline.id
                ),
                Some(from) => format!("connector `{id}` does not turn {} into {}", word(*from), word(*to)),
            };
            return Some((*reference, message));
        }
        None
    }

    fn draft(&self, view: &View<'_>, at: Reference<'a>, message: String) -> Draft {
        let (side, other) =
            if at.side == Class::Exporter { ("exporter", "receiver") } else { ("receiver", "exporter") };
        let consequence = format!(
            "the collector exits at start: \"connector \\\"{}\\\" used as {side} in [{}] pipeline but not used in any supported {other} pipeline\"",
            self.connector.id,
            at.pipeline.signal.map_or("", word),
        );
        let mut draft = Draft::new(RULE.name, RULE.severity, &at.text.at, message, consequence)
            .related(&self.connector.at, "the connector")
            .fix(self.mend(view, at));
        for reference in self.into.iter().chain(&self.out).filter(|r| misnamed(view, r.pipeline).is_some()) {
            draft = draft.echo("collector/unsupported-signal", Some(&reference.pipeline.at));
        }
        for slip in slips(view).iter().filter(|s| s.pipelines) {
            draft = draft.echo_at("collector/unknown-key", &slip.at);
        }
        // A reference that nearly names it, or stands where its name has to be.
        let id = self.connector.id.as_str();
        let stands_in = |r: &Reference<'_>| near(&r.text.value, [id]).len() == 1 || waiting(view, *r) == Some(id);
        for reference in view.undefined().filter(stands_in) {
            draft = draft.echo_at("collector/undefined-component", &reference.text.at);
        }
        // Lists and pipelines that slipped elsewhere, or are of another kind.
        let ids = ["traces", "metrics", "logs", "receivers", "exporters", "pipelines", "service"];
        draft = echo_lost(view, draft, &ids);
        for pipeline in &view.config.pipelines {
            let places = [pipeline.at.clone(), pipeline.at.key("receivers"), pipeline.at.key("exporters")];
            let wrong = |p: &&Place| {
                view.node(p).is_some_and(|n| {
                    if **p == pipeline.at { !n.is_mapping() } else { !n.is_sequence() && !n.is_null() }
                })
            };
            for place in places.iter().filter(wrong) {
                draft = draft.echo_at("collector/invalid-value", place);
            }
            for list in
                [Class::Receiver, Class::Exporter].into_iter().filter_map(|s| view.node(&pipeline.at)?.get(section(s)))
            {
                for item in list.items().filter(|i| i.as_str().is_none()) {
                    draft = draft.echo_at("collector/invalid-value", &Place::of(pipeline.at.file, item));
                }
            }
        }
        if view.has_duplicates() {
            draft = draft.echo("yaml/duplicate-key", None);
        }
        draft
    }

    fn mend(&self, view: &View<'_>, at: Reference<'a>) -> Option<Fix> {
        let joins = self.joins.as_ref()?;
        let signal = at.pipeline.signal?;
        if at.side == Class::Exporter {
            let targets: Vec<Signal> = joins.iter().filter(|(from, _)| *from == signal).map(|(_, to)| *to).collect();
            match targets.as_slice() {
                // Not a signal that it takes: the reference belongs into another pipeline.
                [] => self.relocate(view, at, joins.iter().map(|(from, _)| *from).collect()),
                [target] => self.complete(view, at, *target),
                // It takes any signal to itself (`forward`): only a pipeline that takes from nobody can be meant.
                _ => self.complete(view, at, signal).filter(|_| targets.contains(&signal)),
            }
        } else {
            let sources: Vec<Signal> = joins.iter().filter(|(_, to)| *to == signal).map(|(from, _)| *from).collect();
            match sources.as_slice() {
                [] => self.relocate(view, at, joins.iter().map(|(_, to)| *to).collect()),
                [source] => self.complete(view, at, *source),
                _ => self.complete(view, at, signal).filter(|_| sources.contains(&signal)),
            }
        }
    }

    /// Adds the missing side to a pipeline of `signal`, or that pipeline. References on that side in pipelines of other
    /// signals, which the connector does not join, move.
    fn complete(&self, view: &View<'_>, at: Reference<'a>, signal: Signal) -> Option<Fix> {
        let (side, wrong) =
            if at.side == Class::Exporter { (Class::Receiver, &self.out) } else { (Class::Exporter, &self.into) };
        let id = &self.connector.id;
        let strays = wrong.iter().filter(|r| {
            let pair = |s: Signal| {
                if side == Class::Receiver { self.joined(signal_of(at), s) } else { self.joined(s, signal_of(at)) }
            };
            !r.pipeline.signal.is_some_and(pair)
        });
        let strays: Vec<Reference<'a>> = strays.copied().collect();
        // A pipeline that would be left without this side can't give it up: it is the pipeline that has the wrong name.
        if let Some(alone) = strays.iter().find(|r| r.pipeline.side(side).len() < 2) {
            return renamed(view, alone.pipeline, signal);
        }
        let mut ops = unrefer(strays);
        let same = at.pipeline.signal == Some(signal);
        let candidates =
            view.pipelines(signal).filter(|p| p.id != at.pipeline.id && (!same || p.side(side).is_empty()));
        let title = match best(view, candidates, side) {
            Some(pipeline) => {
                ops.extend(refer(view, pipeline, side, id));
                match side {
                    Class::Receiver => format!("Let pipeline `{}` take from `{id}`", pipeline.id),
                    _ => format!("Let pipeline `{}` feed `{id}`", pipeline.id),
                }
            }
            None => {
                let (title, more) =
                    if side == Class::Receiver { self.outlet(view, signal)? } else { self.inlet(view, signal)? };
                ops.extend(more);
                title
            }
        };
        Some(fix(title, Safety::Safe, ops))
    }

    /// A new pipeline that takes from the connector.
    fn outlet(&self, view: &View<'_>, signal: Signal) -> Option<(String, Ops)> {
        let id = &self.connector.id;
        let mut ops = Ops::new();
        let mut exporters = outlets(view, signal);
        if exporters.is_empty() && signal == Signal::Metrics {
            let name = "prometheus";
            if view.config.component(Class::Exporter, name).is_none()
                && let Some(value) = shape(view, Class::Exporter, name, Some(signal))
            {
                ops.extend(define(view, Class::Exporter, name, value));
                exporters.push(name.to_owned());
            }
        }
        if exporters.is_empty() {
            exporters.extend(view.config.of_class(Class::Exporter).find(|e| e.kind == "debug").map(|e| e.id.clone()));
        }
        let pipeline = pipeline_id(view, signal, id);
        let to = (!exporters.is_empty()).then(|| listed(&exporters))?;
        ops.extend(add_pipeline(view, &pipeline, std::slice::from_ref(id), &limiter(view, signal), &exporters));
        Some((format!("Add pipeline `{pipeline}` from `{id}` to {to}"), ops))
    }

    /// A new pipeline that feeds the connector: with what takes the signal and has no pipeline.
    fn inlet(&self, view: &View<'_>, signal: Signal) -> Option<(String, Ops)> {
        let id = &self.connector.id;
        let idle = |class: Class| -> Vec<String> {
            let unused = view.config.of_class(class).filter(|c| !view.used(c) && takes(view, c, signal) == Some(true));
            unused.map(|c| c.id.clone()).collect()
        };
        let mut receivers = idle(Class::Receiver);
        if receivers.is_empty() {
            let any = view.config.of_class(Class::Receiver).filter(|c| takes(view, c, signal) == Some(true));
            receivers = any.map(|c| c.id.clone()).collect();
        }
        if receivers.is_empty() {
            return None;
        }
        let mut exporters: Vec<String> = idle(Class::Exporter);
        exporters.push(id.clone());
        let mut processors = idle(Class::Processor);
        processors.extend(limiter(view, signal).into_iter().filter(|p| !processors.contains(p)).collect::<Vec<_>>());
        processors.sort_by_key(|p| match model::type_of(p) {
            "memory_limiter" => 0,
            "batch" => 2,
            _ => 1,
        });
        let pipeline = pipeline_id(view, signal, id);
        let title = format!("Add pipeline `{pipeline}` from {} to {}", listed(&receivers), listed(&exporters));
        Some((title, add_pipeline(view, &pipeline, &receivers, &processors, &exporters)))
    }

    /// Moves a reference into the pipeline whose signal the connector takes.
    fn relocate(&self, view: &View<'_>, at: Reference<'a>, signals: Vec<Signal>) -> Option<Fix> {
        let fits = |p: &&Pipeline| p.signal.is_some_and(|s| signals.contains(&s)) && p.id != at.pipeline.id;
        let there: Vec<&Pipeline> = view.config.pipelines.iter().filter(fits).collect();
        let pipeline = best(view, there.into_iter(), at.side)?;
        if at.pipeline.side(at.side).len() < 2 {
            return None;
        }
        let mut ops = refer(view, pipeline, at.side, &self.connector.id);
        ops.extend(unrefer([at]));
        let title = format!("Move `{}` from pipeline `{}` to `{}`", self.connector.id, at.pipeline.id, pipeline.id);
        Some(fix(title, Safety::Safe, ops))
    }
}

/// Gives a pipeline of another signal its right name, where all of its other parts can carry the signal.
fn renamed(view: &View<'_>, pipeline: &Pipeline, signal: Signal) -> Option<Fix> {
    let id = with_type(&pipeline.id, word(signal));
    let taken = view.config.pipelines.iter().any(|p| p.id == id);
    let parts = view.references().filter(|r| std::ptr::eq(r.pipeline, pipeline));
    let fits = parts.filter_map(|r| opinion(view, r)).all(|taken| taken.contains(&signal));
    let op = Op::SetKey { route: pipeline.at.route.clone(), key: id.clone() };
    let title = format!("Rename pipeline `{}` to `{id}`", pipeline.id);
    (fits && !taken).then(|| fix(title, Safety::Safe, [(pipeline.at.file, op)]))
}

fn signal_of(reference: Reference<'_>) -> Signal {
    reference.pipeline.signal.unwrap_or(Signal::Traces)
}

fn takes(view: &View<'_>, component: &Component, signal: Signal) -> Option<bool> {
    Some(signals(view.collector, component.class, &component.kind)?.contains(&signal))
}

/// The pipeline that is meant among those of the right signal: one that lacks the side, then one that Prometheus reads, then
/// the first.
fn best<'a>(view: &View<'a>, pipelines: impl Iterator<Item = &'a Pipeline>, side: Class) -> Option<&'a Pipeline> {
    let read = |p: &Pipeline| {
        let scraped = |id: &str| view.listener_of(Class::Exporter, id).is_some_and(|l| l.speaks == Speaks::Scrape);
        side == Class::Receiver
            && p.exporters.iter().any(|e| scraped(&e.value) || model::type_of(&e.value) == "prometheusremotewrite")
    };
    pipelines.enumerate().min_by_key(|(i, p)| (!p.side(side).is_empty(), !read(p), *i)).map(|(_, p)| p)
}

/// Exporters that a new pipeline should lead to: those for Prometheus, then those that take the signal and stand idle.
fn outlets(view: &View<'_>, signal: Signal) -> Vec<String> {
    let all: Vec<&Component> = view.config.of_class(Class::Exporter).collect();
    let ids = |keep: &dyn Fn(&Component) -> bool| -> Vec<String> {
        all.iter().filter(|c| keep(c)).map(|c| c.id.clone()).collect()
    };
    let own = |c: &Component| matches!(c.kind.as_str(), "prometheus" | "prometheusremotewrite");
    if signal == Signal::Metrics {
        let found = ids(&|c| own(c));
        if !found.is_empty() {
            return found;
        }
    }
    ids(&|c| takes(view, c, signal) == Some(true) && !view.used(c) && !super::signals::refuses(view, c, signal))
}

/// The memory limiter that other pipelines go through, where it takes the signal.
fn limiter(view: &View<'_>, signal: Signal) -> Vec<String> {
    let limiter = view.config.of_class(Class::Processor).filter(|c| c.kind == "memory_limiter" && view.used(c));
    limiter.filter(|c| takes(view, c, signal) == Some(true)).map(|c| c.id.clone()).take(1).collect()
}
