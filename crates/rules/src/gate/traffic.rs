//! Which requests a gate counts: `gate/probe-traffic-counted`, `gate/counts-spans-not-requests`,
//! `gate/diluted-by-internal-traffic`.

use super::view::{View, narrow, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{ONE_READING, Rule, SAFE};
use contract::gates::GateKind;
use contract::{Composition, Contract};
use gate::analysis::Outcome;
use gate::condition::Measured;

/// Scrapes or probes alone satisfy the gate.
pub(crate) const PROBES: Rule = Rule {
    name: "gate/probe-traffic-counted",
    severity: Severity::Error,
    summary: "scrapes or probes alone satisfy the gate (error for the traffic gate, else warning)",
    fix: Some("exclude those endpoints"),
    safety: SAFE,
    page: include_str!("../../pages/gate/probe-traffic-counted.md"),
    check: check_probes,
};

/// Spans counted where requests are meant.
pub(crate) const SPANS: Rule = Rule {
    name: "gate/counts-spans-not-requests",
    severity: Severity::Error,
    summary: "spans counted where requests are meant",
    fix: Some("server spans of the entry service, or the request counter"),
    safety: ONE_READING,
    page: include_str!("../../pages/gate/counts-spans-not-requests.md"),
    check: check_spans,
};

/// Internal requests or spans drown those of riders.
pub(crate) const DILUTED: Rule = Rule {
    name: "gate/diluted-by-internal-traffic",
    severity: Severity::Warning,
    summary: "an error ratio or a latency quantile over internal requests or spans too",
    fix: Some("server spans (or requests) of the entry points"),
    safety: SAFE,
    page: include_str!("../../pages/gate/diluted-by-internal-traffic.md"),
    check: check_diluted,
};

fn check_probes(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(|v| v.gate.kind != GateKind::Other) {
        let simulated = contract.simulated(view.index);
        let Some((measured, Outcome::Successful)) = simulated.idle() else { continue };
        // What passes without scrapes and probes too is another rule's business.
        if simulated.quiet().is_none_or(|(_, quiet)| quiet == Outcome::Successful) {
            continue;
        }
        let Some((text, _)) = view.query() else { continue };
        let severity = if view.gate.kind == GateKind::Traffic { Severity::Error } else { Severity::Warning };
        let message = format!(
            "scrapes and probes alone pass {}: without a single rider it reads {}",
            view.name(),
            shown(&measured)
        );
        let consequence = match view.gate.kind {
            GateKind::Traffic => "an idle canary is promoted: Prometheus' own scrapes are the traffic",
            GateKind::ErrorRate => {
                "without riders the ratio is that of scrapes, which do not fail: the gate says nothing"
            }
            _ => "without riders the latency is that of scrapes, a few milliseconds: the gate says nothing",
        };
        let draft = Draft::new(PROBES.name, severity, &text.at, message, consequence)
            .fix(narrow(&view, "Count riders' requests alone"))
            .echo("gate/not-scoped-to-canary", Some(&view.metric.at));
        drafts.push(draft);
    }
}

fn shown(measured: &Measured) -> String {
    let value = match measured {
        Measured::Scalar(value) => Some(*value),
        Measured::Vector(values) => values.first().copied(),
    };
    value.map_or_else(|| "nothing".to_owned(), |v| format!("{}", (v * 1000.0).round() / 1000.0))
}

fn check_spans(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(|v| v.gate.kind == GateKind::Traffic) {
        let Some((text, _)) = view.query() else { continue };
        let Some((selector, counted)) = view.selectors().iter().enumerate().find_map(|(index, selector)| {
            if !view.spans(selector) {
                return None;
            }
            match contract.composition(view.gate, index) {
                Some(c) => (c.internal > 0.5 * c.entry && c.internal > 0.0).then(|| (selector, per_ride(&c))),
                None => unfiltered(&view, selector).then(|| (selector, "spans of every kind".to_owned())),
            }
        }) else {
            continue;
        };
        let message = format!("{} counts spans, not requests: {counted}", view.name());
        let consequence =
            "a fraction of the riders that the threshold asks for is enough to pass: one request leaves many spans";
        let draft =
            Draft::new(SPANS.name, SPANS.severity, &text.at, message, consequence).within(selector.span.clone());
        drafts.push(draft.fix(narrow(&view, "Count server spans of the entry points")));
    }
}

fn per_ride(c: &Composition) -> String {
    if c.entry > 0.0 {
        format!("one request of a rider counts as {:.0}", ((c.entry + c.internal) / c.entry).max(2.0))
    } else {
        "none of them are riders' requests".to_owned()
    }
}

/// Nobody described the senders, but the connector is ours: without kind or name every span counts.
fn unfiltered(view: &View<'_, '_>, selector: &gate::promql::Selector) -> bool {
    let narrowing = ["span_kind", "span_name"];
    let known = view.families(selector).any(|f| f.exists);
    known && view.description().is_none() && !selector.matchers.iter().any(|m| narrowing.contains(&m.name.as_str()))
}

/// More than this share of internal requests or spans drowns a gate.
const DROWNED: f64 = 0.2;

fn check_diluted(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(|v| matches!(v.gate.kind, GateKind::ErrorRate | GateKind::Latency)) {
        let Some((text, _)) = view.query() else { continue };
        let Some((selector, share)) = view.selectors().iter().enumerate().find_map(|(index, selector)| match contract
            .composition(view.gate, index)
        {
            Some(c) => {
                let share = c.internal / (c.entry + c.internal);
                (share > DROWNED).then(|| (selector, format!("{:.0} % of what it reads", share * 100.0)))
            }
            None => (view.spans(selector) && unfiltered(&view, selector))
                .then(|| (selector, "spans of every kind".to_owned())),
        }) else {
            continue;
        };
        let what = if view.spans(selector) { "internal spans" } else { "internal requests" };
        let message = if share.starts_with("spans") {
            format!("{} reads {share}: {what} drown the requests that riders feel", view.name())
        } else {
            format!("{}: {share} are {what}, and riders' requests drown in them", view.name())
        };
        let consequence = match view.gate.kind {
            GateKind::ErrorRate => {
                "one failing ride beside a dozen good internal requests: riders see every fifth ride fail and the gate reads a few percent"
            }
            _ => "internal spans take a few milliseconds: the quantile stays low while riders wait for seconds",
        };
        let draft = Draft::new(DILUTED.name, DILUTED.severity, &text.at, message, consequence)
            .within(selector.span.clone())
            .fix(narrow(&view, "Read riders' requests alone"));
        drafts.push(draft);
    }
}
