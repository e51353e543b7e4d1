//! Listen addresses that can't be bound, and two listeners on one port.

use super::fatal;
use crate::collector::view::{View, is_variable, role};
use crate::draft::Drafts;
use contract::endpoint::{self, Host};
use contract::listen::addresses;
use contract::{Listener, Speaks};
use model::Place;

pub(super) fn check(view: &View<'_>, drafts: &mut Drafts) {
    for component in &view.config.components {
        let Some(node) = view.node(&component.at) else { continue };
        for keys in addresses(component.class, &component.kind) {
            let Some(value) = node.at(keys) else { continue };
            let Some(text) = value.string().filter(|t| !is_variable(t) && !t.is_empty()) else { continue };
            let unix = keys
                .split_last()
                .and_then(|(_, rest)| node.at(rest))
                .and_then(|n| n.get("transport"))
                .is_some_and(|t| t.as_str() != Some("tcp"));
            if let Some(why) = refused(text).filter(|_| !unix) {
                let message = format!("{} `{}` can't listen on `{text}`: {why}", role(component.class), component.id);
                let at = Place::of(component.at.file, value);
                let draft = fatal(&at, message, &format!("listen tcp: address {text}: {why}"));
                drafts.push(draft.echo_at("collector/listens-on-remote-name", &at));
            }
        }
    }
    clashes(view, drafts);
}

/// Why Go's `net.Listen` refuses an address.
fn refused(text: &str) -> Option<&'static str> {
    let rest = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.1,
        None => {
            let host = text.rsplit_once(':').map(|(host, _)| host);
            match host {
                None => return Some("missing port in address"),
                Some(host) if host.contains(':') => return Some("too many colons in address"),
                Some(host) => text.get(host.len()..)?,
            }
        }
    };
    let Some(port) = rest.strip_prefix(':') else { return Some("missing port in address") };
    // Names of services are looked up; those that every host knows are taken.
    let named = matches!(port, "http" | "https" | "ssh" | "domain" | "smtp" | "ftp" | "");
    (port.parse::<u16>().is_err() && !named).then_some("invalid port")
}

/// Whether the written address is one; else that is the finding.
fn bindable(view: &View<'_>, listener: &Listener) -> bool {
    !listener.written || view.node(&listener.at).and_then(|n| n.as_str()).is_none_or(|text| refused(text).is_none())
}

/// Listeners of components in use on one port of one interface.
fn clashes(view: &View<'_>, drafts: &mut Drafts) {
    let all: Vec<_> = view
        .listeners()
        .iter()
        .filter(|l| l.used && l.port != 0 && !l.keys.is_empty() && l.speaks != Speaks::Other && bindable(view, l))
        .collect();
    let meet = |a: &Host, b: &Host| a == b || *a == Host::Any || *b == Host::Any;
    // The collector's own metrics are there before any component starts; a build of somebody's own may have none.
    let own = view.listeners().iter().find(|l| l.keys.is_empty() && l.id == "telemetry").filter(|_| view.known());
    for clash in all.iter().filter(|l| own.is_some_and(|own| own.port == l.port && meet(&own.host, &l.host))) {
        let message = format!(
            "{} `{}` listens on port {}, where the collector shows its own metrics",
            role(clash.class),
            clash.id,
            clash.port
        );
        let says = format!("listen tcp :{}: bind: address already in use", clash.port);
        // Where everybody else announces another port, that one was meant.
        let moved = ["wiring/port-mismatch", "collector/metrics-not-exposed"];
        let draft = fatal(&clash.at, message, &says);
        drafts.push(moved.iter().fold(draft, |d, rule| d.echo_at(rule, &clash.at)));
    }
    for (index, later) in all.iter().enumerate() {
        // One that stands twice is one component, and `yaml/duplicate-key`.
        let other = |l: &Listener| (l.class, &l.id, l.keys) != (later.class, &later.id, later.keys);
        let clash = |l: &&&Listener| l.port == later.port && meet(&l.host, &later.host) && other(l);
        let Some(first) = all.iter().take(index).find(clash) else {
            continue;
        };
        let name = |l: &Listener| match l.keys {
            [_, protocol, _] => format!("{} `{}` ({protocol})", role(l.class), l.id),
            _ => format!("{} `{}`", role(l.class), l.id),
        };
        let message = format!("{} and {} both listen on port {}", name(first), name(later), later.port);
        let draft = fatal(&later.at, message, &format!("listen tcp :{}: bind: address already in use", later.port));
        drafts.push(draft.related(&first.at, "the first of the two"));
    }
}

/// Whether an exporter's address is one that can be dialled.
pub(super) fn dial_port(text: &str) -> bool {
    endpoint::parse(text).is_some_and(|e| e.port.is_some())
}
