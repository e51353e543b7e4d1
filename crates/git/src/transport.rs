//! One push and one fetch, without any decision.

use std::cell::RefCell;
use std::path::PathBuf;

use git2::{ErrorClass, ErrorCode, FetchOptions, Oid, ProxyOptions, PushOptions, RemoteCallbacks};
use url::Url;

use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Doing, Error};
use crate::receive_pack;
use crate::redact::redact;
use crate::refusal::list;
use crate::repository::{Repository, push_url};
use crate::ssh;
use crate::target::Target;

/// What came of one attempt to push.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The branch is at our commit now; what the other side printed.
    Accepted(Vec<String>),
    /// It was there before.
    AlreadyThere,
    /// The remote's branch has commits that ours has not.
    MovedOn,
    /// The remote said no.
    Rejected(Rejection),
}

/// The remote's no, for one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The full name of the branch on the remote.
    pub reference: String,
    /// The remote's reason, such as `pre-receive hook declined`.
    pub reason: String,
    /// What the remote's hooks printed, by line.
    pub messages: Vec<String>,
}

impl Rejection {
    pub(crate) fn new(reference: &str, reason: &str, said: &str) -> Self {
        Self { reference: reference.to_owned(), reason: redact(reason), messages: Self::lines(said) }
    }

    /// Progress output overwrites its line with carriage returns; what a person would see is the last part.
    pub(crate) fn lines(said: &str) -> Vec<String> {
        let seen = said.lines().map(|line| line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or("").trim_end());
        seen.filter(|line| !line.is_empty()).map(redact).collect()
    }
}

impl Repository {
    /// The local name of the remote's branch as last seen (`refs/remotes/…`), by the remote's fetch refspecs.
    pub(crate) fn tracking(&self, target: &Target) -> Option<String> {
        let remote = self.remote_of(target).ok()?;
        let name = target.reference();
        remote.refspecs().filter(|spec| spec.direction() == git2::Direction::Fetch && spec.src_matches(&name)).find_map(
            |spec| {
                let local = spec.transform(&name).ok()?;
                local.as_str().ok().map(str::to_owned)
            },
        )
    }

    /// Notes in the remote-tracking branch, where there is one, what the remote has.
    pub(crate) fn track(&self, target: &Target, commit: Oid, log: &str) -> Result<(), Error> {
        let Some(name) = self.tracking(target).filter(|name| name.starts_with("refs/remotes/")) else {
            return Ok(());
        };
        if self.inner.refname_to_id(&name).ok() == Some(commit) {
            return Ok(());
        }
        self.inner.reference(&name, commit, true, log).doing(format!("update {name}")).map(|_| ())
    }

    /// Whether `commit` is `ancestor` or has it among its ancestors; an unknown `ancestor` is none.
    pub(crate) fn has_ancestor(&self, commit: Oid, ancestor: Oid) -> Result<bool, Error> {
        if commit == ancestor {
            return Ok(true);
        }
        if self.inner.find_commit(ancestor).is_err() {
            return Ok(false);
        }
        self.inner.graph_descendant_of(commit, ancestor).doing("compare the histories")
    }
}

/// Pushes `commit` to the target, never with force.
pub(crate) fn send(
    repository: &Repository,
    target: &Target,
    commit: Oid,
    environment: &Environment,
) -> Result<Sent, Error> {
    let mut remote = repository.remote_of(target)?;
    let url = push_url(&remote)?;
    if let Some(folder) = local_folder(repository, &url)
        && let Some(sent) = receive_pack::send(repository, &folder, target, commit)?
    {
        return Ok(sent);
    }

    if let Some(resolved) = resolved(repository, &url, environment)? {
        remote = resolved;
    }
    let credentials = RefCell::new(Credentials::new(environment, repository, &url));
    let (said, verdict, old) = (RefCell::new(Vec::new()), RefCell::new(None), RefCell::new(None));
    let mut callbacks = callbacks(&credentials);
    callbacks.sideband_progress(|bytes| {
        said.borrow_mut().extend_from_slice(bytes);
        true
    });
    callbacks.push_negotiation(|updates| {
        *old.borrow_mut() = updates.first().map(git2::PushUpdate::src);
        Ok(())
    });
    callbacks.push_update_reference(|_, status| {
        *verdict.borrow_mut() = Some(status.map(str::to_owned));
        Ok(())
    });
    let headers = extra_headers(repository, &url);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks).proxy_options(proxy()).custom_headers(&headers);
    let pushed = remote.push(&[format!("{commit}:{}", target.reference())], Some(&mut options));
    drop(options);

    let said = String::from_utf8_lossy(&said.into_inner()).into_owned();
    match pushed {
        Err(error) if error.code() == ErrorCode::NotFastForward => Ok(Sent::MovedOn),
        Err(error) => Err(failure(target, &error, &credentials.borrow(), &said)),
        Ok(()) => {
            credentials.borrow_mut().accepted();
            match verdict.into_inner() {
                _ if *old.borrow() == Some(commit) => Ok(Sent::AlreadyThere),
                Some(None) => Ok(Sent::Accepted(Rejection::lines(&said))),
                Some(Some(reason)) => Ok(Sent::Rejected(Rejection::new(&target.reference(), &reason, &said))),
                None => Err(Error::Remote {
                    url: target.url.clone(),
                    reason: "the remote said nothing about the branch".to_owned(),
                    hint: Some("`git fetch` shows whether it has moved".to_owned()),
                }),
            }
        }
    }
}

/// Fetches the target's branch and returns its commit; `None` when it does not exist. The remote-tracking branch is
/// brought up to date; `FETCH_HEAD` (which libgit2's own fetch empties) and tags stay as they are.
pub(crate) fn fetch(repository: &Repository, target: &Target, environment: &Environment) -> Result<Option<Oid>, Error> {
    let found = download(repository, target, environment)?.tip;
    if let Some(found) = found {
        repository.track(target, found, "fetch")?;
    }
    Ok(found)
}

/// What a remote says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The branch that its HEAD names; `None` where it has none.
    pub default_branch: Option<String>,
    /// The commit of the target's branch; `None` where there is no such branch.
    pub tip: Option<Oid>,
}

impl Repository {
    /// Asks the target's remote what it has. The branch's objects come along; no reference changes.
    ///
    /// # Errors
    /// A remote that cannot be reached or does not let us in.
    pub fn ask(&self, target: &Target, environment: &Environment) -> Result<Remote, Error> {
        download(self, target, environment)
    }
}

fn download(repository: &Repository, target: &Target, environment: &Environment) -> Result<Remote, Error> {
    let mut remote = repository.remote_of(target)?;
    let url = remote.url().map(str::to_owned).doing("read the remote's URL")?;
    if let Some(resolved) = resolved(repository, &url, environment)? {
        remote = resolved;
    }
    let credentials = RefCell::new(Credentials::new(environment, repository, &url));
    let headers = extra_headers(repository, &url);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks(&credentials)).proxy_options(proxy()).custom_headers(&headers);
    let name = target.reference();
    let fetched = remote.download(&[name.as_str()], Some(&mut options));
    drop(options);
    fetched.map_err(|error| failure(target, &error, &credentials.borrow(), ""))?;
    credentials.borrow_mut().accepted();
    let default = remote.default_branch().ok();
    let default = default.and_then(|name| Some(name.as_str().ok()?.strip_prefix("refs/heads/")?.to_owned()));
    let heads = remote.list().map_err(|error| failure(target, &error, &credentials.borrow(), ""))?;
    let tip = heads.iter().find(|head| head.name() == name).map(git2::RemoteHead::oid);
    Ok(Remote { default_branch: default, tip })
}

/// A remote for an ssh host that is an alias of `~/.ssh/config`; `None` where the URL stands as it is.
fn resolved<'a>(
    repository: &'a Repository,
    url: &str,
    environment: &Environment,
) -> Result<Option<git2::Remote<'a>>, Error> {
    let (Some(address), Some(folder)) = (ssh::Address::parse(url), environment.ssh_folder()) else { return Ok(None) };
    let real = address.resolve(&folder, url);
    if real == url {
        return Ok(None);
    }
    repository.inner.remote_anonymous(&real).doing(format!("use {}", redact(&real))).map(Some)
}

/// No `certificate_check`: without one libgit2 itself refuses unknown hosts and bad certificates.
fn callbacks<'a>(credentials: &'a RefCell<Credentials<'_>>) -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.credentials(|url, user, allowed| credentials.borrow_mut().next(url, user, allowed));
    callbacks
}

/// `http.proxy` and the environment's proxy variables.
fn proxy<'a>() -> ProxyOptions<'a> {
    let mut proxy = ProxyOptions::new();
    proxy.auto();
    proxy
}

/// `http.extraHeader` and `http.<url>.extraHeader`, which libgit2 does not read; CI systems put tokens there.
fn extra_headers(repository: &Repository, url: &str) -> Vec<String> {
    let Ok(url) = Url::parse(url) else { return Vec::new() };
    if !matches!(url.scheme(), "http" | "https") {
        return Vec::new();
    }
    let Ok(config) = repository.inner.config() else { return Vec::new() };
    let Ok(entries) = config.entries(Some("^http\\..*extraheader$")) else { return Vec::new() };
    let mut headers: Vec<String> = Vec::new();
    let read = entries.for_each(|entry| {
        let (Ok(name), Ok(value)) = (entry.name(), entry.value()) else { return };
        let scope = name["http.".len()..].strip_suffix(".extraheader").unwrap_or_default();
        if scope.is_empty() || applies(scope, &url) {
            if value.is_empty() {
                // git: an empty value forgets those before it.
                headers.clear();
            } else {
                headers.push(value.to_owned());
            }
        }
    });
    if read.is_err() { Vec::new() } else { headers }
}

/// Same scheme, host and port, and a path that begins with the scope's, by whole parts (git-config(1), `http.<url>.*`).
fn applies(scope: &str, url: &Url) -> bool {
    let Ok(scope) = Url::parse(scope) else { return false };
    let same = scope.scheme() == url.scheme()
        && scope.host_str() == url.host_str()
        && scope.port_or_known_default() == url.port_or_known_default();
    let below = url.path().strip_prefix(scope.path().trim_end_matches('/'));
    same && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folder of a remote on this machine.
pub(crate) fn local_folder(repository: &Repository, url: &str) -> Option<PathBuf> {
    if url.starts_with("file://") {
        return Url::parse(url).ok()?.to_file_path().ok();
    }
    // A name with a colon before any slash is a host, unless there is such a folder.
    let path = repository.root().join(url);
    (!url.contains("://") && path.exists()).then_some(path)
}

/// libgit2's error in words, with what can be done about it.
fn failure(target: &Target, error: &git2::Error, credentials: &Credentials<'_>, said: &str) -> Error {
    let mut reason = redact(error.message());
    for line in Rejection::lines(said) {
        reason.push_str("; ");
        reason.push_str(&line);
    }
    let tried = credentials.tried();
    let hint = match (error.code(), error.class()) {
        (ErrorCode::Auth, _) | (_, ErrorClass::Callback) if tried.is_empty() => Some(
            "nothing to sign in with: `ssh-add` a key, set up a credential helper, or set GITHUB_TOKEN or GITLAB_TOKEN"
                .to_owned(),
        ),
        (ErrorCode::Auth, _) | (_, ErrorClass::Callback) => Some(format!("tried {}", list(tried))),
        (ErrorCode::Certificate, ErrorClass::Ssh) => Some(
            "the host's key is not in ~/.ssh/known_hosts; connect once with ssh and compare its fingerprint".to_owned(),
        ),
        (ErrorCode::Certificate, _) => {
            Some("the server's certificate is not trusted; SSL_CERT_FILE names further ones".to_owned())
        }
        _ if reason.contains("403") => Some("these credentials may not write to that repository".to_owned()),
        _ => None,
    };
    Error::Remote { url: target.url.clone(), reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_belong_to_their_urls() {
        let url = Url::parse("https://h.example/org/r.git").unwrap();
        for scope in ["https://h.example/", "https://h.example", "https://h.example:443/org", "https://h.example/org/"]
        {
            assert!(applies(scope, &url), "{scope}");
        }
        for scope in
            ["http://h.example/", "https://h.example:8443/", "https://h.example/or", "https://evil/", "h.example"]
        {
            assert!(!applies(scope, &url), "{scope}");
        }
    }

    #[test]
    fn what_a_hook_prints_is_read_by_line() {
        assert_eq!(
            Rejection::lines("counting 1%\rcounting 100%\ndone\n\nsee https://a:b@h/x\n"),
            ["counting 100%", "done", "see https://***@h/x"]
        );
    }
}
