//! `collector/hard-coded-address`: a cluster-internal IP in the config.

use super::view::{View, role, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use catalogue::Class;
use contract::Contract;
use contract::endpoint::{self, Endpoint, Host};
use model::{Component, Place, Service, Text};
use yaml::{Node, Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/hard-coded-address",
    severity: Severity::Error,
    summary: "a cluster-internal IP in the config",
    fix: Some("the Service's DNS name where one matches"),
    safety: ONE_READING,
    page: include_str!("../../pages/collector/hard-coded-address.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(View::in_cluster) {
        for exporter in view.config.of_class(Class::Exporter).filter(|c| c.kind != "prometheus") {
            let Some(node) = view.node(&exporter.at) else { continue };
            let mut addresses = Vec::new();
            collect(exporter.at.file, node, &mut addresses);
            drafts.list.reserve(addresses.len());
            for text in addresses {
                if let Some(draft) = draft(&view, exporter, &text) {
                    drafts.push(draft);
                }
            }
        }
    }
}

/// Scalars under keys that hold addresses.
fn collect(file: usize, node: Node<'_>, into: &mut Vec<Text>) {
    for (key, value) in node.entries() {
        if key == "endpoint" || key.ends_with("_endpoint") {
            into.extend(Text::of(file, value));
        }
        collect(file, value, into);
    }
}

fn draft(view: &View<'_>, exporter: &Component, text: &Text) -> Option<Draft> {
    let address = endpoint::parse(&text.value)?;
    let Host::Private(ip) = address.meaning() else { return None };
    let candidates = candidates(view, &address);
    // Such networks are also those of offices and homes: an address outside the cluster, unless a Service tells otherwise.
    if ip.starts_with("192.168.") && candidates.is_empty() {
        return None;
    }
    let message = format!("{} `{}` sends to the IP address `{}`", role(exporter.class), exporter.id, text.value);
    let consequence = "cluster-internal addresses change when the Service or pod is created anew: the data then goes nowhere, or to another workload";
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).fix(mend(text, &address, &candidates)))
}

fn mend(text: &Text, address: &Endpoint, candidates: &[(String, Option<Place>)]) -> Option<Fix> {
    let (host, _) = candidates.first()?;
    let safety = if candidates.len() == 1 { Safety::Safe } else { Safety::Unsafe };
    let meant = address.with(host, address.port);
    let op = Op::Set { route: text.at.route.clone(), value: Value::from(meant.as_str()) };
    Some(fix(format!("Send to `{meant}`"), safety, [(text.at.file, op)]))
}

/// Services that have the address, or else the port: one of the repository that does not lead back here, or one that the
/// policy names. Several names in one namespace that share a beginning are one backend.
fn candidates(view: &View<'_>, address: &Endpoint) -> Vec<(String, Option<Place>)> {
    let Some(port) = address.effective_port() else { return Vec::new() };
    let repository = view.contract.repository;
    let namespaced = |s: &Service| -> Option<String> {
        let namespace = s.namespace.as_ref().or(view.collector.namespace.as_ref())?;
        Some(format!("{}.{namespace}.svc.cluster.local", s.name))
    };
    let ip = |s: &Service| {
        view.node(&s.spec).and_then(|n| n.get("clusterIP")).and_then(|n| n.as_str()) == Some(address.host.as_str())
    };
    if let Some(exact) = repository.services.iter().find(|s| ip(s)) {
        return namespaced(exact).map(|name| (name, Some(exact.spec.clone()))).into_iter().collect();
    }
    let own = view.collector.workload.map_or(&[][..], |w| view.contract.links.services(w));
    let mut found: Vec<(String, Option<Place>)> = Vec::new();
    let others = repository.services.iter().enumerate().filter(|(i, s)| !s.external && !own.contains(i));
    for (_, service) in others.filter(|(_, s)| s.ports.iter().any(|p| p.port == port)) {
        found.extend(namespaced(service).map(|name| (name, Some(service.spec.clone()))));
    }
    if view.described() {
        for there in &view.contract.context.policy.elsewhere {
            let mut first: Option<&str> = None;
            for service in there.services.iter().filter(|s| s.ports.contains_key(&port)) {
                if first.is_some_and(|f| f.starts_with(&service.name) || service.name.starts_with(f)) {
                    continue;
                }
                first = Some(&service.name);
                found.push((format!("{}.{}.svc.cluster.local", service.name, there.namespace), None));
            }
        }
    }
    found
}
