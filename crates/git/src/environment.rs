//! What the process' environment says about credentials, as a value, so that tests can give another one.

use crate::credentials::Taken;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

/// The variables that are looked at; no other is kept.
const NAMES: &[&str] = &[
    "SSH_AUTH_SOCK",
    "GIT_SSH_COMMAND",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_SERVER_URL",
    "GH_HOST",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITLAB_TOKEN",
    "GITLAB_HOST",
    "CI_SERVER_HOST",
];

/// Where credentials may be found.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
    logins: Option<PathBuf>,
    /// Whether git may ask on the terminal for a user and a password.
    pub interactive: bool,
    /// What was given to servers, and taken; its copies share it.
    pub(crate) taken: Taken,
}

impl Environment {
    /// This process' own. Nothing is asked on the terminal.
    #[must_use]
    pub fn from_process() -> Self {
        let found = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        Self {
            variables: found.collect(),
            home: std::env::home_dir(),
            logins: None,
            interactive: false,
            taken: Taken::default(),
        }
    }

    /// An environment of the given variables and no home.
    #[must_use]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, home: None, logins: None, interactive: false, taken: Taken::default() }
    }

    /// The same with a home folder.
    #[must_use]
    pub fn at_home(mut self, home: PathBuf) -> Self {
        self.home = Some(home);
        self
    }

    /// The same with a file of users and passwords, a URL a line, as git's helper `store` keeps it. Its passwords are given to
    /// the scheme, host and port that they stand with.
    #[must_use]
    pub fn with_logins(mut self, file: PathBuf) -> Self {
        self.logins = Some(file);
        self
    }

    /// User and password for a URL from the file.
    pub(crate) fn login(&self, url: &Url) -> Option<(String, String)> {
        let text = std::fs::read_to_string(self.logins.as_ref()?).ok()?;
        let place =
            |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
        // git writes the port's colon as `%3a`.
        let parsed = |line: &str| {
            let (login, at) = line.trim().rsplit_once('@')?;
            Url::parse(&format!("{login}@{}", decoded(at)?)).ok()
        };
        let known = text.lines().filter_map(parsed).find(|known| place(known) == place(url))?;
        Some((decoded(known.username())?, decoded(known.password()?)?))
    }

    pub(crate) fn has_agent(&self) -> bool {
        self.get("SSH_AUTH_SOCK").is_some()
    }

    pub(crate) fn ssh_command(&self) -> Option<&str> {
        self.get("GIT_SSH_COMMAND")
    }

    pub(crate) fn ssh_folder(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".ssh"))
    }

    /// The token for an https host, with the name of its variable and the user that goes with it. A token is given to
    /// the host it belongs to and to no other.
    pub(crate) fn token(&self, host: &str) -> Option<(&'static str, &'static str, &str)> {
        let server = self.get("GITHUB_SERVER_URL").and_then(|url| url.split_once("://")).map(|(_, host)| host);
        let enterprise = self.get("GH_HOST").filter(|host| *host != "github.com");
        let is =
            |known: Option<&str>| known.is_some_and(|known| known.trim_end_matches('/').eq_ignore_ascii_case(host));
        let mut names: Vec<(&'static str, &'static str)> = Vec::new();
        if is(enterprise) {
            names.extend([("GH_ENTERPRISE_TOKEN", "x-access-token"), ("GITHUB_ENTERPRISE_TOKEN", "x-access-token")]);
        }
        if is(Some("github.com")) || is(server) {
            names.extend([("GH_TOKEN", "x-access-token"), ("GITHUB_TOKEN", "x-access-token")]);
        }
        if is(Some("gitlab.com")) || is(self.get("GITLAB_HOST")) || is(self.get("CI_SERVER_HOST")) {
            names.push(("GITLAB_TOKEN", "oauth2"));
        }
        names.into_iter().find_map(|(name, user)| Some((name, user, self.get(name)?)))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are secrets.
        f.debug_struct("Environment").field("variables", &self.variables.keys()).field("home", &self.home).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_own_host_only() {
        let env = Environment::of(&[("GITHUB_TOKEN", "hub"), ("GITLAB_TOKEN", "lab"), ("GITLAB_HOST", "git.corp")]);
        let token = |host: &str| env.token(host).map(|(_, _, token)| token);
        assert_eq!(token("github.com"), Some("hub"));
        assert_eq!(token("GitHub.com"), Some("hub"));
        assert_eq!(token("gitlab.com"), Some("lab"));
        assert_eq!(token("git.corp"), Some("lab"));
        for host in ["github.com.evil.example", "evilgithub.com", "example.com", ""] {
            assert_eq!(token(host), None, "{host}");
        }
    }

    #[test]
    fn enterprise_hosts_are_those_that_are_named() {
        let env = Environment::of(&[("GITHUB_TOKEN", "t"), ("GITHUB_SERVER_URL", "https://ghe.corp")]);
        assert_eq!(env.token("ghe.corp").map(|found| found.2), Some("t"));
        let env = Environment::of(&[("GH_HOST", "ghe.corp"), ("GH_ENTERPRISE_TOKEN", "e"), ("GH_TOKEN", "t")]);
        assert_eq!(env.token("ghe.corp").map(|found| found.2), Some("e"));
        assert_eq!(env.token("github.com").map(|found| found.2), Some("t"));
    }

    #[test]
    fn a_login_is_for_the_place_that_it_stands_with() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logins");
        std::fs::write(&file, "https://a:b@other.example\n\nhttp://me:p%40ss@h.example%3a3000\n").unwrap();
        let env = Environment::of(&[]).with_logins(file.clone());
        let login = |url: &str| env.login(&Url::parse(url).unwrap());
        assert_eq!(login("http://h.example:3000/org/r.git"), Some(("me".to_owned(), "p@ss".to_owned())));
        for url in ["https://h.example:3000/r.git", "http://h.example/r.git", "http://evil.example:3000/r.git"] {
            assert_eq!(login(url), None, "{url}");
        }
        std::fs::remove_file(file).unwrap();
        assert_eq!(login("http://h.example:3000/org/r.git"), None);
    }

    #[test]
    fn values_are_not_printed() {
        let shown = format!("{:?}", Environment::of(&[("GITHUB_TOKEN", "hush")]));
        assert!(shown.contains("GITHUB_TOKEN") && !shown.contains("hush"));
    }
}
