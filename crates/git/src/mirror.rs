//! A copy of a remote's branch that nobody works in: what is there is replaced by what the remote has.

use crate::environment::Environment;
use crate::error::{Doing, Error};
use crate::redact::redact;
use crate::repository::Repository;
use crate::target::{Address, Target};
use git2::Oid;
use git2::build::CheckoutBuilder;
use std::path::Path;

const REMOTE: &str = "origin";

/// Asked for where nothing is known of a remote yet.
const USUAL: &str = "main";

/// A copy of a remote's branch.
pub struct Mirror {
    repository: Repository,
    url: String,
    /// The branch that was asked for; else the remote's default.
    branch: Option<String>,
}

/// What a remote has: a branch and its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The branch's short name.
    pub branch: String,
    /// Its commit.
    pub commit: Oid,
}

impl Mirror {
    /// An empty one in an empty folder; nobody is asked yet.
    ///
    /// # Errors
    /// Where no repository can be made there, or the URL is none.
    pub fn new(folder: &Path, url: &str, branch: Option<&str>) -> Result<Self, Error> {
        let made = || {
            let inner = git2::Repository::init(folder)?;
            // A link in it could lead to a file of ours.
            inner.config()?.set_bool("core.symlinks", false)?;
            inner.remote(REMOTE, url)?;
            Ok::<_, git2::Error>(())
        };
        made().doing(format!("make a copy of {}", redact(url)))?;
        let missing = || Error::UnknownRevision(folder.display().to_string());
        let repository = Repository::discover(folder)?.ok_or_else(missing)?;
        Ok(Self { repository, url: redact(url), branch: branch.map(str::to_owned) })
    }

    /// Asks the remote what it has. The commits come along; the files stay as they are.
    ///
    /// # Errors
    /// A remote that cannot be reached, does not let us in, or has no such branch.
    pub fn fetch(&self, environment: &Environment) -> Result<Tip, Error> {
        let ask = |branch: &str| self.repository.ask(&self.target(branch), environment);
        let first = self.branch.as_deref().unwrap_or(USUAL);
        let mut said = ask(first)?;
        let default = said.default_branch.take().filter(|_| self.branch.is_none());
        let branch = default.unwrap_or_else(|| first.to_owned());
        if branch != first {
            said = ask(&branch)?;
        }
        let none = || Error::Remote { url: self.url.clone(), reason: format!("it has no branch {branch}"), hint: None };
        let commit = said.tip.ok_or_else(none)?;
        Ok(Tip { branch, commit })
    }

    /// Makes the files those of a tip, and the tip's branch the current one.
    ///
    /// # Errors
    /// Where the files cannot be written.
    pub fn show(&self, tip: &Tip) -> Result<(), Error> {
        let inner = &self.repository.inner;
        let name = format!("refs/heads/{}", tip.branch);
        let shown = || {
            inner.reference(&name, tip.commit, true, "follow the remote")?;
            inner.set_head(&name)?;
            inner.checkout_head(Some(CheckoutBuilder::new().force().remove_untracked(true).remove_ignored(true)))
        };
        shown().doing(format!("check out {}", tip.commit))
    }

    fn target(&self, branch: &str) -> Target {
        Target {
            remote: REMOTE.to_owned(),
            url: self.url.clone(),
            branch: branch.to_owned(),
            continues: false,
            address: Address::new(REMOTE),
        }
    }
}
