//! Where a push goes, by git's own defaults.

use std::fmt;

use git2::Direction;

use crate::error::{Doing, Error};
use crate::redact::{redact, without_credentials};
use crate::refusal::Refusal;
use crate::repository::{Repository, push_url};
use crate::ssh;
use crate::transport::local_folder;

/// A branch of a remote, to push to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The remote's name, or the URL that was given in its place, without credentials.
    pub remote: String,
    /// The remote's URL, without credentials.
    pub url: String,
    /// The branch on the remote, without `refs/heads/`.
    pub branch: String,
    /// Whether it continues the current branch: it is its upstream, or has its name. Only then a remote that moved on
    /// is rebased onto; another branch's commits have no business in this one.
    pub continues: bool,
    /// What finds the remote: its name, or the URL as it was given.
    pub(crate) address: Address,
}

/// A remote's name or URL, perhaps with a password: shown to nobody, stored nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl Target {
    /// Whether it is reached by ssh or http, not in this machine's files.
    #[must_use]
    pub fn is_away(&self, repository: &Repository) -> bool {
        let scheme = self.url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some(scheme) => scheme != "file",
            None => ssh::Address::parse(&self.url).is_some() && local_folder(repository, &self.url).is_none(),
        }
    }

    /// The full name of the branch on the remote.
    pub(crate) fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }
}

impl Repository {
    /// Where `git push` would go from `branch`: `branch.<name>.pushRemote`, `remote.pushDefault`, `branch.<name>.remote`,
    /// the only remote; then `remote.<name>.push` and `push.default` for the branch. Both can be named instead.
    ///
    /// Like git with its default `push.default=simple`, it refuses where the upstream's name differs; unlike git, which
    /// wants `-u` first, a branch without upstream goes to the branch of its own name when there is only one remote.
    ///
    /// # Errors
    /// A [`Refusal`] that says what is missing.
    pub fn target(&self, branch: &str, remote: Option<&str>, to: Option<&str>) -> Result<Target, Error> {
        let upstream = self.upstream(branch)?;
        let name = self.push_remote(branch, remote)?;
        let remote = self.open_remote(&name)?;
        let own_upstream = upstream.as_ref().filter(|upstream| upstream.remote == name);
        let to = match to {
            Some(to) => to.strip_prefix("refs/heads/").unwrap_or(to).to_owned(),
            None => match configured(&remote, branch) {
                Some(to) => to,
                None => self.default_branch(branch, own_upstream.map(|upstream| upstream.branch.as_str()))?,
            },
        };
        if !git2::Branch::name_is_valid(&to).unwrap_or(false) {
            return Err(Refusal::BadBranch { name: to }.into());
        }
        let continues = own_upstream.map_or(to == branch, |upstream| upstream.branch == to);
        let url = redact(&push_url(&remote)?);
        Ok(Target { remote: without_credentials(&name), url, branch: to, continues, address: Address(name) })
    }

    pub(crate) fn push_remote(&self, branch: &str, asked: Option<&str>) -> Result<String, Error> {
        if let Some(asked) = asked {
            return Ok(asked.to_owned());
        }
        for key in [&format!("branch.{branch}.pushRemote"), "remote.pushDefault", &format!("branch.{branch}.remote")] {
            if let Some(name) = self.config(key)?.filter(|name| name != ".") {
                return Ok(name);
            }
        }
        let mut remotes = self.remotes()?;
        match remotes.len() {
            0 => Err(Refusal::NoRemote.into()),
            1 => Ok(remotes.remove(0)),
            _ => Err(Refusal::AmbiguousRemote { branch: branch.to_owned(), remotes }.into()),
        }
    }

    /// The remote of a target.
    pub(crate) fn remote_of(&self, target: &Target) -> Result<git2::Remote<'_>, Error> {
        self.open_remote(&target.address.0)
    }

    /// A configured remote, or one made of a URL or a folder.
    fn open_remote(&self, name: &str) -> Result<git2::Remote<'_>, Error> {
        if let Ok(remote) = self.inner.find_remote(name) {
            return Ok(remote);
        }
        if name.contains(['/', ':']) {
            return self.inner.remote_anonymous(name).doing(format!("use {} as a remote", redact(name)));
        }
        Err(Refusal::UnknownRemote { name: name.to_owned(), remotes: self.remotes()? }.into())
    }

    fn default_branch(&self, branch: &str, upstream: Option<&str>) -> Result<String, Error> {
        let mode = self.config("push.default")?.unwrap_or_else(|| "simple".to_owned());
        match (mode.as_str(), upstream) {
            ("nothing", _) | ("upstream" | "tracking", None) => Err(Refusal::PushDefault { mode }.into()),
            ("upstream" | "tracking", Some(upstream)) => Ok(upstream.to_owned()),
            ("simple", Some(upstream)) if upstream != branch => {
                Err(Refusal::UpstreamName { branch: branch.to_owned(), upstream: upstream.to_owned() }.into())
            }
            // current, matching, and simple towards another remote than the upstream's.
            _ => Ok(branch.to_owned()),
        }
    }
}

/// What `remote.<name>.push` makes of the branch.
fn configured(remote: &git2::Remote<'_>, branch: &str) -> Option<String> {
    let local = format!("refs/heads/{branch}");
    remote.refspecs().filter(|spec| spec.direction() == Direction::Push && spec.src_matches(&local)).find_map(|spec| {
        let to = spec.transform(&local).ok()?;
        to.as_str().ok()?.strip_prefix("refs/heads/").map(str::to_owned)
    })
}
