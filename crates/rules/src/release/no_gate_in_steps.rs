//! `release/no-gate-in-steps`: the canary reaches full weight without analysis.

use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use model::{Rollout, StepKind};

pub(crate) const RULE: Rule = Rule {
    name: "release/no-gate-in-steps",
    severity: Severity::Error,
    summary: "the canary reaches full weight without analysis",
    fix: None,
    safety: None,
    page: include_str!("../../pages/release/no-gate-in-steps.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for rollout in &contract.repository.rollouts {
        let asked = contract.mission(rollout).is_some();
        let any = rollout.runs().any(|(a, _)| !a.templates.is_empty());
        // Nobody asked other rollouts for gates: they only must not have one that comes too late.
        if gated(rollout) || (!asked && !any) {
            continue;
        }
        let at = match rollout.steps.first() {
            Some(_) => rollout.strategy_at.key("steps"),
            None => rollout.strategy_at.clone(),
        };
        let why = if any { "its analysis comes after full weight" } else { "no step runs an analysis" };
        let message = format!("the canary of `{}` reaches full weight ungated: {why}", rollout.name);
        let consequence = "whatever the canary does, it is promoted";
        let draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence);
        drafts.push(draft.absent_from(contract.repository, &at));
    }
}

/// Whether an analysis runs before all traffic goes to the new version.
fn gated(rollout: &Rollout) -> bool {
    let full = |s: &model::Step| matches!(s.kind, StepKind::SetWeight(weight) if weight >= 100);
    let end = rollout.steps.iter().position(full).unwrap_or(rollout.steps.len());
    rollout.runs().filter(|(a, _)| !a.templates.is_empty()).any(|(analysis, step)| match (analysis.when, step) {
        (_, Some(step)) => step < end,
        ("background", None) => analysis.starting_step.unwrap_or(0) < end.max(1) as i64,
        ("prePromotion", None) => true,
        // After promotion a blue-green rollout can still go back, but riders have been there.
        _ => false,
    })
}
