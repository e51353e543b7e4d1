//! `gitops/placeholder-url`: a repoURL that was never filled in.

use super::{is_placeholder, urls};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::Contract;
use model::Text;
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gitops/placeholder-url",
    severity: Severity::Warning,
    summary: "repoURL is a placeholder (an error when pushing to a cluster)",
    fix: Some("the repository's URL as the cluster sees it, without any credentials in it"),
    safety: SAFE,
    page: include_str!("../../pages/gitops/placeholder-url.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for application in &contract.repository.applications {
        let left: Vec<&Text> = urls(application).filter(|u| is_placeholder(&u.value)).collect();
        let Some(first) = left.first() else { continue };
        let cluster = contract.context.push.as_ref().is_some_and(|p| p.cluster);
        let severity = if cluster { Severity::Error } else { Severity::Warning };
        let message = format!("repoURL of `{}` is the placeholder `{}`", application.name, first.value);
        let consequence = "Argo CD finds no repository there: nothing is deployed, and no change ever arrives";
        let mend = seen_by_cluster(contract).map(|url| {
            let ops =
                left.iter().map(|u| (u.at.file, Op::Set { route: u.at.route.clone(), value: Value::Str(url.clone()) }));
            fix(format!("Write {url}"), Safety::Safe, ops)
        });
        let draft = Draft::new(RULE.name, severity, &first.at, message, consequence).fix(mend);
        drafts.push(left.iter().skip(1).fold(draft, |d, u| d.related(&u.at, "and here")));
    }
}

/// The repository's URL as the cluster sees it: as the cluster says, else the policy's pair of what is pushed to, else that
/// itself where it is no path of this machine.
fn seen_by_cluster(contract: &Contract<'_>) -> Option<String> {
    if let Some(seen) = contract.context.push.as_ref().and_then(|push| push.seen.as_deref()) {
        return Some(model::url::without_credentials(seen));
    }
    let pushed = contract.context.push.as_ref().map(|p| p.url.clone());
    let pushed = pushed.or_else(|| contract.context.git.as_ref()?.remotes.first().cloned())?;
    let pair = contract.context.policy.repositories.iter().find(|p| model::url::same_repository(&p.push, &pushed));
    if let Some(pair) = pair {
        return Some(model::url::without_credentials(&pair.cluster));
    }
    let plain = model::url::without_credentials(&pushed);
    if plain.starts_with("http://") || plain.starts_with("https://") {
        return Some(plain);
    }
    // A cluster has no key of the person's: the same repository over https.
    let rest = plain.strip_prefix("ssh://").map(str::to_owned).or_else(|| {
        let (host, path) = plain.split_once(':')?;
        (!host.contains('/') && !path.starts_with('/') && host.len() > 1).then(|| format!("{host}/{path}"))
    })?;
    let rest = rest.rsplit_once('@').map_or(rest.as_str(), |(_, host)| host);
    Some(format!("https://{rest}"))
}
