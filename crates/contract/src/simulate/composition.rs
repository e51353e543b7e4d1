//! What a selector counts: riders' requests, what these cause inside, scrapes and probes.

use super::Load;
use super::flows::{request_rates, span_labels};
use crate::Contract;
use crate::gates::Gate;
use crate::series::{Family, Kind, Origin};
use gate::promql;
use model::Request;

/// What a selector counts, in increments per second of a canary's pods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Composition {
    /// Riders' requests at the entry points.
    pub entry: f64,
    /// What these requests cause inside.
    pub internal: f64,
    /// Scrapes and probes.
    pub background: f64,
}

impl Contract<'_> {
    /// What the selector with that index counts; `None` where the family's workload is not described.
    pub fn composition(&self, gate: &Gate, selector: usize) -> Option<Composition> {
        let query = gate.bound.as_ref()?;
        let selector = query.selectors().get(selector)?;
        let name = selector.name.as_deref()?;
        let mut total = Composition::default();
        let mut told = false;
        for family in self.known(name) {
            if family.kind == Kind::Event {
                return None;
            }
            told = true;
            let senders: Vec<usize> = match &family.origin {
                Origin::Workload(index) => vec![*index],
                Origin::Spans { source, .. } => self.span_metrics.get(*source)?.senders.clone(),
            };
            if senders.is_empty() {
                return None;
            }
            for sender in senders {
                let workload = self.repository.workloads.get(sender)?;
                let description = self.description_of(workload).filter(|d| !d.requests.is_empty())?;
                let rates = request_rates(description, workload, &Load::HEALTHY, self);
                let riders = request_rates(description, workload, &Load { watched: false, ..Load::HEALTHY }, self);
                for ((request, all, _), (_, rides, _)) in rates.into_iter().zip(riders) {
                    for (position, (labels, times)) in increments(self, request, family).into_iter().enumerate() {
                        if !matches_all(selector, family, &labels) {
                            continue;
                        }
                        total.background += (all - rides) * times;
                        match position {
                            0 if request.entry => total.entry += rides * times,
                            _ => total.internal += rides * times,
                        }
                    }
                }
            }
        }
        told.then_some(total)
    }
}

/// The label sets that one request adds to, with how often, the entry's own first.
fn increments(contract: &Contract<'_>, request: &Request, family: &Family) -> Vec<(Vec<(String, String)>, f64)> {
    match family.origin {
        Origin::Workload(_) => request
            .counts
            .iter()
            .filter(|c| c.metric == family.name)
            .map(|c| (c.labels.clone().into_iter().collect(), c.times))
            .collect(),
        Origin::Spans { source, .. } => {
            let Some(source) = contract.span_metrics.get(source) else { return Vec::new() };
            request.spans.iter().map(|s| (span_labels(s, &source.naming), s.times)).collect()
        }
    }
}

/// Whether the selector's matchers on these labels (and on those with one value) hold. Labels that tell versions and pods
/// apart are left out: they choose whose requests are counted, not which.
fn matches_all(selector: &promql::Selector, family: &Family, labels: &[(String, String)]) -> bool {
    selector
        .matchers
        .iter()
        .filter(|m| m.name != "le" && m.name != "__name__" && m.name != "status_code" && m.name != "error")
        .all(|m| {
            let value = match labels.iter().find(|(name, _)| *name == m.name) {
                Some((_, value)) => value.as_str(),
                None => match family.labels.get(&m.name) {
                    Some(_) => return true,
                    None => "",
                },
            };
            value_matches(m, value)
        })
}

/// Whether a label value passes a matcher, as Prometheus compares.
pub fn value_matches(matcher: &promql::Matcher, value: &str) -> bool {
    matcher.matches(value)
}
