//! Rules about what Argo CD deploys.

pub(crate) mod path_not_deployed;
pub(crate) mod placeholder_url;
pub(crate) mod tracks_other_branch;

use contract::Contract;
use model::{Application, Text};

/// Whether a URL was left to be filled in.
pub(crate) fn is_placeholder(url: &str) -> bool {
    let url = url.trim();
    let upper = url.to_ascii_uppercase();
    let words = [
        "REPLACE",
        "CHANGEME",
        "CHANGE_ME",
        "CHANGE-ME",
        "YOUR_",
        "YOUR-",
        "/YOURNAME/",
        "PLACEHOLDER",
        "TODO",
        "EXAMPLE.COM",
        "<",
        "XXX",
    ];
    let dunder = url.find("__").is_some_and(|at| url[at + 2..].contains("__"));
    url.is_empty() || dunder || words.iter().any(|w| upper.contains(w))
}

/// Every URL of a git repository in an application, with its place.
pub(crate) fn urls(application: &Application) -> impl Iterator<Item = &Text> {
    let generators = application.generators.iter().filter_map(|g| g.repo_url.as_ref());
    generators.chain(application.sources.iter().filter(|s| !s.chart).filter_map(|s| s.repo_url.as_ref()))
}

/// Whether a URL is this repository's: one of its remotes', or paired with one in the policy, or not filled in yet.
pub(crate) fn is_ours(contract: &Contract<'_>, url: &str) -> bool {
    let Some(git) = &contract.context.git else { return false };
    let pairs = &contract.context.policy.repositories;
    let same = model::url::same_repository;
    is_placeholder(url)
        || git
            .remotes
            .iter()
            .any(|remote| same(remote, url) || pairs.iter().any(|p| same(&p.push, remote) && same(&p.cluster, url)))
}
