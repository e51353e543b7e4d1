//! Credentials as git itself finds them, each tried once: libgit2 asks again and again for as long as it gets an answer.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use git2::{Cred, CredentialType, ErrorClass, ErrorCode};
use url::Url;

use crate::environment::Environment;
use crate::repository::Repository;
use crate::ssh;

/// More than anybody has keys for; then it is a loop.
const MOST: usize = 20;

/// The answers to one connection's questions.
pub(crate) struct Credentials<'a> {
    environment: &'a Environment,
    config: Option<git2::Config>,
    root: &'a Path,
    /// The ssh host as it was written, before its alias was resolved.
    host: &'a str,
    /// `GIT_SSH_COMMAND` or `core.sshCommand`: not run, but its keys are tried.
    command: Option<String>,
    asked: usize,
    keys: Option<std::vec::IntoIter<Key>>,
    logins: Option<std::vec::IntoIter<Source>>,
    /// What git's helpers gave, to be approved or rejected like git does.
    given: Option<Login>,
    negotiated: bool,
    /// What was tried, for the error: names only, no secrets.
    tried: Vec<String>,
}

enum Key {
    Agent,
    File(PathBuf),
}

#[derive(Clone, Copy)]
enum Source {
    File,
    Helper,
    Token,
}

#[derive(Clone)]
pub(crate) struct Login {
    url: Url,
    user: String,
    password: String,
}

/// Logins that a server has taken, for the next connection of this run: a person is asked once.
#[derive(Clone, Default)]
pub(crate) struct Taken(Arc<Mutex<Vec<Login>>>);

impl Taken {
    /// git, too, asks by scheme, host and port.
    fn find(&self, url: &Url, user: Option<&str>) -> Option<Login> {
        let all = self.0.lock().ok()?;
        all.iter()
            .find(|login| login.url.origin() == url.origin() && user.is_none_or(|user| user == login.user))
            .cloned()
    }

    fn remember(&self, login: &Login) {
        if let Ok(mut all) = self.0.lock() {
            all.retain(|other| other.url.origin() != login.url.origin());
            all.push(login.clone());
        }
    }

    fn forget(&self, login: &Login) {
        if let Ok(mut all) = self.0.lock() {
            all.retain(|other| other.url.origin() != login.url.origin());
        }
    }
}

impl<'a> Credentials<'a> {
    pub(crate) fn new(environment: &'a Environment, repository: &'a Repository, url: &'a str) -> Self {
        let configured = repository.config("core.sshCommand").ok().flatten();
        Self {
            environment,
            config: repository.inner.config().ok(),
            root: repository.root(),
            host: ssh::Address::parse(url).map_or("", |address| address.host),
            command: environment.ssh_command().map(str::to_owned).or(configured),
            asked: 0,
            keys: None,
            logins: None,
            given: None,
            negotiated: false,
            tried: Vec::new(),
        }
    }

    /// libgit2's callback: the next thing to try.
    pub(crate) fn next(&mut self, url: &str, user: Option<&str>, allowed: CredentialType) -> Result<Cred, git2::Error> {
        self.asked += 1;
        if self.asked > MOST {
            return Err(denied("the server keeps asking"));
        }
        // Being asked again means that the last answer was wrong.
        if let Some(login) = self.given.take() {
            self.environment.taken.forget(&login);
            tell_git(self.root, "reject", &login);
        }
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(user.unwrap_or("git"));
        }
        if allowed.contains(CredentialType::SSH_KEY) {
            return self.key(user.unwrap_or("git"));
        }
        if allowed.contains(CredentialType::USER_PASS_PLAINTEXT)
            && let Some(cred) = self.login(url, user)?
        {
            return Ok(cred);
        }
        if allowed.contains(CredentialType::DEFAULT) && !self.negotiated {
            self.negotiated = true;
            self.tried.push("Kerberos or NTLM".to_owned());
            return Cred::default();
        }
        Err(denied("no credentials were accepted"))
    }

    /// The connection worked: git's helpers may keep what they gave.
    pub(crate) fn accepted(&mut self) {
        if let Some(login) = self.given.take() {
            self.environment.taken.remember(&login);
            tell_git(self.root, "approve", &login);
        }
    }

    /// What was tried, for a person.
    pub(crate) fn tried(&self) -> &[String] {
        &self.tried
    }

    fn key(&mut self, user: &str) -> Result<Cred, git2::Error> {
        let (environment, tried, host) = (self.environment, &mut self.tried, self.host);
        let command = self.command.as_deref();
        let keys = self.keys.get_or_insert_with(|| {
            let agent = environment.has_agent().then_some(Key::Agent);
            let files = environment.ssh_folder().map(|folder| ssh::key_files(&folder, host, command));
            agent.into_iter().chain(files.into_iter().flatten().map(Key::File)).collect::<Vec<_>>().into_iter()
        });
        for key in keys {
            match key {
                Key::Agent => {
                    tried.push("ssh-agent".to_owned());
                    return Cred::ssh_key_from_agent(user);
                }
                Key::File(path) if ssh::is_encrypted(&path) => {
                    tried.push(format!("{} (needs its passphrase: `ssh-add` it)", path.display()));
                }
                Key::File(path) => {
                    tried.push(path.display().to_string());
                    return Cred::ssh_key(user, None, &path, None);
                }
            }
        }
        Err(denied("no ssh key was accepted"))
    }

    fn login(&mut self, url: &str, user: Option<&str>) -> Result<Option<Cred>, git2::Error> {
        let Ok(url) = Url::parse(url) else { return Ok(None) };
        let sources = self.logins.get_or_insert_with(|| vec![Source::File, Source::Helper, Source::Token].into_iter());
        for source in sources {
            match source {
                Source::File => {
                    if let Some((user, password)) = self.environment.login(&url) {
                        self.tried.push("the file of logins".to_owned());
                        return Cred::userpass_plaintext(&user, &password).map(Some);
                    }
                }
                Source::Helper => {
                    self.tried.push("git's credential helpers".to_owned());
                    let known = self.environment.taken.find(&url, user).map(Asked::Found);
                    match known.unwrap_or_else(|| ask_git(self.root, &url, user, self.environment.interactive)) {
                        Asked::Found(login) => {
                            let cred = Cred::userpass_plaintext(&login.user, &login.password);
                            self.given = Some(login);
                            return cred.map(Some);
                        }
                        Asked::Nothing => {}
                        Asked::NoGit => {
                            // libgit2's own reading of credential.helper.
                            if let Some(config) = &self.config
                                && let Ok(cred) = Cred::credential_helper(config, url.as_str(), user)
                            {
                                return Ok(Some(cred));
                            }
                        }
                    }
                }
                Source::Token => {
                    let host = url.host_str().unwrap_or_default();
                    // Never over plain http, where everybody on the way can read it.
                    if url.scheme() == "https"
                        && let Some((name, user, token)) = self.environment.token(host)
                    {
                        self.tried.push(name.to_owned());
                        return Cred::userpass_plaintext(user, token).map(Some);
                    }
                }
            }
        }
        Ok(None)
    }
}

fn denied(message: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, message)
}

enum Asked {
    Found(Login),
    Nothing,
    NoGit,
}

/// `git credential fill`: helpers, `GIT_ASKPASS` and the terminal, with git's own rules about which is for which URL.
fn ask_git(root: &Path, url: &Url, user: Option<&str>, interactive: bool) -> Asked {
    let mut command = Command::new("git");
    command.args(["credential", "fill"]);
    if !interactive {
        command.env("GIT_TERMINAL_PROMPT", "0");
    }
    let Ok(answer) = with_git(command, root, &describe(url, user, None)) else { return Asked::NoGit };
    let value = |key: &str| answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    match (value("username"), value("password")) {
        (Some(user), Some(password)) if !password.is_empty() => {
            Asked::Found(Login { url: url.clone(), user: user.to_owned(), password: password.to_owned() })
        }
        _ => Asked::Nothing,
    }
}

/// `git credential approve` or `reject`. A helper that fails here is no reason to fail a push.
fn tell_git(root: &Path, verdict: &str, login: &Login) {
    let mut command = Command::new("git");
    command.args(["credential", verdict]);
    let _ = with_git(command, root, &describe(&login.url, Some(&login.user), Some(&login.password)));
}

/// git's format: one `key=value` a line. A URL cannot hold a line break once it is parsed.
fn describe(url: &Url, user: Option<&str>, password: Option<&str>) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut text = format!(
        "protocol={}\nhost={}{port}\npath={}\n",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path().trim_start_matches('/')
    );
    for (key, value) in [("username", user), ("password", password)] {
        if let Some(value) = value.filter(|value| !value.contains('\n')) {
            text.push_str(&format!("{key}={value}\n"));
        }
    }
    text.push('\n');
    text
}

fn with_git(mut command: Command, root: &Path, input: &str) -> std::io::Result<String> {
    let mut child =
        command.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    Ok(if output.status.success() { String::from_utf8_lossy(&output.stdout).into_owned() } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_took_is_not_asked_for_again() {
        let url = |text: &str| Url::parse(text).unwrap();
        let login = Login { url: url("https://h.example/o/r.git"), user: "me".to_owned(), password: "hush".to_owned() };
        let taken = Taken::default();
        taken.clone().remember(&login);
        let found = |text: &str, user: Option<&str>| taken.find(&url(text), user).map(|login| login.password);
        assert_eq!(found("https://h.example/o/other.git", None).as_deref(), Some("hush"));
        assert_eq!(found("https://h.example/o/r.git", Some("me")).as_deref(), Some("hush"));
        for (text, user) in [
            ("https://h.example/o/r.git", Some("you")),
            ("http://h.example/o/r.git", None),
            ("https://h.example:8443/o/r.git", None),
            ("https://h.example.evil/o/r.git", None),
        ] {
            assert_eq!(found(text, user), None, "{text}");
        }
        taken.forget(&login);
        assert_eq!(found("https://h.example/o/r.git", None), None);
    }

    #[test]
    fn git_is_told_the_parts_of_a_url() {
        let url = Url::parse("https://h.example:8443/o/r.git").unwrap();
        assert_eq!(
            describe(&url, Some("me"), None),
            "protocol=https\nhost=h.example:8443\npath=o/r.git\nusername=me\n\n"
        );
        assert!(!describe(&url, Some("a\nhost=evil"), None).contains("evil"));
    }
}
