//! `gitops/tracks-other-branch`: the ApplicationSet follows another branch than the one pushed.

use super::is_ours;
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, UNSAFE};
use contract::Contract;
use model::{Application, Text};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gitops/tracks-other-branch",
    severity: Severity::Warning,
    summary: "the ApplicationSet follows another branch than the one pushed",
    fix: Some("that branch, only when asked for (`--retarget`)"),
    safety: UNSAFE,
    page: include_str!("../../pages/gitops/tracks-other-branch.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let Some(push) = &contract.context.push else { return };
    for application in &contract.repository.applications {
        let other: Vec<&Text> =
            revisions(contract, application).into_iter().filter(|r| !follows(&r.value, &push.branch)).collect();
        let Some(first) = other.first() else { continue };
        let message =
            format!("`{}` follows `{}`, and the push goes to `{}`", application.name, first.value, push.branch);
        let consequence = "Argo CD does not see what is pushed until it is merged; merged with the branch's name in it, production would follow a branch that is gone";
        let safety = if push.retarget { Safety::Safe } else { Safety::Unsafe };
        let ops = other
            .iter()
            .map(|r| (r.at.file, Op::Set { route: r.at.route.clone(), value: Value::Str(push.branch.clone()) }));
        let mend = fix(format!("Follow `{}`", push.branch), safety, ops);
        let draft = Draft::new(RULE.name, RULE.severity, &first.at, message, consequence).fix(mend);
        drafts.push(other.iter().skip(1).fold(draft, |d, r| d.related(&r.at, "and here")));
    }
}

/// Revisions that this application reads of this repository. A template's placeholder is filled by its generator.
fn revisions<'a>(contract: &Contract<'_>, application: &'a Application) -> Vec<&'a Text> {
    let ours = |url: &Option<Text>| url.as_ref().is_some_and(|u| is_ours(contract, &u.value));
    let generators = application.generators.iter().filter(|g| ours(&g.repo_url)).filter_map(|g| g.revision.as_ref());
    let sources =
        application.sources.iter().filter(|s| !s.chart && ours(&s.repo_url)).filter_map(|s| s.revision.as_ref());
    generators.chain(sources).filter(|r| !r.value.contains("{{")).collect()
}

/// `HEAD` is the remote's default branch, which is called one of these almost everywhere.
fn follows(revision: &str, branch: &str) -> bool {
    let revision = revision.trim_start_matches("refs/heads/");
    revision == branch || ((revision == "HEAD" || revision.is_empty()) && matches!(branch, "main" | "master"))
}
