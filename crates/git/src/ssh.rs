//! What `~/.ssh/config` says about a host, and the key files for it. libssh2 reads no configuration.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

/// ssh's default names, in its order, without those that need a hardware key (libssh2 has no support for them).
const DEFAULTS: &[&str] = &["id_rsa", "id_ecdsa", "id_ed25519"];

/// How an unencrypted private key in OpenSSH's format begins: base64 of its magic, then cipher "none".
const PLAIN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZ";

/// An ssh URL in its parts, in either of git's forms.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    user: Option<&'a str>,
    /// As the user wrote it: what `Host` patterns are matched against.
    pub(crate) host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    /// git's scp form, whose path is relative to the home folder.
    short: bool,
}

impl<'a> Address<'a> {
    /// `None` for a URL of another scheme.
    pub(crate) fn parse(url: &'a str) -> Option<Self> {
        let (authority, path, short) = match url.split_once("://") {
            Some(("ssh" | "ssh+git" | "git+ssh", rest)) => {
                let slash = rest.find('/').unwrap_or(rest.len());
                (&rest[..slash], &rest[slash..], false)
            }
            Some(_) => return None,
            None => {
                let bracketed = url.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
                let (authority, path) = bracketed.or_else(|| url.split_once(':'))?;
                (authority, path, true)
            }
        };
        if authority.contains('/') {
            return None;
        }
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, port) = match host.rsplit_once(':') {
            Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
            _ => (host, None),
        };
        (!host.is_empty()).then_some(Self { user, host, port, path, short })
    }

    /// The URL with `HostName`, `Port` and `User` of the configuration filled in, where it names them for this host.
    pub(crate) fn resolve(&self, folder: &Path, url: &'a str) -> Cow<'a, str> {
        let found = read(folder, self.host);
        if found.name.is_none() && found.port.is_none() && (found.user.is_none() || self.user.is_some()) {
            return url.into();
        }
        let user = self.user.or(found.user.as_deref()).map(|user| format!("{user}@")).unwrap_or_default();
        let name = found.name.map_or_else(|| self.host.to_owned(), |name| name.replace("%h", self.host));
        let port = self.port.or(found.port.as_deref()).map(|port| format!(":{port}")).unwrap_or_default();
        let path = self.path;
        // The short form's path goes to the server as it is; a leading slash would be another path.
        match (self.short, port.is_empty()) {
            (true, true) => format!("{user}{name}:{path}"),
            (true, false) => format!("[{user}{name}{port}]:{path}"),
            (false, _) => format!("ssh://{user}{name}{port}{path}"),
        }
        .into()
    }
}

/// Existing private keys for `host`, in the order in which ssh tries them, each once: those of `command` (a
/// `core.sshCommand` with `-i`), of the configuration, and the defaults.
pub(crate) fn key_files(folder: &Path, host: &str, command: Option<&str>) -> Vec<PathBuf> {
    let words: Vec<&str> = command.unwrap_or_default().split_whitespace().collect();
    let given =
        words.windows(2).filter(|pair| pair[0] == "-i").map(|pair| pair[1].trim_matches(['"', '\'']).to_owned());
    let named = given.chain(read(folder, host).identities).map(|name| expand(folder, &name));
    let mut keys: Vec<PathBuf> = Vec::new();
    for key in named.chain(DEFAULTS.iter().map(|name| folder.join(name))) {
        if key.is_file() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Whether a private key needs a passphrase: libssh2 gives up altogether on one, where ssh would ask.
pub(crate) fn is_encrypted(key: &Path) -> bool {
    let text = fs::read_to_string(key).unwrap_or_default();
    let mut lines = text.lines();
    match lines.next().map(str::trim) {
        Some("-----BEGIN OPENSSH PRIVATE KEY-----") => !lines.next().is_some_and(|line| line.starts_with(PLAIN)),
        Some("-----BEGIN ENCRYPTED PRIVATE KEY-----") => true,
        _ => text.contains("Proc-Type: 4,ENCRYPTED"),
    }
}

/// What the configuration says about one host.
#[derive(Debug, Default)]
struct Settings {
    name: Option<String>,
    port: Option<String>,
    user: Option<String>,
    identities: Vec<String>,
}

fn read(folder: &Path, host: &str) -> Settings {
    settings(&fs::read_to_string(folder.join("config")).unwrap_or_default(), host)
}

/// Every `Host` block that matches, the first value winning, except that key files add up. `Match` blocks are left out:
/// they may run commands.
fn settings(config: &str, host: &str) -> Settings {
    let mut found = Settings::default();
    let mut applies = true;
    for line in config.lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once(|c: char| c.is_whitespace() || c == '=') else { continue };
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=').trim_end();
        let plain = || value.trim_matches('"').to_owned();
        match key.to_ascii_lowercase().as_str() {
            "host" => applies = matches_any(value, host),
            "match" => applies = value.eq_ignore_ascii_case("all"),
            _ if !applies => {}
            "hostname" => drop(found.name.get_or_insert_with(plain)),
            "port" => drop(found.port.get_or_insert_with(plain)),
            "user" => drop(found.user.get_or_insert_with(plain)),
            "identityfile" => found.identities.push(plain()),
            _ => {}
        }
    }
    found
}

/// ssh_config(5)'s patterns: `*`, `?`, and `!` to exclude.
fn matches_any(patterns: &str, host: &str) -> bool {
    let mut any = false;
    for pattern in patterns.split_whitespace().map(|pattern| pattern.trim_matches('"')) {
        match pattern.strip_prefix('!') {
            Some(pattern) if glob(pattern.as_bytes(), host.as_bytes()) => return false,
            Some(_) => {}
            None => any |= glob(pattern.as_bytes(), host.as_bytes()),
        }
    }
    any
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text)),
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((a, rest)), Some((b, text))) => a.eq_ignore_ascii_case(b) && glob(rest, text),
        _ => false,
    }
}

fn expand(folder: &Path, name: &str) -> PathBuf {
    let home = folder.parent().unwrap_or(folder);
    match name.strip_prefix("~/").or_else(|| name.strip_prefix("%d/")) {
        Some(below) => home.join(below),
        None => home.join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_files_of_matching_hosts() {
        let config = "IdentityFile ~/.ssh/first\n\
            Host github.com *.example.org !bad.example.org\n  IdentityFile=\"~/.ssh/work\"\n\
            Host *\n\tidentityfile /keys/any\n\
            Match exec \"rm -rf /\"\n IdentityFile never\n";
        let identities = |config, host| settings(config, host).identities;
        assert_eq!(identities(config, "github.com"), ["~/.ssh/first", "~/.ssh/work", "/keys/any"]);
        assert_eq!(identities(config, "a.example.org"), ["~/.ssh/first", "~/.ssh/work", "/keys/any"]);
        assert_eq!(identities(config, "bad.example.org"), ["~/.ssh/first", "/keys/any"]);
    }

    #[test]
    fn urls_in_their_parts() {
        let parts = |url| Address::parse(url).map(|found| (found.user, found.host, found.port, found.path));
        assert_eq!(parts("git@h:o/r.git"), Some((Some("git"), "h", None, "o/r.git")));
        assert_eq!(parts("h:o/r"), Some((None, "h", None, "o/r")));
        assert_eq!(parts("[git@h:22]:o/r"), Some((Some("git"), "h", Some("22"), "o/r")));
        assert_eq!(parts("ssh://git@h:22/o/r"), Some((Some("git"), "h", Some("22"), "/o/r")));
        assert_eq!(parts("ssh://h/o"), Some((None, "h", None, "/o")));
        for url in ["https://h/o", "/srv/r.git", "../r:x", "file:///srv/a:b", ":x"] {
            assert_eq!(parts(url), None, "{url}");
        }
    }

    #[test]
    fn aliases_are_resolved() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        let config = "Host work\n HostName github.com\n Port 443\n User git\nHost *.short\n HostName %h.example.org\n";
        fs::write(folder.join("config"), config).unwrap();
        for (url, resolved) in [
            ("work:o/r.git", "[git@github.com:443]:o/r.git"),
            ("me@work:/o/r.git", "[me@github.com:443]:/o/r.git"),
            ("ssh://work:22/o/r", "ssh://git@github.com:22/o/r"),
            ("a.short:o", "a.short.example.org:o"),
            ("ssh://git@a.short/o", "ssh://git@a.short.example.org/o"),
            ("git@github.com:o/r", "git@github.com:o/r"),
        ] {
            assert_eq!(Address::parse(url).unwrap().resolve(folder, url), resolved);
        }
    }

    #[test]
    fn keys_that_exist_in_order() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".ssh");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config"), "Host h\nIdentityFile ~/.ssh/work\nIdentityFile ~/.ssh/none\n").unwrap();
        for name in ["work", "id_ed25519"] {
            fs::write(folder.join(name), "-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap();
        }
        assert_eq!(key_files(&folder, "h", None), [folder.join("work"), folder.join("id_ed25519")]);
        assert_eq!(
            key_files(&folder, "other", Some("ssh -i ~/.ssh/work -o X=y")),
            [folder.join("work"), folder.join("id_ed25519")]
        );
        assert!(key_files(&home.path().join("none"), "h", None).is_empty());
    }

    #[test]
    fn keys_with_a_passphrase_are_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let key = home.path().join("key");
        let begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
        for (text, encrypted) in [
            (format!("{begin}\n{PLAIN}QAAAAAAAAAB\n"), false),
            (format!("{begin}\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI\n"), true),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".to_owned(), true),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".to_owned(), true),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n".to_owned(), false),
        ] {
            fs::write(&key, &text).unwrap();
            assert_eq!(is_encrypted(&key), encrypted, "{text}");
        }
    }
}
