//! `collector/dimension-matches-nothing`: a dimension names no attribute that the workload sends.

use super::view::squash;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::{Contract, SpanMetrics};
use model::{Container, Place, Text};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "collector/dimension-matches-nothing",
    severity: Severity::Error,
    summary: "a dimension names no attribute that the workload sends",
    fix: Some("the attribute's real name"),
    safety: SAFE,
    page: include_str!("../../pages/collector/dimension-matches-nothing.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let mut seen: Vec<&Place> = Vec::new();
    for metrics in &contract.span_metrics {
        // One connector with several ways out is one connector.
        if seen.contains(&&metrics.connector) {
            continue;
        }
        seen.push(&metrics.connector);
        let Some(attributes) = &metrics.attributes else { continue };
        let names: Vec<&str> = attributes.keys().map(String::as_str).collect();
        for (name, default) in dimensions(contract, metrics) {
            if default || names.contains(&name.value.as_str()) || super::view::is_variable(&name.value) {
                continue;
            }
            drafts.push(draft(contract, metrics, &name, &names));
        }
    }
}

/// Every dimension of the connector, of all metrics or of one kind, and whether it has a default.
fn dimensions(contract: &Contract<'_>, metrics: &SpanMetrics) -> Vec<(Text, bool)> {
    let Some(connector) = contract.repository.node(&metrics.connector) else { return Vec::new() };
    let lists: [&[&str]; 3] = [&["dimensions"], &["calls_dimensions"], &["histogram", "dimensions"]];
    let entries = lists.into_iter().filter_map(|keys| connector.at(keys)).flat_map(|list| list.items());
    let read = entries.filter_map(|entry| {
        let name = Text::at(metrics.connector.file, entry, &["name"])?;
        Some((name, entry.get("default").is_some_and(|d| !d.is_null())))
    });
    read.collect()
}

fn draft(contract: &Contract<'_>, metrics: &SpanMetrics, name: &Text, names: &[&str]) -> Draft {
    let wanted = &name.value;
    let used: Vec<Text> = dimensions(contract, metrics).into_iter().map(|(n, _)| n).collect();
    let free = || names.iter().copied().filter(|n| !used.iter().any(|u| u.value == *n));
    let meant =
        free().find(|n| squash(n) == squash(wanted)).or_else(|| contract::endpoint::nearest_word(wanted, free()));
    let message = match meant {
        Some(meant) => {
            format!("dimension `{wanted}` matches no attribute of the spans that arrive here; `{meant}` does")
        }
        None => format!("dimension `{wanted}` matches no attribute of the spans that arrive here"),
    };
    let label = contract::sanitize(wanted);
    let consequence = format!("the label `{label}` is on no series: a query that matches on it gets no data");
    // A sender's document that does not parse may set the attribute.
    let mut draft = Draft::new(RULE.name, RULE.severity, &name.at, message, consequence).echo("yaml/", None);
    for sender in contract.senders.iter().filter(|s| metrics.senders.contains(&s.workload)).take(1) {
        let container =
            contract.repository.workloads.get(sender.workload).and_then(|w| w.containers.get(sender.container));
        if let Some(env) = container.and_then(|c| c.env("OTEL_RESOURCE_ATTRIBUTES")) {
            draft = draft.related(&env.at, "the attributes that the sender sets");
        }
        if let Some(mend) = container.filter(|_| meant.is_none()).and_then(|c| send(c, wanted)) {
            return draft.fix(mend);
        }
    }
    draft.fix(meant.map(|meant| {
        let op = Op::Set { route: name.at.route.clone(), value: meant.into() };
        fix(format!("Name the attribute `{meant}`"), Safety::Safe, [(name.at.file, op)])
    }))
}

/// A variable of the container is named as the attribute ends (`POD_HASH` for `hotrod.pod.hash`) and is not sent: send it.
fn send(container: &Container, wanted: &str) -> Option<Fix> {
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let own = container.env.iter().rposition(|e| e.name == VARIABLE)?;
    let text = container.env.get(own)?.value.as_ref()?;
    let fits = |name: &str| name.len() > 3 && squash(wanted).ends_with(&squash(name));
    let earlier = container.env.iter().take(own).filter(|e| e.field.is_some() && fits(&e.name));
    let variable = earlier.map(|e| e.name.as_str()).find(|n| !text.value.contains(&format!("$({n})")))?;
    let comma = if text.value.is_empty() || text.value.ends_with(',') { "" } else { "," };
    let value = format!("{}{comma}{wanted}=$({variable})", text.value);
    let op = Op::Set { route: text.at.route.clone(), value: value.as_str().into() };
    Some(fix(format!("Send `{wanted}` from `{variable}`"), Safety::Safe, [(text.at.file, op)]))
}
