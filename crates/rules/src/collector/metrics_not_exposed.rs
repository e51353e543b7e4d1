//! `collector/metrics-not-exposed`: a port is announced for Prometheus on which no exporter in a metrics pipeline listens.

use super::announce::{Announced, Who, announced};
use super::catalog::{joins, signals};
use super::edit::{Ops, add_pipeline, define, pipeline_id, put, refer};
use super::half_wired_connector::half_wired;
use super::lost::echo_lost;
use super::signal_refused_by_backend::refused;
use super::slip::slips;
use super::view::{View, is_variable, listed, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::{Class, Signal};
use contract::endpoint::{self, Host};
use contract::{Contract, Listener, Speaks};
use model::{Component, Pipeline};
use yaml::{Node, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/metrics-not-exposed",
    severity: Severity::Error,
    summary: "a port is announced for scraping on which no exporter in a metrics pipeline listens",
    fix: Some("exporter and pipeline"),
    safety: SAFE,
    page: include_str!("../../pages/collector/metrics-not-exposed.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(|v| v.whole() && v.known()) {
        let all = announced(&view);
        let mut ports: Vec<u16> = Vec::new();
        for scrape in all.iter().filter(|a| a.who == Who::Scrape) {
            if ports.contains(&scrape.port) {
                continue;
            }
            ports.push(scrape.port);
            if let Some(gap) = Gap::at(&view, &all, scrape) {
                drafts.push(gap.draft(&view));
            }
        }
    }
}

/// An announced port that nobody serves.
struct Gap<'a> {
    scrape: &'a Announced,
    /// Who else announces the port.
    others: Vec<&'a Announced>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// No exporter listens there.
    Nobody,
    /// An exporter listens there, in no metrics pipeline.
    Idle(&'a Component),
    /// An exporter in a metrics pipeline listens there on localhost.
    Loopback(&'a Listener),
    /// The exporter in the metrics pipeline listens on a port that nobody announces.
    OtherPort(&'a Listener),
}

impl<'a> Gap<'a> {
    fn at(view: &View<'a>, all: &'a [Announced], scrape: &'a Announced) -> Option<Gap<'a>> {
        let others: Vec<&Announced> = all
            .iter()
            .filter(|a| a.port == scrape.port && matches!(a.who, Who::Service | Who::ContainerPort))
            .collect();
        let gap = |kind| Some(Gap { scrape, others: others.clone(), kind });
        let page = |l: &&Listener| l.speaks == Speaks::Scrape && l.class == Class::Exporter;
        let fed = |l: &Listener| view.config.users(Class::Exporter, &l.id).any(|p| p.signal == Some(Signal::Metrics));
        let here: Vec<&Listener> = view.listeners().iter().filter(|l| l.port == scrape.port).collect();
        if let Some(listener) = here.iter().copied().filter(page).max_by_key(|l| (fed(l), l.host != Host::Loopback)) {
            if !fed(listener) {
                return gap(Kind::Idle(view.config.component(Class::Exporter, &listener.id)?));
            }
            return if listener.host == Host::Loopback { gap(Kind::Loopback(listener)) } else { None };
        }
        // Somebody else's port, or a page of a component that we don't know.
        if !here.is_empty() || mentions(view, scrape.port) {
            return None;
        }
        let announced_elsewhere = |l: &&Listener| all.iter().any(|a| a.port == l.port && a.who != Who::Sender);
        let mut exporters = view.listeners().iter().filter(page).filter(|l| fed(l));
        match (exporters.next(), exporters.next()) {
            // The annotation alone deviates, or nobody but it says anything: the ports disagree, which is another rule's business.
            (Some(only), None) if announced_elsewhere(&only) || others.is_empty() => None,
            (Some(only), None) => gap(Kind::OtherPort(only)),
            (Some(_), Some(_)) => None,
            (None, _) => gap(Kind::Nobody),
        }
    }

    fn draft(&self, view: &View<'_>) -> Draft {
        let port = self.scrape.port;
        let (at, message) = match &self.kind {
            Kind::Nobody => (
                view.root.key("exporters"),
                format!("port {port} is announced for Prometheus, but no exporter listens on it"),
            ),
            Kind::Idle(exporter) => (
                exporter.at.clone(),
                format!(
                    "port {port} is announced for Prometheus, but exporter `{}` is in no metrics pipeline",
                    exporter.id
                ),
            ),
            Kind::Loopback(listener) => (
                listener.at.clone(),
                format!("port {port} is announced for Prometheus, but exporter `{}` listens on localhost", listener.id),
            ),
            Kind::OtherPort(listener) => (
                listener.at.clone(),
                format!(
                    "port {port} is announced for Prometheus, but exporter `{}` listens on {}",
                    listener.id, listener.port
                ),
            ),
        };
        let consequence = "Prometheus' scrapes are refused: no metric of the pipelines exists, and every gate that reads one sees no data";
        let mut draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence);
        for announced in std::iter::once(self.scrape).chain(self.others.iter().copied()) {
            draft = draft.related(&announced.at, announced.who.says());
        }
        self.echoes(view, draft).fix(self.mend(view))
    }

    /// What explains the gap better: the exporter or its pipeline is there, but broken in a way of its own.
    fn echoes(&self, view: &View<'_>, mut draft: Draft) -> Draft {
        if view.has_duplicates() {
            draft = draft.echo("yaml/duplicate-key", None);
        }
        for slip in
            slips(view).iter().filter(|s| s.pipelines || s.components.iter().any(|(c, _)| *c == Class::Exporter))
        {
            draft = draft.echo_at("collector/unknown-key", &slip.at);
        }
        draft = echo_lost(view, draft, &["prometheus", "exporters", "metrics", "pipelines", "service"]);
        let port = self.scrape.port.to_string();
        for component in &view.config.components {
            let ours = component.kind == "prometheus" && component.class == Class::Exporter;
            if ours || view.node(&component.at).is_some_and(|n| says(n, &port)) {
                draft = draft
                    .echo("collector/unknown-component-type", Some(&component.at))
                    .echo("collector/unknown-key", Some(&component.at))
                    .echo("collector/invalid-value", Some(&component.at))
                    .echo("collector/listens-on-remote-name", Some(&component.at));
            }
        }
        let exporters =
            view.undefined().filter(|r| r.side == Class::Exporter && r.pipeline.signal == Some(Signal::Metrics));
        for reference in
            exporters.filter(|r| model::type_of(&r.text.value) == "prometheus" || matches!(self.kind, Kind::Idle(_)))
        {
            draft = draft.echo("collector/undefined-component", Some(&reference.text.at));
        }
        for reference in refused(view)
            .into_iter()
            .filter(|r| r.pipeline.signal == Some(Signal::Metrics) && r.pipeline.exporters.len() == 1)
        {
            draft = draft.echo("collector/signal-refused-by-backend", Some(&reference.text.at));
        }
        if let Kind::Idle(exporter) = self.kind {
            for user in view.users(exporter) {
                draft = draft.echo("collector/unsupported-signal", Some(&user.text.at));
            }
            for pipeline in view.config.pipelines.iter().filter(|p| super::signals::misnamed(view, p).is_some()) {
                draft = draft.echo("collector/unsupported-signal", Some(&pipeline.at));
            }
            // The exporter is there; the pipeline from the connector to it is what is missing.
            if view.pipelines(Signal::Metrics).next().is_none() {
                draft = draft.echo("collector/half-wired-connector", Some(view.root));
            }
            draft = draft.echo("collector/ambiguous-id", Some(&exporter.at));
        }
        if view.config.pipelines.is_empty() {
            draft = draft.echo("collector/invalid-value", Some(&view.root.key("service")));
        }
        draft
    }

    fn mend(&self, view: &View<'_>) -> Option<Fix> {
        let port = self.scrape.port;
        match &self.kind {
            Kind::Loopback(listener) | Kind::OtherPort(listener) => {
                let component = view.config.component(Class::Exporter, &listener.id)?;
                let written = view.node(&component.at)?.get("endpoint")?.as_str()?.to_owned();
                let parsed = endpoint::parse(&written)?;
                let host = if listener.host == Host::Loopback { "0.0.0.0" } else { parsed.host.as_str() };
                let ops = put(view, &component.at, &["endpoint"], Value::from(parsed.with(host, Some(port))));
                Some(fix(format!("Let exporter `{}` listen on {host}:{port}", listener.id), Safety::Safe, ops))
            }
            Kind::Idle(exporter) => {
                let (title, ops) = feed(view, &exporter.id)?;
                Some(fix(title, Safety::Safe, ops))
            }
            Kind::Nobody => {
                let taken = |id: &str| view.config.component(Class::Exporter, id).is_some();
                let id = if taken("prometheus") { "prometheus/scraped" } else { "prometheus" };
                if taken(id) {
                    return None;
                }
                let value = Value::map([("endpoint", Value::from(format!("0.0.0.0:{port}")))]);
                let mut ops = define(view, Class::Exporter, id, value);
                let (title, more) = feed(view, id)?;
                ops.extend(more);
                Some(fix(format!("Define exporter `{id}` on port {port}. {title}"), Safety::Safe, ops))
            }
        }
    }
}

/// Puts an exporter into the metrics pipeline that is meant: the only one, else one that a connector feeds, else a new one.
fn feed(view: &View<'_>, exporter: &str) -> Option<(String, Ops)> {
    let all: Vec<&Pipeline> = view.pipelines(Signal::Metrics).collect();
    let connected =
        |p: &&&Pipeline| p.receivers.iter().any(|r| view.config.component(Class::Connector, &r.value).is_some());
    let pipeline = match all.as_slice() {
        [only] => Some(*only),
        _ => all.iter().find(connected).or(all.first()).copied(),
    };
    if let Some(pipeline) = pipeline {
        let ops = refer(view, pipeline, Class::Exporter, exporter);
        return Some((format!("Add `{exporter}` to pipeline `{}`", pipeline.id), ops));
    }
    let gives =
        |c: &&Component| joins(view.collector, &c.kind).is_some_and(|j| j.iter().any(|(_, to)| *to == Signal::Metrics));
    let mut sources: Vec<String> = half_wired(view).into_iter().filter(gives).map(|c| c.id.clone()).collect();
    if sources.is_empty() {
        let takes =
            |c: &&Component| signals(view.collector, c.class, &c.kind).is_some_and(|s| s.contains(&Signal::Metrics));
        sources = view.config.of_class(Class::Receiver).filter(takes).map(|c| c.id.clone()).collect();
    }
    if sources.is_empty() {
        return None;
    }
    let id = pipeline_id(view, Signal::Metrics, exporter);
    let ops = add_pipeline(view, &id, &sources, &[], &[exporter.to_owned()]);
    Some((format!("Add pipeline `{id}` from {} to `{exporter}`", listed(&sources)), ops))
}

/// Whether a component of a kind without a known listener names the port, or leaves its address to the environment.
fn mentions(view: &View<'_>, port: u16) -> bool {
    let port = port.to_string();
    view.config.components.iter().any(|component| {
        let known = view.listeners().iter().any(|l| l.id == component.id && l.class == component.class);
        let open = |n: Node<'_>| {
            let own = component.kind == "prometheus" && component.class == Class::Exporter;
            own && n.get("endpoint").and_then(|e| e.as_str()).is_some_and(is_variable)
        };
        let ours = matches!(component.class, Class::Receiver | Class::Extension);
        !known && view.node(&component.at).is_some_and(|n| open(n) || ours && says(n, &port))
    })
}

/// Whether a scalar below the node is or ends with the port.
fn says(node: Node<'_>, port: &str) -> bool {
    if let Some(text) = node.as_str() {
        return text == port || text.strip_suffix(port).is_some_and(|rest| rest.ends_with(':'));
    }
    node.entries().any(|(_, value)| says(value, port)) || node.items().any(|item| says(item, port))
}
