//! `gate/unknown-template`: the rollout names a template that does not exist.

use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use contract::endpoint::nearest_word;
use contract::gates::find;
use model::{Role, Rollout, TemplateRef};

pub(crate) const RULE: Rule = Rule {
    name: "gate/unknown-template",
    severity: Severity::Error,
    summary: "the rollout names a (Cluster)AnalysisTemplate that does not exist",
    fix: None,
    safety: None,
    page: include_str!("../../pages/gate/unknown-template.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for rollout in &contract.repository.rollouts {
        for (analysis, _) in rollout.runs() {
            for reference in &analysis.templates {
                if find(contract, rollout, &reference.name.value, reference.cluster).is_none() {
                    drafts.list.extend(missing(contract, rollout, reference));
                }
            }
        }
    }
}

/// A template is missing only where the repository would have it: charts that are not rendered may hold it, and cluster
/// templates often live elsewhere.
fn missing(contract: &Contract<'_>, rollout: &Rollout, reference: &TemplateRef) -> Option<Draft> {
    let repository = contract.repository;
    let name = &reference.name.value;
    if name.contains("{{") || repository.files.iter().any(|f| f.role == Role::Template) {
        return None;
    }
    let kind = if reference.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
    let same: Vec<_> = repository.templates.iter().filter(|t| t.name == *name).collect();
    let near = nearest_word(
        name,
        repository.templates.iter().filter(|t| t.cluster == reference.cluster).map(|t| t.name.as_str()),
    );
    let hint = if let Some(other) = same.iter().find(|t| t.cluster != reference.cluster) {
        if other.cluster {
            "; a ClusterAnalysisTemplate has that name: say `clusterScope: true`".to_owned()
        } else {
            "; an AnalysisTemplate has that name: drop `clusterScope`".to_owned()
        }
    } else if let Some(other) = same.first() {
        format!("; one of that name is in namespace `{}`", other.namespace.as_deref().unwrap_or("?"))
    } else if let Some(near) = near {
        format!("; there is `{near}`")
    } else {
        String::new()
    };
    let here = repository.templates.iter().any(|t| t.cluster == reference.cluster);
    if reference.cluster && !here && hint.is_empty() {
        return None;
    }
    let namespace = rollout
        .namespace
        .as_ref()
        .filter(|_| !reference.cluster)
        .map(|n| format!(" in namespace `{n}`"))
        .unwrap_or_default();
    let message =
        format!("rollout `{}` names the {kind} `{name}`, which does not exist{namespace}{hint}", rollout.name);
    let consequence = "Argo Rollouts marks the rollout as invalid (InvalidSpec) and does not progress it";
    Some(Draft::new(RULE.name, RULE.severity, &reference.name.at, message, consequence))
}
