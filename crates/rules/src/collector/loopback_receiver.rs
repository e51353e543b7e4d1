//! `collector/loopback-receiver`: a receiver that pods must reach listens on localhost.

use super::announce::{Who, announced, reached};
use super::edit::put;
use super::view::{View, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::Class;
use contract::endpoint::{self, Host};
use contract::{Contract, Listener};
use model::{Place, Source};
use yaml::Value;

pub(crate) const RULE: Rule = Rule {
    name: "collector/loopback-receiver",
    severity: Severity::Error,
    summary: "a receiver that pods must reach listens on localhost",
    fix: Some("listen on 0.0.0.0"),
    safety: SAFE,
    page: include_str!("../../pages/collector/loopback-receiver.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let local = |l: &&Listener| l.used && l.host == Host::Loopback && !l.keys.is_empty();
        for listener in view.listeners().iter().filter(local) {
            if let Some((at, label)) = needed(&view, listener) {
                drafts.push(draft(&view, listener, at, label));
            }
        }
    }
}

/// Who needs to reach the listener from outside of the pod.
fn needed(view: &View<'_>, listener: &Listener) -> Option<(Option<Place>, &'static str)> {
    match listener.class {
        Class::Receiver => match &view.collector.source {
            // The operator declares a port and a Service for every receiver, and fills in 0.0.0.0 where nothing is written.
            Source::Operator { object } => {
                let object = view.contract.repository.object(*object)?;
                let node = view.node(&object.at)?;
                let sidecar = node.at(&["spec", "mode"]).and_then(|m| m.as_str()) == Some("sidecar");
                (listener.written && !sidecar).then_some((None, ""))
            }
            _ => reached(view, listener.port).map(|a| (Some(a.at), a.who.says())),
        },
        // The kubelet probes from the node, not from inside the pod.
        Class::Extension => {
            let host_network = view.workload().is_some_and(|w| w.host_network);
            let mut probes =
                announced(view).into_iter().filter(|a| a.who == Who::Probe && a.port == listener.port && !host_network);
            probes.next().map(|a| (Some(a.at), a.who.says()))
        }
        _ => None,
    }
}

fn draft(view: &View<'_>, listener: &Listener, at: Option<Place>, label: &str) -> Draft {
    let (id, port) = (&listener.id, listener.port);
    let default = if listener.written { "" } else { ", its default" };
    let protocol = match listener.keys {
        [_, protocol, _] => format!(" ({protocol})"),
        _ => String::new(),
    };
    let (what, consequence) = match listener.class {
        Class::Extension => (
            "extension",
            format!("the kubelet's probes of port {port} are refused: the pods never get ready and are restarted"),
        ),
        _ => (
            "receiver",
            format!("the collector is healthy but deaf: connections to port {port} from other pods are refused"),
        ),
    };
    let message =
        format!("{what} `{id}`{protocol} listens on localhost:{port}{default}, where other pods do not reach it");
    let message =
        if listener.class == Class::Extension { message.replace("other pods do", "the kubelet does") } else { message };
    let mut draft = Draft::new("collector/loopback-receiver", RULE.severity, &listener.at, message, consequence);
    if let Some(at) = at {
        draft = draft.related(&at, label);
    }
    let Some(component) = view.config.component(listener.class, id) else { return draft };
    // A key that slipped out of the component may be the address.
    if !listener.written {
        draft = draft.echo("collector/unknown-key", Some(&component.at.parent()));
    }
    let written =
        view.node(&listener.at).filter(|_| listener.written).and_then(|n| n.as_str()).and_then(endpoint::parse);
    let address = written.map_or_else(|| format!("0.0.0.0:{port}"), |e| e.with("0.0.0.0", e.port));
    let ops = put(view, &component.at, listener.keys, Value::from(address.as_str()));
    draft.fix(fix(format!("Listen on {address}"), Safety::Safe, ops))
}
