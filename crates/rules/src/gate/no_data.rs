//! `gate/errors-on-no-data` and `gate/passes-on-nan`: what a condition makes of no data and of NaN.

use super::view::{View, guarded, views};
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{Rule, SAFE};
use contract::Contract;
use gate::analysis::Outcome;
use gate::condition::Measured;
use gate::promql::Operator;

/// An empty result is an error instead of a failure.
pub(crate) const ERRORS: Rule = Rule {
    name: "gate/errors-on-no-data",
    severity: Severity::Warning,
    summary: "no data aborts with an error instead of a clear failure",
    fix: Some("guarded condition"),
    safety: SAFE,
    page: include_str!("../../pages/gate/errors-on-no-data.md"),
    check: check_errors,
};

/// NaN is a success.
pub(crate) const PASSES: Rule = Rule {
    name: "gate/passes-on-nan",
    severity: Severity::Error,
    summary: "the condition is true on NaN",
    fix: Some("guarded condition"),
    safety: SAFE,
    page: include_str!("../../pages/gate/passes-on-nan.md"),
    check: check_nan,
};

fn check_errors(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(outcomes) = view.gate.outcomes() else { continue };
        if outcomes.none != Outcome::Error || !can_be_empty(&view) {
            continue;
        }
        let Some(side) = view.gate.success.as_ref().or(view.gate.failure.as_ref()) else { continue };
        let limit = view.gate.limits.consecutive_error_limit;
        let message =
            format!("{} reads `result[0]` of a result that may be empty: that is an error, not a failure", view.name());
        let consequence = format!(
            "without data every measurement is an error and is tried again after 10 s; after {} in a row the analysis ends in Error, which does not say that traffic is missing",
            limit.saturating_add(1).max(1)
        );
        let draft = Draft::new(ERRORS.name, ERRORS.severity, &side.text.at, message, consequence)
            .fix(guarded(&view))
            .echo("gate/vacuous", Some(&view.metric.at))
            .echo("gate/condition-type", Some(&side.text.at));
        drafts.push(draft);
    }
}

/// Whether the query can answer with nothing: over no series at all it does.
fn can_be_empty(view: &View<'_, '_>) -> bool {
    match view.contract.simulated(view.index).nothing() {
        Some((Measured::Vector(values), _)) => values.is_empty(),
        Some(_) => false,
        None => view.query().is_some_and(|(_, q)| q.fallbacks().is_empty()),
    }
}

fn check_nan(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(outcomes) = view.gate.outcomes() else { continue };
        // A failure condition alone is `gate/vacuous`.
        let Some(success) = &view.gate.success else { continue };
        // A comparison around the query lets no NaN through.
        let sieved = view.query().is_some_and(|(_, q)| q.comparisons().iter().any(|c| c.whole && c.op != Operator::Ne));
        if outcomes.nan != Outcome::Successful || sieved {
            continue;
        }
        let message = format!("{} is true on NaN", view.name());
        let consequence = "a ratio or quantile over no requests is NaN: a canary without traffic passes this gate";
        let draft = Draft::new(PASSES.name, PASSES.severity, &success.text.at, message, consequence)
            .fix(guarded(&view))
            .echo("gate/vacuous", Some(&view.metric.at));
        drafts.push(draft);
    }
}
