//! `release/wrong-image`: the image is older than the policy's target.

use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::Contract;
use model::{Place, Text, image_name, image_tag, older_tag, same_image};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "release/wrong-image",
    severity: Severity::Error,
    summary: "the image is older than the policy's target",
    fix: Some("set it; never lower a version"),
    safety: SAFE,
    page: include_str!("../../pages/release/wrong-image.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for rollout in &contract.repository.rollouts {
        let Some(mission) = contract.mission(rollout) else { continue };
        let Some(workload) = rollout.workload.and_then(|w| contract.repository.workloads.get(w)) else { continue };
        let images = workload.containers.iter().filter_map(|c| c.image.as_ref());
        for image in images.filter(|i| same_image(&mission.image, &i.value)) {
            let (tag, at, value) = in_force(contract, image, &mission.target);
            let Some(tag) = tag.filter(|t| older_tag(t, &mission.target)) else { continue };
            let message = format!(
                "rollout `{}` asks for {} {tag}; the policy's target is {}",
                rollout.name, mission.image, mission.target
            );
            let consequence = "Argo Rollouts has nothing new to release: the target version is never rolled out";
            let mend = fix(
                format!("Ask for {}", mission.target),
                Safety::Safe,
                [(at.file, Op::Set { route: at.route.clone(), value })],
            );
            drafts.push(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend));
        }
    }
}

/// The tag that is deployed, where it stands, and what to write there: a kustomization's `newTag` beats the image's own.
fn in_force(contract: &Contract<'_>, image: &Text, target: &str) -> (Option<String>, Place, Value) {
    let name = image_name(&image.value);
    let path = contract.repository.path(&image.at);
    let kustomized = contract.repository.kustomizations.iter().filter(|k| k.covers(path));
    let change = kustomized.flat_map(|k| &k.images).find(|i| i.name == name).and_then(|i| i.new_tag.clone());
    match change {
        Some((tag, at)) => (Some(tag), at, Value::Str(target.to_owned())),
        None => (image_tag(&image.value).map(str::to_owned), image.at.clone(), Value::Str(format!("{name}:{target}"))),
    }
}
