//! `gate/missing`: one of the gates that the policy asks for is missing.

use super::build::{Wanted, build};
use super::view::views;
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::{Rule, SAFE};
use contract::Contract;
use contract::gates::{GateKind, templates};

pub(crate) const RULE: Rule = Rule {
    name: "gate/missing",
    severity: Severity::Error,
    summary: "one of the three gates that the policy asks for (traffic, error rate, latency) is missing",
    fix: Some("add it, built from the series that exist"),
    safety: SAFE,
    page: include_str!("../../pages/gate/missing.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for (index, rollout) in contract.repository.rollouts.iter().enumerate() {
        let Some(mission) = contract.mission(rollout) else { continue };
        let run: Vec<usize> = rollout.runs().flat_map(|(analysis, _)| templates(contract, rollout, analysis)).collect();
        // Without any analysis, or with templates that do not exist, that is the finding.
        let Some(template) = run.first().and_then(|t| contract.repository.templates.get(*t)) else { continue };
        let gates = &mission.gates;
        let wanted = [
            (GateKind::Traffic, gates.traffic_at_least.map(|v| format!("at least {v} requests a second"))),
            (GateKind::ErrorRate, gates.error_rate_below.map(|v| format!("an error rate below {v}"))),
            (GateKind::Latency, gates.latency_below_ms.map(|v| format!("latency below {v} ms"))),
        ];
        for (kind, asked) in wanted {
            let Some(asked) = asked else { continue };
            if views(contract).any(|v| v.gate.rollout == Some(index) && v.gate.kind == kind) {
                continue;
            }
            let message = format!(
                "no gate on {} in the analysis of `{}`: the policy asks for {asked}",
                kind.as_str(),
                rollout.name
            );
            let consequence = match kind {
                GateKind::Traffic => {
                    "a canary that nobody uses is promoted: it has no errors and no latency to fail on"
                }
                GateKind::ErrorRate => "a canary whose requests fail is promoted",
                _ => "a canary that is slow is promoted",
            };
            let wanted = Wanted { kind, mission, rollout: index, template };
            let draft = Draft::new(RULE.name, RULE.severity, &template.spec.key("metrics"), message, consequence)
                .related(&rollout.strategy_at, "this strategy runs the template")
                .fix(build(contract, &wanted))
                .echo("gate/unknown-template", Some(&rollout.spec));
            // What a query that does not parse would judge can't be told: it may be this gate.
            let draft = run.iter().filter_map(|t| contract.repository.templates.get(*t)).fold(draft, |d, t| {
                d.echo("gate/query-syntax", Some(&t.spec)).absent_from(contract.repository, &t.spec)
            });
            drafts.push(draft);
        }
    }
}
