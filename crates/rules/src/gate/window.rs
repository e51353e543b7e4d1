//! `gate/window-too-short`: a rate window below two scrape intervals.

use super::view::{rewrite, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{Rule, SAFE};
use contract::Contract;

pub(crate) const RULE: Rule = Rule {
    name: "gate/window-too-short",
    severity: Severity::Error,
    summary: "a rate window below two scrape intervals",
    fix: Some("four scrape intervals"),
    safety: SAFE,
    page: include_str!("../../pages/gate/window-too-short.md"),
    check,
};

const RATES: &[&str] = &["rate", "irate", "increase", "delta", "idelta", "deriv"];

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let scrape = contract.context.policy.prometheus.scrape_interval;
    for view in views(contract) {
        let Some((text, _)) = view.query() else { continue };
        let short =
            |s: &gate::promql::Selector| s.range.filter(|r| r.as_secs_f64() < 2.0 * scrape && s.is_inside_call(RATES));
        let Some((selector, range)) = view.selectors().iter().find_map(|s| Some((s, short(s)?))) else { continue };
        let wanted = format!("{}s", 4 * scrape as u64);
        let message = format!(
            "{} takes a rate over {} s, which may hold a single sample at a scrape every {scrape} s",
            view.name(),
            range.as_secs_f64()
        );
        let consequence = "a rate needs two samples: most measurements find no data, and a healthy canary is aborted";
        let mend = rewrite(&view, &format!("Widen the window to {wanted}"), |query| {
            let selector = query.selectors().iter().find(|s| short(s).is_some())?;
            query.replace_window(selector, &wanted)
        });
        let within = selector.range_span.clone().unwrap_or_else(|| selector.span.clone());
        drafts.push(Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).within(within).fix(mend));
    }
}
