//! Which Applications follow what is pushed: a repository by any of its URLs, and a branch of it.

use cluster::{Found, Source};
use model::RepositoryPair;
use model::url::{same_repository, without_credentials};
use std::collections::BTreeSet;

/// Of what is followed instead, more than this nobody reads.
const NAMED: usize = 5;

/// A branch that is pushed to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch<'a> {
    /// Its repository, as people push to it.
    pub(crate) url: &'a str,
    /// Its name there.
    pub(crate) name: &'a str,
    /// The remote's default branch, which HEAD means.
    pub(crate) default: Option<&'a str>,
    /// The policy's pairs of URLs of one repository.
    pub(crate) pairs: &'a [RepositoryPair],
}

impl Branch<'_> {
    /// The source by which an Application follows it.
    pub(crate) fn source<'f>(&self, found: &'f Found) -> Option<&'f Source> {
        found.sources.iter().find(|source| is_repository(&source.url, self.url, self.pairs) && self.is(source))
    }

    fn is(&self, source: &Source) -> bool {
        match source.revision.as_str() {
            "" | "HEAD" => self.default == Some(self.name),
            other => other.strip_prefix("refs/heads/").unwrap_or(other) == self.name,
        }
    }

    /// What Applications follow, in words.
    pub(crate) fn followed<'f>(&self, all: impl IntoIterator<Item = &'f Found>) -> String {
        let words = |source: &Source| {
            let revision = match (source.revision.as_str(), self.default) {
                ("" | "HEAD", Some(branch)) => format!("HEAD ({branch})"),
                ("" | "HEAD", None) => "HEAD".to_owned(),
                (other, _) => other.to_owned(),
            };
            format!("{revision} of {}", without_credentials(&source.url))
        };
        let followed: BTreeSet<String> = all.into_iter().flat_map(|found| &found.sources).map(words).collect();
        let mut followed: Vec<String> = followed.into_iter().collect();
        if followed.len() > NAMED {
            let more = followed.len() - NAMED;
            followed.truncate(NAMED);
            followed.push(format!("{more} more"));
        }
        followed.join(", ")
    }
}

/// Whether an Application follows the repository that people push to at `url`, whichever branch.
pub(crate) fn follows(found: &Found, url: &str, pairs: &[RepositoryPair]) -> bool {
    found.sources.iter().any(|source| is_repository(&source.url, url, pairs))
}

/// Whether what the cluster follows at `seen` is the repository that people push to at `url`.
pub(crate) fn is_repository(seen: &str, url: &str, pairs: &[RepositoryPair]) -> bool {
    same_repository(seen, url)
        || pairs.iter().any(|pair| same_repository(&pair.push, url) && same_repository(&pair.cluster, seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::Name;

    fn application(url: &str, revision: &str) -> Found {
        Found {
            name: Name::new("argocd", "a"),
            set: None,
            sources: vec![Source { url: url.to_owned(), revision: revision.to_owned(), path: String::new() }],
            namespace: String::new(),
            history: vec![],
            state: delivery::Application::default(),
        }
    }

    #[test]
    fn head_is_the_remotes_default_branch() {
        let branch = |name, default| Branch { url: "https://g/r", name, default, pairs: &[] };
        let follows = |it: Branch<'_>, revision: &str| it.source(&application("https://g/r", revision)).is_some();
        assert!(follows(branch("main", Some("main")), "HEAD") && follows(branch("main", Some("main")), ""));
        assert!(!follows(branch("main", Some("trunk")), "HEAD") && !follows(branch("main", None), "HEAD"));
        assert!(follows(branch("rescue", Some("main")), "rescue") && follows(branch("a/b", None), "refs/heads/a/b"));
        assert!(!follows(branch("main", Some("main")), "v1") && !follows(branch("main", Some("main")), "rescue"));
        assert!(branch("main", None).source(&application("https://g/other", "main")).is_none());
    }

    #[test]
    fn what_is_followed_is_said_once_and_without_secrets() {
        let branch = Branch { url: "https://g/r", name: "main", default: Some("trunk"), pairs: &[] };
        let all = [application("https://me:hush@g/r", "HEAD"), application("https://g/r", "HEAD")];
        assert_eq!(branch.followed(&all), "HEAD (trunk) of https://g/r");
        let many: Vec<Found> = (0..8).map(|at| application("https://g/r", &format!("v{at}"))).collect();
        assert!(branch.followed(&many).ends_with("v4 of https://g/r, 3 more"), "{}", branch.followed(&many));
    }

    #[test]
    fn a_repository_has_more_than_one_url() {
        let found = application("http://git.lab:3000/fleet/hyperspace.git", "main");
        let pair = |push: &str, cluster: &str| RepositoryPair { push: push.to_owned(), cluster: cluster.to_owned() };
        assert!(follows(&found, "ssh://git@git.lab/fleet/hyperspace", &[]));
        assert!(!follows(&found, "http://127.0.0.1/fleet/hyperspace", &[]));
        assert!(follows(
            &found,
            "http://127.0.0.1/fleet/hyperspace",
            &[pair("http://127.0.0.1:8080/fleet/hyperspace.git", "http://git.lab/fleet/hyperspace")]
        ));
        assert!(!follows(
            &found,
            "http://127.0.0.1/other",
            &[pair("http://127.0.0.1/fleet", "http://git.lab/fleet/hyperspace")]
        ));
    }
}
