//! `collector/listens-on-remote-name`: a listen address is another host's name.

use super::announce::{Who, announced};
use super::view::{View, role, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::Class;
use contract::endpoint::{self, Host};
use contract::{Contract, Listener, Speaks};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/listens-on-remote-name",
    severity: Severity::Error,
    summary: "a listen address is another host's name",
    fix: Some("0.0.0.0 and the announced port"),
    safety: SAFE,
    page: include_str!("../../pages/collector/listens-on-remote-name.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    // On a plain host or with docker compose the name may well be the listener's own.
    for view in views(contract).filter(View::in_cluster) {
        for listener in view.listeners().iter().filter(|l| l.written && !l.keys.is_empty()) {
            if let Some(draft) = draft(&view, listener) {
                drafts.push(draft);
            }
        }
    }
}

fn draft(view: &View<'_>, listener: &Listener) -> Option<Draft> {
    let host = match &listener.host {
        Host::Service(name, Some(namespace)) => format!("{name}.{namespace}"),
        Host::Service(name, None) => name.clone(),
        Host::Outside(name) | Host::Private(name) => name.clone(),
        _ => return None,
    };
    let address = view.node(&listener.at)?.as_str()?;
    let class = role(listener.class);
    let message =
        format!("{class} `{}` is to listen on `{address}`, but `{host}` is another host's address", listener.id);
    let consequence = "the collector exits at start: the address can't be bound (\"cannot assign requested address\" or \"no such host\")";
    let port = port(view, listener);
    // A client's URL has a scheme and perhaps a path; a listen address has neither.
    let meant = match endpoint::parse(address)? {
        url if url.scheme.is_some() => format!("0.0.0.0:{port}"),
        plain => plain.with("0.0.0.0", Some(port)),
    };
    let op = Op::Set { route: listener.at.route.clone(), value: Value::from(meant.as_str()) };
    let mend = fix(format!("Listen on {meant}"), Safety::Safe, [(listener.at.file, op)]);
    Some(Draft::new(RULE.name, RULE.severity, &listener.at, message, consequence).fix(mend))
}

/// The port as written where it is announced, or nothing is; else the one that is announced for what the listener speaks.
fn port(view: &View<'_>, listener: &Listener) -> u16 {
    let all = announced(view);
    if all.is_empty() || all.iter().any(|a| a.port == listener.port) {
        return listener.port;
    }
    let wanted = match (listener.speaks, listener.class) {
        (Speaks::OtlpGrpc, _) => Some(4317),
        (Speaks::OtlpHttp, _) => Some(4318),
        (Speaks::Scrape, _) => all.iter().find(|a| a.who == Who::Scrape).map(|a| a.port),
        (_, Class::Extension) => all.iter().find(|a| a.who == Who::Probe).map(|a| a.port),
        _ => None,
    };
    wanted.filter(|port| all.iter().any(|a| a.port == *port)).unwrap_or(listener.port)
}
