//! Which Argo CD, and as whom: found where Argo CD's own command line looks.

use super::trouble::Trouble;
use reqwest::Url;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A server and an account there.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where its API begins.
    pub(super) url: Url,
    pub(super) token: Token,
    /// Whatever certificate it shows is taken.
    pub(super) insecure: bool,
    /// Certificates that its own may be signed by, in PEM.
    pub(super) authorities: Option<Vec<u8>>,
}

/// Whoever holds it is the account: it is never shown.
#[derive(Clone)]
pub(super) struct Token(pub(super) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }
}

/// What the command line takes from its surroundings.
#[derive(Default)]
struct Given {
    server: Option<String>,
    token: Option<String>,
    options: BTreeMap<String, String>,
    file: File,
}

/// What `argocd login` writes.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct File {
    current_context: String,
    contexts: Vec<Context>,
    servers: Vec<Known>,
    users: Vec<User>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    name: String,
    server: String,
    user: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Known {
    server: String,
    insecure: bool,
    plain_text: bool,
    grpc_web_root_path: String,
    /// No server: the command line itself goes to Kubernetes.
    core: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    name: String,
    auth_token: String,
}

impl Server {
    /// The server of `ARGOCD_SERVER`, else of the current context of the file that `argocd login` writes; as who
    /// `ARGOCD_AUTH_TOKEN` says, else as who is logged in there. `ARGOCD_OPTS` holds as it does for the command line. `None`
    /// where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, or names a server and no account.
    pub fn here() -> Result<Option<Server>, Trouble> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let options = options(&set("ARGOCD_OPTS").unwrap_or_default())?;
        let path = options.get("config").map(PathBuf::from).or_else(file);
        let file = path.map(|path| read(&path)).transpose()?.unwrap_or_default();
        Given { server: set("ARGOCD_SERVER"), token: set("ARGOCD_AUTH_TOKEN"), options, file }.read()
    }

    /// The same by these values alone, as the variables would have them.
    ///
    /// # Errors
    /// Where it cannot be read, or names a server and no account.
    pub fn given(server: Option<&str>, token: Option<&str>, options: &str) -> Result<Option<Server>, Trouble> {
        let options = self::options(options)?;
        let [server, token] = [server, token].map(|value| value.map(str::to_owned));
        Given { server, token, options, file: File::default() }.read()
    }

    /// Its address, without anything that is secret.
    pub fn address(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

impl Given {
    fn read(&self) -> Result<Option<Server>, Trouble> {
        let Some((mut server, path)) = self.server()? else { return Ok(None) };
        if let Some(path) = path {
            let read = std::fs::read(&path);
            server.authorities = Some(read.map_err(|error| Trouble::settings(format!("{path}: {error}")))?);
        }
        Ok(Some(server))
    }

    /// The server, and the file of its certificates.
    fn server(&self) -> Result<Option<(Server, Option<String>)>, Trouble> {
        let option = |name: &str| self.options.get(name).filter(|value| !value.is_empty());
        let on = |name: &str| option(name).is_some_and(|value| value == "true");
        let named = option("server").or(self.server.as_ref());
        let context = self.context(named, option("argocd-context"))?;
        let known = context.and_then(|context| self.file.servers.iter().find(|known| known.server == context.server));
        let Some(address) = named.or_else(|| known.filter(|known| !known.core).map(|known| &known.server)) else {
            return Ok(None);
        };
        let user = context.and_then(|context| self.file.users.iter().find(|user| user.name == context.user));
        let token = option("auth-token").or(self.token.as_ref()).or_else(|| user.map(|user| &user.auth_token));
        let Some(token) = token.map(|token| token.trim()).filter(|token| !token.is_empty()) else {
            // Logged out: nobody meant that server.
            let Some(named) = named else { return Ok(None) };
            return Err(Trouble::settings(format!("there is no token for {named}")));
        };
        if token.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Trouble::settings("the token cannot be one".to_owned()));
        }
        let plain = on("plaintext") || known.is_some_and(|known| known.plain_text);
        let below = option("grpc-web-root-path").map(String::as_str);
        let below = below.or_else(|| known.map(|known| known.grpc_web_root_path.as_str())).unwrap_or_default();
        let server = Server {
            url: url(address, plain, below)?,
            token: Token(token.to_owned()),
            insecure: on("insecure") || known.is_some_and(|known| known.insecure),
            authorities: None,
        };
        Ok(Some((server, option("server-crt").cloned())))
    }

    /// The context of the file: of a server that was named, its own, so that no other server is shown a token.
    fn context(&self, server: Option<&String>, named: Option<&String>) -> Result<Option<&Context>, Trouble> {
        let all = &self.file.contexts;
        let context = match (named, server) {
            (Some(named), _) => {
                let context = all.iter().find(|context| context.name == *named);
                Some(context.ok_or_else(|| Trouble::settings(format!("there is no context {named}")))?)
            }
            (None, Some(server)) => all.iter().find(|context| context.server == *server),
            (None, None) => all.iter().find(|context| context.name == self.file.current_context),
        };
        Ok(context.filter(|context| server.is_none_or(|server| context.server == *server)))
    }
}

fn url(address: &str, plain: bool, below: &str) -> Result<Url, Trouble> {
    // Said without the address: a password may stand in it.
    let no = || Trouble::settings("the server's address is no HOST[:PORT]".to_owned());
    let address = address.trim();
    let whole = match address.split_once("://") {
        Some(("http" | "https", _)) => address.to_owned(),
        Some(_) => return Err(no()),
        None => format!("{}://{address}", if plain { "http" } else { "https" }),
    };
    let mut url = Url::parse(&whole).map_err(|_| no())?;
    if url.host_str().is_none_or(str::is_empty) || !url.username().is_empty() || url.password().is_some() {
        return Err(no());
    }
    let folder = [url.path(), below].map(|part| part.trim_matches('/').to_owned());
    let folder: Vec<String> = folder.into_iter().filter(|part| !part.is_empty()).collect();
    url.set_path(&folder.join("/"));
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// `--flag value`, `--flag=value`, `--flag`.
fn options(text: &str) -> Result<BTreeMap<String, String>, Trouble> {
    // Said without the words: one of them may be a token.
    let no = || Trouble::settings("ARGOCD_OPTS cannot be read".to_owned());
    let mut all = BTreeMap::new();
    let mut open: Option<String> = None;
    for word in shell_words::split(text).map_err(|_| no())? {
        if let Some(flag) = word.strip_prefix("--") {
            all.extend(open.take().map(|flag| (flag, "true".to_owned())));
            match flag.split_once('=') {
                Some((flag, value)) => drop(all.insert(flag.to_owned(), value.to_owned())),
                None => open = Some(flag.to_owned()),
            }
        } else {
            all.insert(open.take().ok_or_else(no)?, word);
        }
    }
    all.extend(open.map(|flag| (flag, "true".to_owned())));
    Ok(all)
}

/// Where the file is.
fn file() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = folder("ARGOCD_CONFIG_DIR") {
        return Some(folder.join("config"));
    }
    let home = env::home_dir()?;
    let old = home.join(".argocd");
    if old.is_dir() {
        return Some(old.join("config"));
    }
    Some(folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("argocd/config"))
}

/// What stands in it; `None` where there is none.
fn read(path: &Path) -> Result<File, Trouble> {
    let no = |why: String| Trouble::settings(format!("{}: {why}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).ok_or_else(|| no("it is not what `argocd login` writes".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(no(error.to_string())),
    }
}

/// A fault is not told: it may quote a line, and one of them has a token.
fn parse(text: &str) -> Option<File> {
    if text.trim().is_empty() { Some(File::default()) } else { serde_yaml::from_str(text).ok() }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
