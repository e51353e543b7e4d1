//! `gate/tolerates-mostly-failed`: a run passes with most samples failed.

use super::view::{put, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::Contract;
use gate::analysis::{
    Outcome, Sample, can_fail, lowest_failure_limit_keeping_one_lost_sample_harmless, weakest_promotion,
};
use yaml::Value;

pub(crate) const RULE: Rule = Rule {
    name: "gate/tolerates-mostly-failed",
    severity: Severity::Warning,
    summary: "a run passes with most samples failed",
    fix: Some("the lowest failureLimit that keeps one lost sample harmless"),
    safety: SAFE,
    page: include_str!("../../pages/gate/tolerates-mostly-failed.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(counted) = view.gate.counted() else { continue };
        // What cannot fail at all is `gate/vacuous`.
        if !can_fail(&counted) {
            continue;
        }
        let Some(weakest) = weakest_promotion(&counted) else { continue };
        // What the condition takes for a success is `gate/vacuous` or `gate/passes-on-nan`; here it is about what fails.
        let fails = |sample: &Sample| counted.outcomes.get(*sample) != Outcome::Successful;
        let failed = [Sample::Bad, Sample::NaN, Sample::None].into_iter().filter(fails);
        let bad: i64 = failed.map(|sample| weakest.count(sample)).sum();
        let total = weakest.len();
        if total == 0 || bad * 2 <= total {
            continue;
        }
        let limit = lowest_failure_limit_keeping_one_lost_sample_harmless(&view.gate.limits);
        let message = format!("{} passes with {weakest}", view.name());
        let consequence = "a canary that fails most of its measurements is promoted";
        let at = view.metric.at.key("failureLimit");
        let mend = fix(
            format!("Set failureLimit to {limit}"),
            Safety::Safe,
            [put(contract, &view.metric.at, "failureLimit", Value::Int(limit), "count")],
        );
        drafts.push(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend));
    }
}
