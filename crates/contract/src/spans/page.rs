//! The labels of a metric on the exporter's page, put together as the connector and the exporter do.

use super::attributes::Attributes;
use super::way::Way;
use crate::naming::{Naming, refused};
use crate::series::Domain;
use std::collections::{BTreeMap, BTreeSet};

/// The labels of one metric.
#[derive(Clone)]
pub(super) struct Page<'n> {
    naming: &'n Naming,
    /// Attributes of the data points: one value each.
    attributes: BTreeMap<String, Entry>,
    /// What the exporter adds, by label.
    added: Vec<(String, Domain)>,
}

#[derive(Clone)]
struct Entry {
    domain: Domain,
    /// Every series has it.
    always: bool,
}

/// The scope under which the connector counts (connector.go, `buildMetrics`); it gives no version and no schema.
const SCOPE: &str = "spanmetricsconnector";

impl<'n> Page<'n> {
    pub(super) fn new(naming: &'n Naming) -> Page<'n> {
        Page { naming, attributes: BTreeMap::new(), added: Vec::new() }
    }

    /// An attribute of the data points. A later one of the same name replaces it.
    pub(super) fn attribute(&mut self, name: &str, domain: Domain, always: bool) {
        self.attributes.insert(name.to_owned(), Entry { domain, always });
    }

    /// What the exporter does (collector.go, `getMetricMetadata`; resourcetotelemetry): resource attributes where it is told
    /// to, the scope, `job` and `instance`, its own labels.
    pub(super) fn exported(&mut self, way: &Way, attributes: Option<&Attributes>) {
        const SERVICE: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];
        let resource = || attributes.iter().flat_map(|a| a.resource.iter().filter_map(|n| Some((n, a.all.get(n)?))));
        if way.attributes {
            for (name, domain) in resource().filter(|(n, _)| !(way.without_service && SERVICE.contains(&n.as_str()))) {
                self.attribute(name, domain.clone(), true);
            }
        }
        let known = |name: &str| attributes.and_then(|a| a.resource.get(name).and(a.all.get(name)));
        let value = |text: &str| Domain::Values(vec![text.to_owned()]);
        let pushed = way.scraped_from.is_none();
        if way.scope {
            self.added.push(("otel_scope_name".to_owned(), value(SCOPE)));
            for name in ["otel_scope_version", "otel_scope_schema_url"] {
                self.added.push((name.to_owned(), value("")));
            }
        }
        self.added.push(("job".to_owned(), job(attributes, known("service.namespace"))));
        if known("service.instance.id").is_some() || pushed {
            self.added.push(("instance".to_owned(), Domain::Any));
        }
        self.added.extend(way.consts.iter().map(|(name, text)| (name.clone(), value(text))));
    }

    /// The labels that Prometheus keeps: one without a value is none.
    pub(super) fn labels(&self) -> BTreeMap<String, Domain> {
        let mut found = BTreeMap::new();
        for (name, entry) in &self.attributes {
            let label = self.naming.label(name);
            let domain = match found.remove(&label) {
                Some(before) => either(before, entry.domain.clone()),
                None => entry.domain.clone(),
            };
            found.insert(label, domain);
        }
        // Where one of these is there already, nothing is exported: what the spans bring is what was meant.
        for (label, domain) in &self.added {
            found.entry(label.clone()).or_insert_with(|| domain.clone());
        }
        for domain in found.values_mut() {
            if let Domain::Values(values) = domain {
                values.retain(|v| !v.is_empty());
            }
        }
        found.retain(|_, domain| *domain != Domain::Values(Vec::new()));
        found
    }

    /// A label for which the exporter drops every series of the metric: one that is there twice, or one that is no name.
    /// It says `failed to convert metric` in its log, and the page stays empty.
    pub(super) fn refused(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let always = self.attributes.iter().filter(|(_, e)| e.always).map(|(name, _)| self.naming.label(name));
        always
            .map(|label| (refused(&label), label))
            .chain(self.added.iter().map(|(label, _)| (false, label.clone())))
            .find(|(refused, label)| *refused || !seen.insert(label.clone()))
            .map(|(_, label)| label)
    }
}

fn either(one: Domain, other: Domain) -> Domain {
    match (one, other) {
        (Domain::Values(one), Domain::Values(other)) => Domain::Values(one.into_iter().chain(other).collect()),
        (one, other) if one == other => one,
        _ => Domain::Any,
    }
}

/// `service.name`, with `service.namespace` in front where there is one (utils.go, `extractJob`).
fn job(attributes: Option<&Attributes>, namespace: Option<&Domain>) -> Domain {
    match (attributes.and_then(|a| a.all.get("service.name")), namespace) {
        (Some(services), None) => services.clone(),
        (Some(Domain::Values(services)), Some(Domain::Values(namespaces))) => {
            let pairs = namespaces.iter().flat_map(|n| services.iter().map(move |s| format!("{n}/{s}")));
            Domain::Values(pairs.collect())
        }
        _ => Domain::Any,
    }
}
